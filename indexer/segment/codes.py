"""Codes of postings: numbers of their (frequency, length byte) pairs.

The pairs that occur most often have the codes that fit a byte, and among these what BM25 gives less has the lower code:
which postings may reach a score is then seen, many at once, by comparing bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from indexer.segment.kernels import int64, kernel
from indexer.segment.layout import ESCAPE
from indexer.segment.norms import LENGTHS

_FREQUENT = 256  # frequencies below this are counted in an array, others one by one
K1, B = 1.2, 0.75


@dataclass(slots=True)
class CodeTable:
    """Codes in order: ``freqs`` uint32, ``bytes`` uint8 (the length byte), ``counts`` int64 (postings)."""

    freqs: np.ndarray
    bytes: np.ndarray
    counts: np.ndarray

    @property
    def pairs(self) -> np.ndarray:
        """int64: frequency * 256 + length byte."""
        return self.freqs.astype(np.int64) << 8 | self.bytes

    @classmethod
    def ranked(cls, pairs: np.ndarray, counts: np.ndarray, average: float) -> CodeTable:
        """From distinct pairs and their counts; ``average``: the length that BM25 compares lengths with.

        The most frequent, those whose code is a byte, come first, by BM25; the others by their counts.
        """
        order = np.lexsort((pairs, -counts))
        often = order[:ESCAPE]
        factor = 1.0 - B + B * LENGTHS[pairs[often] & 255] / max(average, 1e-9)
        order[:ESCAPE] = often[np.argsort((pairs[often] >> 8) / factor, kind="stable")]
        pairs, counts = pairs[order], counts[order]
        return cls((pairs >> 8).astype(np.uint32), (pairs & 255).astype(np.uint8), counts.astype(np.int64))

    @classmethod
    def union(cls, tables: list[CodeTable], average: float) -> CodeTable:
        """The codes of several segments together, :meth:`ranked` by their summed counts."""
        pairs, inverse = np.unique(np.concatenate([t.pairs for t in tables]), return_inverse=True)
        counts = np.bincount(inverse, np.concatenate([t.counts for t in tables]), pairs.size)
        return cls.ranked(pairs, counts.astype(np.int64), average)

    def translation(self, other: CodeTable) -> np.ndarray:
        """uint32: for each code of ``other``, this table's code of the same pair (which it must have)."""
        pairs = self.pairs
        order = np.argsort(pairs)
        return order[np.searchsorted(pairs[order], other.pairs)].astype(np.uint32)

    def quantised(self, average: np.ndarray, norms: bool) -> np.ndarray:
        """uint8[classes, codes]: BM25's tf part in 255ths, rounded up, at the average length of each class.

        These order postings for the stored range maxima. At query time each value's bound is taken over
        the codes that have it, so the maxima are right for any statistics and similarity, and tight for
        those near these.
        """
        tf = self.freqs.astype(np.float64)
        length = LENGTHS[self.bytes].astype(np.float64)
        rows = []
        for mean in average:
            factor = 1.0 - B + B * length / max(mean, 1e-9) if norms else np.ones_like(length)
            rows.append(np.ceil(255.0 * tf / (tf + K1 * factor)).clip(1, 255).astype(np.uint8))
        return np.stack(rows)


@kernel("void(int64[::1], uint8[::1], uint32[::1], uint32[::1], uint8[:,::1], int64[::1])")
def _count_pairs(
    starts: np.ndarray,
    classes: np.ndarray,
    docs: np.ndarray,
    freqs: np.ndarray,
    bytes_of: np.ndarray,
    counts: np.ndarray,
) -> None:
    for term in range(starts.size - 1):
        row = bytes_of[classes[term]]
        for i in range(starts[term], starts[term + 1]):
            if freqs[i] < 256:
                counts[int64(freqs[i]) << 8 | row[docs[i]]] += 1


@kernel("void(int64[::1], uint8[::1], uint32[::1], uint32[::1], uint8[:,::1], uint32[::1])")
def _encode_pairs(
    starts: np.ndarray,
    classes: np.ndarray,
    docs: np.ndarray,
    freqs: np.ndarray,
    bytes_of: np.ndarray,
    codes: np.ndarray,
) -> None:
    for term in range(starts.size - 1):
        row = bytes_of[classes[term]]
        for i in range(starts[term], starts[term + 1]):
            if freqs[i] < 256:
                freqs[i] = codes[int64(freqs[i]) << 8 | row[docs[i]]]


def encode_pairs(
    starts: np.ndarray,
    classes: np.ndarray,
    docs: np.ndarray,
    freqs: np.ndarray,
    length_bytes: np.ndarray,
    average: float,
) -> CodeTable:
    """Replace a field's frequencies by codes, in place, and return what the codes mean.

    ``starts``: int64[terms + 1] into ``docs`` and ``freqs`` (uint32); ``classes``: uint8[terms], the row of
    ``length_bytes`` (uint8[classes, documents]) that counts for a term; ``average``: see :meth:`CodeTable.ranked`.
    """
    counts = np.zeros(_FREQUENT << 8, np.int64)
    _count_pairs(starts, classes, docs, freqs, length_bytes, counts)
    pairs = np.flatnonzero(counts)
    totals = counts[pairs]
    large = np.flatnonzero(freqs >= _FREQUENT)
    if large.size:
        owner = classes[np.searchsorted(starts, large, side="right") - 1]
        wanted = freqs[large].astype(np.int64) << 8 | length_bytes[owner, docs[large]]
        more, more_totals = np.unique(wanted, return_counts=True)
        pairs, totals = np.concatenate([pairs, more]), np.concatenate([totals, more_totals])
    table = CodeTable.ranked(pairs, totals, average)
    direct = np.zeros(_FREQUENT << 8, np.uint32)
    small = np.flatnonzero(table.pairs < _FREQUENT << 8)
    direct[table.pairs[small]] = small
    _encode_pairs(starts, classes, docs, freqs, length_bytes, direct)
    if large.size:
        order = np.argsort(table.pairs)
        freqs[large] = order[np.searchsorted(table.pairs[order], wanted)]
    return table
