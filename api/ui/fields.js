// Reading a document of any shape: which of its fields is the title, which the text, which the rest.

import { joinRanges, parseMarks, placeFragments } from "./text.js";

export const TITLES = ["title", "headline", "heading", "subject", "name", "标题", "標題"];
const BODIES = [
  "text",
  "body",
  "content",
  "passage",
  "abstract",
  "description",
  "summary",
  "正文",
  "内容",
  "內容",
];
const ADDRESSES = ["url", "link", "href", "uri"];

/** A source's leaves as [path, text]: objects give dotted paths, arrays of values one leaf. */
export function leaves(source, prefix = "") {
  return Object.entries(source ?? {}).flatMap(([key, value]) => {
    const path = prefix + key;
    if (value === null || value === undefined || value === "") return [];
    if (Array.isArray(value)) {
      if (value.length === 0 || typeof value[0] === "number")
        return value.length > 8 ? [] : [[path, value.join(", ")]];
      if (typeof value[0] === "object") return value.flatMap((item) => leaves(item, `${path}.`));
      return [[path, value.join("\n")]];
    }
    return typeof value === "object" ? leaves(value, `${path}.`) : [[path, String(value)]];
  });
}

const last = (path) => path.split(".").pop().toLowerCase();
const firstOf = (all, names) =>
  names.map((name) => all.find(([path]) => last(path) === name)).find((leaf) => leaf !== undefined);

/**
 * What there is to show of a document: `title` and `body` ({field, text} or null), `link` (a web
 * address or null) and `rest` ([path, text] of everything else). `preferred` names the field to take
 * as the body, where it exists.
 */
export function describe(source, preferred = []) {
  const all = leaves(source);
  const title = firstOf(all, TITLES) ?? null;
  const link = firstOf(all, ADDRESSES)?.[1];
  const others = all.filter((leaf) => leaf !== title);
  const longest = [...others]
    .sort((a, b) => b[1].length - a[1].length)
    .find(([path]) => !ADDRESSES.includes(last(path)));
  const wanted = preferred
    .map((field) => others.find(([path]) => path === field))
    .find((leaf) => leaf !== undefined);
  const body = wanted ?? firstOf(others, BODIES) ?? longest ?? null;
  const leaf = (found) => found && { field: found[0], text: found[1] };
  return {
    title: leaf(title),
    body: leaf(body),
    link: link && /^https?:\/\//i.test(link) ? link : null,
    rest: others.filter((other) => other !== body && other[1] !== link),
  };
}

/** A hit's highlight fragments of one field; those of a sub-field (title.words) count for its parent. */
export function fragmentsOf(hit, field) {
  const all = hit.highlight ?? {};
  if (all[field]) return all[field];
  const child = Object.keys(all).find((name) => name.startsWith(`${field}.`));
  return child ? all[child] : [];
}

/** The ranges of a field's whole text that a hit's highlight marks. */
export function marksOf(hit, field, text) {
  return placeFragments(text, fragmentsOf(hit, field));
}

/** Those ranges, and every other place where the very words that they mark stand. */
export function marksEverywhere(hit, field, text) {
  const fragments = Object.values(hit.highlight ?? {})
    .flat()
    .map(parseMarks);
  const words = new Set(
    fragments.flatMap(({ text: part, ranges }) => ranges.map(([from, to]) => part.slice(from, to))),
  );
  const found = [...words].filter((word) => word.length > 1).flatMap((word) => occurrences(text, word));
  return joinRanges([...marksOf(hit, field, text), ...found]);
}

function occurrences(text, word) {
  const latin = /^[\p{Script=Latin}\p{N}]+$/u.test(word);
  const literal = word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const pattern = latin ? `(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])` : literal;
  return [...text.matchAll(new RegExp(pattern, "giu"))].map((match) => [
    match.index,
    match.index + match[0].length,
  ]);
}
