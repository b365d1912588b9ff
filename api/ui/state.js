// What the page shows is a function of its address: ?q=&mode=&index=&page=&filter=field:value&ask=&answerer=

export const MODES = ["hybrid", "bm25", "tfidf", "word2vec", "glove", "bert"];
export const ANSWERERS = ["", "extractive", "builtin", "openai"];

/** The state in an address's query; unknown and malformed values become the defaults. */
export function readState(query) {
  const parameters = new URLSearchParams(query);
  const one = (name, allowed) => (allowed.includes(parameters.get(name)) ? parameters.get(name) : allowed[0]);
  const page = Number.parseInt(parameters.get("page") ?? "1", 10);
  return {
    q: (parameters.get("q") ?? "").trim(),
    mode: one("mode", MODES),
    index: parameters.get("index") ?? "",
    page: Number.isFinite(page) && page > 0 ? page : 1,
    filters: parameters
      .getAll("filter")
      .map(readFilter)
      .filter(([field]) => field !== ""),
    ask: parameters.get("ask") === "1",
    answerer: one("answerer", ANSWERERS),
  };
}

/** "field:value" as [field, value]; a field's name holds no colon, a value may. */
function readFilter(text) {
  const colon = text.indexOf(":");
  return [text.slice(0, Math.max(0, colon)), text.slice(colon + 1)];
}

/** The address of a state, relative to the page: defaults left out, in a fixed order. */
export function address(state) {
  const parameters = new URLSearchParams();
  if (state.q) parameters.set("q", state.q);
  if (state.mode !== MODES[0]) parameters.set("mode", state.mode);
  if (state.index) parameters.set("index", state.index);
  if (state.page > 1) parameters.set("page", state.page);
  for (const [field, value] of state.filters) parameters.append("filter", `${field}:${value}`);
  if (state.ask) parameters.set("ask", "1");
  if (state.answerer) parameters.set("answerer", state.answerer);
  const query = parameters.toString();
  return query ? `?${query}` : location.pathname;
}

/** localStorage that may be forbidden (private windows): reading gives null, writing nothing. */
export const remembered = {
  get(key) {
    try {
      return localStorage.getItem(`quarry.${key}`);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(`quarry.${key}`, value);
    } catch {
      // Nothing is lost but the convenience.
    }
  },
};
