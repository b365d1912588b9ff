"""Scores of given documents: each term's posting is searched for."""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int64, kernel, view_f32, view_u8, view_u16, view_u32
from indexer.segment.layout import is_ranged, is_wide, narrow_escapes, wide_places
from retrieval.lexical import tables
from retrieval.lexical.fixed import score_of, to_fixed
from retrieval.lexical.scanning import saturate


@inline
def find_posting(address: int, df: int, documents: int, positional: int, doc: int) -> int:
    """Which posting of a term is a document's, or -1."""
    if not is_wide(df, documents):
        ids = view_u32(address, df)
        low, high = 0, df
        while low < high:
            middle = (low + high) >> 1
            if int64(ids[middle]) < doc:
                low = middle + 1
            else:
                high = middle
        return low if low < df and int64(ids[low]) == doc else -1
    ids_at, _, starts_at, _, _, _ = wide_places(address, df, documents, positional)
    chunk = doc >> 16
    first = view_u32(address + 4 + 4 * chunk, 2)
    low, end = int64(first[0]), int64(first[1])
    if is_ranged(df, documents):
        r = doc >> 7
        starts = view_u16(starts_at, r + 2)
        begin = low
        low = begin + int64(starts[r])
        if (r + 1) & 511 and (r + 1) << 7 < documents:
            end = begin + int64(starts[r + 1])
    narrow = view_u16(ids_at, df)
    want = doc & 65535
    high = end
    while low < high:
        middle = (low + high) >> 1
        if int64(narrow[middle]) < want:
            low = middle + 1
        else:
            high = middle
    return low if low < end and int64(narrow[low]) == want else -1


@inline
def leap(ids: np.ndarray, low: int, end: int, want: int) -> int:
    """The first of ``ids[low:end]`` that is not below ``want``: in doubling steps, then between the last two."""
    high = low
    step = 1
    while high < end and int64(ids[high]) < want:
        low = high + 1
        high += step
        step <<= 1
    high = min(high, end)
    while low < high:
        middle = (low + high) >> 1
        if int64(ids[middle]) < want:
            low = middle + 1
        else:
            high = middle
    return low


@inline
def find_later(row: np.ndarray, documents: int, positional: int, doc: int, before: int) -> int:
    """:func:`find_posting` of the term at ``row`` (address, df), when postings up to number ``before`` are of
    smaller documents. What is not there is -2 less the number of postings of smaller documents."""
    address, df = row[0], row[1]
    if not is_wide(df, documents):
        ids = view_u32(address, df)
        at = leap(ids, before, df, doc)
        return at if at < df and int64(ids[at]) == doc else -2 - at
    ids_at = wide_places(address, df, documents, positional)[0]
    first = view_u32(address + 4 + 4 * (doc >> 16), 2)
    end = int64(first[1])
    narrow = view_u16(ids_at, df)
    at = leap(narrow, max(before, int64(first[0])), end, doc & 65535)
    return at if at < end and int64(narrow[at]) == doc & 65535 else -2 - at


@inline
def code_of(address: int, df: int, documents: int, positional: int, posting: int) -> int:
    """The code of a posting."""
    if not is_wide(df, documents):
        codes = view_u8(address + 4 * df, df)
        code = int64(codes[posting])
        if code == 255:
            before = 0
            for i in range(posting):
                before += codes[i] == 255
            code = int64(view_u32(narrow_escapes(address, df) + 4 * before, 1)[0])
        return code
    _, codes_at, _, _, places, _ = wide_places(address, df, documents, positional)
    code = int64(view_u8(codes_at + posting, 1)[0])
    if code == 255:
        escapes = int64(view_u32(address, 1)[0])
        where = view_u32(places, escapes)
        low, high = 0, escapes
        while low < high:
            middle = (low + high) >> 1
            if int64(where[middle]) < posting:
                low = middle + 1
            else:
                high = middle
        code = int64(view_u32(places + 4 * escapes, escapes)[low])
    return code


@kernel(
    "void(int64[:,:,::1], int64[:,:,:,::1], int64[::1], float32[::1], boolean, float32[::1], float64,"
    " int64[::1], int64[::1], float32[::1], int64[::1], float32[:,::1])"
)
def probe(
    segments: np.ndarray,
    rows: np.ndarray,
    kinds: np.ndarray,
    weights: np.ndarray,
    by_table: bool,
    shape: np.ndarray,
    scale: float,
    owners: np.ndarray,
    locals_: np.ndarray,
    scores: np.ndarray,
    counts: np.ndarray,
    found: np.ndarray,
) -> None:
    """Scores and numbers of matching terms of documents ``locals_`` in segments ``owners``; parameters as for
    :func:`retrieval.lexical.scanning.scan`. ``found``: float32[terms, 2] gets, of the last document, each
    term's (weighted) frequency or table value and its contribution."""
    for d in range(owners.size):
        segment = segments[owners[d]]
        doc = locals_[d]
        total = 0
        for t in range(kinds.size):
            column = tables.PER_CLASS + kinds[t] * tables.CLASS_COLUMNS
            sum_ = 0.0
            for f in range(segment.shape[0]):
                address, df = rows[t, owners[d], f, 0], rows[t, owners[d], f, 1]
                if df == 0:
                    continue
                documents, positional = segment[f, tables.DOCUMENTS], segment[f, tables.POSITIONAL]
                posting = find_posting(address, df, documents, positional, doc)
                if posting >= 0:
                    table = view_f32(segment[f, column + tables.TABLE], segment[f, tables.CODES])
                    sum_ += table[code_of(address, df, documents, positional, posting)]
            x = np.float32(sum_)
            found[t, 0] = x
            found[t, 1] = 0
            if x == 0:
                continue
            counts[d] += 1
            if not by_table:
                bytes_at = segment[0, column + tables.BYTES]
                at = int64(view_u8(bytes_at + doc, 1)[0]) if bytes_at else doc
                x = saturate(x, view_f32(segment[0, column + tables.FACTORS], at + 1)[at], shape)
            found[t, 1] = weights[t] * x
            total += to_fixed(weights[t] * x, scale)
        scores[d] = score_of(total, scale)
