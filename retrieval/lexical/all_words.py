"""Top-k of documents that hold all of some words: the rarest leads, the others are looked up for its documents.

The leader's documents are taken some hundreds at a time, and go from term to term while they may still be hits
(:mod:`retrieval.lexical.intersecting`). Where all terms have ranges, as in :mod:`retrieval.lexical.maxscore`, the
most promising ranges are gone through first, or for large k a sample whose promise is verified in the end; then
those in which a hit can still be.
"""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int64, kernel, view_f32, view_f64, view_i64, view_u8, view_u16, view_u32
from retrieval.lexical import tables
from retrieval.lexical.collecting import finish, nth, offer, score_of_key
from retrieval.lexical.fixed import score_of, to_fixed
from retrieval.lexical.intersecting import COLUMNS, TABLE, TERM, add, arrange, hold, reaching, value_at
from retrieval.lexical.leading import bound_ranges, fill_impacts, gather, list_ranges, slope_of
from retrieval.lexical.sampling import begin_sample, kept_promise, promised
from retrieval.lexical.scanning import drop_blocked
from retrieval.lexical.sweeping import LOWER, REST, SOME
from retrieval.lexical.term_info import (
    ABSENT,
    CHUNKS,
    CODES,
    IDS,
    KIND,
    MAXIMA,
    RANGED,
    SHORT,
    SIZE,
    seed_bound,
)

BEST = 2  # beside sweeping.SOME and REST: the ranges whose bounds reach a seed
_BATCH = 512  # documents that are tried together when there are more
ROOM = 65536 + _BATCH  # places of the arrays they are in, for those and a chunk's
_ASIDE = 16384  # candidates, at most, of which the most promising are tried before the others
_MORE = 16  # than k of them
_LEAST = np.float32(1e-37)  # below any bound of a range that has all terms


@inline
def add_bounds(
    info: np.ndarray, slope: np.float32, documents: int, found: np.ndarray, upper: np.ndarray, count: int
) -> None:
    """Add what a term may add in the candidates' ranges to ``upper``."""
    if info[KIND] == RANGED:
        best = view_u8(info[MAXIMA], (documents + 127) >> 7)
        for c in range(count):
            upper[c] += np.float64(slope * np.float32(best[found[c] >> 7]))
    else:
        bound = np.float64(slope * np.float32(255))
        for c in range(count):
            upper[c] += bound


@inline
def complete(
    segment: np.ndarray,
    infos: np.ndarray,
    weights: np.ndarray,
    scale: float,
    floor: float,
    work: int,
    count: int,
    keys: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
) -> int:
    """Offer those of ``count`` candidates, which hold the first two terms, that hold the others; returns how many were
    found. ``floor``: what a hit must reach, where ``upper`` tells what candidates can, or 0."""
    found, places = view_i64(work, ROOM), view_i64(work + 8 * ROOM, ROOM)
    reached, upper = view_i64(work + 16 * ROOM, ROOM), view_f64(work + 24 * ROOM, ROOM)
    terms, documents = infos.shape[0], segment[tables.DOCUMENTS]
    for i in range(2, terms):
        if count == 0:
            return 0
        info = infos[i]
        count = hold(info, documents, work - 8 * ROOM, found, places, reached, upper, count)
        more = floor > 0 and i + 1 < terms
        add(info, weights[info[TERM]], slope_of(info, weights), scale, found, places, reached, upper, count, more)
        if more:
            count = reaching(floor, found, places, reached, upper, count)
    for c in range(count):
        offer(score_of(reached[c], scale), segment[tables.BASE] + found[c], keys, state, score)
    return count


@inline
def split(work: int, count: int, want: int) -> int:
    """Put all but the about ``want`` most promising of the candidates aside; returns how many are left."""
    found, places = view_i64(work, ROOM), view_i64(work + 8 * ROOM, ROOM)
    reached, upper = view_i64(work + 16 * ROOM, ROOM), view_f64(work + 24 * ROOM, ROOM)
    order = view_i64(work + 24 * ROOM, ROOM)  # positive floats are in the order of their bits
    for c in range(count):
        places[c] = order[c]
    pivot = nth(places, count, want)
    aside = work + 32 * ROOM + 8 * 512
    docs, sums, bounds = (
        view_i64(aside, _ASIDE),
        view_i64(aside + 8 * _ASIDE, _ASIDE),
        view_f64(aside + 16 * _ASIDE, _ASIDE),
    )
    kept = 0
    for c in range(count):
        doc, value, most = found[c], reached[c], upper[c]
        docs[c - kept], sums[c - kept], bounds[c - kept] = doc, value, most
        promising = order[c] >= pivot
        found[kept], reached[kept], upper[kept] = doc, value, most
        kept += promising
    return kept


@inline
def bring_back(work: int, count: int) -> None:
    """Make candidates again of the ``count`` that were put aside."""
    found, reached, upper = view_i64(work, ROOM), view_i64(work + 16 * ROOM, ROOM), view_f64(work + 24 * ROOM, ROOM)
    aside = work + 32 * ROOM + 8 * 512
    docs, sums, bounds = (
        view_i64(aside, _ASIDE),
        view_i64(aside + 8 * _ASIDE, _ASIDE),
        view_f64(aside + 16 * _ASIDE, _ASIDE),
    )
    for c in range(count):
        found[c], reached[c], upper[c] = docs[c], sums[c], bounds[c]


@inline
def try_batch(
    segment: np.ndarray,
    infos: np.ndarray,
    weights: np.ndarray,
    scale: float,
    counting: bool,
    guess: np.float32,
    work: int,
    count: int,
    keys: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
) -> int:
    """Offer those of ``count`` documents of the leader that hold all terms; returns how many were found.

    ``guess``: what a hit must reach in any case; ``work``: address of :mod:`retrieval.lexical.intersecting`'s four
    arrays, before it those marks, after it room for as many again. In place of sums the documents come with the
    leader's postings.
    """
    found, places = view_i64(work, ROOM), view_i64(work + 8 * ROOM, ROOM)
    reached, upper = view_i64(work + 16 * ROOM, ROOM), view_f64(work + 24 * ROOM, ROOM)
    terms, documents = infos.shape[0], segment[tables.DOCUMENTS]
    bits = score.view(np.uint32)
    bits[1] = np.uint32(state[2] >> 32)
    floor = np.float64(max(score[1], guess)) * LOWER
    pruning = floor > 0 and not counting
    lead = infos[0]
    codes, table, weight = (
        view_u8(lead[CODES], lead[SIZE]),
        view_f32(lead[TABLE], segment[tables.CODES]),
        weights[lead[TERM]],
    )
    count = drop_blocked(segment, found, reached, count)
    if pruning and lead[KIND] != RANGED:
        for c in range(count):
            upper[c] = value_at(lead, codes, table, weight, reached[c])
        for i in range(1, terms):
            add_bounds(infos[i], slope_of(infos[i], weights), documents, found, upper, count)
        count = reaching(floor, found, places, reached, upper, count)
    if count == 0:
        return 0
    info = infos[1]
    count = hold(info, documents, work - 8 * ROOM, found, places, reached, upper, count)
    for c in range(count):
        value = value_at(lead, codes, table, weight, reached[c])
        reached[c] = to_fixed(value, scale)
        upper[c] = value
    want = state[1] + _MORE
    splitting = not counting and floor == 0 and 4 * want < count < _ASIDE
    bounding = terms > 2 and (pruning or splitting)
    for t in range(1, terms if bounding else 1):
        add_bounds(infos[t], slope_of(infos[t], weights), documents, found, upper, count)
    add(info, weights[info[TERM]], slope_of(info, weights), scale, found, places, reached, upper, count, bounding)
    total = 0
    if bounding and splitting:
        size = split(work, count, want)
        total = complete(segment, infos, weights, scale, 0.0, work, size, keys, state, score)
        count -= size
        bring_back(work, count)
        bits[1] = np.uint32(state[2] >> 32)
        floor = np.float64(score[1]) * LOWER
    if bounding:
        count = reaching(floor, found, places, reached, upper, count)
    return total + complete(
        segment, infos, weights, scale, floor if bounding else 0.0, work, count, keys, state, score
    )  # fmt: skip


@inline
def take_ranges(
    mode: int,
    segment: np.ndarray,
    infos: np.ndarray,
    weights: np.ndarray,
    scale: float,
    totals: np.ndarray,
    seed: np.float32,
    guess: np.float32,
    impacts: np.ndarray,
    count_to: int,
    total: int,
    work: int,
    keys: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
) -> int:
    """One pass over a segment whose terms all have ranges; returns ``total`` and the matches found here. Ranges that
    are done have their ``totals`` negated."""
    documents = segment[tables.DOCUMENTS]
    found, postings = view_i64(work, ROOM), view_i64(work + 16 * ROOM, ROOM)
    live = view_i64(work + 32 * ROOM, 512)
    bits = score.view(np.uint32)
    lead = infos[0]
    slope = slope_of(lead, weights)
    fill_impacts(lead, segment[tables.CODES], weights, impacts)
    count = 0
    for chunk in range(0, totals.size, 512):
        lives = i = 0
        while True:
            counting = count_to > 0 and total <= count_to
            bits[1] = np.uint32(state[2] >> 32)
            floor = np.float32(0) if counting else max(score[1], guess) * np.float32(LOWER)
            if i == 0:
                lives = list_ranges(mode, totals, chunk, max(seed if mode == BEST else floor, _LEAST), live)
            if i < lives:
                # to go through a few ranges in between costs less than to stop, and nothing of them is taken
                gap = 1 + 8 * totals.size // lead[SIZE] if mode == REST and floor > 0 else 1
                first = last = live[i]
                while i < lives and live[i] - last <= gap and live[i] - first < 64:
                    last = live[i]
                    i += 1
                count += gather(
                    lead, impacts, slope, totals, documents, floor, first, last + 1, found[count:], postings[count:]
                )  # fmt: skip
                if mode != REST:
                    for r in range(first, last + 1):
                        totals[r] = -totals[r]
            if count > _BATCH or (i == lives and chunk + 512 >= totals.size):
                total += try_batch(
                    segment, infos, weights, scale, counting, guess, work, count, keys, state, score
                )  # fmt: skip
                count = 0
            if i == lives:
                break
    return total


@inline
def take_rare(
    segment: np.ndarray,
    infos: np.ndarray,
    weights: np.ndarray,
    scale: float,
    guess: np.float32,
    count_to: int,
    total: int,
    work: int,
    keys: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
) -> int:
    """The same where the leader has no ranges."""
    found, postings = view_i64(work, ROOM), view_i64(work + 16 * ROOM, ROOM)
    lead = infos[0]
    wide = lead[KIND] != SHORT
    chunks = (segment[tables.DOCUMENTS] + 65535) >> 16 if wide else int64(1)
    starts, long = view_u32(lead[CHUNKS], chunks + 1), view_u32(lead[IDS], lead[SIZE])
    count = 0
    for chunk in range(chunks):
        begin, end = int64(starts[chunk]) if wide else 0, int64(starts[chunk + 1]) if wide else lead[SIZE]
        ids = view_u16(lead[IDS] + 2 * begin, end - begin)
        docs, places = found[count:], postings[count:]
        for i in range(end - begin):
            docs[i] = chunk << 16 | int64(ids[i]) if wide else int64(long[i])
            places[i] = begin + i
        count += end - begin
        if count > _BATCH or chunk + 1 == chunks:
            counting = count_to > 0 and total <= count_to
            total += try_batch(
                segment, infos, weights, scale, counting, guess, work, count, keys, state, score
            )  # fmt: skip
            count = 0
    return total


@inline
def take_all(
    segments: np.ndarray,
    infos: np.ndarray,
    rows: np.ndarray,
    slots: np.ndarray,
    kinds: np.ndarray,
    weights: np.ndarray,
    scale: float,
    count_to: int,
    seeds: int,
    work: int,
    bounds: np.ndarray,
    keys: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
) -> int:
    """:func:`top_all`, when it has made its arrays; returns the matches counted."""
    parts = segments.shape[0]
    k = state[1]
    base = postings = 0
    for s in range(parts):
        ranges = (segments[s, 0, tables.DOCUMENTS] + 127) >> 7
        arrange(segments[s, 0], rows, s, slots, kinds, infos[s])
        if infos[s, 0, KIND] == RANGED:
            bound_ranges(infos[s], weights, bounds[base : base + ranges])
            postings += infos[s, 0, SIZE]
            base += ranges
    totals, impacts = bounds[:base], bounds[base : base + 512]
    seed = np.float32(0)
    promise = 0
    mode, pool = REST, keys
    if base > 0 and count_to == 0:
        if k <= 64:
            mode = BEST
            seed = seed_bound(totals, seeds)
        elif postings > 4 * k:
            mode, pool = SOME, keys[: begin_sample(state)]
    total = 0
    while True:
        base = 0
        guess = score_of_key(promise, score)
        for s in range(parts):
            if infos[s, 0, KIND] == RANGED:
                ranges = (segments[s, 0, tables.DOCUMENTS] + 127) >> 7
                total = take_ranges(
                    mode, segments[s, 0], infos[s], weights, scale, totals[base : base + ranges], seed, guess, impacts,
                    count_to, total, work, pool, state, score,
                )  # fmt: skip
                base += ranges
            elif infos[s, 0, KIND] != ABSENT and mode == REST:
                total = take_rare(
                    segments[s, 0], infos[s], weights, scale, guess, count_to, total, work, keys, state, score
                )  # fmt: skip
        if mode == SOME:
            promise = promised(keys, state, k)
            mode, pool = REST, keys
        elif mode == REST and (promise == 0 or kept_promise(promise, totals, keys, state)):
            return total
        else:
            promise = 0  # after the best ranges, or where the sample promised too much
            mode = REST


@kernel(
    "UniTuple(int64, 2)(int64[:,:,::1], int64[:,:,:,::1], int64[::1], int64[::1], float32[::1], float64, int64,"
    " int64, int64[:,::1], float32[::1], int64[::1], int64[::1], uint32[::1], float32[::1])"
)
def top_all(
    segments: np.ndarray,
    rows: np.ndarray,
    slots: np.ndarray,
    kinds: np.ndarray,
    weights: np.ndarray,
    scale: float,
    count_to: int,
    seeds: int,
    work: np.ndarray,
    bounds: np.ndarray,
    keys: np.ndarray,
    state: np.ndarray,
    docs_out: np.ndarray,
    scores_out: np.ndarray,
) -> tuple[int, int]:
    """The best documents with all of the terms ``rows[slots]``, of one field and by its tables; parameters and
    result as :func:`retrieval.lexical.maxscore.top_words`."""
    infos = np.zeros((segments.shape[0], slots.size, COLUMNS), np.int64)
    score = np.zeros(2, np.float32)
    total = take_all(
        segments, infos, rows, slots, kinds, weights, scale, count_to, seeds, work[1:].ctypes.data, bounds, keys,
        state, score,
    )  # fmt: skip
    return finish(keys, state, docs_out, scores_out), total
