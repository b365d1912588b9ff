// The service's REST surface, as this page uses it. Paths are relative to the page, so that it works
// behind a proxy that adds a prefix.

import { TITLES } from "./fields.js";
import { clauses } from "./filters.js";
import { MARK_END, MARK_START } from "./text.js";

export const PAGE_SIZE = 10;
export const RESULT_WINDOW = 10000; // the service refuses from + size beyond it

/** A request that failed. `kind`: "offline" (no answer came) or "refused" (an error did). */
export class RequestError extends Error {
  constructor(kind, message, status = 0, type = "") {
    super(message);
    this.kind = kind;
    this.status = status;
    this.type = type;
  }
}

const base = new URL(".", document.baseURI);
const at = (...parts) => parts.map((part) => encodeURIComponent(part)).join("/");

async function send(path, { method = "GET", body, signal, accept = "application/json" } = {}) {
  const headers = { Accept: accept };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(new URL(path, base), {
      method,
      headers,
      body: body && JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new RequestError("offline", error.message);
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

async function refusal(response) {
  let error = {};
  try {
    const body = await response.json();
    error = body.error ?? {};
    if (body.found === false)
      error = { type: "document_missing_exception", reason: `no document [${body._id}]` };
  } catch {
    // Not JSON (a proxy's page): the status line is all there is to say.
  }
  if (typeof error === "string") error = { reason: error };
  const reason = error.reason ?? `${response.status} ${response.statusText}`.trim();
  return new RequestError("refused", reason, response.status, error.type);
}

/** The open indices a reader may search: [{name, documents, pending}], by name; pending counts vectors. */
export async function indices(signal) {
  const columns = "index,status,docs.count,vectors.pending";
  const rows = await (await send(`_cat/indices?format=json&h=${columns}`, { signal })).json();
  return rows
    .filter((row) => row.status !== "close" && !row.index.startsWith("."))
    .map((row) => ({
      name: row.index,
      documents: Number(row["docs.count"] ?? 0),
      pending: Number(row["vectors.pending"] ?? 0),
    }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** The path and body of a search: shown to the reader as a command, and sent. */
export function searchRequest({ q, mode, index, page, filters }) {
  return {
    path: `${at(index)}/_search?${new URLSearchParams({ mode, q })}`,
    body: {
      size: PAGE_SIZE,
      from: (page - 1) * PAGE_SIZE,
      explain: true,
      ...(filters.length > 0 && { filter: clauses(filters) }),
      highlight: {
        pre_tags: [MARK_START],
        post_tags: [MARK_END],
        fragment_size: 150,
        number_of_fragments: 3,
        fields: { "*": {} },
      },
    },
  };
}

/** One page of results, in Elasticsearch's shape. */
export async function search(state, signal) {
  const { path, body } = searchRequest(state);
  return (await send(path, { method: "POST", body, signal })).json();
}

/** The properties of an index's mapping. */
export async function properties(index, signal) {
  const answer = await (await send(`${at(index)}/_mapping`, { signal })).json();
  return Object.values(answer)[0]?.mappings?.properties ?? {};
}

/** Short titles of a few documents of an index, to start from. */
export async function someTitles(index, signal) {
  const body = { size: 40, query: { match_all: {} }, _source: TITLES };
  const { hits } = await (await send(`${at(index)}/_search`, { method: "POST", body, signal })).json();
  const titles = hits.hits
    .map((hit) => Object.values(hit._source ?? {})[0])
    .filter((title) => typeof title === "string");
  return [...new Set(titles)].filter((title) => title.length > 1 && title.length <= 32).slice(0, 5);
}

/** A stored document's `_source`. */
export async function source(index, id, signal) {
  return (await (await send(`${at(index)}/_doc/${at(id)}`, { signal })).json())._source;
}

/** Asks a question; yields {event, data} as they come: passages, token, citation, done or error. */
export async function* ask({ index, question, answerer, filters }, signal) {
  const filter = filters.length > 0 && { filter: clauses(filters) };
  const body = { question, stream: true, ...filter, ...(answerer && { answerer }) };
  const response = await send(`${at(index)}/_ask`, {
    method: "POST",
    body,
    signal,
    accept: "text/event-stream",
  });
  let last = "";
  try {
    for await (const event of serverSentEvents(response.body)) {
      last = event.event;
      yield { event: event.event, data: JSON.parse(event.data) };
    }
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new RequestError("offline", error.message);
  }
  if (last !== "done" && last !== "error") throw new RequestError("offline", "the answer was cut off");
}

/** The events of a byte stream (WHATWG HTML, 9.2.6 "Interpreting an event stream"). */
export async function* serverSentEvents(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  let event = "message";
  let data = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return; // an event without its blank line is incomplete, and dropped
    buffer += value;
    const lines = buffer.split(/\r\n|\n|\r(?!$)/);
    buffer = lines.pop();
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0) yield { event, data: data.join("\n") };
        event = "message";
        data = [];
        continue;
      }
      const [, field, text] = /^([^:]*):? ?(.*)$/.exec(line);
      if (field === "event") event = text;
      else if (field === "data") data.push(text);
    }
  }
}
