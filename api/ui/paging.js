// Links to the pages of a result.

import { PAGE_SIZE, RESULT_WINDOW } from "./client.js";
import { h, icon } from "./dom.js";
import { number, t } from "./i18n.js";
import { address } from "./state.js";

/** How many pages can be shown of `total` hits. */
export const pageCount = (total) => Math.ceil(Math.min(total, RESULT_WINDOW) / PAGE_SIZE);

/** The page numbers to offer: the first, the last, and those around the current one; 0 for a gap. */
export function pageNumbers(current, count) {
  const near = new Set([1, count, current - 1, current, current + 1]);
  if (current <= 3) [2, 3, 4].forEach((n) => near.add(n));
  if (current >= count - 2) [count - 3, count - 2, count - 1].forEach((n) => near.add(n));
  const shown = [...near].filter((n) => n >= 1 && n <= count).sort((a, b) => a - b);
  return shown.flatMap((n, i) => {
    const skipped = i > 0 ? n - shown[i - 1] - 1 : 0;
    if (skipped === 1) return [n - 1, n];
    return skipped > 1 ? [0, n] : [n];
  });
}

/** The navigation between pages, or null where there is one only. */
export function paging(state, total) {
  const count = pageCount(total);
  if (count < 2) return null;
  const current = Math.min(state.page, count);
  const link = (page, content, attributes = {}) =>
    h("a", { href: address({ ...state, page }), "data-go": true, ...attributes }, content);
  const word = (key) => h("span", {}, t(key));
  const step = (page, name, key) =>
    page >= 1 && page <= count
      ? link(page, name === "previous" ? [icon(name), word(key)] : [word(key), icon(name)], {
          class: `step ${name}`,
          rel: name === "previous" ? "prev" : "next",
          "aria-label": t(key),
        })
      : h("span", { class: `step ${name}`, "aria-hidden": "true" });
  return h(
    "nav",
    { class: "paging", "aria-label": t("paging.label") },
    step(current - 1, "previous", "paging.previous"),
    h(
      "ol",
      {},
      pageNumbers(current, count).map((page) =>
        page === 0
          ? h("li", { class: "skipped", "aria-hidden": "true" }, "…")
          : h(
              "li",
              {},
              link(page, number(page), {
                "aria-label": t("paging.page", { page }),
                "aria-current": page === current ? "page" : null,
              }),
            ),
      ),
    ),
    step(current + 1, "next", "paging.next"),
  );
}
