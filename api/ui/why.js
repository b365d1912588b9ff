// Why a hit matched: its legs' ranks, scores and shares of the fused score, and the explanation.

import { fill, h, icon } from "./dom.js";
import { score, t } from "./i18n.js";

const ORDER = ["bm25", "tfidf", "bert", "word2vec", "glove"];

/** A hit's legs as [{name, rank, score, contribution}], in a fixed order. */
export function legsOf(hit) {
  const place = (name) => ORDER.indexOf(name) + 1 || ORDER.length + 1;
  return Object.entries(hit._legs ?? {})
    .map(([name, leg]) => ({ name, ...leg }))
    .sort((a, b) => place(a.name) - place(b.name) || a.name.localeCompare(b.name));
}

const label = (name) => (t(`mode.${name}`) === `mode.${name}` ? name : t(`mode.${name}`));
const tint = (name) => (ORDER.includes(name) ? name : "other");

/** Shares in percent; null where a leg counts against the hit, for then shares would say nothing. */
function shares(legs) {
  const sum = legs.reduce((total, leg) => total + leg.contribution, 0);
  if (sum <= 0 || legs.some((leg) => leg.contribution < 0)) return null;
  return legs.map((leg) => (100 * leg.contribution) / sum);
}

/** The button that sums up why a hit matched, and the panel that it opens; {button, panel}. */
export function why(hit, { rank, mode: asked, top }) {
  const legs = legsOf(hit);
  const mode = legs.length === 1 ? legs[0].name : asked; // a hybrid may come down to one leg
  const panel = h("div", { class: "why-panel", id: `why-${rank}`, hidden: true });
  const button = h(
    "button",
    {
      type: "button",
      class: "why",
      "aria-expanded": "false",
      "aria-controls": panel.id,
      onclick: () => toggle(button, panel, () => details(hit, legs, mode)),
    },
    h("span", { class: "visually-hidden" }, t("why.open")),
    legs.length > 1 ? summary(legs) : single(hit, rank, mode, top),
    icon("chevron"),
  );
  return { button, panel };
}

function toggle(button, panel, build) {
  const open = panel.hidden;
  if (open && !panel.hasChildNodes()) fill(panel, build());
  panel.hidden = !open;
  button.setAttribute("aria-expanded", String(open));
}

function bar(pieces) {
  const piece = ({ name, share }) =>
    h("span", { class: `share tint-${tint(name)}`, style: { width: `${share.toFixed(2)}%` } });
  return h("span", { class: "bar", "aria-hidden": "true" }, pieces.map(piece));
}

/** The legs side by side: what share of the score each gave, and where each ranked the hit. */
function summary(legs) {
  const gains = legs.map((leg) => Math.max(0, leg.contribution));
  const sum = gains.reduce((a, b) => a + b, 0) || 1;
  return [
    bar(legs.map((leg, i) => ({ name: leg.name, share: (100 * gains[i]) / sum }))),
    h(
      "span",
      { class: "legend" },
      legs.map((leg) =>
        h(
          "span",
          { class: "leg" },
          h("i", { class: `dot tint-${tint(leg.name)}`, "aria-hidden": "true" }),
          `${label(leg.name)} `,
          h("b", {}, leg.rank ? t("why.place", { rank: leg.rank }) : "–"),
        ),
      ),
    ),
  ];
}

/** One way of ranking only: its score beside the best hit's. */
function single(hit, rank, mode, top) {
  const share = top > 0 ? Math.max(0, (100 * hit._score) / top) : 0;
  return [
    bar([{ name: mode, share }]),
    h(
      "span",
      { class: "legend" },
      h(
        "span",
        { class: "leg" },
        h("i", { class: `dot tint-${tint(mode)}`, "aria-hidden": "true" }),
        `${label(mode)} `,
        h("b", {}, t("why.place", { rank })),
      ),
      h("span", { class: "leg" }, score(hit._score)),
    ),
  ];
}

function details(hit, legs, mode) {
  return [
    legs.length > 1
      ? table(hit, legs)
      : h("p", { class: "why-note" }, t("why.single", { mode: label(mode), score: score(hit._score) })),
    hit._explanation && [
      h("h4", {}, t("why.explanation")),
      h("ul", { class: "tree" }, tree(hit._explanation, 0)),
    ],
  ];
}

function table(hit, legs) {
  const parts = shares(legs);
  const widest = Math.max(...legs.map((leg) => Math.abs(leg.contribution)), Number.EPSILON);
  const below = legs.some((leg) => leg.contribution < 0);
  const row = (leg, i) =>
    h(
      "tr",
      {},
      h(
        "th",
        { scope: "row" },
        h("i", { class: `dot tint-${tint(leg.name)}`, "aria-hidden": "true" }),
        label(leg.name),
      ),
      h(
        "td",
        {},
        leg.rank ? t("why.place", { rank: leg.rank }) : h("span", { title: t("why.unranked") }, "–"),
      ),
      h("td", {}, score(leg.score)),
      h("td", {}, score(leg.contribution)),
      h(
        "td",
        { class: "share-cell" },
        axis(leg, widest, below),
        parts && h("span", { class: "percent" }, `${Math.round(parts[i])} %`),
      ),
    );
  const columns = ["leg", "rank", "score", "contribution", "share"];
  return h(
    "table",
    { class: "legs" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        columns.map((column) => h("th", { scope: "col" }, t(`why.${column}`))),
      ),
    ),
    h("tbody", {}, legs.map(row)),
    h(
      "tfoot",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "row", colspan: 3 }, t("why.fused")),
        h("td", {}, score(hit._score)),
        h("td", {}),
      ),
    ),
  );
}

/** A contribution from its zero: to the right what it adds, to the left what it takes away. */
function axis(leg, widest, below) {
  const zero = below ? 50 : 0;
  const length = ((below ? 50 : 100) * Math.abs(leg.contribution)) / widest;
  const style = { left: `${leg.contribution < 0 ? zero - length : zero}%`, width: `${length}%` };
  return h(
    "span",
    { class: `axis${below ? " signed" : ""}`, "aria-hidden": "true" },
    h("span", { class: `share tint-${tint(leg.name)}`, style }),
  );
}

function tree(node, depth) {
  const line = [h("b", {}, score(node.value)), " ", node.description];
  const children = node.details ?? [];
  if (children.length === 0) return h("li", {}, h("span", { class: "line" }, line));
  return h(
    "li",
    {},
    h(
      "details",
      { open: depth < 1 },
      h("summary", {}, h("span", { class: "line" }, line)),
      h(
        "ul",
        {},
        children.map((child) => tree(child, depth + 1)),
      ),
    ),
  );
}
