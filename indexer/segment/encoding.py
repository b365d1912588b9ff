"""Postings in term order to the bytes of :mod:`indexer.segment.layout`."""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int64, kernel, view_u8, view_u16, view_u32
from indexer.segment.layout import (
    chunk_count,
    is_ranged,
    is_wide,
    narrow_escapes,
    range_count,
    skip_positions,
    term_room,
    wide_blocks,
    wide_places,
)


@kernel("int64(int64[::1], int64[::1], uint32[::1], uint32[::1], uint8[::1], int64[::1])")
def encode_positions(
    starts: np.ndarray,
    tokens: np.ndarray,
    freqs: np.ndarray,
    positions: np.ndarray,
    out: np.ndarray,
    places: np.ndarray,
) -> int:
    """Write positions of all terms as base-128 differences; ``places[t]`` gets where term t's start.

    ``starts`` and ``tokens`` are offsets into ``freqs`` and ``positions``. Returns the bytes written; ``out``
    holds five bytes a position.
    """
    at = 0
    for term in range(starts.size - 1):
        places[term] = at
        token = tokens[term]
        for p in range(starts[term], starts[term + 1]):
            before = np.uint32(0)
            for _ in range(freqs[p]):
                value = positions[token] - before
                before = positions[token]
                token += 1
                while value >= 128:
                    out[at] = value & 127 | 128
                    value >>= 7
                    at += 1
                out[at] = value
                at += 1
    places[starts.size - 1] = at
    return at


@inline
def _encode_narrow(at: int, docs: np.ndarray, codes: np.ndarray, start: int, df: int) -> int:
    """Ids, codes and escapes of a narrow term at an address; returns the address after them."""
    ids = view_u32(at, df)
    small = view_u8(at + 4 * df, df)
    extra = narrow_escapes(at, df)
    count = 0
    for i in range(df):
        ids[i] = docs[start + i]
        code = codes[start + i]
        if code >= 255:
            small[i] = 255
            view_u32(extra + 4 * count, 1)[0] = code
            count += 1
        else:
            small[i] = code
    return extra + 4 * count


@inline
def _find_chunks(docs: np.ndarray, start: int, df: int, first: np.ndarray, chunks: int) -> None:
    """Where in a term's postings each chunk of documents starts."""
    first[0] = 0
    at = 0
    for chunk in range(1, chunks):
        low, high = at, df
        while low < high:
            middle = (low + high) >> 1
            if int64(docs[start + middle]) >> 16 < chunk:
                low = middle + 1
            else:
                high = middle
        at = low
        first[chunk] = at
    first[chunks] = df


@inline
def _fill_ranges(
    docs: np.ndarray,
    codes: np.ndarray,
    start: int,
    df: int,
    quantised: np.ndarray,
    starts: np.ndarray,
    maxima: np.ndarray,
) -> None:
    """Where in its chunk each range of 128 documents starts, and its greatest quantised impact."""
    starts[:] = 0
    maxima[:] = 0
    for i in range(df):  # without a branch on the range: it changes at no predictable pace
        r = int64(docs[start + i]) >> 7
        starts[r] += np.uint16(1)
        maxima[r] = max(maxima[r], quantised[codes[start + i]])
    before = np.uint16(0)
    for r in range(starts.size):
        if r & 511 == 0:
            before = np.uint16(0)
        count = starts[r]
        starts[r] = before
        before += count


@inline
def _encode_wide(
    at: int,
    docs: np.ndarray,
    codes: np.ndarray,
    start: int,
    df: int,
    documents: int,
    quantised: np.ndarray,
    positional: int,
) -> int:
    """All but blocks and positions of a wide term at an address; returns the address after them."""
    escapes = 0
    for i in range(df):
        escapes += codes[start + i] >= 255
    view_u32(at, 1)[0] = escapes
    ids, small, starts, maxima, places, _ = wide_places(at, df, documents, positional)
    chunks = chunk_count(documents)
    first = view_u32(at + 4, chunks + 1)
    narrow = view_u16(ids, df)
    for i in range(df):
        narrow[i] = docs[start + i] & 65535
    bytes_ = view_u8(small, df)
    for i in range(df):
        bytes_[i] = min(codes[start + i], np.uint32(255))
    if escapes:
        where = view_u32(places, escapes)
        what = view_u32(places + 4 * escapes, escapes)
        escape = 0
        for i in range(df):
            if codes[start + i] >= 255:
                where[escape] = i
                what[escape] = codes[start + i]
                escape += 1
    _find_chunks(docs, start, df, first, chunks)
    if is_ranged(df, documents):
        ranges = range_count(documents)
        _fill_ranges(docs, codes, start, df, quantised, view_u16(starts, ranges), view_u8(maxima, ranges))
    return small + df


@kernel(
    "int64(int64, int64, int64, int64[::1], uint32[::1], uint32[::1], uint8[::1], int64[::1],"
    " uint8[::1], uint8[:,::1], uint32[::1], uint8[::1], uint64[::1])"
)
def encode_terms(
    documents: int,
    positional: int,
    term: int,
    starts: np.ndarray,
    docs: np.ndarray,
    codes: np.ndarray,
    positions: np.ndarray,
    places: np.ndarray,
    classes: np.ndarray,
    quantised: np.ndarray,
    freq_of: np.ndarray,
    out: np.ndarray,
    sizes: np.ndarray,
) -> int:
    """Write terms from number ``term`` on until ``out`` might be full; returns the next term to write.

    ``starts`` (postings) and ``places`` (position bytes) delimit the terms of ``docs``, ``codes`` and
    ``positions``; ``classes`` chooses the row of ``quantised`` (uint8[classes, codes]). ``sizes[t]`` gets the
    bytes of term t, a multiple of four. A term needs at most :func:`term_room` bytes.
    """
    base = int64(out.ctypes.data)
    at = base
    end = base + out.size
    while term < starts.size - 1:
        start = starts[term]
        df = starts[term + 1] - start
        size = places[term + 1] - places[term]
        if at + term_room(documents, df, size) > end:
            break
        begin = at
        if is_wide(df, documents):
            blocks = wide_blocks(begin, documents)
            at = _encode_wide(begin, docs, codes, start, df, documents, quantised[classes[term]], positional)
        else:
            blocks = 0
            at = _encode_narrow(begin, docs, codes, start, df)
        if positional:
            target = view_u8(at, size)
            source = positions[places[term] : places[term + 1]]
            target[:] = source
            if blocks:
                here = at
                offsets = view_u32(blocks, (df + 31) >> 5)
                for block in range(offsets.size):
                    offsets[block] = here - at
                    count = int64(0)
                    for i in range(start + 32 * block, min(start + 32 * block + 32, start + df)):
                        count += int64(freq_of[codes[i]])
                    here = skip_positions(here, count)
            at += size
        while (at - base) & 3:
            view_u8(at, 1)[0] = 0
            at += 1
        sizes[term] = at - begin
        term += 1
    return term
