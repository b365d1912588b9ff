// The interface's languages. Texts are data (messages.*.json); this file chooses and fills them in.

import { remembered } from "./state.js";

export const LANGUAGES = { en: "English", zh: "中文" };
const TAGS = { en: "en", zh: "zh-Hans" };

let current = "en";
let messages = {};

/** The reader's stored choice, else the browser's first language that there is. */
export function preferredLanguage() {
  const stored = remembered.get("language");
  if (stored in LANGUAGES) return stored;
  const wanted = navigator.languages ?? [navigator.language];
  return wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in LANGUAGES) ?? "en";
}

/** Loads a language's texts and fills them into the page. */
export async function useLanguage(language) {
  const response = await fetch(new URL(`messages.${language}.json`, import.meta.url));
  messages = await response.json();
  current = language;
  document.documentElement.lang = TAGS[language];
  for (const element of document.querySelectorAll("[data-text]"))
    element.textContent = t(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", t(element.dataset.label));
    if (element.matches("button")) element.title = t(element.dataset.label);
  }
  for (const element of document.querySelectorAll("[data-hint]"))
    element.placeholder = t(element.dataset.hint);
}

/** The language in use. */
export const languageNow = () => current;

/**
 * A text, its {name}s filled from `values`. Where `count` is given and the text has plural forms
 * (`key.one`, `key.other`), the language's rule chooses. A missing text shows its key.
 */
export function t(key, values = {}) {
  const plural = "count" in values ? new Intl.PluralRules(current).select(values.count) : null;
  const text = messages[`${key}.${plural}`] ?? messages[`${key}.other`] ?? messages[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) =>
    typeof values[name] === "number" ? number(values[name]) : values[name],
  );
}

/** A number as the language writes it, with at most `digits` decimals. */
export function number(value, digits = 0) {
  return new Intl.NumberFormat(current, {
    maximumFractionDigits: digits,
    minimumFractionDigits: digits,
  }).format(value);
}

/** A duration, given in milliseconds. */
export function duration(milliseconds) {
  return milliseconds < 1000
    ? t("milliseconds", { n: number(milliseconds) })
    : t("seconds", { n: number(milliseconds / 1000, 1) });
}

/** A score: three significant decimals, a true minus sign. */
export function score(value) {
  if (value === null || value === undefined) return "–";
  const digits = Math.abs(value) >= 100 ? 1 : Math.abs(value) >= 10 ? 2 : 3;
  return number(value, digits).replace("-", "−");
}
