"""Postings in term order to the bytes of :mod:`indexer.segment.layout`."""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import copy_bytes, inline, int64, kernel, view_u8, view_u16, view_u32
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


@inline
def _encode_narrow(at: int, docs: np.ndarray, codes: np.ndarray) -> int:
    """Ids, codes and escapes of a narrow term at an address; returns the address after them."""
    df = docs.size
    ids = view_u32(at, df)
    small = view_u8(at + 4 * df, (df + 3) & ~3)
    small[df:] = 0
    extra = narrow_escapes(at, df)
    count = 0
    for i in range(df):
        ids[i] = docs[i]
        code = codes[i]
        if code >= 255:
            small[i] = 255
            view_u32(extra + 4 * count, 1)[0] = code
            count += 1
        else:
            small[i] = code
    return extra + 4 * count


@inline
def _find_chunks(docs: np.ndarray, first: np.ndarray, chunks: int) -> None:
    """Where in a term's postings each chunk of documents starts."""
    first[0] = 0
    at = 0
    for chunk in range(1, chunks):
        low, high = at, docs.size
        while low < high:
            middle = (low + high) >> 1
            if int64(docs[middle]) >> 16 < chunk:
                low = middle + 1
            else:
                high = middle
        at = low
        first[chunk] = at
    first[chunks] = docs.size


@inline
def _fill_ranges(
    docs: np.ndarray, codes: np.ndarray, quantised: np.ndarray, starts: np.ndarray, maxima: np.ndarray
) -> None:
    """Where in its chunk each range of 128 documents starts, and its greatest quantised impact."""
    starts[:] = 0
    maxima[:] = 0
    for i in range(docs.size):  # without a branch on the range: it changes at no predictable pace
        r = int64(docs[i]) >> 7
        starts[r] += np.uint16(1)
        maxima[r] = max(maxima[r], quantised[codes[i]])
    before = np.uint16(0)
    for r in range(starts.size):
        if r & 511 == 0:
            before = np.uint16(0)
        count = starts[r]
        starts[r] = before
        before += count


@inline
def _encode_wide(
    at: int, docs: np.ndarray, codes: np.ndarray, documents: int, quantised: np.ndarray, positional: int
) -> int:
    """All but blocks and positions of a wide term at an address; returns the address after them."""
    df = docs.size
    escapes = 0
    for i in range(df):
        escapes += codes[i] >= 255
    view_u32(at, 1)[0] = escapes
    ids, small, starts, maxima, places, _ = wide_places(at, df, documents, positional)
    chunks = chunk_count(documents)
    first = view_u32(at + 4, chunks + 1)
    narrow = view_u16(ids, df)
    for i in range(df):
        narrow[i] = docs[i] & 65535
    bytes_ = view_u8(small, df)
    for i in range(df):
        bytes_[i] = min(codes[i], np.uint32(255))
    if escapes:
        where = view_u32(places, escapes)
        what = view_u32(places + 4 * escapes, escapes)
        escape = 0
        for i in range(df):
            if codes[i] >= 255:
                where[escape] = i
                what[escape] = codes[i]
                escape += 1
    _find_chunks(docs, first, chunks)
    if is_ranged(df, documents):
        ranges = range_count(documents)
        _fill_ranges(docs, codes, quantised, view_u16(starts, ranges), view_u8(maxima, ranges))
    return small + df


@inline
def _find_blocks(at: int, codes: np.ndarray, freq_of: np.ndarray, offsets: np.ndarray) -> None:
    """Where each block of 32 postings starts in the positions, which lie at an address."""
    here = at
    for block in range(offsets.size):
        offsets[block] = here - at
        part = codes[32 * block : 32 * block + 32]
        count = int64(0)
        for i in range(part.size):
            count += int64(freq_of[part[i]])
        here = skip_positions(here, count)


@inline
def _encode_term(
    begin: int,
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
) -> int:
    """A term at an address; returns the address after it. Arguments as :func:`encode_terms` has them."""
    theirs, those = docs[starts[term] : starts[term + 1]], codes[starts[term] : starts[term + 1]]
    wide = is_wide(theirs.size, documents)
    if wide:
        at = _encode_wide(begin, theirs, those, documents, quantised[classes[term]], positional)
    else:
        at = _encode_narrow(begin, theirs, those)
    if positional:
        size = places[term + 1] - places[term]
        copy_bytes(int64(positions.ctypes.data) + places[term], size, view_u8(at, size), 0)
        if wide:
            _find_blocks(at, those, freq_of, view_u32(wide_blocks(begin, documents), (theirs.size + 31) >> 5))
        at += size
    while (at - begin) & 3:
        view_u8(at, 1)[0] = 0
        at += 1
    return at


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
        df = starts[term + 1] - starts[term]
        size = places[term + 1] - places[term]
        if at + term_room(documents, df, size) > end:
            break
        begin = at
        at = _encode_term(
            begin, documents, positional, term, starts, docs, codes, positions, places, classes, quantised, freq_of
        )
        sizes[term] = at - begin
        term += 1
    return term
