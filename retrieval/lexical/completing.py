"""Searching for a term in the documents that may be hits, many at a time."""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int64, prefetch, view_f32, view_u8, view_u16
from retrieval.lexical import tables
from retrieval.lexical.fixed import counted
from retrieval.lexical.scanning import saturate
from retrieval.lexical.term_info import (
    ABSENT,
    BOUND,
    CODES,
    IDS,
    KIND,
    MAXIMA,
    SHORT,
    SIZE,
    range_postings,
    search_between,
    search_decoded,
    search_range,
)
from retrieval.lexical.windows import contribution, frequency_at


@inline
def complete_single(
    segment: np.ndarray,
    info: np.ndarray,
    impacts: np.ndarray,
    table: int,
    weight: np.float32,
    slope: np.float32,
    scale: float,
    docs: np.ndarray,
    values: np.ndarray,
    found: np.ndarray,
    reached: np.ndarray,
    upper: np.ndarray,
    count: int,
    places: np.ndarray,
) -> None:
    """Add a term of one field to ``count`` documents ``found`` (one after another, within a chunk): its
    contributions to what they have ``reached``, and to ``upper`` (scores) what these differ from its bounds.
    ``places``: int64 to work in."""
    if info[KIND] == ABSENT:
        return
    best = view_u8(info[MAXIMA], segment[tables.DOCUMENTS])
    unit = 1.0 / scale
    if info[KIND] == SHORT:
        for c in range(count):
            if best[found[c] >> 7] == 0:
                continue
            posting = search_decoded(info, docs, found[c])
            more = values[posting] if posting >= 0 else 0
            reached[c] += more
            upper[c] += np.float64(more >> 12) * unit - np.float64(slope * np.float32(best[found[c] >> 7]))
        return
    for c in range(count):  # apart from the next loop, so that many ranges are fetched at once
        low, high = range_postings(info, found[c] >> 7, segment[tables.DOCUMENTS])
        places[c] = low << 8 | (high - low)
        near = low + (((found[c] & 127) * (high - low)) >> 7)
        prefetch(info[IDS] + 2 * near)
        prefetch(info[CODES] + near)
    ids = view_u16(info[IDS], info[SIZE])
    codes = view_u8(info[CODES], info[SIZE])
    for c in range(count):
        low = places[c] >> 8
        posting = search_between(ids, low, low + (places[c] & 255), found[c])
        more = int64(0)
        if posting >= 0:
            code = int64(codes[posting])
            more = contribution(info, posting, code, impacts, table, weight, scale)
        reached[c] += more
        upper[c] += np.float64(more >> 12) * unit - np.float64(slope * np.float32(best[found[c] >> 7]))


@inline
def complete_combined(
    segment: np.ndarray,
    infos: np.ndarray,
    column: int,
    weight: np.float32,
    slope: np.float32,
    shape: np.ndarray,
    scale: float,
    docs: np.ndarray,
    frequencies: np.ndarray,
    found: np.ndarray,
    reached: np.ndarray,
    upper: np.ndarray,
    count: int,
) -> None:
    """The same with a term of several fields; ``column``: where its class begins in rows of ``segment``."""
    documents = segment[0, tables.DOCUMENTS]
    bytes_ = view_u8(segment[0, column + tables.BYTES], documents)
    factors = view_f32(segment[0, column + tables.FACTORS], 256)
    if infos[0, BOUND] == 0:
        return
    best = view_u8(infos[0, BOUND], documents)
    for c in range(count):
        doc = found[c]
        bound = np.float64(slope * np.float32(best[doc >> 7]))
        if bound == 0 and weight > 0:
            continue
        total = 0.0
        for f in range(infos.shape[0]):
            info = infos[f]
            if info[KIND] == ABSENT:
                continue
            if view_u8(info[MAXIMA], documents)[doc >> 7] == 0:
                continue
            short = info[KIND] == SHORT
            posting = search_decoded(info, docs, doc) if short else search_range(info, doc, documents)
            if posting >= 0:
                table = view_f32(segment[f, column + tables.TABLE], segment[f, tables.CODES])
                total += np.float64(frequency_at(info, posting, table, frequencies))
        if total > 0:
            more = counted(weight * saturate(np.float32(total), factors[bytes_[doc]], shape), scale)
            reached[c] += more
            bound -= np.float64(more >> 12) / scale
        upper[c] -= bound


@inline
def holds(segment: np.ndarray, infos: np.ndarray, docs: np.ndarray, doc: int) -> bool:
    """Whether a document has a term, in whichever field."""
    documents = segment[0, tables.DOCUMENTS]
    for f in range(infos.shape[0]):
        info = infos[f]
        if info[KIND] == ABSENT or view_u8(info[MAXIMA], documents)[doc >> 7] == 0:
            continue
        if (search_decoded(info, docs, doc) if info[KIND] == SHORT else search_range(info, doc, documents)) >= 0:
            return True
    return False


@inline
def complete(
    segment: np.ndarray,
    infos: np.ndarray,
    by_table: bool,
    column: int,
    weight: np.float32,
    impacts: np.ndarray,
    slope: np.float32,
    shape: np.ndarray,
    scale: float,
    docs: np.ndarray,
    values: np.ndarray,
    frequencies: np.ndarray,
    found: np.ndarray,
    reached: np.ndarray,
    upper: np.ndarray,
    count: int,
    places: np.ndarray,
) -> None:
    """:func:`complete_single` or :func:`complete_combined`."""
    if by_table:
        complete_single(
            segment[0], infos[0], impacts, segment[0, column + tables.TABLE], weight, slope, scale, docs, values,
            found, reached, upper, count, places,
        )  # fmt: skip
    else:
        complete_combined(
            segment, infos, column, weight, slope, shape, scale, docs, frequencies, found, reached, upper, count
        )
