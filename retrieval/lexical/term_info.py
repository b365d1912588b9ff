"""Addresses within terms' postings, worked out once a query, and their decoded short lists."""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int64, view_f32, view_u8, view_u16, view_u32
from indexer.segment.layout import is_ranged, is_wide, narrow_escapes, wide_places
from retrieval.lexical import tables

# Columns of the info of one term in one segment. KIND: 0 absent, 1 short (decoded), 2 ranged.
KIND, SIZE, CHUNKS, IDS, CODES, STARTS, MAXIMA, ESCAPES, PLACES, FIRST, CURSOR = range(11)
INFO = 11
ABSENT, SHORT, RANGED = range(3)


@inline
def describe_term(segment: np.ndarray, row: np.ndarray, info: np.ndarray, short_limit: int) -> int:
    """Fill ``info`` (int64[INFO]); returns the postings to decode: all, unless the term is ranged and longer
    than ``short_limit``."""
    address, df = row[0, 0], row[0, 1]
    info[SIZE] = df
    info[KIND] = ABSENT
    if df == 0:
        return 0
    documents = segment[0, tables.DOCUMENTS]
    info[KIND] = SHORT
    info[IDS] = address
    if df <= short_limit or not is_ranged(df, documents):
        return df
    ids, codes, starts, maxima, places, _ = wide_places(address, df, documents, segment[0, tables.POSITIONAL])
    info[KIND] = RANGED
    info[CHUNKS] = address + 4
    info[IDS], info[CODES], info[STARTS], info[MAXIMA] = ids, codes, starts, maxima
    info[ESCAPES], info[PLACES] = int64(view_u32(address, 1)[0]), places
    return 0


@inline
def decode_short(
    segment: np.ndarray,
    address: int,
    df: int,
    table: int,
    weight: np.float32,
    docs: np.ndarray,
    values: np.ndarray,
    at: int,
) -> None:
    """A term's documents and contributions into ``docs[at:]`` and ``values[at:]``."""
    documents, positional = segment[0, tables.DOCUMENTS], segment[0, tables.POSITIONAL]
    impacts = view_f32(table, segment[0, tables.CODES])
    if not is_wide(df, documents):
        ids = view_u32(address, df)
        codes = view_u8(address + 4 * df, df)
        extra = narrow_escapes(address, df)
        for i in range(df):
            code = int64(codes[i])
            if code == 255:
                code = int64(view_u32(extra, 1)[0])
                extra += 4
            docs[at + i] = ids[i]
            values[at + i] = weight * impacts[code]
        return
    ids_at, codes_at, _, _, places, _ = wide_places(address, df, documents, positional)
    narrow = view_u16(ids_at, df)
    codes = view_u8(codes_at, df)
    chunks = (documents + 65535) >> 16
    first = view_u32(address + 4, chunks + 1)
    for chunk in range(chunks):
        base = chunk << 16
        for i in range(int64(first[chunk]), int64(first[chunk + 1])):
            docs[at + i] = base | narrow[i]
            code = int64(codes[i])
            values[at + i] = weight * impacts[code if code < 255 else 0]
    escapes = int64(view_u32(address, 1)[0])
    where = view_u32(places, escapes)
    what = view_u32(places + 4 * escapes, escapes)
    for i in range(escapes):
        values[at + int64(where[i])] = weight * impacts[what[i]]


@inline
def escaped_code(info: np.ndarray, posting: int) -> int:
    """The true code of a ranged term's posting whose byte is 255."""
    escapes = info[ESCAPES]
    where = view_u32(info[PLACES], escapes)
    low, high = 0, escapes
    while low < high:
        middle = (low + high) >> 1
        if int64(where[middle]) < posting:
            low = middle + 1
        else:
            high = middle
    return int64(view_u32(info[PLACES] + 4 * escapes, escapes)[low])


@inline
def range_postings(info: np.ndarray, r: int, documents: int) -> tuple[int, int]:
    """First and last + 1 posting of a ranged term in a range of 128 documents."""
    chunk = r >> 9
    bounds = view_u32(info[CHUNKS] + 4 * chunk, 2)
    starts = view_u16(info[STARTS] + 2 * r, 2)
    base = int64(bounds[0])
    low = base + int64(starts[0])
    if ((r + 1) & 511) == 0 or (r + 1) << 7 >= documents:
        return low, int64(bounds[1])
    return low, base + int64(starts[1])


@inline
def seed_bound(bounds: np.ndarray, want: int) -> np.float32:
    """A value that between ``want / 2`` and ``want`` of the bounds reach, or near it: by bisection."""
    low, high = np.float32(0), np.float32(0)
    for r in range(bounds.size):
        high = max(high, bounds[r])
    high *= np.float32(1.00001)
    for _ in range(10):
        middle = (low + high) * np.float32(0.5)
        reached = 0
        for r in range(bounds.size):
            reached += bounds[r] >= middle
        if reached > want:
            low = middle
        else:
            high = middle
            if reached * 2 > want:
                break
    return high
