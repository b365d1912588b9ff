"""A first score to reach: of one document in each of the most promising ranges."""

from __future__ import annotations

import numpy as np

from analysis.kernels.compiled import trailing_zeros
from indexer.segment.kernels import inline, int64, view_f32, view_f64, view_i64, view_u8
from indexer.segment.lanes import bytes_reaching
from retrieval.lexical import tables
from retrieval.lexical.collecting import offer
from retrieval.lexical.completing import complete
from retrieval.lexical.fixed import score_of
from retrieval.lexical.impacts import lowest_code, reaching
from retrieval.lexical.promising import LEVELS, find_all_peaks, list_reaching, promising
from retrieval.lexical.scanning import blocked
from retrieval.lexical.sweeping import needed
from retrieval.lexical.term_info import (
    ABSENT,
    BOUND,
    CODES,
    CURSOR,
    FIRST,
    HIGH,
    KIND,
    LOW,
    RANGED,
)
from retrieval.lexical.windows import document_at, find_window, frequency_at, prefetch_postings

_NEAR = 0.92  # of a range's bound: below it are no promising documents


@inline
def add_most(
    segment: np.ndarray,
    info: np.ndarray,
    impacts: np.ndarray,
    docs: np.ndarray,
    values: np.ndarray,
    r: int,
    need: int,
    postings: np.ndarray,
) -> int:
    """The document of a range that a term of one field adds most to, of those that may be hits; -1: none.

    Ranges are asked for in order. ``segment``: its only row; ``need``: where not all documents may be hits, what a
    ranged term has to add; ``postings``: int64[128] to work in.
    """
    find_window(info, docs, r << 7, (r + 1) << 7, segment[tables.DOCUMENTS])
    base = (r << 7) & ~65535
    best, most = int64(-1), int64(-1)
    if info[KIND] != RANGED:
        for posting in range(info[LOW], info[HIGH]):
            if values[posting] > most and not blocked(segment, int64(docs[posting])):
                best, most = int64(docs[posting]), values[posting]
        return best
    codes = view_u8(info[CODES] + info[LOW], info[HIGH] - info[LOW])
    if segment[tables.ALLOWED]:
        code = lowest_code(impacts, need)
        for i in range(reaching(info[CODES] + info[LOW], codes.size, impacts, code, need, 0, postings, 0)):
            at = postings[i]
            value = impacts[codes[at]]
            if value > most and not blocked(segment, base | document_at(info, info[LOW] + at, docs)):
                best, most = at, value
    else:  # the highest code adds most, or about that
        highest = np.uint8(0)
        for i in range(codes.size):
            highest = max(highest, codes[i])
        for start in range(0, codes.size, 64):
            some = bytes_reaching(codes.ctypes.data + start, highest)
            if some != 0:
                best = start + trailing_zeros(some)
                break
    return base | document_at(info, info[LOW] + best, docs) if best >= 0 else best


@inline
def add_most_combined(
    segment: np.ndarray, infos: np.ndarray, column: int, docs: np.ndarray, frequencies: np.ndarray, r: int
) -> int:
    """The same with a term of several fields, by what each field adds alone."""
    base = (r << 7) & ~65535
    best, most = int64(-1), np.float32(-1)
    bytes_ = view_u8(segment[0, column + tables.BYTES], segment[0, tables.DOCUMENTS])
    factors = view_f32(segment[0, column + tables.FACTORS], 256)
    for f in range(infos.shape[0]):
        info = infos[f]
        if info[KIND] == ABSENT:
            continue
        find_window(info, docs, r << 7, (r + 1) << 7, segment[f, tables.DOCUMENTS])
        table = view_f32(segment[f, column + tables.TABLE], segment[f, tables.CODES])
        for posting in range(info[LOW], info[HIGH]):
            doc = base | document_at(info, posting, docs)
            value = frequency_at(info, posting, table, frequencies) * factors[bytes_[doc]]
            if value > most and not blocked(segment[0], doc):
                best, most = doc, value
    return best


@inline
def lead(
    segment: np.ndarray,
    infos: np.ndarray,
    by_table: bool,
    columns: np.ndarray,
    impacts: np.ndarray,
    slopes: np.ndarray,
    docs: np.ndarray,
    values: np.ndarray,
    frequencies: np.ndarray,
    scale: float,
    ranges: int,
    found: np.ndarray,
    count: int,
    leaders: np.ndarray,
    bounds: np.ndarray,
    postings: np.ndarray,
) -> int:
    """In place of ``count`` ranges ``found``, ascending: the document there that the term which may add most adds most
    to; returns their number. To work in: ``leaders`` int64[count], ``bounds`` float64[count], ``postings``
    int64[128]."""
    bounds[:count] = 0
    leaders[:count] = 0
    for t in range(infos.shape[0]):
        for f in range(infos.shape[1]):
            infos[t, f, CURSOR] = infos[t, f, FIRST]
        if infos[t, 0, BOUND]:
            best = view_u8(infos[t, 0, BOUND], ranges)
            for c in range(count):
                bound = np.float64(slopes[t] * np.float32(best[found[c]]))
                leaders[c] = t if bound > bounds[c] else leaders[c]
                bounds[c] = max(bound, bounds[c])
    for c in range(count):  # apart from the next loop, so that many are fetched at once
        for f in range(infos.shape[1]):
            prefetch_postings(infos[leaders[c], f], found[c:], 1, segment[f, tables.DOCUMENTS])
    kept = 0
    for c in range(count):
        t, r = leaders[c], found[c]
        if not by_table:
            doc = add_most_combined(segment, infos[t], columns[t], docs, frequencies, r)
        elif infos[t, 0, KIND] == ABSENT:
            doc = int64(-1)
        else:
            need = needed(_NEAR * bounds[c], np.float32(0), scale)
            doc = add_most(segment[0], infos[t, 0], impacts[t], docs, values, r, need, postings)
        found[kept] = doc
        kept += doc >= 0
    return kept


@inline
def opening_score(
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
    wanted: int,
    work: int,
    keys: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
) -> np.float32:
    """A score that k documents reach, or 0: of one document in each of about ``wanted`` ranges, those with the highest
    bounds (``totals``, of all segments). Nothing stays collected in ``keys`` and ``state``."""
    counts = view_i64(work + 24 * 66048, LEVELS)
    found = view_i64(work + 8 * 66048, 66048)
    reached = view_i64(work + 16 * 66048, 66048)
    upper = view_f64(work + 24 * 66048, 66048)
    places = view_i64(work + 32 * 66048, 66048)
    groups = find_all_peaks(segments, totals, peaks)
    level = promising(totals, peaks[:groups], wanted, counts, score)
    base = 0
    for s in range(segments.shape[0]):
        ranges = (segments[s, 0, tables.DOCUMENTS] + 127) >> 7
        count = list_reaching(totals[base : base + ranges], level, 3 * wanted // 2, found, score)
        base += ranges
        count = lead(
            segments[s], infos[s], by_table, columns, impacts[s], slopes[s], docs, values, frequencies, scale,
            ranges, found, count, reached, upper, places,
        )  # fmt: skip
        reached[:count] = 0
        for t in range(infos.shape[1]):
            complete(
                segments[s], infos[s, t], by_table, columns[t], weights[t], impacts[s, t], slopes[s, t], shape,
                scale, docs, values, frequencies, found, reached, upper, count, places,
            )  # fmt: skip
        for c in range(count):
            if reached[c] & 4095 >= minimum:
                offer(score_of(reached[c] >> 12, scale), segments[s, 0, tables.BASE] + found[c], keys, state, score)
    score.view(np.uint32)[1] = np.uint32(state[2] >> 32)
    least = score[1] if state[0] >= state[1] else np.float32(0)
    state[0] = state[2] = 0
    return least
