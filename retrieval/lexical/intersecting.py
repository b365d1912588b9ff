"""Postings of a term looked up for many documents at once.

*Candidates* are documents of a segment, ascending, that hold the terms so far: ``found`` (int64, their numbers),
``reached`` (int64, what these terms add up to, see :mod:`retrieval.lexical.fixed`) and ``upper`` (float64, scores
that they cannot exceed). Each loop over them is free of branches that depend on the data, so that the processor
fetches many documents' postings at the same time.
"""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int64, prefetch, view_f32, view_u8, view_u16, view_u32
from indexer.segment.layout import is_ranged, is_wide, narrow_escapes, wide_places
from retrieval.lexical import tables
from retrieval.lexical.fixed import to_fixed
from retrieval.lexical.term_info import (
    ABSENT,
    CHUNKS,
    CODES,
    ESCAPES,
    IDS,
    INFO,
    KIND,
    MAXIMA,
    PLACES,
    RANGED,
    SHORT,
    SIZE,
    STARTS,
    escaped_code,
    range_postings,
)

WIDE = 3  # a KIND besides those of term_info: with chunks, without ranges
# Columns after those of term_info: the term's number in the query, addresses of its class's table and limits.
TERM, TABLE, LIMITS = INFO, INFO + 1, INFO + 2
COLUMNS = INFO + 3
_SIZE_BITS = 17
_ANY = 1 << 32  # a size that is not checked
_SEARCH = 8  # postings that are gone through while one is searched for


@inline
def arrange(
    segment: np.ndarray, rows: np.ndarray, s: int, slots: np.ndarray, kinds: np.ndarray, infos: np.ndarray
) -> None:
    """Describe the terms ``rows[slots]`` of segment number ``s`` in ``infos`` (int64[terms, COLUMNS]), by
    ascending document frequency."""
    for t in range(slots.size):
        address, df = rows[slots[t], s, 0, 0], rows[slots[t], s, 0, 1]
        place = t  # insertion
        while place > 0 and infos[place - 1, SIZE] > df:
            for column in range(COLUMNS):
                infos[place, column] = infos[place - 1, column]
            place -= 1
        infos[place, TERM] = t
        describe(segment, address, df, kinds[slots[t]], infos[place])


@inline
def describe(segment: np.ndarray, address: int, df: int, kind: int, info: np.ndarray) -> None:
    """Fill ``info`` (int64[COLUMNS]) from a segment's row of :mod:`tables`, a term's address, df and class."""
    documents = segment[tables.DOCUMENTS]
    column = tables.PER_CLASS + kind * tables.CLASS_COLUMNS
    info[SIZE], info[IDS] = df, address
    info[TABLE], info[LIMITS] = segment[column + tables.TABLE], segment[column + tables.LIMITS]
    if not is_wide(df, documents):
        info[KIND] = SHORT if df else ABSENT
        info[CODES] = address + 4 * df
        info[ESCAPES] = 0
        return
    info[KIND] = RANGED if is_ranged(df, documents) else WIDE
    ids, codes, starts, maxima, places, _ = wide_places(address, df, documents, segment[tables.POSITIONAL])
    info[CHUNKS] = address + 4
    info[IDS], info[CODES], info[STARTS], info[MAXIMA] = ids, codes, starts, maxima
    info[ESCAPES], info[PLACES] = int64(view_u32(address, 1)[0]), places


@inline
def code_at(info: np.ndarray, posting: int) -> int:
    """The true code of a posting whose byte is 255."""
    if info[KIND] != SHORT:
        return escaped_code(info, posting)
    codes = view_u8(info[CODES], info[SIZE])
    before = 0
    for i in range(posting):
        before += codes[i] == 255
    return int64(view_u32(narrow_escapes(info[IDS], info[SIZE]) + 4 * before, 1)[0])


@inline
def hold(
    info: np.ndarray,
    documents: int,
    marks: int,
    found: np.ndarray,
    places: np.ndarray,
    reached: np.ndarray,
    upper: np.ndarray,
    count: int,
) -> int:
    """Keep the candidates that a term holds, their postings in ``places`` (int64); returns their number.

    ``marks``: address of uint16[65536], zero, and so again afterwards."""
    kept = 0
    if info[KIND] == SHORT:
        long = view_u32(info[IDS], info[SIZE])
        at = 0
        for c in range(count):
            doc = found[c]
            while at < info[SIZE] and int64(long[at]) < doc:
                at += 1
            if at < info[SIZE] and int64(long[at]) == doc:
                found[kept], places[kept], reached[kept], upper[kept] = doc, at, reached[c], upper[c]
                kept += 1
        return kept
    low, high = postings_near(info, found[0], documents)[0], postings_near(info, found[count - 1], documents)[1]
    if high - low < _SEARCH * count and count < 65536:
        return hold_by_scan(info, marks, found, places, reached, upper, count, low, high)
    return hold_by_search(info, documents, found, places, reached, upper, count)


@inline
def postings_near(info: np.ndarray, doc: int, documents: int) -> tuple[int, int]:
    """First and last + 1 posting of a term in the range of a document, or in its chunk."""
    if info[KIND] == RANGED:
        return range_postings(info, doc >> 7, documents)
    first = view_u32(info[CHUNKS] + 4 * (doc >> 16), 2)
    return int64(first[0]), int64(first[1])


@inline
def hold_by_scan(
    info: np.ndarray,
    marks: int,
    found: np.ndarray,
    places: np.ndarray,
    reached: np.ndarray,
    upper: np.ndarray,
    count: int,
    low: int,
    high: int,
) -> int:
    """:func:`hold`, by going through the postings from ``low`` to ``high - 1``, all that are near."""
    first = view_u32(info[CHUNKS], (found[count - 1] >> 16) + 2)
    mark = view_u16(marks, 65536)
    kept = begin = 0
    while begin < count:  # a chunk at a time
        chunk = found[begin] >> 16
        end = begin
        while end < count and found[end] >> 16 == chunk:
            mark[found[end] & 65535] = end + 1
            end += 1
        start = max(low, int64(first[chunk]))
        size = max(0, min(high, int64(first[chunk + 1])) - start)
        ids = view_u16(info[IDS] + 2 * start, size)
        here = places[kept:]
        hits = 0
        for i in range(size):
            c = int64(mark[ids[i]])
            here[hits] = i << _SIZE_BITS | c
            hits += c != 0
        for c in range(begin, end):
            mark[found[c] & 65535] = 0
        for h in range(kept, kept + hits):
            c = (places[h] & ((1 << _SIZE_BITS) - 1)) - 1
            found[h], reached[h], upper[h] = found[c], reached[c], upper[c]
            places[h] = start + (places[h] >> _SIZE_BITS)
        kept, begin = kept + hits, end
    return kept


@inline
def hold_by_search(
    info: np.ndarray,
    documents: int,
    found: np.ndarray,
    places: np.ndarray,
    reached: np.ndarray,
    upper: np.ndarray,
    count: int,
) -> int:
    """:func:`hold`, by bisection for each candidate."""
    ids = view_u16(info[IDS] - 2, info[SIZE] + 2)  # also what lies before and after: it is read, and does not matter
    # The first steps are apart from the others, so that more postings are fetched at the same time.
    for c in range(count):
        low, high = postings_near(info, found[c], documents)
        places[c] = low << _SIZE_BITS | (high - low)
    for c in range(count):
        at, size = places[c] >> _SIZE_BITS, places[c] & ((1 << _SIZE_BITS) - 1)
        half = size >> 1
        at += half & ((int64(ids[np.uint64(at + half)]) - (found[c] & 65535)) >> 16)
        places[c] = at << _SIZE_BITS | (size - half)
    kept = 0
    for c in range(count):
        doc, value, most = found[c], reached[c], upper[c]
        at, left = places[c] >> _SIZE_BITS, places[c] & ((1 << _SIZE_BITS) - 1)
        some = int64(left > 0)
        want = doc & 65535
        while left > 1:
            half = left >> 1
            at += half & ((int64(ids[np.uint64(at + half)]) - want) >> 16)  # a comparison that is no branch
            left -= half
        found[kept], places[kept], reached[kept], upper[kept] = doc, at, value, most
        kept += some & int64(int64(ids[at + 1]) == want)
    return kept


@inline
def locate(info: np.ndarray, documents: int, found: np.ndarray, places: np.ndarray, count: int) -> None:
    """Which posting of a term is each of some ascending documents', or -1, to ``places`` (int64)."""
    if info[KIND] <= SHORT:
        long = view_u32(info[IDS], info[SIZE])
        at = 0
        for c in range(count):
            while at < info[SIZE] and int64(long[at]) < found[c]:
                at += 1
            places[c] = at if at < info[SIZE] and int64(long[at]) == found[c] else -1
        return
    ids = view_u16(info[IDS] - 2, info[SIZE] + 2)  # also what lies before and after: it is read, and does not matter
    for c in range(count):  # apart from the next loop, as in hold_by_search
        low, high = postings_near(info, found[c], documents)
        places[c] = low << _SIZE_BITS | (high - low)
        prefetch(info[IDS] + low + high)
        prefetch(info[CODES] + ((low + high) >> 1))
    for c in range(count):
        at, left = places[c] >> _SIZE_BITS, places[c] & ((1 << _SIZE_BITS) - 1)
        some = int64(left > 0)
        want = found[c] & 65535
        while left > 1:
            half = left >> 1
            at += half & ((int64(ids[np.uint64(at + half)]) - want) >> 16)
            left -= half
        hit = some & int64(int64(ids[at + 1]) == want)
        places[c] = at | (hit - 1)


@inline
def value_at(info: np.ndarray, codes: np.ndarray, table: np.ndarray, weight: np.float32, posting: int) -> np.float32:
    """What a posting adds."""
    code = int64(codes[posting])
    if code == 255:
        code = code_at(info, posting)
    return weight * table[code]


@inline
def bound_at(info: np.ndarray, slope: np.float32, doc: int) -> float:
    """What a term may add in the range of a document."""
    if info[KIND] != RANGED:
        return np.float64(slope * np.float32(255))
    return np.float64(slope * np.float32(view_u8(info[MAXIMA] + (doc >> 7), 1)[0]))


@inline
def add(
    info: np.ndarray,
    weight: np.float32,
    slope: np.float32,
    scale: float,
    found: np.ndarray,
    places: np.ndarray,
    reached: np.ndarray,
    upper: np.ndarray,
    count: int,
    pruning: bool,
) -> None:
    """Add a term's contributions by its postings ``places``; if ``pruning``, replace its bounds in ``upper``."""
    codes, table = view_u8(info[CODES], info[SIZE]), view_f32(info[TABLE], _ANY)
    for c in range(count):
        value = value_at(info, codes, table, weight, places[c])
        reached[c] += to_fixed(value, scale)
        if pruning:
            upper[c] += np.float64(value) - bound_at(info, slope, found[c])


@inline
def reaching(
    floor: float, found: np.ndarray, places: np.ndarray, reached: np.ndarray, upper: np.ndarray, count: int
) -> int:
    """Keep the candidates whose bound is not below ``floor``; returns their number."""
    kept = 0
    for c in range(count):
        place, most = places[c], upper[c]
        found[kept], places[kept], reached[kept], upper[kept] = found[c], place, reached[c], most
        kept += most >= floor
    return kept
