"""Term at a time over chunks of 65,536 documents: the exhaustive way, and the general one.

Contributions in a chunk are summed in an array that stays in the second-level cache, then read off. It serves
every similarity, any number of fields, any minimum of matching terms, filters and exact counts.
"""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int64, kernel, view_f32, view_u8, view_u16, view_u32, view_u64
from indexer.segment.layout import is_wide, narrow_escapes, wide_places
from retrieval.lexical import tables
from retrieval.lexical.collecting import finish, offer
from retrieval.lexical.fixed import score_of, to_fixed

CHUNK = 1 << 16


@inline
def blocked(row: np.ndarray, doc: int) -> bool:
    """Whether a local document may not be a hit."""
    return row[tables.ALLOWED] != 0 and not (view_u8(row[tables.ALLOWED] + (doc >> 3), 1)[0] >> (doc & 7)) & 1


@inline
def drop_blocked(row: np.ndarray, found: np.ndarray, beside: np.ndarray, count: int) -> int:
    """Of ``count`` local documents and what is ``beside`` them keep those that may be hits; returns their number."""
    if row[tables.ALLOWED] == 0:
        return count
    kept = 0
    for c in range(count):
        doc, value = found[c], beside[c]
        found[kept], beside[kept] = doc, value
        kept += (view_u8(row[tables.ALLOWED] + (doc >> 3), 1)[0] >> (doc & 7)) & 1
    return kept


@inline
def any_allowed(row: np.ndarray, r: int) -> bool:
    """Whether a document of a range may be a hit, where not all may."""
    at = row[tables.ALLOWED] + 16 * r
    return bool(view_u64(at) | view_u64(at + 8) != 0)


@inline
def allowed_share(row: np.ndarray) -> float:
    """Which part of a segment's documents may be hits."""
    return row[tables.ALLOWED_COUNT] / max(1, row[tables.DOCUMENTS])


@inline
def saturate(tf: np.float32, factor: np.float32, shape: np.ndarray) -> np.float32:
    """h(tf * factor) of :mod:`retrieval.lexical.similarity`; shape: float32[6]."""
    x = tf * factor
    if shape[4] != 0:
        return x
    y = shape[0] * ((x + shape[1]) / (x + shape[2])) + shape[3]
    return tf * y if shape[5] != 0 else y


@inline
def find_range(address: int, df: int, documents: int, positional: int, chunk: int, cursor: int) -> tuple[int, int]:
    """Postings of a term in a chunk: their first and the one after the last. ``cursor``: where a narrow
    term's postings of this chunk start."""
    if is_wide(df, documents):
        first = view_u32(address + 4 + 4 * chunk, 2)
        return int64(first[0]), int64(first[1])
    ids = view_u32(address, df)
    end = cursor
    while end < df and int64(ids[end]) >> 16 == chunk:
        end += 1
    return cursor, end


@inline
def spread(
    address: int,
    df: int,
    documents: int,
    positional: int,
    first: int,
    last: int,
    table: np.ndarray,
    ids: np.ndarray,
    values: np.ndarray,
) -> None:
    """Postings ``first .. last - 1`` as documents within their chunk and ``table`` of their codes."""
    if is_wide(df, documents):
        ids_at, codes_at, _, _, places, _ = wide_places(address, df, documents, positional)
        narrow = view_u16(ids_at, df)
        codes = view_u8(codes_at, df)
        escapes = int64(view_u32(address, 1)[0])
        for i in range(first, last):
            ids[i - first] = narrow[i]
            values[i - first] = table[codes[i]]
        if escapes:
            where = view_u32(places, escapes)
            what = view_u32(places + 4 * escapes, escapes)
            low, high = 0, escapes
            while low < high:
                middle = (low + high) >> 1
                if int64(where[middle]) < first:
                    low = middle + 1
                else:
                    high = middle
            while low < escapes and int64(where[low]) < last:
                values[int64(where[low]) - first] = table[what[low]]
                low += 1
        return
    wide = view_u32(address, df)
    codes = view_u8(address + 4 * df, df)
    extra = narrow_escapes(address, df)
    for i in range(last):
        code = np.uint32(codes[i])
        if code == 255:
            code = view_u32(extra, 1)[0]
            extra += 4
        if i >= first:
            ids[i - first] = wide[i] & 65535
            values[i - first] = table[code]


@inline
def add_term(
    segment: np.ndarray,
    row: np.ndarray,
    cursors: np.ndarray,
    chunk: int,
    kind: int,
    weight: np.float32,
    by_table: bool,
    shape: np.ndarray,
    scale: float,
    ids: np.ndarray,
    values: np.ndarray,
    freqs: np.ndarray,
    totals: np.ndarray,
    counts: np.ndarray,
) -> int:
    """Add one term's contributions in a chunk to ``totals`` and one to ``counts`` of each document that has
    it, in whichever field; returns the number of postings."""
    column = tables.PER_CLASS + kind * tables.CLASS_COLUMNS
    fields = segment.shape[0]
    total = 0
    base = chunk << 16
    if fields > 1:  # the frequencies of all fields first
        for f in range(fields):
            df = row[f, 1]
            if df == 0:
                continue
            documents, positional = segment[f, tables.DOCUMENTS], segment[f, tables.POSITIONAL]
            first, last = find_range(row[f, 0], df, documents, positional, chunk, cursors[f])
            table = view_f32(segment[f, column + tables.TABLE], segment[f, tables.CODES])
            spread(row[f, 0], df, documents, positional, first, last, table, ids, values)
            for i in range(last - first):
                freqs[ids[i]] += values[i]
    for f in range(fields):
        df = row[f, 1]
        if df == 0:
            continue
        documents, positional = segment[f, tables.DOCUMENTS], segment[f, tables.POSITIONAL]
        first, last = find_range(row[f, 0], df, documents, positional, chunk, cursors[f])
        cursors[f] = last
        total += last - first
        table = view_f32(segment[f, column + tables.TABLE], segment[f, tables.CODES])
        spread(row[f, 0], df, documents, positional, first, last, table, ids, values)
        if by_table:
            for i in range(last - first):
                totals[ids[i]] += to_fixed(weight * values[i], scale)
                counts[ids[i]] += 1
            continue
        bytes_at = segment[0, column + tables.BYTES]
        bytes_ = view_u8(bytes_at + base, 65536)
        factors = view_f32(segment[0, column + tables.FACTORS], 256 if bytes_at else documents)
        for i in range(last - first):
            doc = int64(ids[i])
            x = values[i]
            if fields > 1:
                x = np.float32(freqs[doc])
                if x == 0:  # counted with an earlier field
                    continue
                freqs[doc] = 0
            factor = factors[bytes_[doc]] if bytes_at else factors[base + doc]
            totals[doc] += to_fixed(weight * saturate(x, factor, shape), scale)
            counts[doc] += 1
    return total


@kernel(
    "UniTuple(int64, 2)(int64[:,:,::1], int64[:,:,:,::1], int64[::1], float32[::1], boolean, float32[::1], float64,"
    " int64, int64[::1], int64[::1], uint32[::1], float32[::1])"
)
def scan(
    segments: np.ndarray,
    rows: np.ndarray,
    kinds: np.ndarray,
    weights: np.ndarray,
    by_table: bool,
    shape: np.ndarray,
    scale: float,
    minimum: int,
    keys: np.ndarray,
    state: np.ndarray,
    docs: np.ndarray,
    scores_out: np.ndarray,
) -> tuple[int, int]:
    """The best documents that hold at least ``minimum`` of the terms.

    ``kinds``: int64[terms], statistics classes; ``weights``: float32[terms]; ``by_table``: contributions are
    the weight times the table over codes (else the table's value times the document's factor goes through
    h of ``shape``); ``scale``: see :mod:`retrieval.lexical.fixed`; ``keys``, ``state``: see
    :mod:`retrieval.lexical.collecting`. Returns (hits kept, documents that match).
    """
    terms = kinds.size
    fields = segments.shape[1]
    totals = np.zeros(65536, np.int64)
    counts = np.zeros(65536, np.uint16)
    freqs = np.zeros(65536 if fields > 1 else 1, np.float64)
    ids = np.empty(65536, np.uint16)
    values = np.empty(65536, np.float32)
    cursors = np.zeros((terms, fields), np.int64)
    score = np.zeros(1, np.float32)
    total = 0
    for s in range(segments.shape[0]):
        segment = segments[s]
        documents = segment[0, tables.DOCUMENTS]
        cursors[:] = 0
        for chunk in range((documents + 65535) >> 16):
            postings = 0
            for t in range(terms):
                postings += add_term(
                    segment, rows[t, s], cursors[t], chunk, kinds[t], weights[t], by_table, shape, scale,
                    ids, values, freqs, totals, counts,
                )  # fmt: skip
            if postings == 0:
                continue
            base = chunk << 16
            for doc in range(min(65536, documents - base)):
                if counts[doc] >= minimum and not blocked(segment[0], base + doc):
                    total += 1
                    offer(score_of(totals[doc], scale), segment[0, tables.BASE] + base + doc, keys, state, score)
            totals[:] = 0
            counts[:] = 0
    return finish(keys, state, docs, scores_out), total
