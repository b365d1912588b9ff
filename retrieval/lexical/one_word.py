"""Top-k of a single term: the ranges with the highest bounds hold it.

They are taken in bands of falling bounds, each as large as all before it, until k hits are held and no bound reaches
the k-th best score. So few are taken where all documents may be hits, more where a filter leaves few of them.
"""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int64, prefetch, view_i64, view_u8, view_u16
from retrieval.lexical import tables
from retrieval.lexical.collecting import offer
from retrieval.lexical.fixed import score_of
from retrieval.lexical.promising import LEAST, LEVELS, blocks_of, find_all_peaks, gather, promising
from retrieval.lexical.scanning import any_allowed, blocked, drop_blocked
from retrieval.lexical.sweeping import LOWER, needed
from retrieval.lexical.term_info import CODES, CURSOR, FIRST, HIGH, IDS, KIND, LOW, RANGED, range_postings
from retrieval.lexical.windows import contribution, find_window, reaching

_ANY = 1 << 62
_NEAR = 0.94
_MOST = 64_000  # ranges taken at once
_BATCH = 32  # ranges between two looks at the score to reach


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
def offer_short(
    segment: np.ndarray,
    info: np.ndarray,
    docs: np.ndarray,
    values: np.ndarray,
    scale: float,
    totals: np.ndarray,
    found: np.ndarray,
    count: int,
    keys: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
) -> None:
    """Offer what a decoded term, the only one, has in ``count`` ranges."""
    bits = score.view(np.uint32)
    info[CURSOR] = info[FIRST]
    for c in range(count):
        bits[1] = np.uint32(state[2] >> 32)
        if -totals[found[c]] < score[1]:
            continue
        find_window(info, docs, found[c] << 7, (found[c] + 1) << 7, segment[tables.DOCUMENTS])
        for i in range(info[LOW], info[HIGH]):
            if not blocked(segment, int64(docs[i])):
                offer(score_of(values[i] >> 12, scale), segment[tables.BASE] + int64(docs[i]), keys, state, score)


@inline
def offer_best(
    segments: np.ndarray,
    infos: np.ndarray,
    columns: np.ndarray,
    weights: np.ndarray,
    impacts: np.ndarray,
    scale: float,
    docs: np.ndarray,
    values: np.ndarray,
    totals: np.ndarray,
    peaks: np.ndarray,
    share: float,
    work: int,
    keys: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
) -> bool:
    """Offer what the only term, of one field, has in the ranges with the highest bounds, and negate their ``totals``
    (of all segments); returns whether no others are left that matter. ``peaks``: int32 to work in, one for each
    block of a segment's ranges.

    A range's bound is what a document there has, so that about as many ranges as hits are wanted matter, more where
    only a ``share`` of the documents may be hits.
    """
    counts = view_i64(work + 24 * 66048, LEVELS)
    found = view_i64(work + 8 * 66048, 65536)
    places = view_i64(work + 32 * 66048, 65536)
    candidates, postings = view_i64(work + 16 * 66048, 32768), view_i64(work + 20 * 66048, 32768)
    bits = score.view(np.uint32)
    done = 0
    goal = int64(state[1] / share) + 4
    while True:
        bits[1] = np.uint32(state[2] >> 32)
        limit = max(score[1], LEAST)  # what is left, once there is a score to reach
        if state[0] < state[1]:
            blocks = find_all_peaks(segments, totals, peaks)
            limit = max(limit, promising(totals, peaks[:blocks], goal, counts, score))
        taken = base = block = 0
        complete = True
        for s in range(segments.shape[0]):
            ranges = (segments[s, 0, tables.DOCUMENTS] + 127) >> 7
            mine, mine_peaks = totals[base : base + ranges], peaks[block : block + blocks_of(ranges)]
            base += ranges
            block += mine_peaks.size
            count = gather(mine, mine_peaks, limit, _MOST, found, score)
            taken += count
            complete = complete and count < _MOST
            count = drop_empty(segments[s, 0], found, count, places)
            if infos[s, 0, 0, KIND] == RANGED:
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
                offer_short(segments[s, 0], infos[s, 0, 0], docs, values, scale, mine, found, count, keys, state, score)
        done += taken
        bits[1] = np.uint32(state[2] >> 32)
        if complete and limit <= max(score[1], LEAST):
            return bool(state[0] >= state[1])  # else what weighs nothing is wanted too
        goal = max(goal, done)
