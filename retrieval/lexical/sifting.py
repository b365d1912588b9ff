"""Few ranges can hold a hit: they are gone through together, wherever in a segment they are.

How many terms, the least telling first (:func:`.bounding.order_terms`), do not together reach the score that a hit must
reach is a range's *depth*. The others are essential there and are added up; those of the depth are searched for in what
then may still be a hit. This is done a depth and a term at a time in all ranges, so that much is fetched at once.
"""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, view_f64, view_i64, view_u8
from retrieval.lexical import tables
from retrieval.lexical.collecting import offer
from retrieval.lexical.completing import complete
from retrieval.lexical.fixed import score_of
from retrieval.lexical.scanning import blocked
from retrieval.lexical.sweeping import LOWER, add_term, needed
from retrieval.lexical.term_info import ABSENT, BOUND, CURSOR, FIRST, KIND
from retrieval.lexical.windows import pick, prefetch_postings, read_run

MOST = 33024  # ranges that can be listed
LISTED = 8 * 66048 + 8 * MOST  # where their list begins in what is worked in: int64[MOST]
_BATCH = 192  # ranges between two looks at the score to reach


@inline
def list_live(totals: np.ndarray, low: np.float32, most: int, ranges: np.ndarray) -> int:
    """The ranges whose bounds reach ``low``, to ``ranges``; their number, or -1 where there are more than ``most``."""
    count = 0
    for r in range(totals.size):
        count += totals[r] >= low
    if count > most:
        return -1
    at = np.uint64(0)  # unsigned: it is not taken for a place from the end
    for r in range(totals.size):
        if totals[r] >= low:
            ranges[at] = r
            at += np.uint64(1)
    return count


@inline
def find_depths(
    infos: np.ndarray,
    slopes: np.ndarray,
    order: np.ndarray,
    floor: float,
    documents: int,
    ranges: np.ndarray,
    live: int,
    sums: np.ndarray,
    depths: np.ndarray,
    others: np.ndarray,
) -> None:
    """Of each of ``live`` ranges the depth, and what its inessential terms may add (``others``: scores).
    ``sums``: float64[live] to work in."""
    for c in range(live):
        depths[c] = 0
        sums[c] = others[c] = 0
    for i in range(order.size):
        t = order[i]
        if infos[t, 0, BOUND] == 0:  # in no document
            for c in range(live):
                depths[c] += depths[c] == i
            continue
        best = view_u8(infos[t, 0, BOUND], documents)
        for c in range(live):
            together = sums[c] + np.float64(slopes[t] * np.float32(best[ranges[c]]))
            less = together < floor
            sums[c] = together
            depths[c] += less
            others[c] = together if less else others[c]


@inline
def add_essential(
    segment: np.ndarray,
    infos: np.ndarray,
    by_table: bool,
    columns: np.ndarray,
    weights: np.ndarray,
    impacts: np.ndarray,
    shape: np.ndarray,
    scale: float,
    docs: np.ndarray,
    values: np.ndarray,
    frequencies: np.ndarray,
    essential: np.ndarray,
    ranges: np.ndarray,
    needs: np.ndarray,
    size: int,
    sums: np.ndarray,
    acc: np.ndarray,
    found: np.ndarray,
    reached: np.ndarray,
) -> int:
    """Documents in ``ranges[:size]`` where the ``essential`` terms together reach what their range ``needs``; returns
    their number. ``acc``: int64[128], zero."""
    t = essential[0]
    if by_table and essential.size == 1 and infos[t, 0, KIND] != ABSENT:
        return pick(
            segment[0], infos[t, 0], impacts[t], segment[0, columns[t] + tables.TABLE], weights[t], scale, docs,
            values, ranges, needs, size, found, reached,
        )  # fmt: skip
    documents = segment[0, tables.DOCUMENTS]
    for i in range(essential.size):
        for f in range(infos.shape[1]):
            prefetch_postings(infos[essential[i], f], ranges, size, documents)
    count = 0
    for g in range(size):
        start = ranges[g] << 7
        postings = 0
        for i in range(essential.size):
            t = essential[i]
            if infos[t, 0, BOUND] and view_u8(infos[t, 0, BOUND] + ranges[g], 1)[0]:
                postings += add_term(
                    segment, infos[t], by_table, columns[t], weights[t], impacts[t], shape, scale, docs, values,
                    frequencies, start, min(start + 128, documents), 127, sums, acc,
                )  # fmt: skip
        if postings:
            count = read_run(acc, 0, needs[g], start, found, reached, count)
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
    reached, depths = view_i64(work + 16 * 66048, MOST), view_i64(work + 16 * 66048 + 8 * MOST, MOST)
    upper, others = view_f64(work + 24 * 66048, MOST), view_f64(work + 24 * 66048 + 8 * MOST, MOST)
    places, group = view_i64(work + 32 * 66048, MOST), view_i64(work + 32 * 66048 + 8 * MOST, MOST)
    here, needs = places[MOST - _BATCH :], places[MOST - 2 * _BATCH :]
    documents = segment[0, tables.DOCUMENTS]
    bits = score.view(np.uint32)
    bits[1] = np.uint32(state[2] >> 32)
    floor = np.float64(max(score[1], least)) * LOWER
    find_depths(infos, slopes, order, floor, documents, ranges, live, upper, depths, others)
    for depth in range(order.size - 1, -1, -1):  # where most is certain first
        size = 0
        for c in range(live):
            group[size] = c
            size += depths[c] == depth
        if size == 0:
            continue
        for t in range(infos.shape[0]):
            for f in range(infos.shape[1]):
                infos[t, f, CURSOR] = infos[t, f, FIRST]
        for first in range(0, size, _BATCH):
            bits[1] = np.uint32(state[2] >> 32)
            low = max(score[1], least)
            floor = np.float64(low) * LOWER
            some = 0
            for g in range(first, min(size, first + _BATCH)):
                c = group[g]
                group[first + some], here[some] = c, ranges[c]
                needs[some] = needed(floor, others[c], scale)
                some += abs(totals[ranges[c]]) >= low
            count = add_essential(
                segment, infos, by_table, columns, weights, impacts, shape, scale, docs, values, frequencies,
                order[depth:], here, needs, some, sums, acc, found, reached,
            )  # fmt: skip
            kept = g = 0
            for c in range(count):
                doc, value = found[c], reached[c]
                while here[g] != doc >> 7:
                    g += 1
                found[kept], reached[kept] = doc, value
                upper[kept] = np.float64(value >> 12) / scale + others[group[first + g]]
                kept += not blocked(segment[0], doc)
            count = kept
            for i in range(depth - 1, -1, -1):
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
                if reached[c] & 4095 >= minimum:
                    doc = segment[0, tables.BASE] + found[c]
                    offer(score_of(reached[c] >> 12, scale), doc, keys, state, score)
