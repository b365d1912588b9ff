"""Pairs of a phrase's neighbouring terms, where segments keep them (:mod:`indexer.segment.pairs`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from indexer.segment import TextField
from indexer.segment.pairs import pair_name
from retrieval.lexical import tables
from retrieval.lexical.query import Term
from retrieval.lexical.scorer import Scorer
from retrieval.lexical.statistics import FieldStatistics

if TYPE_CHECKING:
    from retrieval.lexical.reader import LexicalReader

# What a segment knows of a pair, rows of (address, document frequency): the pair as such, and the term that spells
# both of its terms, whose documents may hold the pair too.
STORED, JOINED = range(2)
UNKNOWN = -1  # document frequency of a pair of which the segment knows nothing
_CACHED_PAIRS = 1 << 14


class PairScorer(Scorer):
    """The pairs of another scorer's field; its statistics are that field's. Document frequencies count the dead."""

    def __init__(self, reader: LexicalReader, parent: Scorer) -> None:
        self._parent = parent
        texts = [s.text(parent.fields[0]) for s in reader.segments]
        self._pairs = [None if text is None else text.pairs for text in texts]
        #: of each segment, where the postings of its frequent terms lie
        self._frequent = [frozenset[int]() if text is None else _frequent_addresses(text) for text in texts]
        self._rows: dict[tuple[Term, Term], np.ndarray] = {}
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

    def find(self, parent: Scorer, first: Term, second: Term) -> np.ndarray:
        """int64[segments, (STORED, JOINED), (address, df)] of a pair of terms that the parent scorer knows."""
        known = self._rows.get((first, second))
        if known is not None:
            return known
        out = np.zeros((len(self._pairs), 2, 2), np.int64)
        names = (raw(first), raw(second))
        (one, two, joined), main, _ = parent.find_all((first, second, b"".join(names)))
        assert one is not None
        assert two is not None
        (term,), rows, _ = self.find_all((pair_name(*names),))
        if term is not None:
            out[:, STORED] = rows[term.slot, :, 0, :2]
        for s, (frequent, pairs) in enumerate(zip(self._frequent, self._pairs, strict=True)):
            (a, df), (b, other) = main[one.slot, s, 0, :2].tolist(), main[two.slot, s, 0, :2].tolist()
            if df == 0 or other == 0:
                continue
            if pairs is None or a not in frequent or b not in frequent:
                out[s, STORED, 1] = UNKNOWN
            elif joined is not None and not pairs.whole:
                out[s, JOINED] = main[joined.slot, s, 0, :2]
        if len(self._rows) >= _CACHED_PAIRS:
            self._rows.clear()
        self._rows[first, second] = out
        return out


def _frequent_addresses(text: TextField) -> frozenset[int]:
    if text.pairs is None:
        return frozenset()
    return frozenset((text.starts[text.pairs.frequent].astype(np.int64) + text.postings_address).tolist())


def raw(term: Term) -> bytes:
    """A term's bytes."""
    return term.encode("utf-8", "surrogatepass") if isinstance(term, str) else term
