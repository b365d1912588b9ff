// A numbered list of places in documents; each opens below its line, one at a time.

import { fill, h, icon } from "./dom.js";
import { reader } from "./reader.js";
import { language } from "./text.js";

/** The list. Everything inside `root` that carries data-n (a citation in a text) shows what is open. */
export class Sources {
  element = h("ol", { class: "sources" });
  #root;
  #loads = new Map();
  #open = null; // {n, from}: the number that is open, and the element that opened it

  constructor(root) {
    this.#root = root;
  }

  has(n) {
    return this.#loads.has(n);
  }

  /** Adds a line. `load` resolves to what a reader shows; `quote` is shown below the title if given. */
  add(n, { title, quote, load }) {
    this.#loads.set(n, { load, title });
    const line = h(
      "button",
      {
        type: "button",
        class: "source",
        "aria-expanded": "false",
        "data-n": n,
        onclick: (event) => this.toggle(n, event.currentTarget),
      },
      h("span", { class: "n" }, String(n)),
      h("span", { class: "source-title", lang: language(title) }, title),
      quote && h("span", { class: "source-quote", lang: language(quote) }, quote),
      icon("chevron"),
    );
    this.element.append(h("li", {}, line, h("div", { class: "opened" })));
  }

  /** Opens source n, or closes it where it is open; `from` gets the focus back when it closes. */
  toggle(n, from) {
    const was = this.#open?.n;
    if (was !== undefined) this.#close();
    if (was === n || !this.has(n)) return from.focus();
    const { load, title } = this.#loads.get(n);
    const place = this.#place(n);
    fill(place, reader({ title, load }));
    this.#open = { n, from };
    this.#show();
    return place.scrollIntoView({ block: "nearest" });
  }

  /** Closes what is open and gives the focus back; whether anything was open. */
  escape() {
    if (!this.#open) return false;
    const { n, from } = this.#open;
    this.#close();
    (from.isConnected ? from : this.#root.querySelector(`[data-n="${n}"]`))?.focus();
    return true;
  }

  #close() {
    fill(this.#place(this.#open.n));
    this.#open = null;
    this.#show();
  }

  #place(n) {
    return this.element.querySelector(`.source[data-n="${n}"] + .opened`);
  }

  #show() {
    for (const element of this.#root.querySelectorAll("[data-n]")) {
      const open = Number(element.dataset.n) === this.#open?.n;
      element.classList.toggle("current", open);
      element.setAttribute("aria-expanded", String(open));
    }
  }
}
