// The page from the keyboard: / focuses, j k and the arrows move, Enter opens, Esc closes.

import { fill, h } from "./dom.js";
import { t } from "./i18n.js";

const SHORTCUTS = [
  [["/"], "keys.focus"],
  [["j", "k", "↓", "↑"], "keys.move"],
  [["Enter"], "keys.open"],
  [["w"], "keys.why"],
  [["Esc"], "keys.close"],
  [["?"], "keys.help"],
];

const typing = (element) => element?.matches?.("input, textarea, select, [contenteditable]") ?? false;
const titles = () => [...document.querySelectorAll(".hit .title")];

/** The hit that holds the focus, or -1. */
function place(all) {
  return all.findIndex((title) => title.closest(".hit").contains(document.activeElement));
}

function move(step) {
  const all = titles();
  if (all.length === 0) return;
  const from = place(all);
  const to = from < 0 ? 0 : Math.min(all.length - 1, Math.max(0, from + step));
  all[to].focus({ preventScroll: true });
  all[to].closest(".hit").scrollIntoView({ block: "nearest" });
}

/** Listens for the shortcuts; `escape()` closes what the rest of the page has open, true if it did. */
export function listen({ box, dialog, escape }) {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
    const inBox = event.target === box;
    if (event.key === "Escape") {
      if (closeHere() || escape()) event.preventDefault();
      else if (inBox) box.blur();
    } else if (event.key === "ArrowDown" && (inBox || event.target.closest?.(".hits")))
      take(event, () => move(1));
    else if (event.key === "ArrowUp" && event.target.closest?.(".hits")) {
      take(event, () => (place(titles()) === 0 ? focusBox(box) : move(-1)));
    } else if (typing(event.target)) return;
    else if (event.key === "/") take(event, () => focusBox(box));
    else if (event.key === "j") take(event, () => move(1));
    else if (event.key === "k") take(event, () => move(-1));
    else if (event.key === "w") take(event, openWhy);
    else if (event.key === "?") take(event, () => help(dialog));
  });
}

/** Arrow keys inside a scrolling document scroll it; everywhere else the key is ours. */
function take(event, action) {
  if (event.key.startsWith("Arrow") && event.target.closest?.(".reader")) return;
  event.preventDefault();
  action();
}

function focusBox(box) {
  box.focus();
  box.select();
}

/** Closes the document, else the reasons, that are open in the hit with the focus. */
function closeHere() {
  const hit = document.activeElement?.closest?.(".hit");
  const title = hit?.querySelector('.title[aria-expanded="true"]');
  const why = hit?.querySelector('.why[aria-expanded="true"]');
  if (!title && !why) return false;
  (title ?? why).click();
  (title ?? why).focus();
  return true;
}

function openWhy() {
  const all = titles();
  const at = Math.max(0, place(all));
  all[at]?.closest(".hit").querySelector(".why").click();
}

/** Shows the list of shortcuts. */
export function help(dialog) {
  const row = ([keys, key]) =>
    h(
      "div",
      {},
      h(
        "dt",
        {},
        keys.map((name) => h("kbd", {}, name)),
      ),
      h("dd", {}, t(key)),
    );
  fill(
    dialog,
    h("h2", { id: "keys-heading" }, t("keys.label")),
    h("dl", {}, SHORTCUTS.map(row)),
    h("form", { method: "dialog" }, h("button", { class: "action" }, t("keys.dismiss"))),
  );
  dialog.showModal();
}
