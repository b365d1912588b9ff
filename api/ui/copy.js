// A button that copies a text.

import { h, icon } from "./dom.js";
import { t } from "./i18n.js";

/** The button; it says for a moment whether the clipboard took the text. */
export function copyButton(text) {
  const word = h("span", { "aria-live": "polite" }, t("copy"));
  const copy = async () => {
    const done = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
    word.textContent = t(done ? "copied" : "copy.failed");
    setTimeout(() => {
      word.textContent = t("copy");
    }, 2000);
  };
  return h("button", { type: "button", class: "plain text copy", onclick: copy }, icon("copy"), word);
}
