"""Kernels that find the pairs of :mod:`indexer.segment.pairs` in batches of tokens."""

from __future__ import annotations

import numpy as np

from indexer.segment.joined import MARKED, mark_loose, spells
from indexer.segment.kernels import inline, int64, kernel


@inline
def _group_end(positions: np.ndarray, start: int, end: int) -> int:
    """The token after those at the position of token ``start``."""
    at = start + 1
    while at < end and positions[at] == positions[start]:
        at += 1
    return at


@kernel("boolean(uint32[::1], int64[::1])")
def are_words(positions: np.ndarray, counts: np.ndarray) -> bool:
    """Whether no two tokens of a document share a position."""
    shared = 0
    end = 0
    for d in range(counts.size):
        places = positions[end : end + counts[d]]
        end += counts[d]
        for i in range(1, places.size):
            shared += places[i] == places[i - 1]
    return shared == 0


@kernel("int64(uint32[::1], int64[::1])")
def count_neighbours(positions: np.ndarray, counts: np.ndarray) -> int:
    """How many (token, token at the next position) there are."""
    found = 0
    end = 0
    for d in range(counts.size):
        start, end = end, end + counts[d]
        while start < end:
            middle = _group_end(positions, start, end)
            if middle < end and positions[middle] == positions[start] + 1:
                found += (middle - start) * (_group_end(positions, middle, end) - middle)
            start = middle
    return found


@kernel("void(uint32[::1], uint32[::1], int64[::1], uint8[::1], uint32[::1], uint8[::1])")
def mark_joined(
    tokens: np.ndarray, positions: np.ndarray, counts: np.ndarray, blob: np.ndarray, bounds: np.ndarray, out: np.ndarray
) -> None:
    """Set ``out`` (of terms) where a term spells one at its own position and one at the next."""
    end = 0
    for d in range(counts.size):
        start, end = end, end + counts[d]
        while start < end:
            middle = _group_end(positions, start, end)
            if middle - start > 1 and middle < end and positions[middle] == positions[start] + 1:
                last = _group_end(positions, middle, end)
                for whole in range(start, middle):
                    if out[tokens[whole]]:
                        continue
                    for i in range(start, middle):
                        for j in range(middle, last):
                            if spells(blob, bounds, int64(tokens[whole]), int64(tokens[i]), int64(tokens[j])):
                                out[tokens[whole]] = 1
            start = middle


@inline
def _left_out(tokens: np.ndarray, blob: np.ndarray, bounds: np.ndarray, start: int, middle: int, i: int, j: int) -> int:
    """1 for the repeat of a term at one position; where one of the tokens from ``start`` on spells tokens i and j, its
    number among them and 2; else 0."""
    for other in range(start, i):
        if tokens[other] == tokens[i]:
            return 1
    for other in range(middle, j):
        if tokens[other] == tokens[j]:
            return 1
    for other in range(start, middle):
        if other != i and spells(blob, bounds, int64(tokens[other]), int64(tokens[i]), int64(tokens[j])):
            return 2 + other - start
    return 0


@kernel("int64(uint32[::1], uint32[::1], int64[::1], int16[::1], uint32[::1], int64[::1])")
def walk_words(
    tokens: np.ndarray,
    positions: np.ndarray,
    counts: np.ndarray,
    ranks: np.ndarray,
    keys: np.ndarray,
    sizes: np.ndarray,
) -> int:
    """:func:`walk` of a batch where no two tokens share a position: then no term spells two others."""
    end = at = 0
    for d in range(counts.size):
        words, places = tokens[end : end + counts[d]], positions[end : end + counts[d]]
        end += counts[d]
        before = at
        a = int64(-1)
        last = int64(-1)
        for i in range(words.size):
            b = int64(ranks[words[i]])
            place = int64(places[i])
            keys[at] = a << 16 | b
            at += (a >= 0) & (b >= 0) & (place == last + 1)
            a, last = b, place
        sizes[d] = at - before
    return at


@kernel(
    "UniTuple(int64, 2)(uint32[::1], uint32[::1], int64[::1], uint8[::1], uint32[::1], int16[::1], uint8[::1],"
    " uint32[::1], int64[::1])"
)
def walk(
    tokens: np.ndarray,
    positions: np.ndarray,
    counts: np.ndarray,
    blob: np.ndarray,
    bounds: np.ndarray,
    ranks: np.ndarray,
    joined: np.ndarray,
    keys: np.ndarray,
    sizes: np.ndarray,
) -> tuple[int, int]:
    """Put the pairs in a batch of terms whose ``ranks`` are not negative into ``keys``, the first one's rank above 16
    bits of the second one's; ``sizes`` gets their number in each document. Returns how many there are, and how many
    were left to a term that spells both. ``joined``: of each term, not zero where it spells two such terms, and then
    LOOSE where it does so somewhere without these."""
    end = left = at = 0
    for d in range(counts.size):
        start, end = end, end + counts[d]
        before = at
        middle = _group_end(positions, start, end)
        while middle < end:
            last = _group_end(positions, middle, end)
            near = positions[middle] == positions[start] + 1
            spelled = int64(0)
            for i in range(start, middle if near else start):
                a = int64(ranks[tokens[i]])
                for j in range(middle, last if a >= 0 else middle):
                    b = int64(ranks[tokens[j]])
                    if b < 0:
                        continue
                    why = _left_out(tokens, blob, bounds, start, middle, i, j)
                    left += why >= 2
                    if 2 <= why < MARKED:
                        spelled |= int64(1) << (why - 2)
                    if why == 0:
                        keys[at] = a << 16 | b
                        at += 1
            mark_loose(tokens, joined, start, middle, spelled)
            start, middle = middle, last
        mark_loose(tokens, joined, start, end, 0)
        sizes[d] = at - before
    return at, left


@kernel("void(uint32[::1], int64[::1])")
def count_rarer(keys: np.ndarray, out: np.ndarray) -> None:
    """How many pairs have each rank as the higher of their two."""
    for i in range(keys.size):
        key = int64(keys[i])
        out[max(key >> 16, key & 65535)] += 1


@kernel("int64(uint32[::1], int64[::1], int64, uint32[::1], uint32[::1])")
def rename(keys: np.ndarray, sizes: np.ndarray, width: int, first: np.ndarray, second: np.ndarray) -> int:
    """Keep, in place, the pairs of ranks below ``width``, as ``first`` of one rank times ``width`` plus ``second`` of
    the other; ``sizes`` become those of what is kept. Returns how many that are."""
    at = end = 0
    for d in range(sizes.size):
        start, end = end, end + sizes[d]
        before = at
        for i in range(start, end):
            a, b = int64(keys[i]) >> 16, int64(keys[i]) & 65535
            if max(a, b) < width:
                keys[at] = int64(first[a]) * width + int64(second[b])
                at += 1
        sizes[d] = at - before
    return at
