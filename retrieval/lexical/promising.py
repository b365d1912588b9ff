"""Which ranges have the highest bounds."""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int32, int64
from retrieval.lexical import tables

LEVELS = 1024
LEAST = np.float32(1e-30)
_BLOCK = 16  # ranges that are passed over at once


@inline
def blocks_of(ranges: int) -> int:
    """How many blocks so many ranges are."""
    return (ranges + _BLOCK - 1) // _BLOCK


@inline
def find_peaks(totals: np.ndarray, peaks: np.ndarray) -> int:
    """The highest of each _BLOCK bounds, or 0, into ``peaks``; returns their number. Bounds are compared by their bits
    (int32), as one that is negated is below zero: unlike floats these are compared many at once."""
    bits = totals.view(np.int32)
    blocks = bits.size // _BLOCK
    for b in range(blocks):
        most = int32(0)
        for j in range(_BLOCK):
            most = max(most, bits[b * _BLOCK + j])
        peaks[b] = most
    if blocks * _BLOCK < bits.size:
        peaks[blocks] = 0
        for r in range(blocks * _BLOCK, bits.size):
            peaks[blocks] = max(peaks[blocks], bits[r])
        blocks += 1
    return blocks


@inline
def find_all_peaks(segments: np.ndarray, totals: np.ndarray, peaks: np.ndarray) -> int:
    """:func:`find_peaks` of each segment's ranges, one after another."""
    base = blocks = 0
    for s in range(segments.shape[0]):
        ranges = (segments[s, 0, tables.DOCUMENTS] + 127) >> 7
        blocks += find_peaks(totals[base : base + ranges], peaks[blocks:])
        base += ranges
    return blocks


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
def promising(totals: np.ndarray, peaks: np.ndarray, want: int, counts: np.ndarray, score: np.ndarray) -> np.float32:
    """A level that about ``want`` bounds reach or more: of few wanted ones most are the highest of their block."""
    if 2 * want < peaks.size:
        return level_of(peaks, int64(peaks.size * (1 - np.exp(-want / peaks.size))), counts, score)
    return level_of(totals.view(np.int32), want, counts, score)


@inline
def gather(
    totals: np.ndarray, peaks: np.ndarray, low: np.float32, most: int, found: np.ndarray, score: np.ndarray
) -> int:
    """The first ranges whose ``totals`` reach ``low``, which is positive, about ``most`` at most, whose totals are
    negated; returns their number. ``peaks``: see :func:`find_peaks`."""
    score[0] = low
    least = score.view(np.int32)[0]
    bits = totals.view(np.int32)
    at = np.uint64(0)  # unsigned: it is not taken for a place from the end
    for b in range(bits.size // _BLOCK):
        if peaks[b] >= least:
            for j in range(_BLOCK):
                found[at] = b * _BLOCK + j
                at += np.uint64(bits[b * _BLOCK + j] >= least)
            if int64(at) >= most:
                break
    if int64(at) < most:
        for r in range(bits.size // _BLOCK * _BLOCK, bits.size):
            found[at] = r
            at += np.uint64(bits[r] >= least)
    for c in range(int64(at)):
        totals[found[c]] = -totals[found[c]]
    return int64(at)
