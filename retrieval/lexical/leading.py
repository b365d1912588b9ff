"""Where in a frequent leader's postings a hit can be: ranges by the terms' maxima, postings by their own impacts."""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int64, view_f32, view_u8, view_u16
from retrieval.lexical.impacts import fill_peaks, lowest_code, reaching
from retrieval.lexical.intersecting import LIMITS, TABLE, TERM
from retrieval.lexical.sampling import sampled
from retrieval.lexical.sweeping import SOME
from retrieval.lexical.term_info import CODES, IDS, MAXIMA, range_postings

_SLACK = np.float32(1.00001)  # bounds are float sums


@inline
def slope_of(info: np.ndarray, weights: np.ndarray) -> np.float32:
    """What one of a term's maxima stands for."""
    return weights[info[TERM]] * view_f32(info[LIMITS], 257)[256] * _SLACK


@inline
def bound_ranges(infos: np.ndarray, weights: np.ndarray, totals: np.ndarray) -> None:
    """What all terms may add together in each range: positive, or 0 where one is missing."""
    totals[:] = 0
    for i in range(infos.shape[0]):
        slope = slope_of(infos[i], weights)
        best = view_u8(infos[i, MAXIMA], totals.size)
        for r in range(totals.size):
            totals[r] = totals[r] + slope * np.float32(best[r]) if best[r] else np.float32(-np.inf)
    pad = np.float32(1.0 + 1.2e-7 * (infos.shape[0] + 4))  # for the rounding of sums and differences
    for r in range(totals.size):
        totals[r] = totals[r] * pad + np.float32(1e-30) if totals[r] >= 0 else np.float32(0)


@inline
def fill_impacts(info: np.ndarray, codes: int, weights: np.ndarray, impacts: np.ndarray) -> None:
    """What a term adds for each code byte, at least: float32[512], see :func:`.impacts.fill_peaks`."""
    size = min(255, codes)
    table = view_f32(info[TABLE], size)
    weight = weights[info[TERM]]
    for c in range(size):
        impacts[c] = weight * table[c]
    impacts[255] = np.inf
    fill_peaks(impacts)


@inline
def list_ranges(mode: int, totals: np.ndarray, first: int, low: np.float32, live: np.ndarray) -> int:
    """Ranges of the chunk that starts with range ``first`` which a pass goes through, to ``live``; their number."""
    count = 0
    here = totals[first : first + 512]
    for j in range(here.size):
        live[count] = first + j
        count += here[j] >= low
    if mode == SOME:
        some = 0
        for i in range(count):
            live[some] = live[i]
            some += sampled(live[i])
        count = some
    return count


@inline
def gather(
    info: np.ndarray,
    impacts: np.ndarray,
    slope: np.float32,
    totals: np.ndarray,
    documents: int,
    floor: np.float32,
    first: int,
    last: int,
    found: np.ndarray,
    postings: np.ndarray,
) -> int:
    """The leader's documents and postings in ranges ``first .. last - 1`` of a chunk where a hit can be; returns
    their number."""
    base = (first << 7) & ~65535
    low, high = range_postings(info, first, documents)[0], range_postings(info, last - 1, documents)[1]
    size = high - low
    ids = view_u16(info[IDS] + 2 * low, size)
    if floor == 0:
        for i in range(size):
            found[i] = base | int64(ids[i])
            postings[i] = low + i
        return size
    codes = view_u8(info[CODES] + low, size)
    here = totals[base >> 7 : (base >> 7) + 512]
    best = view_u8(info[MAXIMA] + (base >> 7), 512)
    count = 0
    if size < 16 * (last - first):
        for i in range(size):
            r = int64(ids[i]) >> 7
            bound = slope * np.float32(best[r])
            most = min(impacts[codes[i]], bound) + (here[r] - bound)
            found[count] = base | int64(ids[i])
            postings[count] = low + i
            count += most >= floor
        return count
    for r in range(first, last):
        if totals[r] < floor:
            continue
        begin, end = range_postings(info, r, documents)
        need = floor - (totals[r] - slope * np.float32(view_u8(info[MAXIMA] + r, 1)[0]))
        code = lowest_code(impacts, need)
        count = reaching(info[CODES] + begin, end - begin, impacts, code, need, begin, postings, count)
    for c in range(count):
        found[c] = base | int64(ids[postings[c] - low])
    return count
