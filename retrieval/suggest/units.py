"""A text for correction: its words and its runs of Han, with where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis import Token
from analysis.arrays import is_cjk

from .statistics import Statistics


@dataclass(frozen=True, slots=True)
class Unit:
    """One word, or one Han character: what may be replaced. ``shown`` is its folded text."""

    term: str
    shown: str
    start: int
    end: int
    position: int
    han: bool


def units_of(statistics: Statistics, text: str) -> list[Unit]:
    """The words of a text in order, and each Han character by itself, as the field's search analyzer cuts it."""
    analyzer = statistics.analyzer
    units: list[Unit] = []
    position = 0
    for token in _one_way(analyzer.phrase_tokens(text)):
        part = text[token.start : token.end]
        shown = analyzer.normalize(part)
        if is_cjk(token.term) and len(shown) == len(part):
            for at, char in enumerate(shown):
                start = token.start + at
                units.append(Unit(char, char, start, start + 1, position, True))
                position += 1
        else:
            units.append(Unit(token.term, shown.lower(), token.start, token.end, position, False))
            position += 1
    return units


def _one_way(tokens: Sequence[Token]) -> list[Token]:
    """One token for each place of the text: the shortest of those that stand at a position."""
    out: list[Token] = []
    for token in sorted(tokens, key=lambda t: (t.position, t.position_length, t.end)):
        if not out or (token.position > out[-1].position and token.start >= out[-1].end):
            out.append(token)
    return out


def runs(units: Sequence[Unit]) -> list[list[Unit]]:
    """The units, Han characters that touch together, words alone."""
    out: list[list[Unit]] = []
    for unit in units:
        if unit.han and out and out[-1][-1].han and out[-1][-1].end == unit.start:
            out[-1].append(unit)
        else:
            out.append([unit])
    return out
