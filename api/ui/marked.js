// Text with ranges marked, as nodes.

import { h } from "./dom.js";
import { parseMarks } from "./text.js";

/** A text's nodes, its sorted, disjoint [start, end) ranges each in a <mark> of class `kind`. */
export function markedText(text, ranges, kind = "match") {
  const nodes = [];
  let from = 0;
  for (const [start, end] of ranges) {
    if (start > from) nodes.push(text.slice(from, start));
    nodes.push(h("mark", { class: kind }, text.slice(start, end)));
    from = end;
  }
  if (from < text.length) nodes.push(text.slice(from));
  return nodes;
}

/** Fragments' nodes one after another, an ellipsis where text was left out. */
export function snippet(fragments, whole) {
  const gap = () => h("span", { class: "gap" }, "… ");
  const nodes = [];
  let end = 0;
  for (const fragment of fragments) {
    const { text, ranges } = parseMarks(fragment);
    const at = whole.indexOf(text, end);
    if (at !== end || at < 0) nodes.push(nodes.length > 0 ? " " : null, gap());
    nodes.push(...markedText(text, ranges));
    end = at < 0 ? end : at + text.length;
  }
  if (end < whole.trimEnd().length) nodes.push(h("span", { class: "gap" }, " …"));
  return nodes;
}
