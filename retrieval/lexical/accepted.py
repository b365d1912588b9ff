"""Which documents may be hits, as kernels take it: a bit for each, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from retrieval.lexical import tables

_KEPT = 16  # tables
_RANGE = 16  # bytes of the bits of a range


def pack(mask: np.ndarray) -> np.ndarray:
    """uint8: bool[n] as bits, the lowest of a byte first, zeros behind: of whole ranges of 128, and one more."""
    out = np.zeros(((mask.size + 127) // 128 + 1) * _RANGE, np.uint8)
    packed = np.packbits(mask, bitorder="little")
    out[: packed.size] = packed
    return out


def ranges_of(bits: np.ndarray) -> int:
    """How many ranges of 128 documents have a bit set."""
    words = bits.view(np.uint64)
    return int(np.count_nonzero(words[::2] | words[1::2]))


class Accepted:
    """A set of live documents of a reader; made once (:meth:`.reader.LexicalReader.accepted`), it serves any number
    of queries.

    ``bits``: of each segment what :func:`pack` makes; ``bases``: int64[segments + 1].
    """

    def __init__(self, bits: Sequence[np.ndarray], bases: np.ndarray) -> None:
        self.bits = bits
        self.bases = bases
        counts = [int(np.bitwise_count(part.view(np.uint64)).sum()) for part in bits]
        self.count = sum(counts)
        self._columns = np.zeros((len(bits), 1, 3), np.int64)
        for row, part, count in zip(self._columns[:, 0], bits, counts, strict=True):
            row[:] = part.ctypes.data, count, ranges_of(part)
        self._restricted: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def __and__(self, other: Accepted) -> Accepted:
        return Accepted([a & b for a, b in zip(self.bits, other.bits, strict=True)], self.bases)

    def restrict(self, segments: np.ndarray) -> np.ndarray:
        """A scorer's table of :mod:`retrieval.lexical.tables` with all other documents ruled out."""
        known = self._restricted.get(id(segments))
        if known is not None and known[0] is segments:
            return known[1]
        out = segments.copy()
        out[:, :, tables.ALLOWED : tables.ALLOWED_RANGES + 1] = self._columns
        if len(self._restricted) >= _KEPT:
            self._restricted.clear()
        self._restricted[id(segments)] = segments, out
        return out

    @cached_property
    def mask(self) -> np.ndarray:
        """bool[documents], not to be written to."""
        sizes = np.diff(self.bases).tolist()
        parts = [np.unpackbits(b, count=n, bitorder="little") for b, n in zip(self.bits, sizes, strict=True)]
        return np.concatenate(parts).view(bool) if parts else np.zeros(0, bool)
