"""Batches' terms to the numbers of a writer's dictionary."""

from __future__ import annotations

from typing import Any

import numpy as np

from indexer.segment.batches import Tokens
from indexer.segment.dictionary import Interner
from indexer.segment.kernels import kernel


@kernel("int64(uint32[::1], int32[::1], uint32[::1])")
def _unknown(terms: np.ndarray, known: np.ndarray, out: np.ndarray) -> int:
    """Each term that has no number yet, once, to ``out``; their count. Each of them gets some number."""
    count = 0
    for i in range(terms.size):
        if known[terms[i]] < 0:
            known[terms[i]] = 0
            out[count] = terms[i]
            count += 1
    return count


@kernel("int64(uint32[::1], uint8[::1], int64[::1], uint8[::1], int64[::1])")
def _gather(wanted: np.ndarray, blob: np.ndarray, bounds: np.ndarray, out: np.ndarray, ends: np.ndarray) -> int:
    """Bytes of some terms to ``out``, one after the other; ``ends``: int64[wanted + 1]."""
    at = 0
    ends[0] = 0
    for i in range(wanted.size):
        for j in range(bounds[wanted[i]], bounds[wanted[i] + 1]):
            out[at] = blob[j]
            at += 1
        ends[i + 1] = at
    return at


@kernel("void(uint32[::1], int32[::1], uint32[::1])")
def _translate(terms: np.ndarray, known: np.ndarray, out: np.ndarray) -> None:
    for i in range(terms.size):
        out[i] = known[terms[i]]


class Numbering:
    """Numbers that an interner gives to the terms of batches.

    Where batches share a vocabulary, each of its terms is looked up when it first occurs, not in each batch.
    """

    def __init__(self) -> None:
        self.terms = Interner()
        self._source: object = None
        self._alone = False  # whether all terms so far are of one shared vocabulary
        self._known = np.empty(0, np.int32)

    @property
    def memory(self) -> int:
        """Bytes held."""
        return self.terms.memory + self._known.nbytes

    def numbers(self, batch: Tokens) -> np.ndarray:
        """uint32: the number of each token's term."""
        count = batch.bounds.size - 1
        if batch.source is None or batch.source is not self._source:
            self._source, self._known = batch.source, np.full(count, -1, np.int32)
            self._alone = batch.source is not None and self.terms.terms == 0
        elif count > self._known.size:
            more = np.full(max(count, 2 * self._known.size) - self._known.size, -1, np.int32)
            self._known = np.concatenate((self._known, more))
        terms = own(batch.terms, np.uint32)
        wanted = np.empty(min(count, terms.size), np.uint32)
        wanted = wanted[: _unknown(terms, self._known, wanted)]
        if wanted.size:
            size = int((batch.bounds[wanted + 1] - batch.bounds[wanted]).sum())
            blob, bounds = np.empty(size, np.uint8), np.empty(wanted.size + 1, np.int64)
            _gather(wanted, own(batch.blob, np.uint8), own(batch.bounds, np.int64), blob, bounds)
            enter = self.terms.append if self._alone else self.terms.add
            self._known[wanted] = enter(blob, bounds, own(batch.classes[wanted], np.uint8))
        numbers = np.empty(terms.size, np.uint32)
        _translate(terms, self._known, numbers)
        return numbers


def own(array: np.ndarray, dtype: Any) -> np.ndarray:
    """As kernels take arrays: contiguous, of this type, writable."""
    return np.require(array, dtype, ["C", "W"])
