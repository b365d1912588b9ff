"""The most promising ranges first: where the score that a hit must reach comes from.

Ranges are taken in bands of falling bounds, each as large as all before it, until k hits are held; of a single term
until no bound reaches the k-th best score. So few are taken where all documents may be hits, more where a filter
leaves few of them.
"""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int32, int64, prefetch, view_i64, view_u8, view_u16
from retrieval.lexical import tables
from retrieval.lexical.collecting import offer
from retrieval.lexical.fixed import score_of
from retrieval.lexical.scanning import any_allowed, blocked, drop_blocked
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
from retrieval.lexical.windows import contribution, reaching, read_run

_LEVELS = 1024
_LEAST = np.float32(1e-30)
_ANY = 1 << 62
_NEAR = 0.94
_BLOCK = 16  # ranges that are passed over at once
_MOST = 64_000  # ranges taken at once
_BATCH = 32  # ranges between two looks at the score to reach


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
def level_of(bounds: np.ndarray, want: int, counts: np.ndarray, score: np.ndarray) -> np.float32:
    """A positive level that ``want`` of some bounds reach, or all above zero do. ``bounds``: int32, the bits of floats;
    ``counts``: int64[_LEVELS], ``score``: float32, the first, to work in."""
    most = int32(0)
    for r in range(bounds.size):
        most = max(most, bounds[r])
    score.view(np.int32)[0] = most
    unit = max(_LEAST, score[0]) / np.float32(_LEVELS - 1)
    inverse = np.float32(1) / unit
    values = bounds.view(np.float32)
    counts[:] = 0
    for r in range(bounds.size):
        counts[np.uint32(max(values[r], np.float32(0)) * inverse)] += 1
    level = _LEVELS - 1
    held = counts[level]
    while held < want and level > 0:
        level -= 1
        held += counts[level]
    return max(_LEAST, unit * np.float32(level))


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


@inline
def drop_empty(segment: np.ndarray, found: np.ndarray, count: int, some: np.ndarray) -> int:
    """Of ``count`` ranges keep those where a document may be a hit, if there are many others; returns their number.
    ``some``: int64[count] to work in."""
    if segment[tables.ALLOWED] == 0 or segment[tables.ALLOWED_RANGES] >= (segment[tables.DOCUMENTS] >> 7) * 3 // 4:
        return count
    for c in range(count):  # apart from the next loop, so that many are fetched at once
        some[c] = any_allowed(segment, found[c])
    kept = 0
    for c in range(count):
        found[kept] = found[c]
        kept += some[c]
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
    low: int,
    high: int,
    places: np.ndarray,
    candidates: np.ndarray,
    postings: np.ndarray,
    keys: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
) -> None:
    """Offer what a ranged term of one field, the only one, has in ``count`` ranges and adds at least ``low``, but less
    than ``high``. To work in: ``places`` int64[count], ``candidates``, ``postings`` int64[128 * _BATCH]."""
    bits = score.view(np.uint32)
    for c in range(count):  # apart from the next loop, so that many ranges are fetched at once
        begin, end = range_postings(info, found[c], segment[tables.DOCUMENTS])
        places[c] = begin << 8 | (end - begin)
        prefetch(info[CODES] + begin)
        prefetch(info[CODES] + end - 1)
    first, batch = 0, 4
    while first < count:
        bits[1] = np.uint32(state[2] >> 32)
        need = max(low, needed(np.float64(score[1]) * LOWER, np.float32(0), scale))
        last = min(count, first + batch)
        some = 0
        for c in range(first, last):
            begin, size, r = places[c] >> 8, places[c] & 255, found[c]
            if -totals[r] < score[1]:
                continue
            before = some
            some = reaching(view_u8(info[CODES] + begin, size), impacts, need, begin, postings, some)
            for i in range(before, some):
                prefetch(info[IDS] + 2 * postings[i])
                candidates[i] = (r >> 9) << 16
        for i in range(some):
            candidates[i] += int64(view_u16(info[IDS] + 2 * postings[i], 1)[0])
        some = drop_blocked(segment, candidates, postings, some)
        for i in range(some):
            code = int64(view_u8(info[CODES] + postings[i], 1)[0])
            value = contribution(info, postings[i], code, impacts, table, weight, scale)
            if low <= value < high:
                offer(score_of(value >> 12, scale), segment[tables.BASE] + candidates[i], keys, state, score)
        first, batch = last, min(2 * batch, _BATCH)


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
    peaks: np.ndarray,
    seeds: int,
    share: float,
    work: int,
    sums: np.ndarray,
    keys: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
) -> bool:
    """Offer what is in the ranges with the highest bounds, at first about ``seeds``, and negate their ``totals``
    (of all segments); returns whether no others are left that matter. ``peaks``: int32 to work in, one for each
    _BLOCK ranges of a segment.

    With a single term this is all there is to do: a range's bound is what a document there has, so that about
    as many ranges as hits are wanted matter, more where only a ``share`` of the documents may be hits. The bounds
    of several terms are rarely reached, and ranges are cheaper to go through once there is a score to reach.
    """
    counts = view_i64(work + 24 * 66048, _LEVELS)
    found = view_i64(work + 8 * 66048, 65536)
    places = view_i64(work + 32 * 66048, 65536)
    candidates, postings = view_i64(work + 16 * 66048, 32768), view_i64(work + 20 * 66048, 32768)
    bits = score.view(np.uint32)
    everything = by_table and weights.size == 1
    done = 0
    goal = int64(state[1] / share) + 4 if everything else int64(seeds)
    while True:
        bits[1] = np.uint32(state[2] >> 32)
        limit = max(score[1], _LEAST)  # what is left of a single term, once there is a score to reach
        if not everything or state[0] < state[1]:
            base = block = 0
            for s in range(segments.shape[0]):
                ranges = (segments[s, 0, tables.DOCUMENTS] + 127) >> 7
                block += find_peaks(totals[base : base + ranges], peaks[block:])
                base += ranges
            limit = max(limit, promising(totals, peaks[:block], goal, counts, score))
        taken = base = block = 0
        complete = True
        for s in range(segments.shape[0]):
            ranges = (segments[s, 0, tables.DOCUMENTS] + 127) >> 7
            mine = totals[base : base + ranges]
            base += ranges
            mine_peaks = peaks[block : block + (ranges + _BLOCK - 1) // _BLOCK]
            block += mine_peaks.size
            count = gather(mine, mine_peaks, limit, _MOST, found, score)
            taken += count
            complete = complete and count < _MOST
            count = drop_empty(segments[s, 0], found, count, places)
            if everything and infos[s, 0, 0, KIND] == RANGED:
                # postings near the ranges' bounds are mostly enough, and few
                near = needed(_NEAR * np.float64(limit), np.float32(0), scale) if state[0] < state[1] else int64(0)
                low, high = near, _ANY
                while True:
                    offer_single(
                        segments[s, 0], infos[s, 0, 0], impacts[s, 0], segments[s, 0, columns[0] + tables.TABLE],
                        weights[0], scale, mine, found, count, low, high, places, candidates, postings, keys, state,
                        score,
                    )  # fmt: skip
                    bits[1] = np.uint32(state[2] >> 32)
                    reached = needed(np.float64(score[1]) * LOWER, np.float32(0), scale)
                    if low == 0 or (state[0] >= state[1] and reached >= near):
                        break
                    low, high = int64(0), near
            else:
                offer_sums(
                    segments[s], infos[s], by_table, columns, weights, impacts[s], shape, scale, minimum, docs,
                    values, frequencies, mine, found, count, work, sums, keys, state, score,
                )  # fmt: skip
        done += taken
        bits[1] = np.uint32(state[2] >> 32)
        if complete and limit <= max(score[1], _LEAST):
            return bool(state[0] >= state[1])  # else what weighs nothing is wanted too
        if not everything and (minimum > 1 or done >= 8 * seeds or (state[0] >= state[1] and done >= seeds)):
            return False
        goal = max(goal, done)
