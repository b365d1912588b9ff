"""Few ranges can hold a hit: they are gone through together, wherever in a segment they are.

A hit is looked for by the last of its terms, in the order of :func:`.bounding.order_terms`: what that adds and the
terms before it may add has to reach the score that a hit must reach. So of a term only the postings with enough impact
are looked at, and none where it and the terms before it do not together reach that score (they are not *essential*
there, see :mod:`retrieval.lexical.maxscore`). The terms before it are then searched for. This is done a term at a time
in many ranges, so that much is fetched at once.
"""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, view_f64, view_i64, view_u8
from retrieval.lexical import tables
from retrieval.lexical.collecting import offer
from retrieval.lexical.completing import complete, holds
from retrieval.lexical.fixed import score_of
from retrieval.lexical.sweeping import LOWER, add_term, needed
from retrieval.lexical.term_info import BOUND, CURSOR, FIRST
from retrieval.lexical.windows import pick, prefetch_postings, read_run

MOST = 33024  # ranges that can be listed
LISTED = 8 * 66048 + 8 * MOST  # where their list begins in what is worked in: int64[MOST]
_BATCH = 192  # ranges between two looks at the score to reach
_MORE = 1.0 + 1e-9  # for the rounding of sums and differences of bounds


@inline
def pick_term(
    segment: np.ndarray,
    infos: np.ndarray,
    by_table: bool,
    column: int,
    weight: np.float32,
    impacts: np.ndarray,
    shape: np.ndarray,
    scale: float,
    docs: np.ndarray,
    values: np.ndarray,
    frequencies: np.ndarray,
    ranges: np.ndarray,
    needs: np.ndarray,
    size: int,
    sums: np.ndarray,
    acc: np.ndarray,
    found: np.ndarray,
    reached: np.ndarray,
) -> int:
    """Documents in ``ranges[:size]``, ascending, that may be hits and where a term adds what their range ``needs``;
    returns their number. ``acc``: int64[128], zero."""
    if by_table:
        return pick(
            segment[0], infos[0], impacts, segment[0, column + tables.TABLE], weight, scale, docs, values, ranges,
            needs, size, found, reached,
        )  # fmt: skip
    documents = segment[0, tables.DOCUMENTS]
    for f in range(infos.shape[0]):
        prefetch_postings(infos[f], ranges, size, documents)
    count = 0
    for g in range(size):
        start = ranges[g] << 7
        add_term(
            segment, infos, by_table, column, weight, impacts, shape, scale, docs, values, frequencies, start,
            min(start + 128, documents), 127, sums, acc,
        )  # fmt: skip
        count = read_run(segment[0], acc, 0, needs[g], start, found, reached, count)
        acc[:] = 0
    return count


@inline
def sift(
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
    live: int,
    work: int,
    sums: np.ndarray,
    keys: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
) -> None:
    """Offer the hits in ``live`` ranges, listed at ``work + LISTED``, that score ``least`` or more, which is
    positive. ``totals``: the ranges' bounds, some negated; ``work``: see :func:`.sweeping.sweep`."""
    acc = view_i64(work, 128)
    found, ranges = view_i64(work + 8 * 66048, MOST), view_i64(work + LISTED, MOST)
    reached, upper = view_i64(work + 16 * 66048, MOST), view_f64(work + 24 * 66048, MOST)
    places = view_i64(work + 32 * 66048, MOST)
    group = view_i64(work + 16 * 66048 + 8 * MOST, _BATCH)
    here, needs = view_i64(work + 24 * 66048 + 8 * MOST, _BATCH), view_i64(work + 32 * 66048 + 8 * MOST, _BATCH)
    together = view_f64(work + 16 * 66048 + 8 * (MOST + _BATCH), _BATCH)
    others = view_f64(work + 24 * 66048 + 8 * (MOST + _BATCH), _BATCH)
    documents = segment[0, tables.DOCUMENTS]
    bits = score.view(np.uint32)
    for t in range(infos.shape[0]):
        for f in range(infos.shape[1]):
            infos[t, f, CURSOR] = infos[t, f, FIRST]
    for first in range(0, live, _BATCH):
        bits[1] = np.uint32(state[2] >> 32)
        low = max(score[1], least)
        floor = np.float64(low) * LOWER
        size = 0
        for c in range(first, min(live, first + _BATCH)):
            group[size], together[size] = ranges[c], 0.0
            size += abs(totals[ranges[c]]) >= low
        for t in range(infos.shape[0]):
            if infos[t, 0, BOUND]:
                best = view_u8(infos[t, 0, BOUND], documents)
                for g in range(size):
                    together[g] += np.float64(slopes[t] * np.float32(best[group[g]]))
        for g in range(size):
            together[g] *= _MORE
        for last in range(order.size - 1, minimum - 2, -1):
            t = order[last]
            if infos[t, 0, BOUND] == 0:
                continue
            best = view_u8(infos[t, 0, BOUND], documents)
            some = 0
            for g in range(size):
                r, before = group[g], together[g]
                together[g] = before - np.float64(slopes[t] * np.float32(best[r]))
                here[some], others[some] = r, together[g]
                needs[some] = needed(floor, others[some], scale)
                some += before >= floor and best[r] > 0
            if some == 0:
                continue
            count = pick_term(
                segment, infos[t], by_table, columns[t], weights[t], impacts[t], shape, scale, docs, values,
                frequencies, here, needs, some, sums, acc, found, reached,
            )  # fmt: skip
            g = 0
            for c in range(count):
                while here[g] != found[c] >> 7:
                    g += 1
                upper[c] = np.float64(reached[c] >> 12) / scale + others[g]
            for i in range(last - 1, -1, -1):
                kept = 0
                for c in range(count):
                    most = upper[c]
                    found[kept], reached[kept], upper[kept] = found[c], reached[c], most
                    kept += most >= floor and (reached[kept] & 4095) + i + 1 >= minimum
                count = kept
                if count == 0:
                    break
                t = order[i]
                complete(
                    segment, infos[t], by_table, columns[t], weights[t], impacts[t], slopes[t], shape, scale, docs,
                    values, frequencies, found, reached, upper, count, places,
                )  # fmt: skip
            for c in range(count):
                if reached[c] & 4095 < minimum or upper[c] < floor:
                    continue
                doc = found[c]
                later = False  # found by a later term, or no hit
                for i in range(last + 1, order.size):
                    later |= holds(segment, infos[order[i]], docs, doc)
                if not later:
                    offer(score_of(reached[c] >> 12, scale), segment[0, tables.BASE] + doc, keys, state, score)
