"""Top-k of a single term: the ranges with the highest bounds hold it.

About as many ranges as hits are wanted are taken, those with the highest bounds, and of their postings those near
these bounds: a range's bound is what a document there has. If that is not enough, as where a filter leaves out many, a
lower level is tried, in all ranges that reach it. Last come the ranges that reach the k-th best score. Bounds are
compared as the bytes that they are stored as.
"""

from __future__ import annotations

import numpy as np

from analysis.kernels.compiled import trailing_zeros
from indexer.segment.kernels import inline, int64, prefetch, view_i64, view_u8, view_u16
from indexer.segment.lanes import bytes_reaching
from retrieval.lexical import tables
from retrieval.lexical.collecting import offer
from retrieval.lexical.fixed import score_of
from retrieval.lexical.impacts import lowest_code, reaching
from retrieval.lexical.promising import LEAST, LEVELS, find_peaks, level_among
from retrieval.lexical.scanning import any_allowed, blocked, drop_blocked
from retrieval.lexical.sweeping import LOWER, needed
from retrieval.lexical.term_info import (
    BOUND,
    CODES,
    CURSOR,
    FIRST,
    HIGH,
    IDS,
    KIND,
    LOW,
    RANGED,
    STARTS,
    range_postings,
)
from retrieval.lexical.windows import contribution, find_window

_NEAR = 0.94  # of the level that ranges must reach: postings near it are mostly enough, and few
_SPARE = 1.0  # standard deviations of the hits expected in the ranges taken, where there is a filter
_ANY = 1 << 62
_MOST = 65_536  # ranges taken at once, of all segments
MOST_SEGMENTS = 512
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
def least_maximum(slope: np.float32, bound: np.float32) -> int:
    """The lowest of a term's maxima that stands for ``bound`` or more; 256: none."""
    if not slope * np.float32(255) >= bound:
        return 256
    least = max(0, int64(bound / slope) - 1)
    while slope * np.float32(least) < bound:
        least += 1
    return least


@inline
def list_between(best: np.ndarray, low: int, high: int, first: int, found: np.ndarray) -> tuple[int, int]:
    """Ranges from ``first``, a multiple of 64, on whose maxima ``best`` (uint8[ranges], readable for 63 more) are
    ``low`` or more, but less than ``high``, to ``found``; returns their number and where those begin that were not
    looked at, as ``found`` was full."""
    at = np.uint64(0)  # unsigned: it is not taken for a place from the end
    address = best.ctypes.data
    while first < best.size and int64(at) <= found.size - 64:
        some = bytes_reaching(address + first, low)
        if high < 256:
            some &= ~bytes_reaching(address + first, high)
        if best.size - first < 64:
            some &= (np.uint64(1) << np.uint64(best.size - first)) - np.uint64(1)
        while some != 0:
            found[at] = first + trailing_zeros(some)
            at += np.uint64(1)
            some &= some - np.uint64(1)
        first += 64
    return int64(at), first


@inline
def find_bound_peaks(segments: np.ndarray, infos: np.ndarray, slopes: np.ndarray, peaks: np.ndarray) -> int:
    """:func:`.promising.find_peaks` of the bounds of each segment's ranges, one after another, as bits of floats."""
    groups = 0
    for s in range(segments.shape[0]):
        if infos[s, 0, 0, BOUND]:
            ranges = (segments[s, 0, tables.DOCUMENTS] + 127) >> 7
            mine = peaks[groups:]
            count = find_peaks(view_u8(infos[s, 0, 0, BOUND], ranges), mine.view(np.uint8))
            values = mine.view(np.float32)
            for g in range(count - 1, -1, -1):  # in place: four bytes of one
                values[g] = slopes[s, 0] * np.float32(mine.view(np.uint8)[g])
            groups += count
    return groups


@inline
def fetch(info: np.ndarray, documents: int, found: np.ndarray, count: int, places: np.ndarray) -> None:
    """Where a ranged term's postings in ``count`` ranges begin (``places``: above eight bits that hold how many these
    are), and have their codes fetched."""
    for c in range(count):
        begin, end = range_postings(info, found[c], documents)
        places[c] = begin << 8 | (end - begin)
        prefetch(info[CODES] + begin)
        prefetch(info[CODES] + end - 1)


@inline
def offer_single(
    segment: np.ndarray,
    info: np.ndarray,
    impacts: np.ndarray,
    table: int,
    weight: np.float32,
    scale: float,
    slope: np.float32,
    best: np.ndarray,
    found: np.ndarray,
    count: int,
    least: int,
    before: int,
    offered: int,
    places: np.ndarray,
    candidates: np.ndarray,
    postings: np.ndarray,
    keys: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
) -> None:
    """Offer what a ranged term of one field, the only one, has in ``count`` ranges and adds at least ``least``; what
    adds ``offered`` in a range whose maximum (of ``best``, uint8[ranges]) reaches ``before`` was offered earlier.
    ``places``: see :func:`fetch`. To work in: ``candidates``, ``postings`` int64[128 * _BATCH]."""
    bits = score.view(np.uint32)
    first, batch = 0, 4
    while first < count:
        bits[1] = np.uint32(state[2] >> 32)
        need = max(least, needed(np.float64(score[1]) * LOWER, np.float32(0), scale))
        code = lowest_code(impacts, need)
        last = min(count, first + batch)
        some = 0
        for c in range(first, last):
            begin, size, r = places[c] >> 8, places[c] & 255, found[c]
            if slope * np.float32(best[r]) < score[1]:
                continue
            held = some
            some = reaching(info[CODES] + begin, size, impacts, code, need, begin, postings, some)
            for i in range(held, some):
                prefetch(info[IDS] + 2 * postings[i])
                candidates[i] = (r >> 9) << 16
        for i in range(some):
            candidates[i] += int64(view_u16(info[IDS] + 2 * postings[i], 1)[0])
        some = drop_blocked(segment, candidates, postings, some)
        for i in range(some):
            code = int64(view_u8(info[CODES] + postings[i], 1)[0])
            value = contribution(info, postings[i], code, impacts, table, weight, scale)
            if value >= least and (value < offered or best[candidates[i] >> 7] < before):
                offer(score_of(value >> 12, scale), segment[tables.BASE] + candidates[i], keys, state, score)
        first, batch = last, min(2 * batch, _BATCH)


@inline
def offer_short(
    segment: np.ndarray,
    info: np.ndarray,
    docs: np.ndarray,
    values: np.ndarray,
    scale: float,
    slope: np.float32,
    best: np.ndarray,
    found: np.ndarray,
    count: int,
    least: int,
    before: int,
    offered: int,
    keys: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
) -> None:
    """:func:`offer_single` of a decoded term."""
    bits = score.view(np.uint32)
    info[CURSOR] = info[FIRST]
    for c in range(count):
        bits[1] = np.uint32(state[2] >> 32)
        maximum = int64(best[found[c]])
        if slope * np.float32(maximum) < score[1]:
            continue
        find_window(info, docs, found[c] << 7, (found[c] + 1) << 7, segment[tables.DOCUMENTS])
        for i in range(info[LOW], info[HIGH]):
            new = values[i] >= least and (values[i] < offered or maximum < before)
            if new and not blocked(segment, int64(docs[i])):
                offer(score_of(values[i] >> 12, scale), segment[tables.BASE] + int64(docs[i]), keys, state, score)


@inline
def offer_best(
    segments: np.ndarray,
    infos: np.ndarray,
    columns: np.ndarray,
    weights: np.ndarray,
    slopes: np.ndarray,
    impacts: np.ndarray,
    scale: float,
    docs: np.ndarray,
    values: np.ndarray,
    peaks: np.ndarray,
    share: float,
    work: int,
    keys: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
) -> bool:
    """Offer what the only term, of one field, has in all ranges that matter; whether that is enough: otherwise what
    weighs nothing is wanted too. ``peaks``: int32 to work in, one for each group of a segment's ranges; ``share``:
    which part of the documents may be hits."""
    counts = view_i64(work + 24 * 66048, LEVELS)
    found, places = view_i64(work + 8 * 66048, _MOST), view_i64(work + 32 * 66048, _MOST)
    candidates, postings = view_i64(work + 16 * 66048, 32768), view_i64(work + 20 * 66048, 32768)
    bits = score.view(np.uint32)
    parts = segments.shape[0]
    room = _MOST // parts  # for the ranges of a segment
    groups = find_bound_peaks(segments, infos, slopes, peaks)
    goal = 4 + int64((state[1] + _SPARE * np.sqrt(state[1] * max(0.0, 1 - share))) / share)
    done = before = np.float32(np.inf)  # ranges that reach it: all that matters was offered; some was
    offered = int64(_ANY)
    while True:
        full = state[0] >= state[1]
        bits[1] = np.uint32(state[2] >> 32)
        limit, least = max(score[1], LEAST), int64(0)
        if not full:
            limit = level_among(peaks[:groups], goal, counts, score)
            if limit > LEAST:
                least = needed(_NEAR * np.float64(limit), np.float32(0), scale)
        for step in range(3):  # a step in all segments, then the next, so that much is fetched at once
            for s in range(parts):
                info, documents = infos[s, 0, 0], segments[s, 0, tables.DOCUMENTS]
                if info[BOUND] == 0:
                    continue
                best, slope = view_u8(info[BOUND], (documents + 127) >> 7), slopes[s, 0]
                mine, begins = found[s * room : (s + 1) * room], places[s * room : (s + 1) * room]
                ranged = info[KIND] == RANGED
                if step == 0:
                    low, high = least_maximum(slope, limit), least_maximum(slope, done)
                    info[LOW], info[HIGH] = list_between(best, low, high, 0 if low < high else best.size, mine)
                    info[LOW] = drop_empty(segments[s, 0], mine, info[LOW], begins)
                    for c in range(info[LOW] if ranged else 0):
                        prefetch(info[STARTS] + 2 * mine[c])
                    continue
                count, first = info[LOW], info[HIGH]
                if step == 1:
                    if ranged:
                        fetch(info, documents, mine, count, begins)
                    continue
                old = least_maximum(slope, before)
                while True:
                    if ranged:
                        offer_single(
                            segments[s, 0], info, impacts[s, 0], segments[s, 0, columns[0] + tables.TABLE], weights[0],
                            scale, slope, best, mine, count, least, old, offered, begins, candidates, postings, keys,
                            state, score,
                        )  # fmt: skip
                    else:
                        offer_short(
                            segments[s, 0], info, docs, values, scale, slope, best, mine, count, least, old, offered,
                            keys, state, score,
                        )  # fmt: skip
                    if first >= best.size:
                        break
                    low, high = least_maximum(slope, limit), least_maximum(slope, done)
                    count, first = list_between(best, low, high, first, mine)
                    count = drop_empty(segments[s, 0], mine, count, begins)
                    if ranged:
                        fetch(info, documents, mine, count, begins)
        if full:
            return True
        bits[1] = np.uint32(state[2] >> 32)
        held = state[0] >= state[1] and needed(np.float64(score[1]) * LOWER, np.float32(0), scale) >= least
        if limit <= max(score[1], LEAST) and (held or limit == LEAST):
            return bool(state[0] >= state[1])
        done = limit if held else done
        before, offered, goal = limit, least, 2 * goal
