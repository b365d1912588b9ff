// Text without a document: highlight markers, code points, language, and whether a query asks.
// Offsets are UTF-16 code units as JavaScript counts them, unless a name says code points.

import {
  CHINESE_PARTICLES,
  CHINESE_WORDS,
  ENGLISH_ASKING,
  ENGLISH_OPENERS,
  SIMPLIFIED_ONLY,
  TRADITIONAL_ONLY,
} from "./question-words.js";

// Private-use characters: asked of the service as highlight tags, so that marks are found without
// parsing markup, and whatever a document holds stays text.
export const MARK_START = "\ue000";
export const MARK_END = "\ue001";

/** A marked fragment's text without its marks, and the [start, end) ranges that were marked. */
export function parseMarks(marked) {
  const ranges = [];
  let text = "";
  let start = -1;
  for (const piece of marked.split(/([\ue000\ue001])/)) {
    if (piece === MARK_START) start = text.length;
    else if (piece === MARK_END) {
      if (start >= 0 && start < text.length) ranges.push([start, text.length]);
      start = -1;
    } else text += piece;
  }
  return { text, ranges };
}

/** Sorted ranges with those that touch or overlap joined. */
export function joinRanges(ranges) {
  const joined = [];
  for (const [start, end] of [...ranges].sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    const last = joined[joined.length - 1];
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else joined.push([start, end]);
  }
  return joined;
}

/** The marked ranges of a whole text, given its highlight fragments (each a verbatim part of it). */
export function placeFragments(text, fragments) {
  const placed = [];
  let from = 0;
  for (const fragment of fragments) {
    const { text: part, ranges } = parseMarks(fragment);
    let at = text.indexOf(part, from);
    if (at < 0) at = text.indexOf(part);
    if (at < 0) continue;
    from = at + part.length;
    placed.push(...ranges.map(([start, end]) => [at + start, at + end]));
  }
  return joinRanges(placed);
}

/** The UTF-16 offset of the code point numbered `codePoint`; the text's length when past its end. */
export function utf16Offset(text, codePoint) {
  let offset = 0;
  for (let n = 0; n < codePoint && offset < text.length; n += 1) {
    offset += text.codePointAt(offset) > 0xffff ? 2 : 1;
  }
  return offset;
}

/** [start, end) in code points, as [start, end) in UTF-16 units. */
export function utf16Range(text, start, end) {
  const from = utf16Offset(text, start);
  return [from, from + utf16Offset(text.slice(from), end - start)];
}

const HAN = /\p{Script=Han}/gu;
const KANA = /[\p{Script=Hiragana}\p{Script=Katakana}]/gu;
const HANGUL = /\p{Script=Hangul}/gu;

/** A text's language tag, from its script: zh-Hans, zh-Hant, ja, ko or en; it chooses the glyphs. */
export function language(text) {
  const sample = text.slice(0, 600);
  const [han, kana, hangul] = [HAN, KANA, HANGUL].map((script) => sample.match(script) ?? []);
  if (hangul.length > han.length) return "ko";
  if (kana.length > han.length * 0.5) return "ja"; // fewer are a name in a Chinese text
  if (han.length === 0 || han.length < sample.length * 0.08) return "en";
  let traditional = 0;
  for (const character of han) {
    if (TRADITIONAL_ONLY.includes(character)) traditional += 1;
    else if (SIMPLIFIED_ONLY.includes(character)) traditional -= 1;
  }
  return traditional > 0 ? "zh-Hant" : "zh-Hans";
}

/** Whether a query reads as a question, in English or in Chinese. */
export function isQuestion(query) {
  const text = query.trim().toLowerCase().replaceAll("’", "'");
  if (/[?？]$/.test(text)) return true;
  const words = text.split(/\s+/);
  const opens = (openers) => openers.some((opener) => text.startsWith(`${opener} `));
  if (words.length >= 3 && opens(ENGLISH_OPENERS)) return true;
  if (words.length >= 4 && opens(ENGLISH_ASKING)) return true;
  if (CHINESE_WORDS.some((word) => text.includes(word))) return true;
  return (
    text.length > 3 && CHINESE_PARTICLES.some((particle) => text.replace(/[。！!.]$/, "").endsWith(particle))
  );
}

/** The start of a text for display where nothing is marked, cut at a boundary. */
export function excerpt(text, limit) {
  if (text.length <= limit) return text;
  const cut = text.slice(0, limit);
  const boundary = Math.max(
    cut.lastIndexOf(" "),
    ...["。", "，", "；", "、"].map((mark) => cut.lastIndexOf(mark) + 1),
  );
  return `${(boundary > limit * 0.6 ? cut.slice(0, boundary) : cut.replace(/[\ud800-\udbff]$/, "")).trimEnd()}…`;
}
