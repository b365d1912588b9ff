"""Addresses within terms' postings, worked out once a query, and their decoded short lists."""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int64, view_u16, view_u32
from indexer.segment.layout import is_ranged, wide_places
from retrieval.lexical import tables

# Columns of the info of one term in one field of one segment. KIND: 0 absent, 1 short (decoded), 2 ranged.
# A short term's postings are decoded from FIRST on, and CURSOR is the next of them to look at; LOW and HIGH
# are the postings of the window at hand (of a short term, places among the decoded). BOUND, in a term's first
# field, are the maxima that bound it over all fields; 0 where it is in none.
KIND, SIZE, CHUNKS, IDS, CODES, STARTS, MAXIMA, ESCAPES, PLACES, FIRST, CURSOR, LOW, HIGH, BOUND = range(14)
INFO = 14
ABSENT, SHORT, RANGED = range(3)


@inline
def describe_term(segment: np.ndarray, row: np.ndarray, info: np.ndarray, short_limit: int) -> int:
    """Fill ``info`` (int64[INFO]) from a segment's row of :mod:`tables` and a term's (address, df); returns the
    postings to decode: all, unless the term is ranged and longer than ``short_limit``."""
    address, df = row[0], row[1]
    info[SIZE] = df
    info[KIND] = ABSENT
    if df == 0:
        return 0
    documents = segment[tables.DOCUMENTS]
    info[KIND] = SHORT
    info[IDS] = address
    if df <= short_limit or not is_ranged(df, documents):
        return df
    ids, codes, starts, maxima, places, _ = wide_places(address, df, documents, segment[tables.POSITIONAL])
    info[KIND] = RANGED
    info[CHUNKS] = address + 4
    info[IDS], info[CODES], info[STARTS], info[MAXIMA] = ids, codes, starts, maxima
    info[ESCAPES], info[PLACES] = int64(view_u32(address, 1)[0]), places
    return 0


@inline
def escaped_code(info: np.ndarray, posting: int) -> int:
    """The true code of a ranged term's posting whose byte is 255."""
    escapes = info[ESCAPES]
    where = view_u32(info[PLACES], escapes)
    low, left = int64(0), escapes
    while left > 1:  # without branches: which way it goes cannot be foretold
        half = left >> 1
        low += half * (int64(where[low + half - 1]) < posting)
        left -= half
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
def search_range(info: np.ndarray, doc: int, documents: int) -> int:
    """A ranged term's posting of a document, or -1."""
    low, high = range_postings(info, doc >> 7, documents)
    return search_between(view_u16(info[IDS], high), low, high, doc)


@inline
def search_between(ids: np.ndarray, low: int, high: int, doc: int) -> int:
    """A document's posting among those of its range, ``low .. high - 1``, or -1: near where it were if they
    were spread evenly."""
    if low == high:
        return -1
    want = doc & 65535
    at = low + (((doc & 127) * (high - low)) >> 7)
    if int64(ids[at]) < want:
        at += 1
        while at < high and int64(ids[at]) < want:
            at += 1
        return at if at < high and int64(ids[at]) == want else -1
    while at > low and int64(ids[at]) > want:
        at -= 1
    return at if int64(ids[at]) == want else -1


@inline
def search_decoded(info: np.ndarray, docs: np.ndarray, doc: int) -> int:
    """Where among the decoded postings a short term's posting of a document is, or -1."""
    low, high = info[FIRST], info[FIRST] + info[SIZE]
    last = high
    while low < high:
        middle = (low + high) >> 1
        if int64(docs[middle]) < doc:
            low = middle + 1
        else:
            high = middle
    return low if low < last and int64(docs[low]) == doc else -1


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
