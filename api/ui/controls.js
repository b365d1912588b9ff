// The controls around the box, drawn from the state: index, ranking, interface language.

import { fill, h } from "./dom.js";
import { LANGUAGES, languageNow, number, t } from "./i18n.js";
import { MODES } from "./state.js";

/** The interface's other language. */
export const otherLanguage = () => Object.keys(LANGUAGES).find((language) => language !== languageNow());

/** Draws all controls of `ui` (elements by id) for a state and the indices there are. */
export function drawControls(ui, state, indices) {
  ui.query.value = state.q;
  ui.clear.hidden = state.q === "";
  const option = ({ name, documents }) =>
    h(
      "option",
      { value: name, selected: name === state.index },
      t("index.option", { name, count: number(documents) }),
    );
  fill(ui.index, indices.map(option));
  ui.index.disabled = indices.length === 0;
  drawModes(ui.modes, state.mode);
  ui.language.textContent = LANGUAGES[otherLanguage()];
  ui.language.lang = otherLanguage();
}

/** Kept as they are where nothing changes, so that arrow keys go on moving among them. */
function drawModes(modes, chosen) {
  if (modes.dataset.language !== languageNow()) {
    const mode = (name) =>
      h(
        "label",
        { title: t(`mode.${name}.hint`) },
        h("input", { type: "radio", name: "mode", value: name }),
        h("span", {}, t(`mode.${name}`)),
      );
    fill(modes, modes.querySelector("legend"), MODES.map(mode));
    modes.dataset.language = languageNow();
  }
  const input = modes.querySelector(`input[value="${chosen}"]`);
  input.checked = true;
  const label = input.parentElement; // in view where the row scrolls, on a phone
  modes.scrollLeft = label.offsetLeft + label.offsetWidth / 2 - modes.clientWidth / 2;
}
