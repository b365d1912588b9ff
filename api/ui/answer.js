// Asking: the stream of one answer kept as a record, so that it can be drawn again at any time.

import * as client from "./client.js";
import { Kept } from "./kept.js";

/**
 * One question's answer as it comes. `status`: asking, reading (passages found), answering, then one
 * of answered, refused, failed or stopped. `citations` are by number, `result` is the final event.
 */
function newRecord(request) {
  return {
    ...request,
    status: "asking",
    passages: [],
    text: "",
    citations: new Map(),
    result: null,
    error: null,
  };
}

/** Asks, keeps what was answered, and tells `changed(record)` of each step. */
export class Answers {
  #kept = new Kept(20);
  #abort = null;
  #changed;

  constructor(changed) {
    this.#changed = changed;
  }

  /** Shows the answer to a question, from memory unless `again`; resolves when it is complete. */
  async ask({ index, question, answerer, filters }, again = false) {
    this.stop();
    const request = { index, question, answerer, filters };
    const key = JSON.stringify(request);
    const known = this.#kept.get(key);
    if (known && !again) return this.#changed(known);
    const record = newRecord(request);
    const abort = new AbortController();
    this.#abort = abort;
    this.#changed(record);
    try {
      for await (const { event, data } of client.ask(request, abort.signal)) {
        apply(record, event, data);
        if (abort.signal.aborted) return undefined;
        this.#changed(record);
      }
      if (record.status !== "failed") this.#kept.set(key, record);
    } catch (error) {
      if (error.name === "AbortError" || abort.signal.aborted) return undefined;
      record.status = "failed";
      record.error = error;
      this.#changed(record);
    } finally {
      if (this.#abort === abort) this.#abort = null;
    }
    return undefined;
  }

  /** Ends the answer under way, if there is one, and leaves what came of it. */
  stop(record = null) {
    this.#abort?.abort();
    this.#abort = null;
    if (record && ["asking", "reading", "answering"].includes(record.status)) {
      record.status = "stopped";
      this.#changed(record);
    }
  }
}

function apply(record, event, data) {
  if (event === "passages") {
    record.passages = data.passages;
    record.status = "reading";
  } else if (event === "token") {
    record.text += data.text;
    record.status = "answering";
  } else if (event === "citation") {
    record.citations.set(data.n, data);
  } else if (event === "done") {
    record.result = data;
    record.text = data.answer ?? "";
    record.citations = new Map((data.citations ?? []).map((citation) => [citation.n, citation]));
    record.passages = data.passages ?? record.passages;
    record.status = data.answered ? "answered" : "refused";
  } else if (event === "error") {
    record.status = "failed";
    record.error = new client.RequestError("refused", data.error?.reason ?? "", data.status ?? 500);
  }
}
