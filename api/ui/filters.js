// Narrowing a search to documents whose field has a value: [field, value] pairs of the state.

import { h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { address } from "./state.js";

const EXACT = ["keyword", "long", "integer", "double", "float", "date", "boolean"];

/** The clauses of a search or a question for a state's filters. */
export const clauses = (filters) => filters.map(([field, value]) => ({ term: { [field]: value } }));

/** From a mapping's properties: which field filters by the values of a source path, as a Map. */
export function filterFields(properties, prefix = "") {
  const found = new Map();
  for (const [name, field] of Object.entries(properties ?? {})) {
    const path = prefix + name;
    const exact = Object.entries(field.fields ?? {}).find(([, sub]) => sub.type === "keyword");
    if (field.properties)
      filterFields(field.properties, `${path}.`).forEach((value, key) => found.set(key, value));
    else if (EXACT.includes(field.type)) found.set(path, path);
    else if (exact) found.set(path, `${path}.${exact[0]}`);
  }
  return found;
}

/** A link, shown as `content`, that narrows the search to documents with this value. */
export function narrowing(state, field, path, value, content) {
  const filters = [...state.filters.filter(([name]) => name !== field), [field, value]];
  const label = t("filter.add", { field: path, value });
  return h(
    "a",
    { href: address({ ...state, filters, page: 1 }), "data-go": true, title: label, "aria-label": label },
    content,
  );
}

/** The filters in force, each with a link that takes it away; null where there is none. */
export function inForce(state) {
  if (state.filters.length === 0) return null;
  const chip = ([field, value], i) => {
    const filters = state.filters.filter((_, at) => at !== i);
    const name = field.replace(/\.keyword$/, "");
    const label = t("filter.remove", { field: name, value });
    return h(
      "a",
      {
        class: "chip",
        href: address({ ...state, filters, page: 1 }),
        "data-go": true,
        title: label,
        "aria-label": label,
      },
      `${name}: ${value}`,
      icon("close"),
    );
  };
  return h("p", { class: "chips filters" }, state.filters.map(chip));
}
