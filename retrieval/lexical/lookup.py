"""Finding a term in every segment at once."""

from __future__ import annotations

import numpy as np

from indexer.segment.dictionary import find_term
from indexer.segment.kernels import inline, int64, kernel, view_i64, view_u8, view_u32
from retrieval.lexical import tables


@inline
def _lost(row: np.ndarray, ordinal: int) -> int:
    """Dead postings of a term."""
    size = row[tables.LOST_SIZE]
    if size == 0:
        return 0
    ordinals = view_u32(row[tables.LOST_TERMS], size)
    low, high = 0, size
    while low < high:
        middle = (low + high) >> 1
        if int64(ordinals[middle]) < ordinal:
            low = middle + 1
        else:
            high = middle
    if low < size and int64(ordinals[low]) == ordinal:
        return int64(view_u32(row[tables.LOST], size)[low])
    return 0


@kernel("UniTuple(int64, 2)(int64[:,:,::1], uint8[::1], int64[:,:,::1], int64[:,::1])")
def look_up(segments: np.ndarray, term: np.ndarray, rows: np.ndarray, live: np.ndarray) -> tuple[int, int]:
    """Fill ``rows`` (int64[segments, fields, 2]: address and frequency) and ``live`` (int64[segments, fields]:
    live documents) for a term; returns (sum of ``live``, statistics class or -1 when it is nowhere)."""
    total = 0
    kind = -1
    for s in range(segments.shape[0]):
        for f in range(segments.shape[1]):
            row = segments[s, f]
            rows[s, f, 0] = 0
            rows[s, f, 1] = 0
            live[s, f] = 0
            ordinal = find_term(
                row[tables.BLOB], row[tables.BOUNDS], row[tables.HASH], row[tables.HASH_SIZE], term, 0, term.size
            )
            if ordinal < 0:
                continue
            df = int64(view_u32(row[tables.DF], ordinal + 1)[ordinal])
            rows[s, f, 0] = row[tables.POSTINGS] + view_i64(row[tables.STARTS], ordinal + 1)[ordinal]
            rows[s, f, 1] = df
            live[s, f] = df - _lost(row, ordinal)
            total += live[s, f]
            if kind < 0:
                kind = int64(view_u8(row[tables.CLASSES], ordinal + 1)[ordinal])
    return total, kind
