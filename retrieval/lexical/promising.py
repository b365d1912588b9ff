"""Which ranges have the highest bounds."""

from __future__ import annotations

import numpy as np

from analysis.kernels.compiled import trailing_zeros
from indexer.segment.kernels import inline, int32, int64
from indexer.segment.lanes import ints_reaching
from retrieval.lexical import tables

LEVELS = 1024
LEAST = np.float32(1e-30)
_GROUP = 16  # ranges of which only the highest counts


@inline
def find_peaks(bounds: np.ndarray, peaks: np.ndarray) -> int:
    """The highest of each group's bounds, or 0, into ``peaks``; returns their number. Both are of one integer type:
    floats are compared by their bits, int32, as one that is negated is below zero. A group's ranges are as far apart as
    there are groups, so that many groups are gone through at once."""
    groups = (bounds.size + _GROUP - 1) // _GROUP
    peaks[:groups] = 0
    for start in range(0, bounds.size, groups):
        row = bounds[start : start + groups]
        for g in range(row.size):
            peaks[g] = max(peaks[g], row[g])
    return groups


@inline
def find_all_peaks(segments: np.ndarray, totals: np.ndarray, peaks: np.ndarray) -> int:
    """:func:`find_peaks` of each segment's ranges, one after another."""
    base = groups = 0
    for s in range(segments.shape[0]):
        ranges = (segments[s, 0, tables.DOCUMENTS] + 127) >> 7
        groups += find_peaks(totals.view(np.int32)[base : base + ranges], peaks[groups:])
        base += ranges
    return groups


@inline
def level_of(bounds: np.ndarray, want: int, counts: np.ndarray, score: np.ndarray) -> np.float32:
    """A positive level that ``want`` of some bounds reach, or all above zero do. ``bounds``: int32, the bits of floats;
    ``counts``: int64[LEVELS], ``score``: float32, the first, to work in."""
    most = int32(0)
    for r in range(bounds.size):
        most = max(most, bounds[r])
    score.view(np.int32)[0] = most
    unit = max(LEAST, score[0]) / np.float32(LEVELS - 1)
    inverse = np.float32(1) / unit
    values = bounds.view(np.float32)
    counts[:] = 0
    for r in range(bounds.size):
        counts[np.uint32(max(values[r], np.float32(0)) * inverse)] += 1
    level = LEVELS - 1
    held = counts[level]
    while held < want and level > 0:
        level -= 1
        held += counts[level]
    return max(LEAST, unit * np.float32(level))


@inline
def level_among(peaks: np.ndarray, want: int, counts: np.ndarray, score: np.ndarray) -> np.float32:
    """A level that about ``want`` bounds reach, as far as the highest of their groups tell."""
    if want >= 4 * peaks.size:
        return LEAST
    return level_of(peaks, int64(peaks.size * (1 - np.exp(-want / peaks.size))), counts, score)


@inline
def promising(totals: np.ndarray, peaks: np.ndarray, want: int, counts: np.ndarray, score: np.ndarray) -> np.float32:
    """A level that about ``want`` bounds reach or more: of few wanted ones most are the highest of their group."""
    if 2 * want < peaks.size:
        return level_among(peaks, want, counts, score)
    return level_of(totals.view(np.int32), want, counts, score)


@inline
def count_reaching(totals: np.ndarray, low: np.float32) -> int:
    """How many ranges' ``totals`` reach ``low``."""
    count = 0
    for r in range(totals.size):
        count += totals[r] >= low
    return count


@inline
def list_reaching(totals: np.ndarray, low: np.float32, most: int, found: np.ndarray, score: np.ndarray) -> int:
    """The first ranges whose ``totals`` reach ``low``, which is positive: ``most`` or up to 31 more, to ``found``
    (int64[most + 32]); returns their number."""
    score[0] = low
    bits = totals.view(np.int32)
    least = score.view(np.int32)[0]
    at, r = np.uint64(0), int64(0)  # unsigned: it is not taken for a place from the end
    while r + 32 <= bits.size and int64(at) < most:
        some = ints_reaching(bits.ctypes.data + 4 * r, least)
        while some != 0:
            found[at] = r + trailing_zeros(some)
            at += np.uint64(1)
            some &= some - np.uint64(1)
        r += 32
    if int64(at) < most:
        for last in range(r, bits.size):
            found[at] = last
            at += np.uint64(bits[last] >= least)
    return int64(at)


@inline
def gather(totals: np.ndarray, low: np.float32, most: int, found: np.ndarray, score: np.ndarray) -> int:
    """:func:`list_reaching`, and the ranges' totals are negated."""
    count = list_reaching(totals, low, most, found, score)
    for c in range(count):
        totals[found[c]] = -totals[found[c]]
    return count
