// The answer on top of the results: its text with numbered citations, its sources, or why there is none.

import { copyButton } from "./copy.js";
import { fill, h, icon } from "./dom.js";
import { duration, t } from "./i18n.js";
import { loadCitation } from "./reader.js";
import { Sources } from "./sources.js";
import { ANSWERERS } from "./state.js";
import { excerpt, language } from "./text.js";

const RUNNING = ["asking", "reading", "answering"];
const TEXT = ["answering", "answered", "stopped"];

/** Draws answer records into `root`; `actions`: again(answerer), stop(record), titleOf(id). */
export class AnswerCard {
  #root;
  #actions;
  #record = null;
  #text = h("div", { class: "answer-text" });
  #header = null;
  #footer = null;
  #sources = null;

  constructor(root, actions) {
    this.#root = root;
    this.#actions = actions;
  }

  clear() {
    this.#record = null;
    this.#root.hidden = true;
    fill(this.#root);
  }

  /**
   * Draws a record. `asked`: the reader pressed Ask, so that a refusal is shown in full. `redraw`: all
   * of it, in another language for example, and not only what changed.
   */
  show(record, { asked, redraw = false }) {
    const grows =
      !redraw &&
      this.#record === record &&
      this.#root.dataset.status === "answering" &&
      TEXT.includes(record.status);
    this.#record = record;
    this.#root.hidden = false;
    this.#root.dataset.status = record.status;
    this.#root.setAttribute("aria-busy", String(RUNNING.includes(record.status)));
    if (!grows) {
      this.#sources = new Sources(this.#root);
      fill(this.#root, this.#contents(record, asked));
    } else if (record.status === "answering") this.#draw();
    else this.#finish(record);
  }

  /** Closes the source that is open; whether there was one. */
  escape() {
    return this.#sources?.escape() ?? false;
  }

  #contents(record, asked) {
    if (record.status === "failed") return this.#failure(record);
    if (record.status === "refused") return asked ? this.#refusal(record) : this.#quietRefusal(record);
    this.#draw();
    this.#header = this.#drawHeader(record);
    this.#footer = this.#drawFooter(record);
    return [this.#header, this.#text, this.#sources.element, this.#footer];
  }

  /** The answer is complete: what the reader may have open already stays open. */
  #finish(record) {
    this.#draw();
    this.#header.replaceWith(this.#drawHeader(record));
    this.#footer.replaceWith(this.#drawFooter(record));
  }

  #drawHeader(record) {
    const running = RUNNING.includes(record.status);
    const step =
      record.status === "asking"
        ? t("answer.asking")
        : t("answer.reading", { count: record.passages.length });
    return h(
      "header",
      {},
      h("h2", {}, icon("answer"), t("answer.heading")),
      running && h("span", { class: "doing" }, step),
      running &&
        h(
          "button",
          { type: "button", class: "plain text", onclick: () => this.#actions.stop(record) },
          t("answer.stop"),
        ),
    );
  }

  /** Draws the text so far, and the sources that came since. */
  #draw() {
    const record = this.#record;
    const running = RUNNING.includes(record.status);
    const text = running ? record.text.replace(/\s*\[\d*$/, "") : record.text.trim(); // half a [n] waits
    this.#text.lang = language(text || record.question);
    this.#drawText(text, running);
    for (const citation of record.citations.values()) {
      if (this.#sources.has(citation.n)) continue;
      const title = citation.title ?? citation._id;
      const quote = record.text.includes(citation.quote.trim()) ? null : citation.quote; // verbatim answers quote it already
      this.#sources.add(citation.n, { title, quote, load: () => loadCitation(record.index, citation) });
    }
  }

  /** The text with its [n] as buttons. What stands there already is kept, so that it can be pressed. */
  #drawText(text, running) {
    if (text === "" && running)
      return fill(
        this.#text,
        h("span", { class: "line-skeleton" }),
        h("span", { class: "line-skeleton short" }),
      );
    const nodes = text.split(/(\s*\[\d+\])/).map((piece) => this.#cited(piece));
    const drawn = [...this.#text.childNodes];
    const differs = nodes.findIndex((node, i) => !alike(drawn[i], node));
    const from = differs < 0 ? nodes.length : differs;
    drawn.slice(from).forEach((node) => node.remove());
    return this.#text.append(...nodes.slice(from));
  }

  /** [n] as the button that opens source n; any other text, and a number without a source, as text. */
  #cited(piece) {
    const n = Number(/^\s*\[(\d+)\]$/.exec(piece)?.[1]);
    const citation = this.#record.citations.get(n);
    if (!citation) return document.createTextNode(piece);
    const title = citation.title ?? citation._id;
    const open = (event) => this.#sources.toggle(n, event.currentTarget);
    return h(
      "button",
      {
        type: "button",
        class: "cite",
        "data-n": n,
        "aria-label": t("answer.citation", { n, title }),
        title,
        onclick: open,
      },
      String(n),
    );
  }

  #drawFooter(record) {
    if (RUNNING.includes(record.status)) return h("footer", { hidden: true });
    return h(
      "footer",
      {},
      record.status === "stopped" && h("span", {}, t("answer.stopped")),
      this.#answererChoice(record),
      record.result &&
        h(
          "span",
          { class: "support" },
          duration(record.result.took),
          record.status === "answered" && reason(record) !== "" && [t("separator"), reason(record)],
        ),
      record.status !== "refused" && record.text && copyButton(asPlainText(record)),
    );
  }

  /** Who answered, as a choice of who else might. */
  #answererChoice(record) {
    const used = record.result?.answerer ?? record.answerer;
    const option = (answerer) =>
      h("option", { value: answerer, selected: answerer === used }, t(`answerer.${answerer || "default"}`));
    const choices = ANSWERERS.filter((answerer) => answerer !== "" || used === "");
    return h(
      "select",
      { "aria-label": t("answerer.label"), onchange: (event) => this.#actions.again(event.target.value) },
      choices.map(option),
    );
  }

  #refusal(record) {
    return [
      h("header", {}, h("h2", {}, icon("unsure"), t("refusal.heading"))),
      h("p", { class: "refusal" }, reason(record)),
      record.passages.length > 0 && [h("h3", {}, t("refusal.nearest")), this.#nearest(record)],
      this.#drawFooter(record),
    ];
  }

  #quietRefusal(record) {
    const summary = h("summary", {}, icon("unsure"), t("refusal.quiet"), icon("chevron"));
    return h(
      "details",
      { class: "quiet-refusal" },
      summary,
      h("p", { class: "refusal" }, reason(record)),
      this.#nearest(record),
    );
  }

  #nearest(record) {
    record.passages.forEach((passage, i) => {
      const title = passage.title ?? this.#actions.titleOf(passage._id) ?? passage._id;
      const quote = excerpt(passage.text, language(passage.text) === "en" ? 200 : 100);
      this.#sources.add(i + 1, {
        title,
        quote,
        load: () => loadCitation(record.index, { ...passage, quote: passage.text }),
      });
    });
    return this.#sources.element;
  }

  #failure(record) {
    const message = record.error.kind === "offline" ? t("answer.cut") : record.error.message;
    return [
      h("header", {}, h("h2", {}, icon("problem"), t("answer.failed"))),
      h("p", { class: "problem", role: "alert" }, message),
      h(
        "footer",
        {},
        h(
          "button",
          { type: "button", class: "plain text", onclick: () => this.#actions.again(record.answerer) },
          t("retry"),
        ),
        this.#answererChoice(record),
      ),
    ];
  }
}

/** Whether a drawn node shows what a new one would: a button that is open meanwhile is still the same. */
function alike(drawn, node) {
  return node.dataset ? drawn?.dataset?.n === node.dataset.n : drawn?.isEqualNode(node);
}

// The service gives its reasons as English sentences; those known are said in the reader's language.
const REASONS = [
  [/^no passage was found/, "reason.none"],
  [/^the passages found do not seem/, "reason.weak"],
  [/^the passages found do not mention (.+)$/, "reason.missing"],
  [/^verbatim sentences/, "reason.verbatim"],
  [/^no generated sentence was supported/, "reason.unsupported"],
  [/^generated; every sentence/, "reason.checked"],
];

/** Why there is no answer, or what an answer rests on. */
function reason(record) {
  const given = record.result.reason ?? "";
  const [pattern, key] = REASONS.find(([known]) => known.test(given)) ?? [];
  return key ? t(key, { names: pattern.exec(given)[1] }) : given;
}

function asPlainText(record) {
  const sources = [...record.citations.values()].map(
    (c) => `[${c.n}] ${c.title ?? c._id} (${c._id}, ${c.field} ${c.start}–${c.end})`,
  );
  return [record.text, ...sources].join("\n");
}
