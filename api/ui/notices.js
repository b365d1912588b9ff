// What stands in place of results: nothing found, no index, an error, no service; and the skeleton.

import { copyButton } from "./copy.js";
import { h, icon } from "./dom.js";
import { clauses } from "./filters.js";
import { t } from "./i18n.js";
import { MODES, address } from "./state.js";

function notice(name, heading, ...contents) {
  return h("div", { class: "notice" }, icon(name), h("h2", {}, heading), ...contents.filter(Boolean));
}

const chip = (state, text) => h("a", { class: "chip", href: address(state), "data-go": true }, text);

/** Nothing matched; the search without its filters, and the other rankings, are offered. */
export function nothingFound(state) {
  const others = MODES.filter((mode) => mode !== state.mode);
  return notice(
    "empty",
    t("empty.title", { q: state.q }),
    h("p", {}, t("empty.hint", { index: state.index })),
    state.filters.length > 0 &&
      h("p", { class: "chips" }, chip({ ...state, filters: [], page: 1 }, t("empty.unfiltered"))),
    h(
      "p",
      { class: "chips" },
      h("span", {}, t("empty.try")),
      others.map((mode) => chip({ ...state, mode, page: 1 }, t(`mode.${mode}`))),
    ),
  );
}

/** A page past the last one. */
export function pastTheEnd(state) {
  return notice(
    "empty",
    t("empty.past", { page: state.page }),
    h("p", { class: "chips" }, chip({ ...state, page: 1 }, t("empty.first"))),
  );
}

/** No index at all, or not the one that the address names. */
export function noIndex(state, indices) {
  if (indices.length === 0) {
    return notice(
      "empty",
      t("noindex.title"),
      h("p", {}, t("noindex.hint")),
      command("quarry index PATH --index news"),
    );
  }
  const chips = indices.map(({ name }) => chip({ ...state, index: name, page: 1 }, name));
  return notice(
    "empty",
    t("noindex.missing", { index: state.index }),
    h("p", { class: "chips" }, h("span", {}, t("noindex.choose")), chips),
  );
}

/** A request that failed, with a button that sends it again. */
export function failed(error, retry) {
  const button = h("button", { type: "button", class: "action", onclick: retry }, t("retry"));
  if (error.kind === "offline")
    return notice("offline", t("offline.title"), h("p", {}, t("offline.hint")), button);
  return notice(
    "problem",
    t("error.title"),
    h("p", { class: "problem", role: "alert" }, error.message ?? String(error)),
    button,
  );
}

/** Titles of documents, as searches to start with. */
export function suggestions(state, titles) {
  const chips = titles.map((title) => chip({ ...state, q: title, page: 1 }, title));
  return h("p", { class: "chips suggestions" }, h("span", {}, t("home.try")), chips);
}

/** Lines where results will stand. */
export function skeleton() {
  const line = (kind) => h("span", { class: `line-skeleton ${kind}` });
  return h(
    "div",
    { class: "skeleton", "aria-hidden": "true" },
    [1, 2, 3, 4].map(() => h("div", {}, line("title-line"), line(""), line("short"))),
  );
}

/** A command to copy. */
export function command(text) {
  return h("div", { class: "command" }, h("code", {}, text), copyButton(text));
}

/** A search as a curl command, folded. */
export function asCommand({ q, mode, index, page, filters }, size) {
  const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const url = new URL(`${encodeURIComponent(index)}/_search`, document.baseURI);
  const given = `curl -s --get ${quote(url.href)} --data-urlencode ${quote(`q=${q}`)} -d mode=${mode} -d from=${(page - 1) * size} -d size=${size}`;
  const body = quote(JSON.stringify({ q, mode, from: (page - 1) * size, size, filter: clauses(filters) }));
  const text =
    filters.length === 0
      ? given
      : `curl -s ${quote(url.href)} -H 'Content-Type: application/json' -d ${body}`;
  const details = h(
    "details",
    { class: "as-command" },
    h("summary", {}, t("command.summary"), icon("chevron")),
  );
  details.append(command(text));
  return details;
}
