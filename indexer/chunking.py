"""Cuts long prose into passages, at the ends of paragraphs and sentences.

A passage of about 200 English words or 400 Chinese characters is short enough to be about one thing, to be
read at a glance and to fit the encoder's window, and long enough to say it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from analysis import sentences

PASSAGE = 200
"""Words of a passage at most."""

Piece = tuple[int, int, float]
"""What is not cut: start, end (code points), length in words."""

_HAN = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
# A Han character, a word, or a run of symbols. Endless "words" (base64, rules of dashes) count as several,
# so that they can be cut too; single punctuation marks count nothing.
_UNIT = re.compile(rf"([{_HAN}])|[^\W{_HAN}]{{1,40}}|[^\w\s]{{4,40}}")
_PARAGRAPH_END = re.compile(r"\n[ \t]*\n\s*")


def measure(text: str) -> float:
    """Length of a text in words; two Han characters (or kana) count as one word."""
    return sum(_cost(match) for match in _UNIT.finditer(text))


def chunk(text: str, passage: int = PASSAGE) -> list[tuple[int, int]]:
    """Spans (start, end in code points) of the passages of a text, in order.

    They do not overlap, leave out nothing but white space, and are no longer than `passage` words
    each. A text that needs n passages gets about equal ones, not a rest of three words.
    """
    pieces = [(start, end, measure(text[start:end])) for start, end in _pieces(text, passage)]
    total = sum(size for _, _, size in pieces)
    count = max(1, math.ceil(total / passage))
    while True:
        groups = _split(pieces, total / count)
        if all(len(group) == 1 or sum(size for _, _, size in group) <= passage for group in groups):
            return [(group[0][0], group[-1][1]) for group in groups]
        count += max(1, count // 20)  # lumpy pieces: try with more passages; at last each piece is its own


def _split(pieces: list[Piece], target: float) -> list[list[Piece]]:
    """Neighbouring pieces in groups of about `target` words: each goes where its middle falls."""
    groups: dict[int, list[Piece]] = {}
    before = 0.0
    for piece in pieces:
        groups.setdefault(int((before + piece[2] / 2) / target) if target else 0, []).append(piece)
        before += piece[2]
    return list(groups.values())


def _pieces(text: str, passage: int) -> Iterator[tuple[int, int]]:
    """Spans that are not cut: paragraphs; sentences of long paragraphs; parts of endless sentences."""
    for start, end in _paragraphs(text):
        if measure(text[start:end]) <= passage:
            yield start, end
            continue
        for first, last in sentences(text[start:end]):
            yield from _trimmed(text, start + first, start + last, passage)


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    for match in _PARAGRAPH_END.finditer(text):
        yield from _nonblank(text, at, match.start())
        at = match.end()
    yield from _nonblank(text, at, len(text))


def _trimmed(text: str, start: int, end: int, passage: int) -> Iterator[tuple[int, int]]:
    """The span without white space around it, cut by words where it is longer than a passage."""
    for start, end in _nonblank(text, start, end):  # noqa: B020 (at most one span)
        begin, size = start, 0.0
        for match in _UNIT.finditer(text, start, end):
            cost = _cost(match)
            if size and size + cost > passage:
                yield from _nonblank(text, begin, match.start())
                begin, size = match.start(), 0.0
            size += cost
        yield from _nonblank(text, begin, end)


def _nonblank(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    part = text[start:end]
    if part and not part.isspace():
        yield start + len(part) - len(part.lstrip()), start + len(part.rstrip())


def _cost(match: re.Match[str]) -> float:
    return 0.5 if match.lastindex else 1.0
