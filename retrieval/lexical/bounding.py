"""What terms can add at most, range by range, and which of them matter.

Bounds of a term in a range of 128 documents are a number of its *maxima* (uint8: stored with frequent terms,
made here for those that are decoded) times the term's *slope*.
"""

from __future__ import annotations

import numpy as np

from indexer.segment.decoding import decode_term
from indexer.segment.kernels import inline, int64, view_f32, view_u8
from retrieval.lexical import tables
from retrieval.lexical.fixed import counted
from retrieval.lexical.impacts import fill_peaks
from retrieval.lexical.scanning import saturate
from retrieval.lexical.term_info import ABSENT, BOUND, FIRST, IDS, KIND, MAXIMA, RANGED, SHORT, SIZE

_SLACK = np.float32(1.00001)  # bounds are float sums


@inline
def decode_all(
    segment: np.ndarray,
    infos: np.ndarray,
    by_table: bool,
    columns: np.ndarray,
    weights: np.ndarray,
    scale: float,
    docs: np.ndarray,
    codes: np.ndarray,
    values: np.ndarray,
    frequencies: np.ndarray,
) -> None:
    """Postings of a segment's short terms: documents; table values (``frequencies``: of several fields these are
    frequencies); and by table also what accumulators add (``values``)."""
    for t in range(infos.shape[0]):
        for f in range(infos.shape[1]):
            info = infos[t, f]
            if info[KIND] != SHORT:
                continue
            row = segment[f]
            first = info[FIRST]
            decode_term(info[IDS], info[SIZE], row[tables.DOCUMENTS], row[tables.POSITIONAL], docs, codes, first)
            table = view_f32(row[columns[t] + tables.TABLE], row[tables.CODES])
            for i in range(first, first + info[SIZE]):
                value = table[codes[i]]
                frequencies[i] = value
                if by_table:
                    values[i] = counted(weights[t] * value, scale)


@inline
def make_maxima(docs: np.ndarray, impacts: np.ndarray, first: int, last: int, best: np.ndarray) -> np.float32:
    """Maxima of a decoded term, ``best`` (uint8[ranges], zero before), from its impacts; returns the unit."""
    largest = np.float32(1e-30)
    for i in range(first, last):
        largest = max(largest, impacts[i])
    unit = np.float32(254.0) / largest
    for i in range(first, last):
        r = docs[i] >> 7
        best[r] = max(best[r], np.uint8(np.int32(impacts[i] * unit) + 1))
    return largest / np.float32(254.0)


@inline
def find_bounds(
    segment: np.ndarray,
    infos: np.ndarray,
    known: np.ndarray,
    largest: np.float32,
    by_table: bool,
    columns: np.ndarray,
    weights: np.ndarray,
    shape: np.ndarray,
    docs: np.ndarray,
    impacts: np.ndarray,
    frequencies: np.ndarray,
    maxima: int,
    slopes: np.ndarray,
    ranges: int,
) -> int:
    """What a segment's terms may add in each of its ``ranges``: their BOUND (uint8[ranges]) and ``slopes``
    (float32[terms]).

    ``maxima``: where there is room for a uint8[ranges] of each short term and of each term in several fields, all
    zero; returns what follows these. ``impacts``: float32 to work in, as long as ``frequencies``. ``known``:
    int64[terms], where a term has maxima over all fields, in 254ths of ``largest`` (0: not known).
    """
    for t in range(infos.shape[0]):
        held = 0
        field = 0
        for f in range(infos.shape[1]):
            info = infos[t, f]
            if info[KIND] == ABSENT:
                continue
            held += 1
            field = f
            if info[KIND] == SHORT:
                first, last = info[FIRST], info[FIRST] + info[SIZE]
                info[MAXIMA] = maxima
                maxima += ranges
                best = view_u8(info[MAXIMA], ranges)
                if by_table:
                    slopes[t] = make_maxima(docs, frequencies, first, last, best)
                else:
                    weigh(segment[0], columns[t], docs, frequencies, first, last, impacts)
                    slopes[t] = make_maxima(docs, impacts, first, last, best)
                impacts[first] = slopes[t]  # kept for combine
        if held == 0:
            continue
        info = infos[t, field]
        limits = view_f32(segment[field, columns[t] + tables.LIMITS], 257)
        if held == 1:
            infos[t, 0, BOUND] = info[MAXIMA]
            if info[KIND] == RANGED:
                slopes[t] = limits[256]
            elif not by_table:  # from weighed frequencies to impacts: h rises ever more slowly
                slopes[t] = steepest(slopes[t], shape)
        elif known[t]:
            infos[t, 0, BOUND] = known[t]
            slopes[t] = largest / np.float32(254)
        else:
            infos[t, 0, BOUND] = maxima
            slopes[t] = combine(segment, infos[t], columns[t], shape, impacts, view_u8(maxima, ranges))
            maxima += ranges
        slopes[t] *= weights[t] * _SLACK
    return maxima


@inline
def add_all_bounds(infos: np.ndarray, slopes: np.ndarray, every: bool, totals: np.ndarray) -> None:
    """What all terms may add together in a segment's ranges (float32[ranges]), minus infinity where ``every`` term is
    wanted and one is missing."""
    totals[:] = 0
    for t in range(infos.shape[0]):
        add_bounds(infos[t], slopes[t], 0, totals)
    if every:
        for t in range(infos.shape[0]):
            if infos[t, 0, BOUND] == 0:
                totals[:] = -np.inf
                continue
            best = view_u8(infos[t, 0, BOUND], totals.size)
            for r in range(totals.size):
                totals[r] = totals[r] if best[r] else np.float32(-np.inf)


@inline
def weigh(
    row: np.ndarray,
    column: int,
    docs: np.ndarray,
    frequencies: np.ndarray,
    first: int,
    last: int,
    weighed: np.ndarray,
) -> None:
    """Decoded frequencies times their documents' factors."""
    bytes_ = view_u8(row[column + tables.BYTES], row[tables.DOCUMENTS])
    factors = view_f32(row[column + tables.FACTORS], 256)
    for i in range(first, last):
        weighed[i] = frequencies[i] * factors[bytes_[docs[i]]]


@inline
def steepest(unit: np.float32, shape: np.ndarray) -> np.float32:
    """The greatest h(q * unit) / q of the maxima q from 1 to 255."""
    most = np.float32(0)
    for q in range(1, 256):
        most = max(most, saturate(unit * np.float32(q), np.float32(1), shape) / np.float32(q))
    return most


@inline
def combine(
    segment: np.ndarray, infos: np.ndarray, column: int, shape: np.ndarray, units: np.ndarray, best: np.ndarray
) -> np.float32:
    """Maxima of a term in several fields, ``best`` (uint8[ranges]): h of the sum of the fields' own, which are of
    frequencies times factors. ``units``: at a short field's FIRST what one of its maxima stands for. Returns what
    one of these stands for."""
    top = np.float32(0)
    for f in range(infos.shape[0]):
        if infos[f, KIND] == SHORT:
            top += np.float32(255) * units[infos[f, FIRST]]
        elif infos[f, KIND] == RANGED:
            top += view_f32(segment[f, column + tables.LIMITS], 256)[255]
    most = saturate(top, np.float32(1), shape)
    for r in range(best.size):
        x = np.float32(0)
        for f in range(infos.shape[0]):
            if infos[f, KIND] == ABSENT:
                continue
            q = view_u8(infos[f, MAXIMA], best.size)[r]
            if infos[f, KIND] == SHORT:
                x += units[infos[f, FIRST]] * np.float32(q)
            else:
                x += view_f32(segment[f, column + tables.LIMITS], 256)[q]
        if x > 0:
            best[r] = min(255, 1 + int64(saturate(x, np.float32(1), shape) / most * np.float32(254)))
    return most / np.float32(254)


@inline
def bound_over(infos: np.ndarray, slope: np.float32, first: int, ranges: int) -> float:
    """What a term may add anywhere in a run of ranges."""
    if infos[0, BOUND] == 0:
        return 0.0
    best = view_u8(infos[0, BOUND] + first, ranges)
    most = np.uint8(0)
    for r in range(ranges):
        most = max(most, best[r])
    return np.float64(slope) * most


@inline
def add_bounds(infos: np.ndarray, slope: np.float32, first: int, others: np.ndarray) -> None:
    """Add what a term may add in each of a run of ranges, to a float32 for each."""
    if infos[0, BOUND]:
        best = view_u8(infos[0, BOUND] + first, others.size)
        for r in range(others.size):
            others[r] += slope * np.float32(best[r])


@inline
def order_terms(sizes: np.ndarray, weights: np.ndarray, forced: int, order: np.ndarray) -> None:
    """Terms by how many postings a unit of their weight stands for, most first; before them, by postings, as many
    (``forced``) as a minimum of matching terms makes inessential."""
    for t in range(sizes.size):
        at = t
        while at > 0 and sizes[order[at - 1]] < sizes[t]:
            order[at] = order[at - 1]
            at -= 1
        order[at] = t
    for i in range(forced + 1, sizes.size):
        t = order[i]
        at = i
        while at > forced and sizes[order[at - 1]] * weights[t] < sizes[t] * weights[order[at - 1]]:
            order[at] = order[at - 1]
            at -= 1
        order[at] = t


@inline
def fill_impacts(
    segment: np.ndarray,
    infos: np.ndarray,
    columns: np.ndarray,
    weights: np.ndarray,
    scale: float,
    impacts: np.ndarray,
) -> None:
    """What accumulators add for each of the first 255 codes of a field, for each term that is not decoded:
    int64[terms, 512], see :func:`.impacts.fill_peaks`. The last, an escape's, is beyond all."""
    size = min(255, segment[0, tables.CODES])
    for t in range(infos.shape[0]):
        if infos[t, 0, KIND] > SHORT:
            table = view_f32(segment[0, columns[t] + tables.TABLE], size)
            for c in range(size):
                impacts[t, c] = counted(weights[t] * table[c], scale)
            impacts[t, 255] = 1 << 62  # an escape may add anything
            fill_peaks(impacts[t])


@inline
def size_in(infos: np.ndarray, documents: int, size: int) -> float:
    """About how many postings a term has among ``size`` documents of a segment."""
    postings = int64(0)
    for f in range(infos.shape[0]):
        postings += infos[f, SIZE]
    return np.float64(postings) * size / documents
