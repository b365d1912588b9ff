// A stored document opened in place: scrolled to what is marked, checked against what was quoted.

import * as client from "./client.js";
import { fill, h, icon } from "./dom.js";
import { describe, leaves } from "./fields.js";
import { t } from "./i18n.js";
import { markedText } from "./marked.js";
import { language, utf16Range } from "./text.js";

const WINDOW = 24000; // UTF-16 units shown at once around the mark: a book stays quick to open

/**
 * A region that shows a document under its title, which stands above it already. `load` resolves to
 * {source, field, ranges, note}: the text of `field` is shown with `ranges` ([start, end, kind]) marked.
 */
export function reader({ title, load }) {
  const label = t("reader.label", { title });
  const box = h(
    "section",
    { class: "reader", tabindex: "0", "aria-label": label },
    h("p", { class: "quiet" }, t("reader.loading")),
  );
  load().then(
    (document) => show(box, document),
    (error) =>
      fill(
        box,
        h(
          "p",
          { class: "problem", role: "alert" },
          error.kind === "offline" ? t("offline.title") : error.message,
        ),
      ),
  );
  return box;
}

function show(box, { source, field, ranges, note }) {
  const all = leaves(source);
  const view = describe(source, [field]);
  const [path, whole] =
    all.find((leaf) => leaf[0] === field) ?? (view.body ? [view.body.field, view.body.text] : ["", ""]);
  const rest = all.filter((leaf) => leaf[0] !== path && leaf[0] !== view.title?.field);
  const body = h("div", { class: "passage", lang: language(whole) });
  const row = ([name, value]) => [h("dt", {}, name), h("dd", { lang: language(value) }, shorten(value))];
  fill(
    box,
    note && h("p", { class: "note", role: "note" }, icon("info"), note),
    body,
    rest.length > 0 && h("dl", { class: "rest" }, rest.map(row)),
  );
  const first = (ranges.find(([, , kind]) => kind === "quote") ?? ranges[0] ?? [0])[0];
  const from = whole.length <= WINDOW ? 0 : Math.max(0, first - WINDOW / 2);
  renderWindow(body, whole, ranges, from, Math.min(whole.length, from + WINDOW));
  scrollToMark(box);
}

/** Part of a long text, with buttons for what stands before and after it. */
function renderWindow(body, whole, ranges, from, to) {
  const shifted = ranges
    .filter(([start, end]) => end > from && start < to)
    .map(([start, end, kind]) => [Math.max(start, from) - from, Math.min(end, to) - from, kind]);
  const more = (key, nextFrom, nextTo) =>
    h(
      "button",
      { type: "button", class: "more", onclick: () => renderWindow(body, whole, ranges, nextFrom, nextTo) },
      t(key),
    );
  fill(
    body,
    from > 0 && more("reader.earlier", Math.max(0, from - WINDOW), to),
    markedText(whole.slice(from, to), shifted),
    to < whole.length && more("reader.later", from, Math.min(whole.length, to + WINDOW)),
  );
}

function shorten(value) {
  if (/^https?:\/\//i.test(value))
    return h("a", { href: value, rel: "noopener noreferrer nofollow", target: "_blank" }, value);
  return value.length > 2000 ? `${value.slice(0, 2000)}…` : value;
}

/** Scrolls the box, and only the box, so that its first mark stands a third from the top. */
function scrollToMark(box) {
  const mark = box.querySelector("mark.quote") ?? box.querySelector("mark");
  if (!mark) return;
  const offset = mark.getBoundingClientRect().top - box.getBoundingClientRect().top;
  box.scrollTop += offset - box.clientHeight / 3;
}

/**
 * What a citation's reader loads: the stored document with the quoted span marked. If the document
 * has changed since (its span is no longer the quote), the quote is looked for, and a note says so.
 */
export async function loadCitation(index, citation) {
  const source = await client.source(citation._index ?? index, citation._id);
  const text = new Map(leaves(source)).get(citation.field) ?? "";
  let range = utf16Range(text, citation.start, citation.end);
  let note = null;
  if (citation.quote !== undefined && text.slice(...range) !== citation.quote) {
    const at = text.indexOf(citation.quote);
    range = at < 0 ? null : [at, at + citation.quote.length];
    note = t("reader.changed");
  }
  return { source, field: citation.field, ranges: range ? [[...range, "quote"]] : [], note };
}
