"""Top-k of weighted words: only the terms that can lift a document into the top k are gone through.

For a term that is not rare a segment stores the greatest impact in every range of 128 documents. Given the
score that a hit must reach, frequent terms whose maxima together stay below it are not *essential*: a hit must
hold another term (Turtle and Flood 1995, "MaxScore"). So, a window of documents at a time, the essential terms'
contributions are added up, and where they come within the other terms' maxima of that score, and only there,
the others are searched for. A minimum of m matching terms has the same use: a hit must hold one of all but the
m - 1 most frequent terms.

The score to reach comes from documents in the most promising ranges, which are scored first
(:mod:`retrieval.lexical.opening`), and for large k from a sample of the ranges: what that suggests is held to be
true, and if in the end it was not, all is done again. Ranges whose maxima together do not reach it are passed over;
where few are left, these are gone through by themselves (:mod:`retrieval.lexical.sifting`).
"""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int64, kernel, prefetch, view_i64
from retrieval.lexical import tables
from retrieval.lexical.bounding import add_all_bounds, decode_all, fill_impacts, find_bounds, order_terms
from retrieval.lexical.collecting import finish, score_of_key
from retrieval.lexical.one_word import MOST_SEGMENTS, offer_best
from retrieval.lexical.opening import opening_score
from retrieval.lexical.promising import LEAST, LEVELS, count_reaching, find_all_peaks, gather, list_reaching, promising
from retrieval.lexical.sampling import begin_sample, kept_promise, promised
from retrieval.lexical.scanning import allowed_share
from retrieval.lexical.sifting import LISTED, MOST, sift
from retrieval.lexical.sweeping import REST, SOME, offer_all, sweep
from retrieval.lexical.term_info import FIRST, INFO, KIND, RANGED, SHORT, SIZE, describe_term

_OPENING = 20  # documents that are scored for a first score to reach, at least
_FILTERED = 8.0  # times as many where a filter leaves few documents, at most
_SIFTED = 0.6  # postings' beginnings, by a segment's ranges, up to which ranges are gone through by themselves
_BAND = 128  # ranges that are taken first of two terms
_FILTER = 0.5  # below this share of documents that may be hits the score to reach rises too slowly for that
_FEW = 1 / 256  # where fewer documents may be hits, they are not found in the most promising ranges


@inline
def sift_bands(
    segments: np.ndarray,
    infos: np.ndarray,
    by_table: bool,
    columns: np.ndarray,
    weights: np.ndarray,
    impacts: np.ndarray,
    slopes: np.ndarray,
    shape: np.ndarray,
    scale: float,
    minimum: int,
    docs: np.ndarray,
    values: np.ndarray,
    frequencies: np.ndarray,
    totals: np.ndarray,
    peaks: np.ndarray,
    order: np.ndarray,
    least: np.float32,
    work: int,
    sums: np.ndarray,
    keys: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
) -> None:
    """Offer the hits in the ranges with the highest bounds (``totals``, of all segments; those that are done are
    negated), in bands, each of twice as many ranges as the one before, as each raises the score to reach."""
    ranges = view_i64(work + LISTED, MOST)
    counts = view_i64(work + 24 * 66048, LEVELS)
    bits = score.view(np.uint32)
    band = int64(_BAND)
    while True:
        bits[1] = np.uint32(state[2] >> 32)
        low = max(score[1], least)
        live, base = count_reaching(totals, low), 0
        if live > 2 * band:
            groups = find_all_peaks(segments, totals, peaks)
            low = max(low, promising(totals, peaks[:groups], band, counts, score))
        for s in range(segments.shape[0]):
            size = (segments[s, 0, tables.DOCUMENTS] + 127) >> 7
            mine = totals[base : base + size]
            base += size
            count = MOST
            while count >= MOST - 32:
                count = gather(mine, low, MOST - 32, ranges, score)
                sift(
                    segments[s], infos[s], by_table, columns, weights, impacts[s], slopes[s], shape, scale, minimum,
                    docs, values, frequencies, mine, order, least, count, work, sums, keys, state, score,
                )  # fmt: skip
        if live <= 2 * band:
            return
        band *= 2


@inline
def sift_few(
    segment: np.ndarray,
    infos: np.ndarray,
    by_table: bool,
    columns: np.ndarray,
    weights: np.ndarray,
    impacts: np.ndarray,
    slopes: np.ndarray,
    shape: np.ndarray,
    scale: float,
    minimum: int,
    docs: np.ndarray,
    values: np.ndarray,
    frequencies: np.ndarray,
    totals: np.ndarray,
    order: np.ndarray,
    least: np.float32,
    work: int,
    sums: np.ndarray,
    keys: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
) -> bool:
    """Offer a segment's hits if few ranges can hold one; whether that was so."""
    ranges = view_i64(work + LISTED, MOST)
    score.view(np.uint32)[1] = np.uint32(state[2] >> 32)
    low = max(score[1], least)
    live = count_reaching(totals, low)
    if live > min(MOST - 32, int64(_SIFTED * totals.size / weights.size)):
        return False
    list_reaching(totals, low, live, ranges, score)
    sift(
        segment, infos, by_table, columns, weights, impacts, slopes, shape, scale, minimum, docs, values, frequencies,
        totals, order, least, live, work, sums, keys, state, score,
    )  # fmt: skip
    return True


@inline
def rank(
    segments: np.ndarray,
    infos: np.ndarray,
    by_table: bool,
    columns: np.ndarray,
    weights: np.ndarray,
    sizes: np.ndarray,
    impacts: np.ndarray,
    shape: np.ndarray,
    scale: float,
    minimum: int,
    docs: np.ndarray,
    codes: np.ndarray,
    values: np.ndarray,
    frequencies: np.ndarray,
    bounded: bool,
    known: np.ndarray,
    largest: np.float32,
    maxima: np.ndarray,
    slopes: np.ndarray,
    order: np.ndarray,
    essential: np.ndarray,
    count_to: int,
    peaks: np.ndarray,
    work: int,
    bounds: np.ndarray,
    sums: np.ndarray,
    keys: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
) -> int:
    """:func:`top_words`, when it has made its arrays; returns the matches counted."""
    parts = segments.shape[0]
    at = int64(maxima.ctypes.data)
    base = 0
    share = 0.0
    for s in range(parts):
        ranges = (segments[s, 0, tables.DOCUMENTS] + 127) >> 7
        decode_all(segments[s], infos[s], by_table, columns, weights, scale, docs, codes, values, frequencies)
        if bounded:
            at = find_bounds(
                segments[s], infos[s], known[s], largest, by_table, columns, weights, shape, docs,
                codes.view(np.float32), frequencies, at, slopes[s], ranges,
            )  # fmt: skip
            if by_table:
                fill_impacts(segments[s], infos[s], columns, weights, scale, impacts[s])
        share += allowed_share(segments[s, 0]) * ranges
        base += ranges
    share /= base
    totals, others = bounds[:base], bounds[base : base + 512]
    order_terms(sizes, weights, min(minimum, weights.size) - 1, order)
    few = bounded and count_to == 0 and state[1] <= 64 and share >= _FEW
    one_word = few and by_table and weights.size == 1 and parts <= MOST_SEGMENTS
    if one_word and offer_best(
        segments, infos, columns, weights, slopes, impacts, scale, docs, values, peaks, share, work, keys, state, score
    ):
        return 0
    base = 0
    for s in range(parts if bounded else 0):
        ranges = (segments[s, 0, tables.DOCUMENTS] + 127) >> 7
        add_all_bounds(infos[s], slopes[s], minimum == weights.size, totals[base : base + ranges])
        base += ranges

    k = state[1]
    promise = total = 0
    least = np.float32(0)
    mode, pool = REST, keys
    if one_word:
        for r in range(totals.size):  # these were gone through
            totals[r] = -totals[r] if totals[r] >= LEAST else totals[r]
    elif few:
        wanted = int64(max(_OPENING, 2 * k, 2 * weights.size) * min(_FILTERED, 1 / share))
        least = opening_score(
            segments, infos, by_table, columns, weights, impacts, slopes, shape, scale, minimum, docs, values,
            frequencies, totals, peaks, wanted, work, keys, state, score,
        )  # fmt: skip
        if least > 0 and weights.size == 2 and share > _FILTER and base > 4 * _BAND:
            sift_bands(
                segments, infos, by_table, columns, weights, impacts, slopes, shape, scale, minimum, docs, values,
                frequencies, totals, peaks, order, least, work, sums, keys, state, score,
            )  # fmt: skip
    elif bounded and count_to == 0 and k > 64 and sizes.sum() > 16 * k:
        mode, pool = SOME, keys[: begin_sample(state)]
    if not bounded and by_table and weights.size == 1:
        for s in range(parts):
            total += offer_all(segments[s, 0], infos[s, 0, 0], docs, values, scale, keys, state, score, count_to > 0)
        return total
    while True:
        base = 0
        guess = max(least, score_of_key(promise, score))
        for s in range(parts):
            ranges = (segments[s, 0, tables.DOCUMENTS] + 127) >> 7
            if least > 0 and sift_few(
                segments[s], infos[s], by_table, columns, weights, impacts[s], slopes[s], shape, scale, minimum, docs,
                values, frequencies, totals[base : base + ranges], order, least, work, sums, keys, state, score,
            ):  # fmt: skip
                base += ranges
                continue
            total = sweep(
                mode, segments[s], infos[s], by_table, columns, weights, impacts[s], shape, scale, minimum, docs,
                values, frequencies, bounded, slopes[s], totals[base : base + ranges], order, essential,
                guess, count_to, total, work, others, sums, pool, state, score,
            )  # fmt: skip
            base += ranges
        if mode == SOME:
            promise = promised(keys, state, k)
            mode, pool = REST, keys
        elif promise == 0 or kept_promise(promise, totals, keys, state):
            return total
        else:
            promise = 0  # the sample promised too much


@kernel(
    "UniTuple(int64, 2)(int64[:,:,::1], int64[:,:,:,::1], int64[::1], int64[::1], float32[::1], boolean,"
    " float32[::1], float64, int64, int64, int64, float32, int64[:,::1], float32[::1], float64[::1],"
    " int64[::1], int64[::1], uint32[::1], float32[::1])"
)
def top_words(
    segments: np.ndarray,
    rows: np.ndarray,
    slots: np.ndarray,
    kinds: np.ndarray,
    weights: np.ndarray,
    by_table: bool,
    shape: np.ndarray,
    scale: float,
    minimum: int,
    count_to: int,
    short_limit: int,
    largest: np.float32,
    work: np.ndarray,
    bounds: np.ndarray,
    sums: np.ndarray,
    keys: np.ndarray,
    state: np.ndarray,
    docs_out: np.ndarray,
    scores_out: np.ndarray,
) -> tuple[int, int]:
    """The best documents that hold ``minimum`` of the terms ``rows[slots]`` (their classes ``kinds[slots]``).

    ``weights``: float32[terms], not negative; ``by_table``, ``shape``: see :func:`retrieval.lexical.scanning.scan`;
    ``scale``: see :mod:`retrieval.lexical.fixed`; ``count_to``: count matches exactly up to this many (0: none);
    terms of at most ``short_limit`` postings are decoded even where they have ranges; ``largest``: what no
    impact of a term of several fields exceeds. To work in: ``work`` int64[5, 65536 + 512], its first row zero, ``sums``
    float64[65536], zero (they are so again afterwards), ``bounds`` float32[ranges of all segments + 512].
    ``keys``, ``state``: see :mod:`retrieval.lexical.collecting`.
    Returns (hits kept, matches counted: exact unless above ``count_to``).
    """
    terms, fields, parts = slots.size, segments.shape[1], segments.shape[0]
    infos = np.zeros((parts, terms, fields, INFO), np.int64)
    columns = np.empty(terms, np.int64)
    sizes = np.zeros(terms, np.int64)
    room = made = 0
    bounded = False
    for t in range(terms):
        columns[t] = tables.PER_CLASS + kinds[slots[t]] * tables.CLASS_COLUMNS
    for s in range(parts if parts > 1 else 0):
        for t in range(terms):
            for f in range(fields):
                prefetch(rows[slots[t], s, f, 0])
    for s in range(parts):
        for t in range(terms):
            for f in range(fields):
                info = infos[s, t, f]
                info[FIRST] = room
                room += describe_term(segments[s, f], rows[slots[t], s, f], info, short_limit)
                bounded |= info[KIND] == RANGED
                sizes[t] += info[SIZE]
                made += (int64(info[KIND] == SHORT) + int64(f == 1)) * ((segments[s, 0, tables.DOCUMENTS] + 127) >> 7)
    docs, codes = np.empty(room, np.uint32), np.empty(room, np.uint32)
    values, frequencies = np.empty(room if by_table else 0, np.int64), np.empty(room, np.float32)
    maxima = np.zeros(made + 64 if bounded else 0, np.uint8)  # as many as 63 behind the last are read
    slopes = np.zeros((parts, terms), np.float32)
    impacts = np.zeros((parts, terms, 512 if by_table else 0), np.int64)
    order, essential = np.empty(terms, np.int64), np.empty(terms, np.bool_)
    known = np.empty((parts, terms), np.int64)
    for s in range(parts):
        for t in range(terms):
            known[s, t] = rows[slots[t], s, 0, 2]
    score = np.zeros(2, np.float32)
    peaks = np.empty((bounds.size >> 4) + parts if bounded else 0, np.int32)
    total = rank(
        segments, infos, by_table, columns, weights, sizes, impacts, shape, scale, minimum, docs, codes, values,
        frequencies, bounded, known, largest, maxima, slopes, order, essential, count_to, peaks,
        work.ctypes.data, bounds, sums, keys, state, score,
    )  # fmt: skip
    return finish(keys, state, docs_out, scores_out), total
