// Text with ranges marked, as nodes. A range is [start, end, kind]: "match" for the query's words,
// "quote" for a cited or best-matching passage; ranges of different kinds may overlap.

import { h } from "./dom.js";
import { parseMarks } from "./text.js";

/** [start, end] ranges as ranges of one kind. */
export const ofKind = (ranges, kind) => ranges.map(([start, end]) => [start, end, kind]);

/** A text's nodes, its ranges in <mark>s whose class names their kinds. */
export function markedText(text, ranges) {
  const inside = ranges.filter(([start, end]) => end > start && start < text.length);
  const cuts = [0, text.length, ...inside.flatMap(([start, end]) => [start, Math.min(end, text.length)])];
  const points = [...new Set(cuts)].sort((a, b) => a - b);
  return points.slice(1).map((end, i) => {
    const start = points[i];
    const kinds = inside.filter(([from, to]) => from <= start && end <= to).map(([, , kind]) => kind);
    const part = text.slice(start, end);
    return kinds.length > 0 ? h("mark", { class: [...new Set(kinds)].sort().join(" ") }, part) : part;
  });
}

const gap = (text) => h("span", { class: "gap" }, text);

/** Fragments' nodes one after another, an ellipsis where text was left out. */
export function snippet(fragments, whole) {
  const nodes = [];
  let end = 0;
  for (const fragment of fragments) {
    const { text, ranges } = parseMarks(fragment);
    const at = whole.indexOf(text, end);
    if (at < 0 || whole.slice(end, at).trim() !== "") nodes.push(gap(nodes.length > 0 ? " … " : "… "));
    else nodes.push(whole.slice(end, at));
    nodes.push(...markedText(text, ofKind(ranges, "match")));
    end = at < 0 ? end : at + text.length;
  }
  return whole.slice(end).trim() === "" ? nodes : [...nodes, gap(" …")];
}

/** Part of a text around [start, end), about `size` long or as long as that range, cut between words. */
export function surroundings(text, [start, end], ranges, size) {
  const boundary = /[\s，。；、！？]/;
  let from = Math.max(0, start - Math.max(0, Math.min(60, Math.floor((size - (end - start)) / 3))));
  if (from > 0) {
    const skip = text.slice(from, start).search(boundary);
    from = skip < 0 ? start : from + skip + 1;
  }
  let to = Math.min(text.length, Math.max(end, from + size));
  while (to > end && to < text.length && !boundary.test(text[to])) to -= 1;
  const shifted = ranges.map(([a, b, kind]) => [Math.max(from, a) - from, Math.min(to, b) - from, kind]);
  return [from > 0 && gap("… "), ...markedText(text.slice(from, to), shifted), to < text.length && gap(" …")];
}
