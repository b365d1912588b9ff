"""The most promising ranges first: where the score that a hit must reach comes from.

Ranges are taken in bands of falling bounds, each as large as all before it, until k hits are held; of a single term
until no bound reaches the k-th best score. So few are taken where all documents may be hits, more where a filter
leaves few of them.
"""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int64, prefetch, view_i64, view_u8, view_u16
from retrieval.lexical import tables
from retrieval.lexical.collecting import offer
from retrieval.lexical.fixed import score_of
from retrieval.lexical.scanning import any_allowed, blocked
from retrieval.lexical.sweeping import LOWER, add_term, needed
from retrieval.lexical.term_info import (
    BOUND,
    CODES,
    CURSOR,
    FIRST,
    IDS,
    KIND,
    MAXIMA,
    RANGED,
    range_postings,
)
from retrieval.lexical.windows import contribution, read_run

_LEVELS = 1024


_LEAST = np.float32(1e-30)


@inline
def highest(bounds: np.ndarray, first: int, last: int) -> int:
    """The highest of float32 bounds, at least 0, as its bits: unlike floats, integers are compared many at once."""
    bits = bounds.view(np.int32)
    most = np.int32(0)
    for r in range(first, last):
        most = max(most, bits[r])
    return int64(most)


@inline
def count_levels(totals: np.ndarray, counts: np.ndarray, score: np.ndarray) -> np.float32:
    """Count the bounds by level (``counts``: int64[_LEVELS]), those below zero as zero; returns what a level is."""
    score.view(np.int32)[0] = highest(totals, 0, totals.size)
    unit = max(_LEAST, score[0]) / np.float32(_LEVELS - 1)
    inverse = np.float32(1) / unit
    counts[:] = 0
    for r in range(totals.size):
        counts[np.uint32(max(totals[r], np.float32(0)) * inverse)] += 1
    return unit


@inline
def level_of(counts: np.ndarray, unit: np.float32, want: int) -> np.float32:
    """The highest level that ``want`` bounds reach, or what all above zero do."""
    level = _LEVELS - 1
    held = counts[level]
    while held < want and level > 0:
        level -= 1
        held += counts[level]
    return max(_LEAST, unit * np.float32(level))


@inline
def gather(totals: np.ndarray, low: np.float32, most: int, found: np.ndarray, score: np.ndarray) -> int:
    """The first ranges whose ``totals`` reach ``low``, about ``most`` at most, whose totals are negated; returns
    their number."""
    score[0] = low
    bits = score.view(np.int32)[0]
    count = 0
    for first in range(0, totals.size, 64):
        last = min(totals.size, first + 64)
        if highest(totals, first, last) < bits:
            continue
        for r in range(first, last):
            found[count] = r
            if totals[r] >= low:
                totals[r] = -totals[r]
                count += 1
        if count >= most:
            break
    return count


@inline
def drop_empty(segment: np.ndarray, found: np.ndarray, count: int) -> int:
    """Of ``count`` ranges keep those where a document may be a hit; returns their number."""
    if segment[tables.ALLOWED] == 0:
        return count
    kept = 0
    for c in range(count):
        start = found[c] << 7
        found[kept] = found[c]
        kept += any_allowed(segment, start, min(128, segment[tables.DOCUMENTS] - start))
    return kept


@inline
def offer_single(
    segment: np.ndarray,
    info: np.ndarray,
    impacts: np.ndarray,
    table: int,
    weight: np.float32,
    scale: float,
    totals: np.ndarray,
    found: np.ndarray,
    count: int,
    places: np.ndarray,
    keys: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
) -> None:
    """Offer what a ranged term of one field, the only one, has in ``count`` ranges."""
    for c in range(count):  # apart from the next loop, so that many ranges are fetched at once
        low, high = range_postings(info, found[c], segment[tables.DOCUMENTS])
        places[c] = low << 8 | (high - low)
        prefetch(info[CODES] + low)
        prefetch(info[IDS] + 2 * low)
        prefetch(info[IDS] + 2 * low + 64)
    bits = score.view(np.uint32)
    before = int64(-1)
    need = int64(0)
    for c in range(count):
        r = found[c]
        low, size = places[c] >> 8, places[c] & 255
        bits[1] = np.uint32(state[2] >> 32)
        if -totals[r] < score[1]:
            continue
        ids = view_u16(info[IDS] + 2 * low, size)
        codes = view_u8(info[CODES] + low, size)
        base = (r >> 9) << 16
        for i in range(size):
            if state[2] != before:
                before = state[2]
                bits[1] = np.uint32(before >> 32)
                need = needed(np.float64(score[1]) * LOWER, np.float32(0), scale)
            code = int64(codes[i])
            value = contribution(info, low + i, code, impacts, table, weight, scale)
            if value >= need and not blocked(segment, base + int64(ids[i])):
                offer(score_of(value >> 12, scale), segment[tables.BASE] + base + int64(ids[i]), keys, state, score)


@inline
def offer_sums(
    segment: np.ndarray,
    infos: np.ndarray,
    by_table: bool,
    columns: np.ndarray,
    weights: np.ndarray,
    impacts: np.ndarray,
    shape: np.ndarray,
    scale: float,
    minimum: int,
    docs: np.ndarray,
    values: np.ndarray,
    frequencies: np.ndarray,
    totals: np.ndarray,
    found: np.ndarray,
    count: int,
    work: int,
    sums: np.ndarray,
    keys: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
) -> None:
    """Offer what the terms have in ``count`` ranges. ``work``: see :func:`retrieval.lexical.sweeping.sweep`."""
    acc = view_i64(work, 128)
    candidates = view_i64(work + 16 * 66048, 128)
    reached = view_i64(work + 16 * 66048 + 1024, 128)
    bits = score.view(np.uint32)
    documents = segment[0, tables.DOCUMENTS]
    for t in range(infos.shape[0]):
        for f in range(infos.shape[1]):
            info = infos[t, f]
            info[CURSOR] = info[FIRST]
            if info[KIND] != RANGED:
                continue
            best = view_u8(info[MAXIMA], totals.size)
            for c in range(count):
                if best[found[c]]:
                    low, high = range_postings(info, found[c], documents)
                    prefetch(info[CODES] + low)
                    prefetch(info[IDS] + 2 * low)
                    prefetch(info[IDS] + 2 * high - 1)
    for c in range(count):
        r = found[c]
        bits[1] = np.uint32(state[2] >> 32)
        if -totals[r] < score[1]:
            continue
        need = needed(np.float64(score[1]) * LOWER, np.float32(0), scale)
        start = r << 7
        for t in range(infos.shape[0]):
            if infos[t, 0, BOUND] and view_u8(infos[t, 0, BOUND] + r, 1)[0]:
                add_term(
                    segment, infos[t], by_table, columns[t], weights[t], impacts[t], shape, scale, docs, values,
                    frequencies, start, min(start + 128, documents), 127, sums, acc,
                )  # fmt: skip
        some = read_run(acc, 0, need, start, candidates, reached, 0)
        acc[:] = 0
        for i in range(some):
            if reached[i] & 4095 >= minimum and not blocked(segment[0], candidates[i]):
                offer(score_of(reached[i] >> 12, scale), segment[0, tables.BASE] + candidates[i], keys, state, score)


@inline
def offer_best(
    segments: np.ndarray,
    infos: np.ndarray,
    by_table: bool,
    columns: np.ndarray,
    weights: np.ndarray,
    impacts: np.ndarray,
    shape: np.ndarray,
    scale: float,
    minimum: int,
    docs: np.ndarray,
    values: np.ndarray,
    frequencies: np.ndarray,
    totals: np.ndarray,
    seeds: int,
    share: float,
    work: int,
    sums: np.ndarray,
    keys: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
) -> bool:
    """Offer what is in the ranges with the highest bounds, at first about ``seeds``, and negate their ``totals``
    (of all segments); returns whether no others are left that matter.

    With a single term this is all there is to do: a range's bound is what a document there has, so that about
    as many ranges as hits are wanted matter, more where only a ``share`` of the documents may be hits. The bounds
    of several terms are rarely reached, and ranges are cheaper to go through once there is a score to reach.
    """
    counts = view_i64(work + 24 * 66048, _LEVELS)
    found = view_i64(work + 8 * 66048, 65536)
    places = view_i64(work + 32 * 66048, 65536)
    bits = score.view(np.uint32)
    unit = count_levels(totals, counts, score)
    everything = by_table and weights.size == 1
    done = 0
    goal = int64(state[1] / share) + 4 if everything else int64(seeds)
    while True:
        bits[1] = np.uint32(state[2] >> 32)
        limit = max(score[1], level_of(counts, unit, goal))
        taken = base = 0
        for s in range(segments.shape[0]):
            ranges = (segments[s, 0, tables.DOCUMENTS] + 127) >> 7
            mine = totals[base : base + ranges]
            base += ranges
            count = gather(mine, limit, 65536 - 64, found, score)
            taken += count
            count = drop_empty(segments[s, 0], found, count)
            if everything and infos[s, 0, 0, KIND] == RANGED:
                offer_single(
                    segments[s, 0], infos[s, 0, 0], impacts[s, 0], segments[s, 0, columns[0] + tables.TABLE],
                    weights[0], scale, mine, found, count, places, keys, state, score,
                )  # fmt: skip
            else:
                offer_sums(
                    segments[s], infos[s], by_table, columns, weights, impacts[s], shape, scale, minimum, docs,
                    values, frequencies, mine, found, count, work, sums, keys, state, score,
                )  # fmt: skip
        done += taken
        if taken == 0 and limit <= max(score[1], _LEAST):
            return bool(state[0] >= state[1])  # else what weighs nothing is wanted too
        if not everything and (minimum > 1 or done >= 8 * seeds or (state[0] >= state[1] and done >= seeds)):
            return False
        goal = 2 * max(goal, done)
