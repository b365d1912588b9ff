// Building elements without a framework, and without ever parsing text as markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. Keys that start with "on" are event listeners; true sets an empty attribute; null,
 * undefined and false set none; "style" is an object of CSS properties (set through the CSSOM, which
 * the content security policy allows). Strings among the children become text nodes, never markup.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "style") {
      for (const [property, setting] of Object.entries(value)) element.style.setProperty(property, setting);
    } else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...flat(children));
  return element;
}

/** Replaces an element's children; nested arrays are flattened and empty values left out. */
export function fill(element, ...children) {
  element.replaceChildren(...flat(children));
}

function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** Puts the icons' definitions into the page, so that drawing one needs no service. */
export async function loadIcons() {
  const text = await (await fetch(new URL("icons.svg", import.meta.url))).text();
  const sprite = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  sprite.setAttribute("class", "visually-hidden");
  sprite.setAttribute("aria-hidden", "true");
  document.body.append(document.importNode(sprite, true));
}

/** An icon of icons.svg, hidden from assistive technology: what it stands beside carries the label. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}
