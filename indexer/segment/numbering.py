"""Batches' terms to the numbers of a writer's dictionary."""

from __future__ import annotations

from typing import Any

import numpy as np

from indexer.segment.batches import Tokens
from indexer.segment.dictionary import Interner
from indexer.segment.kernels import copy_words, int64, kernel


@kernel("UniTuple(int64, 2)(uint32[::1], int32[::1], int64[::1], int64, uint32[::1], uint32[::1])")
def _number(
    terms: np.ndarray, known: np.ndarray, bounds: np.ndarray, first: int, out: np.ndarray, wanted: np.ndarray
) -> tuple[int, int]:
    """Each token's number; terms that have none yet get the numbers from ``first`` on and are put into ``wanted``.
    Returns how many those are, and their bytes."""
    count = size = 0
    for i in range(terms.size):
        term = terms[i]
        number = known[term]
        if number < 0:
            number = first + count
            known[term] = number
            wanted[count] = term
            count += 1
            size += bounds[term + 1] - bounds[term]
        out[i] = number
    return count, size


@kernel("void(uint32[::1], uint8[::1], int64[::1], uint8[::1], int64[::1])")
def _gather(wanted: np.ndarray, blob: np.ndarray, bounds: np.ndarray, out: np.ndarray, ends: np.ndarray) -> None:
    """Bytes of some terms to ``out``, one after the other; it has eight bytes to spare. ``ends``: int64[wanted + 1]."""
    source, target = int64(blob.ctypes.data), int64(out.ctypes.data)
    at = 0
    ends[0] = 0
    for i in range(wanted.size):
        start, end = bounds[wanted[i]], bounds[wanted[i] + 1]
        size = end - start
        if start + ((size + 7) & ~7) <= blob.size:  # what is too much is written over by the next term
            copy_words(source + start, size, target + at)
        else:
            for j in range(size):
                out[at + j] = blob[start + j]
        at += size
        ends[i + 1] = at


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
        terms, bounds = own(batch.terms, np.uint32), own(batch.bounds, np.int64)
        numbers = np.empty(terms.size, np.uint32)
        wanted = np.empty(min(count, terms.size), np.uint32)
        more, size = _number(terms, self._known, bounds, self.terms.terms, numbers, wanted)
        if more:
            wanted = wanted[:more]
            blob, ends = np.empty(size + 8, np.uint8), np.empty(more + 1, np.int64)
            _gather(wanted, own(batch.blob, np.uint8), bounds, blob, ends)
            classes = own(batch.classes[wanted], np.uint8)
            if self._alone:
                self.terms.append(blob[:size], ends, classes)
            else:
                self._known[wanted] = self.terms.add(blob[:size], ends, classes)
                _translate(terms, self._known, numbers)
        return numbers


def own(array: np.ndarray, dtype: Any) -> np.ndarray:
    """As kernels take arrays: contiguous, of this type, writable."""
    return np.require(array, dtype, ["C", "W"])
