"""Terms' contributions added up over a window of documents.

A window is a run of documents that starts at a multiple of its size, a power of two from 128 to 65,536; an
accumulator (:mod:`retrieval.lexical.fixed`) belongs to each of them.
"""

from __future__ import annotations

import numpy as np

from analysis.kernels.compiled import trailing_zeros
from indexer.segment.kernels import inline, int64, prefetch, view_f32, view_u8, view_u16, view_u64
from indexer.segment.lanes import longs_reaching
from retrieval.lexical import tables
from retrieval.lexical.fixed import counted
from retrieval.lexical.impacts import lowest_code, reaching
from retrieval.lexical.probing import leap
from retrieval.lexical.scanning import any_allowed, drop_blocked, saturate
from retrieval.lexical.term_info import (
    ABSENT,
    CODES,
    CURSOR,
    FIRST,
    HIGH,
    IDS,
    KIND,
    LOW,
    RANGED,
    SHORT,
    SIZE,
    STARTS,
    escaped_code,
    range_postings,
)


@inline
def find_window(info: np.ndarray, docs: np.ndarray, start: int, end: int, documents: int) -> int:
    """Set LOW and HIGH to a term's postings of the documents from ``start`` to ``end - 1``, a run of whole
    ranges within one chunk; returns their number. A short term's cursor moves to the window's end."""
    if info[KIND] == RANGED:
        info[LOW] = range_postings(info, start >> 7, documents)[0]
        info[HIGH] = range_postings(info, (end - 1) >> 7, documents)[1]
    elif info[KIND] == SHORT:
        last = info[FIRST] + info[SIZE]
        info[LOW] = leap(docs, info[CURSOR], last, start)
        info[HIGH] = leap(docs, info[LOW], last, end)
        info[CURSOR] = info[HIGH]
    else:
        info[LOW] = 0
        info[HIGH] = 0
    return info[HIGH] - info[LOW]


@inline
def contribution(
    info: np.ndarray, posting: int, code: int, impacts: np.ndarray, table: int, weight: np.float32, scale: float
) -> int:
    """What a ranged term's posting with this code byte adds: ``impacts`` (int64[256]) has it but for escapes."""
    if code != 255:
        return impacts[code]
    code = escaped_code(info, posting)
    return counted(weight * view_f32(table, code + 1)[code], scale)


@inline
def add_single(
    segment: np.ndarray,
    info: np.ndarray,
    impacts: np.ndarray,
    table: int,
    weight: np.float32,
    scale: float,
    docs: np.ndarray,
    values: np.ndarray,
    mask: int,
    acc: np.ndarray,
) -> None:
    """Add a term of one field over its window: ``impacts`` (int64[256]) by code, ``values`` (int64) where the
    term is decoded."""
    low, size = info[LOW], info[HIGH] - info[LOW]
    if info[KIND] == SHORT:
        for i in range(low, low + size):
            acc[int64(docs[i]) & mask] += values[i]
        return
    ids = view_u16(info[IDS] + 2 * low, size)
    codes = view_u8(info[CODES] + low, size)
    for i in range(size):
        code = int64(codes[i])
        value = contribution(info, low + i, code, impacts, table, weight, scale)
        acc[int64(ids[i]) & mask] += value


@inline
def read_run(
    segment: np.ndarray,
    acc: np.ndarray,
    at: int,
    need: int,
    start: int,
    found: np.ndarray,
    sums: np.ndarray,
    count: int,
) -> int:
    """Append those of 128 accumulators from ``at`` on that reach ``need``, which is positive, and may be hits to
    ``found`` (documents, the first accumulator being ``start``'s) and ``sums``; returns how many these hold now."""
    for first in range(at, at + 128, 64):
        some = longs_reaching(acc.ctypes.data + 8 * first, need)
        if segment[tables.ALLOWED]:
            some &= view_u64(segment[tables.ALLOWED] + ((start + first) >> 3))
        while some != 0:
            j = first + trailing_zeros(some)
            found[count], sums[count] = start + j, acc[j]
            count += 1
            some &= some - np.uint64(1)
    return count


@inline
def read_back(
    info: np.ndarray,
    docs: np.ndarray,
    mask: int,
    needs: np.ndarray,
    start: int,
    acc: np.ndarray,
    found: np.ndarray,
    sums: np.ndarray,
    count: int,
) -> int:
    """Read and clear the accumulators of a term's postings in the window; append as :func:`read_run` does.
    ``needs``: int64, what each range of the window needs, which is positive."""
    low, size = info[LOW], info[HIGH] - info[LOW]
    if info[KIND] == SHORT:
        for i in range(low, low + size):
            j = int64(docs[i]) & mask
            value = acc[j]
            acc[j] = 0
            found[count], sums[count] = start + j, value
            count += value >= needs[j >> 7]
        return count
    ids = view_u16(info[IDS] + 2 * low, size)
    for i in range(size):
        j = int64(ids[i]) & mask
        value = acc[j]
        acc[j] = 0
        found[count], sums[count] = start + j, value
        count += value >= needs[j >> 7]
    return count


@inline
def pick(
    segment: np.ndarray,
    info: np.ndarray,
    impacts: np.ndarray,
    table: int,
    weight: np.float32,
    scale: float,
    docs: np.ndarray,
    values: np.ndarray,
    ranges: np.ndarray,
    needs: np.ndarray,
    size: int,
    found: np.ndarray,
    sums: np.ndarray,
) -> int:
    """What :func:`add_single` and :func:`read_run` do, without accumulators, for a term that is alone: its postings
    in ``ranges[:size]``, ascending, that reach what each of these ``needs`` and may be hits; returns their number.

    ``found``, ``sums``: int64, 128 for each range.
    """
    count = 0
    documents = segment[tables.DOCUMENTS]
    if info[KIND] == SHORT:
        for c in range(size):
            find_window(info, docs, ranges[c] << 7, (ranges[c] + 1) << 7, documents)
            for i in range(info[LOW], info[HIGH]):
                found[count], sums[count] = docs[i], values[i]
                count += values[i] >= needs[c]
        return drop_blocked(segment, found, sums, count)
    for c in range(size):  # apart from one another, so that much is fetched at once
        prefetch(info[STARTS] + 2 * ranges[c])
    for c in range(size):
        low, high = range_postings(info, ranges[c], documents)
        prefetch(info[CODES] + low)
        prefetch(info[CODES] + high - 1)
    for c in range(size):
        low, high = range_postings(info, ranges[c], documents)
        code = lowest_code(impacts, needs[c])
        last = reaching(info[CODES] + low, high - low, impacts, code, needs[c], low, sums, count)
        for i in range(count, last):
            prefetch(info[IDS] + 2 * sums[i])
            found[i] = (ranges[c] << 7) & ~65535
        count = last
    for i in range(count):
        found[i] |= int64(view_u16(info[IDS] + 2 * sums[i], 1)[0])
    size = drop_blocked(segment, found, sums, count)
    count = c = 0
    for i in range(size):  # escapes are looked up only now
        doc, code = found[i], int64(view_u8(info[CODES] + sums[i], 1)[0])
        while ranges[c] != doc >> 7:
            c += 1
        value = contribution(info, sums[i], code, impacts, table, weight, scale)
        found[count], sums[count] = doc, value
        count += value >= needs[c]
    return count


@inline
def list_allowed(
    segment: np.ndarray, needs: np.ndarray, never: int, start: int, size: int, found: np.ndarray, sums: np.ndarray
) -> int:
    """The documents of a window that may be hits, where there is a filter and their range is not left out, with
    nothing added up; returns their number."""
    count = 0
    for r in range((size + 127) >> 7):
        if needs[r] == never or not any_allowed(segment, (start >> 7) + r):
            continue
        allowed = view_u8(segment[tables.ALLOWED] + (start >> 3) + 16 * r, 16)
        for i in range(16):
            byte = int64(allowed[i])
            if byte == 0:
                continue
            for j in range(8):
                found[count] = start + (r << 7) + (i << 3) + j
                sums[count] = 0
                count += (byte >> j) & 1
    return count


@inline
def prefetch_postings(info: np.ndarray, ranges: np.ndarray, size: int, documents: int) -> None:
    """Have what a term has in ``ranges[:size]`` fetched, if it is a ranged one."""
    if info[KIND] == RANGED:
        for c in range(size):
            low, high = range_postings(info, ranges[c], documents)
            prefetch(info[CODES] + low)
            prefetch(info[IDS] + 2 * low)
            prefetch(info[IDS] + 2 * high - 1)


@inline
def frequency_at(info: np.ndarray, posting: int, table: np.ndarray, frequencies: np.ndarray) -> np.float32:
    """A posting's (weighted) frequency, whether decoded (``frequencies``) or by its code (``table``)."""
    if info[KIND] == SHORT:
        return frequencies[posting]
    code = int64(view_u8(info[CODES] + posting, 1)[0])
    return table[escaped_code(info, posting) if code == 255 else code]


@inline
def document_at(info: np.ndarray, posting: int, docs: np.ndarray) -> int:
    """A posting's document, within its chunk."""
    if info[KIND] == SHORT:
        return int64(docs[posting]) & 65535
    return int64(view_u16(info[IDS] + 2 * posting, 1)[0])


@inline
def add_combined(
    segment: np.ndarray,
    infos: np.ndarray,
    column: int,
    weight: np.float32,
    shape: np.ndarray,
    scale: float,
    docs: np.ndarray,
    frequencies: np.ndarray,
    start: int,
    mask: int,
    sums: np.ndarray,
    acc: np.ndarray,
) -> None:
    """Add a term of several fields over its window, its frequencies summed before they are weighed.

    ``infos``: int64[fields, INFO]; ``column``: where the term's class begins in the rows of ``segment``
    (int64[fields, columns]); ``sums``: float64, zero, one for each document of the window. The longest field
    goes last, so that its documents' sums are complete when it passes them.
    """
    fields = infos.shape[0]
    main = 0
    for f in range(1, fields):
        if infos[f, HIGH] - infos[f, LOW] > infos[main, HIGH] - infos[main, LOW]:
            main = f
    for f in range(fields):
        info = infos[f]
        if f != main and info[KIND] != ABSENT:
            table = view_f32(segment[f, column + tables.TABLE], segment[f, tables.CODES])
            for p in range(info[LOW], info[HIGH]):
                sums[document_at(info, p, docs) & mask] += frequency_at(info, p, table, frequencies)
    bytes_ = view_u8(segment[0, column + tables.BYTES] + (start & ~65535), 65536)
    factors = view_f32(segment[0, column + tables.FACTORS], 256)
    for step in range(fields):
        f = main if step == 0 else step - (step <= main)
        info = infos[f]
        if info[KIND] == ABSENT:
            continue
        table = view_f32(segment[f, column + tables.TABLE], segment[f, tables.CODES])
        for p in range(info[LOW], info[HIGH]):
            doc = document_at(info, p, docs)
            total = sums[doc & mask]
            if step == 0:
                total += frequency_at(info, p, table, frequencies)
            elif total == 0:  # added with an earlier field
                continue
            sums[doc & mask] = 0
            acc[doc & mask] += counted(weight * saturate(np.float32(total), factors[bytes_[doc]], shape), scale)
