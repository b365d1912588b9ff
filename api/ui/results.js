// A page of hits: each a title that opens the document in place, its matched text, and why it matched.

import * as client from "./client.js";
import { fill, h, icon } from "./dom.js";
import { describe, fragmentsOf, leaves, marksEverywhere, marksOf } from "./fields.js";
import { narrowing } from "./filters.js";
import { number } from "./i18n.js";
import { markedText, ofKind, snippet, surroundings } from "./marked.js";
import { reader } from "./reader.js";
import { excerpt, language, utf16Range } from "./text.js";
import { why } from "./why.js";

const BY_MEANING = ["bert", "word2vec", "glove"];

/**
 * The list of a response's hits. `state` gives mode and page; `filterable` maps source paths to the
 * fields that filter by their values.
 */
export function hitList(response, state, filterable) {
  const first = (state.page - 1) * client.PAGE_SIZE + 1;
  const hits = response.hits.hits;
  const context = { state, filterable, top: response.hits.max_score ?? 0 };
  return h(
    "ol",
    { class: "hits", start: first },
    hits.map((hit, i) => hitItem(hit, first + i, context)),
  );
}

function hitItem(hit, rank, { state, filterable, top }) {
  const view = describe(hit._source, bodies(hit));
  const heading = view.title?.text ?? hit._id;
  const place = h("div", { class: "opened" });
  const title = h(
    "button",
    {
      type: "button",
      class: "title",
      id: `hit-${rank}`,
      "aria-expanded": "false",
      lang: language(heading),
      onclick: () => toggle(hit, view, title, place),
    },
    view.title ? markedText(heading, ofKind(marksOf(hit, view.title.field, heading), "match")) : heading,
  );
  const { button, panel } = why(hit, { rank, mode: state.mode, top });
  const found = h(
    "div",
    { class: "found" },
    h("h3", {}, title),
    meta(hit, view, rank, state, filterable),
    view.body && matched(hit, view.body, state.mode),
  );
  return h(
    "li",
    { class: "hit" },
    h("article", { "aria-labelledby": title.id }, found, button, panel, place),
  );
}

/** Fields to show as the text: where the nearest passage is, then the longest in which words matched. */
function bodies(hit) {
  const long = leaves(hit._source).filter(
    ([path, text]) => text.length > 60 && fragmentsOf(hit, path).length > 0,
  );
  const matched = long.sort((a, b) => b[1].length - a[1].length).map(([path]) => path);
  return hit._passage ? [hit._passage.field, ...matched] : matched;
}

function meta(hit, view, rank, state, filterable) {
  const link = view.link && new URL(view.link);
  const shown = (path, value) => markedText(value, ofKind(marksOf(hit, path, value), "match"));
  const values = shortValues(view).map(([path, value]) =>
    filterable.has(path)
      ? narrowing(state, filterable.get(path), path, value, shown(path, value))
      : h("span", { title: path }, shown(path, value)),
  );
  return h(
    "p",
    { class: "meta" },
    h("span", { class: "rank" }, number(rank)),
    h("span", {}, hit._id),
    link &&
      h(
        "a",
        { href: link.href, rel: "noopener noreferrer nofollow", target: "_blank" },
        link.host,
        icon("external"),
      ),
    values,
  );
}

/** The document's few short values (a date, a section): they tell results apart at a glance. */
function shortValues(view) {
  const values = view.rest.flatMap(([path, text]) => text.split("\n").map((value) => [path, value]));
  return values.filter(([, value]) => value.length <= 24).slice(0, 3);
}

/** What matched: the words in their sentences, or the passage that is nearest in meaning. */
function matched(hit, body, mode) {
  const lang = language(body.text);
  const size = lang === "en" ? 280 : 140;
  const fragments = fragmentsOf(hit, body.field);
  const passage = passageRange(hit, body);
  let content = excerpt(body.text, size);
  if (passage && (fragments.length === 0 || BY_MEANING.includes(mode)))
    content = surroundings(body.text, passage, [[...passage, "quote"]], size);
  else if (fragments.length > 0) content = snippet(fragments, body.text);
  return h("p", { class: "snippet", lang }, content);
}

function passageRange(hit, body) {
  if (!hit._passage || hit._passage.field !== body.field) return null;
  return utf16Range(body.text, hit._passage.start, hit._passage.end);
}

/** Opens the whole document in its snippet's place, or closes it. */
function toggle(hit, view, title, place) {
  const open = !place.hasChildNodes();
  title.setAttribute("aria-expanded", String(open));
  title.closest(".hit").classList.toggle("open", open);
  if (!open) return fill(place);
  const load = async () => {
    const source = await client.source(hit._index, hit._id);
    const { body } = describe(source, [view.body?.field]);
    if (!body) return { source, field: null, ranges: [] };
    const words = ofKind(marksEverywhere(hit, body.field, body.text), "match");
    const passage = passageRange(hit, body);
    return { source, field: body.field, ranges: passage ? [...words, [...passage, "quote"]] : words };
  };
  fill(place, reader({ title: title.textContent, load }));
  return place.closest(".hit").scrollIntoView({ block: "nearest" });
}
