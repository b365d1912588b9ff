"""Terms found in the dictionaries of a view's segments, and the documents that hold any of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from indexer.segment import Segment, TextField, Tombstones

from .automaton import Pattern

_BUDGET = 1 << 21  # postings between two looks at the clock
_TERMS = 1 << 16  # terms walked between two looks at the clock
Check = Callable[[], None]


@dataclass(frozen=True)
class Part:
    """The terms found in one segment: int64 ordinals, ascending; `distances` where edits were counted."""

    segment: Segment
    stones: Tombstones | None
    text: TextField | None
    ordinals: np.ndarray
    distances: np.ndarray | None = None


@dataclass(frozen=True)
class Similar:
    """A live term near another, and the edits between them."""

    term: str
    edits: int


class Expansion:
    """Terms of one field, segment by segment. `check` is called now and then and may raise."""

    def __init__(self, field: str, parts: list[Part], check: Check) -> None:
        self.field = field
        self.parts = parts
        self._check = check

    @property
    def size(self) -> int:
        """Terms found, each as often as there are segments that hold it."""
        return sum(len(part.ordinals) for part in self.parts)

    def mask(self) -> np.ndarray:
        """bool[documents]: the live documents that hold any of the terms. Nothing is scored."""
        masks = [self._mark(part) for part in self.parts]
        return masks[0] if len(masks) == 1 else np.concatenate([np.zeros(0, bool), *masks])

    def terms(self, limit: int) -> list[bytes]:
        """The first `limit` terms of live documents, in byte order."""
        found: set[bytes] = set()
        for part in self.parts:
            found.update(term for _, term in islice(self._live(part), limit))
        return sorted(found)[:limit]

    def similar(self) -> list[Similar]:
        """The terms of live documents with their edits, the fewest first, then in byte order."""
        found: dict[bytes, int] = {}
        for part in self.parts:
            assert part.distances is not None
            edits = dict(zip(part.ordinals.tolist(), part.distances.tolist(), strict=True))
            for ordinal, term in self._live(part):
                found[term] = edits[ordinal]
        ranked = sorted(found.items(), key=lambda one: (one[1], one[0]))
        return [Similar(term.decode("utf-8", "surrogatepass"), edits) for term, edits in ranked]

    def _live(self, part: Part) -> Iterator[tuple[int, bytes]]:
        if part.text is None:
            return
        for number, ordinal in enumerate(part.ordinals.tolist()):
            if number % 4096 == 0:
                self._check()
            if part.stones is None or part.stones.live_df(self.field, ordinal):
                yield ordinal, part.text.term(ordinal)

    def _mark(self, part: Part) -> np.ndarray:
        from .kernels import mark_postings  # kernels are loaded when they are first wanted

        out = np.zeros(part.segment.documents, np.uint8)
        text = part.text
        if text is None or not len(part.ordinals):
            return out.view(bool)
        at = 0
        while at < len(part.ordinals):
            self._check()
            at = mark_postings(
                text.postings_address, text.section_address("starts"), text.section_address("df"), part.ordinals, at,
                _BUDGET, part.segment.documents, text.positional, out,
            )  # fmt: skip
        found = out.view(bool)
        return found if part.stones is None else found & ~part.stones.mask


class Dictionaries:
    """The dictionaries of one field in every segment of a view."""

    def __init__(
        self, segments: Sequence[Segment], tombstones: Sequence[Tombstones | None], field: str, check: Check
    ) -> None:
        self.field = field
        self.check = check
        self.places = [(s, t, s.text(field)) for s, t in zip(segments, tombstones, strict=True)]

    def range(self, low: bytes | None, high: bytes | None) -> Expansion:
        """Terms from `low` on and before `high`; None leaves that side open."""
        parts = []
        for segment, stones, text in self.places:
            span = range(0) if text is None else text.ordinals(low, high)
            parts.append(Part(segment, stones, text, np.arange(span.start, span.stop, dtype=np.int64)))
        return Expansion(self.field, parts, self.check)

    def exact(self, terms: Iterable[str | bytes]) -> Expansion:
        """These terms, where they are known."""
        raw = [t.encode("utf-8", "surrogatepass") if isinstance(t, str) else t for t in terms]
        parts = []
        for segment, stones, text in self.places:
            found = sorted({text.lookup(t) for t in raw} - {-1}) if text is not None else []
            parts.append(Part(segment, stones, text, np.array(found, np.int64)))
        return Expansion(self.field, parts, self.check)

    def prefix(self, beginning: str) -> Expansion:
        """Terms that begin with a text."""
        raw = beginning.encode("utf-8", "surrogatepass")
        parts = []
        for segment, stones, text in self.places:
            span = range(0) if text is None else text.prefix(raw)
            parts.append(Part(segment, stones, text, np.arange(span.start, span.stop, dtype=np.int64)))
        return Expansion(self.field, parts, self.check)

    def pattern(self, pattern: Pattern) -> Expansion:
        """Terms that an automaton accepts."""
        from .kernels import walk_pattern

        parts = []
        beginning = pattern.prefix.encode()
        for segment, stones, text in self.places:
            found = [np.zeros(0, np.int64)]
            for first, last in _spans(text, beginning):
                self.check()
                assert text is not None
                out = np.empty(last - first, np.int64)
                blob, bounds, _, _ = text.addresses
                count = walk_pattern(
                    blob, bounds, first, last, pattern.ascii_moves, pattern.bounds, pattern.kinds, pattern.moves,
                    pattern.accepts, pattern.shortest, out,
                )  # fmt: skip
                found.append(out[:count])
            parts.append(Part(segment, stones, text, np.concatenate(found)))
        return Expansion(self.field, parts, self.check)

    def similar(self, term: str, edits: int, prefix: int, swaps: bool) -> Expansion:
        """Terms at most `edits` from `term` that begin with its first `prefix` characters."""
        from .kernels import walk_similar

        parts = []
        wanted = np.array([ord(c) for c in term], np.int32)
        for segment, stones, text in self.places:
            found, distances = [np.zeros(0, np.int64)], [np.zeros(0, np.uint8)]
            for first, last in _spans(text, term[:prefix].encode("utf-8", "surrogatepass")):
                self.check()
                assert text is not None
                out, far = np.empty(last - first, np.int64), np.empty(last - first, np.uint8)
                blob, bounds, _, _ = text.addresses
                count = walk_similar(blob, bounds, first, last, wanted, edits, swaps, out, far)
                found.append(out[:count])
                distances.append(far[:count])
            parts.append(Part(segment, stones, text, np.concatenate(found), np.concatenate(distances)))
        return Expansion(self.field, parts, self.check)


def _spans(text: TextField | None, beginning: bytes) -> list[tuple[int, int]]:
    """The ordinals of terms with a beginning, in runs short enough to look at the clock between them."""
    if text is None:
        return []
    span = text.prefix(beginning)
    return [(at, min(at + _TERMS, span.stop)) for at in range(span.start, span.stop, _TERMS)]
