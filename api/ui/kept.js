// A memory of a few things for a while.

/** A map that forgets its oldest entry beyond `size`, and every entry after `milliseconds`. */
export class Kept {
  #entries = new Map();
  #size;
  #milliseconds;

  constructor(size, milliseconds = Infinity) {
    this.#size = size;
    this.#milliseconds = milliseconds;
  }

  get(key) {
    const entry = this.#entries.get(key);
    return entry && performance.now() - entry.since < this.#milliseconds ? entry.value : undefined;
  }

  set(key, value) {
    this.#entries.delete(key);
    this.#entries.set(key, { value, since: performance.now() });
    if (this.#entries.size > this.#size) this.#entries.delete(this.#entries.keys().next().value);
  }
}
