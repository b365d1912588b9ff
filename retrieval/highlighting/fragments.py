"""Cutting a marked text into fragments."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field

from analysis import sentences

from .matching import Span
from .options import FieldOptions

_WIDE = 0x2E80  # from here on, text may be cut between any two characters


@dataclass(slots=True)
class Fragment:
    """text[start:end] with the spans marked in it, of the value with this number."""

    start: int
    end: int
    spans: list[Span]
    value: int = 0
    score: float = field(default=0.0)


def fragments(text: str, spans: list[Span], options: FieldOptions) -> list[Fragment]:
    """The pieces of `text` that hold a span, in order; `spans` are disjoint and ascending.

    `sentence`: whole sentences up to the fragment size together, long ones cut around their spans.
    `word` and `chars`: pieces of the fragment size around the spans, which end between words, or at
    one of the boundary characters.
    """
    if options.scanner != "sentence" and options.size:
        outward = word_boundary if options.scanner == "word" else _chars(options)
        return _around(text, spans, 0, len(text), options.size, outward)
    found: list[Fragment] = []
    at = 0
    for start, end in _pieces(text, spans, options.size):
        first = at
        while at < len(spans) and spans[at].start < end:
            at += 1
        inside = spans[first:at]
        if not inside:
            continue
        if end - start <= 2 * options.size or options.size == 0:
            found.append(Fragment(start, max(end, inside[-1].end), inside))
        else:
            found += _around(text, inside, start, end, options.size, word_boundary)
    return found


def _pieces(text: str, spans: list[Span], size: int) -> list[tuple[int, int]]:
    """Neighbouring sentences joined up to `size` characters, not over a line break."""
    pieces: list[tuple[int, int]] = []
    for start, end in sentences(text):
        if pieces and end - pieces[-1][0] <= size and "\n" not in text[pieces[-1][1] : start]:
            pieces[-1] = (pieces[-1][0], end)
        else:
            pieces.append((start, end))
    bounds = [start for start, _ in pieces]
    for span in spans:  # a span over a boundary joins what it touches
        first, last = bisect_left(bounds, span.start + 1) - 1, bisect_left(bounds, span.end) - 1
        if first >= 0 and last > first:
            pieces[first : last + 1] = [(pieces[first][0], pieces[last][1])]
            bounds[first : last + 1] = [bounds[first]]
    return pieces


def _around(
    text: str, spans: list[Span], start: int, end: int, size: int, outward: Callable[[str, int, int, int], int]
) -> list[Fragment]:
    """Pieces of text[start:end] of about `size` characters, each with as many spans as fit."""
    found: list[Fragment] = []
    at = 0
    while at < len(spans):
        first = at
        while at < len(spans) and (at == first or spans[at].end <= spans[first].start + size):
            at += 1
        group = spans[first:at]
        slack = max(0, size - (group[-1].end - group[0].start)) // 2
        floor = found[-1].end if found else start
        low = outward(text, max(floor, group[0].start - slack), floor, -1)
        high = outward(text, min(end, group[-1].end + slack), end, 1)
        while at < len(spans) and spans[at].start < high:  # what the slack has reached belongs to it
            high = max(high, spans[at].end)
            group = [*group, spans[at]]
            at += 1
        found.append(Fragment(low, max(high, group[-1].end), group))
    return found


def word_boundary(text: str, at: int, limit: int, step: int) -> int:
    """The nearest place outward where no word is cut; Chinese may be cut anywhere."""
    while at != limit and 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum():
        if ord(text[at]) >= _WIDE or ord(text[at - 1]) >= _WIDE:
            break
        at += step
    return at


def _chars(options: FieldOptions) -> Callable[[str, int, int, int], int]:
    """The nearest boundary character outward, as far as may be looked; where there is none, no move."""
    marks = frozenset(options.boundary_chars)

    def outward(text: str, at: int, limit: int, step: int) -> int:
        place = at
        for _ in range(options.boundary_scan):
            if place == limit:
                return place
            if (text[place - 1] if step < 0 else text[place]) in marks:
                return place
            place += step
        return at

    return outward


def beginning(text: str, size: int) -> Fragment:
    """The first `size` characters of a text, to the end of the word; whole sentences where one ends there."""
    if len(text) <= size:
        return Fragment(0, len(text), [])
    ends = [end for _, end in sentences(text[: size + 1]) if end <= size]
    if ends and ends[-1] >= size * 2 // 3 and _stops(text, ends[-1]):
        return Fragment(0, ends[-1], [])
    return Fragment(0, word_boundary(text, size, len(text), 1), [])


def _stops(text: str, end: int) -> bool:
    return bool(re.match(r"[.!?。！？…]", text[end - 1])) and end < len(text)


def rendered(text: str, fragment: Fragment, options: FieldOptions, show: Callable[[str], str]) -> str:
    """A fragment with its spans in tags, without white space around it; `show` encodes what is not a tag."""
    start, end = fragment.start, fragment.end
    marks = [s for s in fragment.spans if start <= s.start < end]
    limits = (marks[0].start, marks[-1].end) if marks else (end, start)
    while start < min(end, limits[0]) and text[start].isspace():
        start += 1
    while end > max(start, limits[1]) and text[end - 1].isspace():
        end -= 1
    out, at = [], start
    for span in marks:
        pre, post = options.tags[span.number % len(options.tags)]
        out += [show(text[at : span.start]), pre, show(text[span.start : span.end]), post]
        at = span.end
    out.append(show(text[at:end]))
    return "".join(out)
