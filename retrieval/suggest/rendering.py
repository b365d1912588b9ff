"""A corrected text: the typed one with the changed parts replaced, in tags if asked."""

from __future__ import annotations

from .correction import Correction
from .units import Unit


def corrected(text: str, units: list[Unit], correction: Correction, pre: str = "", post: str = "") -> str:
    """``text`` with each changed unit replaced; neighbouring Han characters share their tags."""
    pieces: list[str] = []
    at = 0
    open_until = -1  # where the tagged part that is open ends in the text
    for unit, choice in zip(units, correction.choices, strict=True):
        if not choice.changed:
            continue
        if open_until == unit.start and unit.han:
            pieces.pop()
        else:
            pieces += [text[at : unit.start], pre]
        pieces += [choice.unit.shown, post]
        at = open_until = unit.end
    pieces.append(text[at:])
    return "".join(pieces)
