"""Terms that spell two others, one after the other, as the pairs of Han characters do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from indexer.segment.dictionary import fill_table, find_term, table_size
from indexer.segment.kernels import inline, int64, kernel

MARKED = 62  # of the tokens at a position, so many can be marked as bits of a number
LOOSE = 2  # marks a term that spells two others, but somewhere without them; 1 is one that does so, or may


@inline
def spells(blob: np.ndarray, bounds: np.ndarray, whole: int, first: int, second: int) -> bool:
    """Whether one term is two others, one after the other."""
    start, a, b = int64(bounds[whole]), int64(bounds[first]), int64(bounds[second])
    left, right = int64(bounds[first + 1]) - a, int64(bounds[second + 1]) - b
    if int64(bounds[whole + 1]) - start != left + right:
        return False
    for i in range(left):
        if blob[start + i] != blob[a + i]:
            return False
    for i in range(right):  # noqa: SIM110  (compiled)
        if blob[start + left + i] != blob[b + i]:
            return False
    return True


@inline
def mark_loose(tokens: np.ndarray, joined: np.ndarray, start: int, middle: int, spelled: int) -> None:
    """Of the tokens at a position, those that ``joined`` marks (uint8, not zero) become LOOSE but for the ``spelled``,
    bits of a number."""
    for at in range(start, middle):
        known = at - start < MARKED and spelled >> (at - start) & 1
        if joined[tokens[at]] and not known:
            joined[tokens[at]] = LOOSE


@kernel("int64(uint8[::1], uint32[::1], uint8[::1], uint32[::1], uint32[::1], int64, int64[:,::1])")
def _list_joined(
    letters: np.ndarray,
    edges: np.ndarray,
    blob: np.ndarray,
    bounds: np.ndarray,
    table: np.ndarray,
    longest: int,
    out: np.ndarray,
) -> int:
    """Fill ``out`` with (term, first part, second part); returns how many there are, also where they are more than fit.
    ``letters``, ``edges``: the terms; ``blob``, ``bounds``, ``table``: the parts, of at most ``longest`` bytes."""
    parts, limits, slots = int64(blob.ctypes.data), int64(bounds.ctypes.data), int64(table.ctypes.data)
    count = 0
    for term in range(edges.size - 1):
        start, end = int64(edges[term]), int64(edges[term + 1])
        for middle in range(max(start + 1, end - longest), min(end, start + longest + 1)):
            first = find_term(parts, limits, slots, table.size, letters, start, middle)
            if first < 0:
                continue
            second = find_term(parts, limits, slots, table.size, letters, middle, end)
            if second >= 0:
                if count < out.shape[0]:
                    out[count, 0], out[count, 1], out[count, 2] = term, first, second
                count += 1
    return count


def find_joined(blob: np.ndarray, bounds: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """int64[n, 3]: (term, first, second) for each way that a term of a dictionary spells two of the terms ``parts``."""
    names = [blob[int(bounds[t]) : int(bounds[t + 1])] for t in parts]
    ends = np.zeros(len(names) + 1, np.uint32)
    np.cumsum([name.size for name in names], out=ends[1:])
    letters = np.concatenate([np.empty(0, np.uint8), *names])
    table = np.zeros(max(1, table_size(len(names))), np.uint32)
    fill_table(letters, ends, table)
    out = np.empty((max(1024, bounds.size // 2), 3), np.int64)
    while True:
        longest = max((name.size for name in names), default=0)
        count = _list_joined(blob, bounds, letters, ends, table, longest, out)
        if count <= len(out):
            break
        out = np.empty((count, 3), np.int64)
    out = out[:count]
    out[:, 1:] = parts[out[:, 1:]]
    return out


def loose_in_some(
    blob: np.ndarray, bounds: np.ndarray, frequent: np.ndarray, ordinals: Sequence[np.ndarray]
) -> np.ndarray:
    """Terms of a merged field that spell two of the ``frequent`` ones, but in some source without these. ``blob``,
    ``bounds``: the merged dictionary; ``ordinals``: see :func:`indexer.segment.pairs.shared_terms`."""
    terms = bounds.size - 1
    there = np.zeros((len(ordinals), terms + 1), bool)
    for row, numbers in zip(there, ordinals, strict=True):
        row[np.minimum(numbers, terms)] = True
    if there[:, frequent].all():
        return np.empty(0, np.int64)
    joined = find_joined(blob, bounds, frequent)
    whole, first, second = (there[:, joined[:, i]] for i in range(3))
    return joined[(whole & ~(first & second)).any(axis=0), 0]
