// The page: its state is its address, and everything shown follows from it.

import { AnswerCard } from "./answer-card.js";
import { Answers } from "./answer.js";
import * as client from "./client.js";
import { drawControls, otherLanguage } from "./controls.js";
import { fill, h, loadIcons } from "./dom.js";
import { describe } from "./fields.js";
import { filterFields, inForce } from "./filters.js";
import { duration, preferredLanguage, t, useLanguage } from "./i18n.js";
import * as keyboard from "./keyboard.js";
import { Kept } from "./kept.js";
import * as notices from "./notices.js";
import { pageCount, paging } from "./paging.js";
import { hitList } from "./results.js";
import { address, readState, remembered } from "./state.js";
import { isQuestion } from "./text.js";

const names = [
  "search",
  "query",
  "clear",
  "ask",
  "index",
  "modes",
  "language",
  "shortcuts",
  "progress",
  "announcer",
  "answer",
  "results",
  "keys",
];
const ui = Object.fromEntries(names.map((name) => [name, document.getElementById(name)]));

const RETRY = 3000; // milliseconds between attempts while the service cannot be reached
const kept = new Kept(30, 60_000); // result pages, so that going back is immediate
let state = readState(location.search);
let indices = [];
let response = null;
let failure = null;
let abort = null;
let retry = null;
let filterable = new Map(); // of the state's index: source path to the field that filters by it
const mappings = new Kept(20, 60_000);
let record = null;

const card = new AnswerCard(ui.answer, {
  again: (answerer) => go({ ...state, answerer, ask: true, page: 1 }),
  stop: (running) => answers.stop(running),
  titleOf: (id) => {
    const hit = response?.hits.hits.find((found) => found._id === id);
    return hit && describe(hit._source).title?.text;
  },
});
const answers = new Answers((changed) => {
  record = changed;
  if (wantsAnswer()) card.show(record, { asked: state.ask });
});

const wantsAnswer = () => state.q !== "" && state.page === 1 && (state.ask || isQuestion(state.q));

/** Moves to a state: the address changes, then the page follows it. `again`: nothing from memory. */
function go(next, { again = false } = {}) {
  const from = address(state);
  state = next;
  if (address(state) !== from) history.pushState(null, "", address(state));
  return run({ again, moved: true });
}

/** Shows the state: results from memory or the service, and an answer where one is wanted. */
async function run({ again = false, moved = false } = {}) {
  abort?.abort();
  clearTimeout(retry);
  abort = new AbortController();
  const signal = abort.signal;
  failure = null;
  drawControls(ui, state, indices);
  document.body.dataset.view = state.q ? "results" : "home";
  document.title = state.q ? `${state.q} – Quarry` : "Quarry";
  if (moved) scrollTo(0, 0);
  try {
    if (state.q === "") await home(signal);
    else if (await chosenIndex(signal)) await Promise.all([search(again, signal), answer(again)]);
    else drawResults();
  } catch (error) {
    if (signal.aborted) return;
    failure = error;
    if (error.kind === "offline") retry = setTimeout(() => run({ again }), RETRY);
    drawResults();
  }
}

async function home(signal) {
  response = null;
  answers.stop();
  card.clear();
  if (indices.length === 0) await loadIndices(signal);
  drawResults();
  ui.query.focus();
  const suggested = state.index ? await client.someTitles(state.index, signal) : [];
  if (suggested.length > 0) fill(ui.results, notices.suggestions(state, suggested));
}

function answer(again) {
  if (wantsAnswer()) return answers.ask({ ...state, question: state.q }, again);
  answers.stop();
  return card.clear();
}

async function search(again, signal) {
  const key = address(state);
  const waiting = setTimeout(() => busy(true), 120);
  try {
    const known = again ? undefined : kept.get(key);
    [response, filterable] = await Promise.all([
      known ?? client.search(state, signal),
      filterableFields(signal),
    ]);
    kept.set(key, response);
  } finally {
    clearTimeout(waiting);
    if (!signal.aborted) busy(false);
  }
  drawResults();
  leaveBox();
}

async function filterableFields(signal) {
  const known = mappings.get(state.index) ?? filterFields(await client.properties(state.index, signal));
  mappings.set(state.index, known);
  return known;
}

function busy(on) {
  ui.progress.hidden = !on;
  ui.results.setAttribute("aria-busy", String(on));
  if (!on) return;
  ui.announcer.textContent = t("results.busy");
  if (!response) fill(ui.results, notices.skeleton());
}

/** Focus leaves the box for the results: j and k work at once, and a phone's keyboard goes away. */
function leaveBox() {
  if ([ui.query, document.body].includes(document.activeElement))
    ui.results.querySelector("h2")?.focus({ preventScroll: true });
}

/** Whether the state's index exists, asking again in case that it was made a moment ago. */
async function chosenIndex(signal) {
  const there = () => indices.some(({ name }) => name === state.index);
  if (!there()) await loadIndices(signal);
  if (there()) return true;
  response = null;
  answers.stop();
  card.clear();
  return false;
}

async function loadIndices(signal) {
  indices = await client.indices(signal);
  if (state.index === "") state.index = defaultIndex();
  drawControls(ui, state, indices);
}

/** The index used last, else the largest. */
function defaultIndex() {
  const last = remembered.get("index");
  if (indices.some(({ name }) => name === last)) return last;
  return [...indices].sort((a, b) => b.documents - a.documents)[0]?.name ?? "";
}

function drawResults() {
  if (failure) {
    answers.stop();
    card.clear();
    ui.announcer.textContent = failure.kind === "offline" ? t("offline.title") : t("error.title");
    return fill(
      ui.results,
      notices.failed(failure, () => run({ again: true, moved: true })),
    );
  }
  if (!response) {
    const missing =
      indices.length === 0 || (state.q !== "" && !indices.some(({ name }) => name === state.index));
    return fill(ui.results, missing && notices.noIndex(state, indices));
  }
  const { total, hits } = response.hits;
  ui.announcer.textContent = t("results.count", { count: total.value });
  if (hits.length === 0) {
    return fill(
      ui.results,
      inForce(state),
      total.value > 0 && state.page > 1 ? notices.pastTheEnd(state) : notices.nothingFound(state),
    );
  }
  const list = hitList(response, state, filterable);
  return fill(
    ui.results,
    tally(total),
    inForce(state),
    list,
    paging(state, total.value),
    notices.asCommand(state, client.PAGE_SIZE),
  );
}

function tally({ value, relation }) {
  const pending = indices.find(({ name }) => name === state.index)?.pending ?? 0;
  const page = state.page > 1 && t("results.page", { page: state.page, pages: pageCount(value) });
  const parts = [
    t(relation === "gte" ? "results.atleast" : "results.count", { count: value }),
    page,
    duration(response.took),
  ];
  return [
    h("h2", { class: "tally", tabindex: "-1" }, parts.filter(Boolean).join(t("separator"))),
    pending > 0 && h("p", { class: "tally" }, t("results.pending", { count: pending })),
    (response._warnings ?? []).map((warning) => h("p", { class: "tally" }, warning)),
  ];
}

function submit(ask) {
  const q = ui.query.value.trim();
  if (q === "") return ui.query.focus();
  return go({ ...state, q, page: 1, ask, answerer: ask ? state.answerer : "" }, { again: true });
}

/** A link of the page's own: followed without loading the page again. */
function follow(event) {
  const link = event.target.closest("a[data-go]");
  if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const next = readState(new URL(link.href).search);
  go({ ...next, index: next.index || state.index });
}

function listen() {
  ui.search.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(false);
  });
  ui.ask.addEventListener("click", () => submit(true));
  ui.query.addEventListener("input", () => {
    ui.clear.hidden = ui.query.value === "";
  });
  ui.clear.addEventListener("click", () => {
    ui.query.value = "";
    ui.clear.hidden = true;
    ui.query.focus();
  });
  ui.modes.addEventListener("change", (event) =>
    go({ ...state, q: ui.query.value.trim(), mode: event.target.value, page: 1 }),
  );
  ui.index.addEventListener("change", () => {
    remembered.set("index", ui.index.value);
    go({ ...state, q: ui.query.value.trim(), index: ui.index.value, filters: [], page: 1 });
  });
  ui.language.addEventListener("click", async () => {
    remembered.set("language", otherLanguage());
    await useLanguage(otherLanguage());
    drawControls(ui, { ...state, q: ui.query.value }, indices);
    if (record && wantsAnswer()) card.show(record, { asked: state.ask, redraw: true });
    if (state.q !== "" || failure) drawResults();
    else run();
  });
  ui.shortcuts.addEventListener("click", () => keyboard.help(ui.keys));
  document.addEventListener("click", follow);
  addEventListener("popstate", () => {
    state = readState(location.search);
    if (state.index === "") state.index = defaultIndex();
    run();
  });
  keyboard.listen({ box: ui.query, dialog: ui.keys, escape: () => card.escape() });
}

await Promise.all([loadIcons(), useLanguage(preferredLanguage())]);
document.documentElement.classList.add("ready");
listen();
await run();
