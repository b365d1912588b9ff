"""Pairs of a phrase's neighbouring terms, where segments keep them (:mod:`indexer.segment.pairs`)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from indexer.segment import TextField
from indexer.segment.reading import pair_name
from retrieval.lexical import tables
from retrieval.lexical.query import Term
from retrieval.lexical.scorer import FoundTerm, Scorer
from retrieval.lexical.statistics import FieldStatistics

if TYPE_CHECKING:
    from retrieval.lexical.reader import LexicalReader

# What a segment knows of a pair, rows of (address, document frequency): the pair as such; the term that spells both of
# its terms, whose documents may hold the pair too; and the same term where all of its positions are the pair's.
STORED, JOINED, SPELLED = range(3)
UNKNOWN = -1  # document frequency of a pair of which the segment knows nothing
NOWHERE = -1  # slot of a pair of which no segment knows anything
MIXED = -1  # class of a pair whose documents' length bytes may be those of different classes
_CACHED_PAIRS = 1 << 14


class FoundPairs(NamedTuple):
    """Pairs looked up: ``slots``, or NOWHERE; ``rows`` int64[slots, segments, (STORED, JOINED, SPELLED), 2], addresses
    and document frequencies, of STORED UNKNOWN where the segment does not know the pair; ``kinds`` int64[slots], the
    class of a pair's first term and of the joined term, or MIXED."""

    slots: list[int]
    rows: np.ndarray
    kinds: np.ndarray


class _Known(NamedTuple):
    slots: dict[tuple[Term, Term], int]
    rows: np.ndarray
    kinds: np.ndarray


class PairScorer(Scorer):
    """The pairs of another scorer's field; its statistics are that field's. Document frequencies count the dead."""

    def __init__(self, reader: LexicalReader, parent: Scorer) -> None:
        self._parent = parent
        texts = [s.text(parent.fields[0]) for s in reader.segments]
        self._pairs = [None if text is None else text.pairs for text in texts]
        #: of each segment, where the postings of its frequent terms lie
        self._frequent = [frozenset[int]() if text is None else _frequent_addresses(text) for text in texts]
        #: of each segment, where the postings of terms lie that stand for no pair
        self._loose = [None if text is None else _loose_addresses(text) for text in texts]
        self._found = self._nothing()
        self._learning = threading.Lock()
        super().__init__(reader, parent.fields, parent.weights, parent.similarity)
        self.segments[:, :, tables.LOST_SIZE] = 0

    @property
    def useful(self) -> bool:
        """Whether any segment has pairs."""
        return any(self._frequent)

    def _texts(self, reader: LexicalReader) -> list[list[TextField | None]]:
        return [[pairs] for pairs in self._pairs]

    def _statistics(self, reader: LexicalReader, found: list[list[TextField | None]]) -> FieldStatistics:
        return self._parent.statistics

    def find(self, parent: Scorer, wanted: Sequence[tuple[Term, Term]]) -> FoundPairs:
        """Pairs of terms that the parent scorer knows."""
        slots = self._found.slots
        try:
            numbers = [slots[pair] for pair in wanted]
        except KeyError:
            numbers = None
        # what a slot refers to is in the tables before its pair is known
        found = self._found
        if numbers is not None and found.slots is slots:
            return FoundPairs(numbers, found.rows, found.kinds)
        with self._learning:
            if len(self._found.slots) >= _CACHED_PAIRS:
                self._found = self._nothing()
            self._learn_pairs(parent, [pair for pair in dict.fromkeys(wanted) if pair not in self._found.slots])
            slots, rows, kinds = self._found
            return FoundPairs([slots[pair] for pair in wanted], rows, kinds)

    def _nothing(self) -> _Known:
        return _Known({}, np.zeros((64, len(self._pairs), 3, 2), np.int64), np.zeros(64, np.int64))

    def _learn_pairs(self, parent: Scorer, pairs: list[tuple[Term, Term]]) -> None:
        """Look up pairs that are not known yet."""
        slots, rows, kinds = self._found
        first = len(slots)
        if first + len(pairs) > len(kinds):
            more = max(len(kinds), len(pairs))
            rows = np.concatenate([rows, np.zeros((more, *rows.shape[1:]), np.int64)])
            kinds = np.concatenate([kinds, np.zeros(more, np.int64)])
        names = [(raw(a), raw(b)) for a, b in pairs]
        terms = [name for pair, both in zip(pairs, names, strict=True) for name in (*pair, b"".join(both))]
        entries, main, _ = parent.find_all(terms)
        own, stored, _ = self.find_all([pair_name(*both) for both in names])
        numbers = {}
        for i, pair in enumerate(pairs):
            slot, term = first + i, own[i]
            if term is not None:
                rows[slot, :, STORED] = stored[term.slot, :, 0, :2]
            kinds[slot] = self._describe(entries[3 * i : 3 * i + 3], main, rows[slot])
            numbers[pair] = slot if (rows[slot, :, STORED, 1] != UNKNOWN).any() else NOWHERE
        self._found = _Known(slots, rows, kinds)
        slots.update(numbers)

    def _describe(self, found: Sequence[FoundTerm | None], main: np.ndarray, out: np.ndarray) -> int:
        """What segments know of a pair besides where it is stored, into ``out``, its row; returns its class (see
        :class:`FoundPairs`). ``found``: its terms and what spells both; ``main``: what their slots refer to."""
        one, two, joined = found
        assert one is not None
        assert two is not None
        kind = MIXED if one.mixed else one.kind
        for s, (frequent, pairs) in enumerate(zip(self._frequent, self._pairs, strict=True)):
            (a, df), (b, other) = main[one.slot, s, 0, :2].tolist(), main[two.slot, s, 0, :2].tolist()
            if df == 0 or other == 0:
                continue
            if pairs is None or a not in frequent or b not in frequent:
                out[s, STORED, 1] = UNKNOWN
            elif joined is not None and not pairs.whole:
                out[s, JOINED] = main[joined.slot, s, 0, :2]
                loose = self._loose[s]
                if loose is not None and int(out[s, JOINED, 0]) not in loose:
                    out[s, SPELLED] = out[s, JOINED]
                if joined.mixed or joined.kind != one.kind:
                    kind = MIXED
        return kind


def _frequent_addresses(text: TextField) -> frozenset[int]:
    if text.pairs is None:
        return frozenset()
    return frozenset((text.starts[text.pairs.frequent].astype(np.int64) + text.postings_address).tolist())


def _loose_addresses(text: TextField) -> frozenset[int] | None:
    if text.pairs is None or text.pairs.loose is None:
        return None
    return frozenset((text.starts[text.pairs.loose].astype(np.int64) + text.postings_address).tolist())


def raw(term: Term) -> bytes:
    """A term's bytes."""
    return term.encode("utf-8", "surrogatepass") if isinstance(term, str) else term
