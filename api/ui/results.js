// A page of hits: each a title that opens the document in place, its matched text, and why it matched.

import * as client from "./client.js";
import { fill, h, icon } from "./dom.js";
import { describe, fragmentsOf, marksEverywhere, marksOf } from "./fields.js";
import { number, t } from "./i18n.js";
import { markedText, snippet } from "./marked.js";
import { reader } from "./reader.js";
import { excerpt, language } from "./text.js";
import { why } from "./why.js";

/** The list of a response's hits, ranked from `from` + 1. */
export function hitList(response, { mode, from }) {
  const hits = response.hits.hits;
  const top = response.hits.max_score ?? hits[0]?._score ?? 0;
  return h("ol", { class: "hits", start: from + 1 }, hits.map((hit, i) => hitItem(hit, { mode, top, rank: from + i + 1 })));
}

function hitItem(hit, { mode, top, rank }) {
  const highlighted = Object.keys(hit.highlight ?? {});
  const view = describe(hit._source, highlighted.filter((field) => !/title|name|heading/i.test(field)));
  const heading = view.title?.text ?? hit._id;
  const place = h("div", { class: "opened" });
  const open = () => toggle(hit, view, heading, title, place);
  const title = h(
    "button",
    { type: "button", class: "title", id: `hit-${rank}`, "aria-expanded": "false", lang: language(heading), onclick: open },
    view.title ? markedText(heading, marksOf(hit, view.title.field, heading)) : heading,
  );
  const { button, panel } = why(hit, { rank, mode, top });
  return h(
    "li",
    { class: "hit" },
    h(
      "article",
      { "aria-labelledby": title.id },
      h("div", { class: "found" }, h("h3", {}, title), meta(hit, view, rank), view.body && matched(hit, view.body)),
      button,
      panel,
      place,
    ),
  );
}

function meta(hit, view, rank) {
  const link = view.link && new URL(view.link);
  return h(
    "p",
    { class: "meta" },
    h("span", { class: "rank" }, number(rank)),
    h("span", { class: "id" }, hit._id),
    link && h("a", { href: link.href, rel: "noopener noreferrer nofollow", target: "_blank" }, link.host, icon("external")),
    shortFields(view).map(([path, text]) => h("span", { class: "field", title: path, lang: language(text) }, text)),
  );
}

/** The document's few short values (a date, a section): they tell results apart at a glance. */
function shortFields(view) {
  return view.rest.filter(([path, text]) => text.length <= 24 && !text.includes("\n") && path !== view.title?.field).slice(0, 2);
}

function matched(hit, body) {
  const fragments = fragmentsOf(hit, body.field);
  const lang = language(body.text);
  const plain = () => excerpt(body.text, lang === "en" ? 280 : 140);
  return h("p", { class: "snippet", lang }, fragments.length > 0 ? snippet(fragments, body.text) : plain());
}

/** Opens the whole document in its snippet's place, or closes it. */
function toggle(hit, view, heading, title, place) {
  const open = !place.hasChildNodes();
  title.setAttribute("aria-expanded", String(open));
  title.closest(".hit").classList.toggle("open", open);
  if (!open) return fill(place);
  const load = async () => {
    const source = await client.source(hit._index, hit._id);
    const body = describe(source, [view.body?.field]).body;
    return { source, field: body?.field, ranges: body ? marksEverywhere(hit, body.field, body.text) : [], kind: "match" };
  };
  fill(place, reader({ title: heading, load }));
  return place.closest(".hit").scrollIntoView({ block: "nearest" });
}
