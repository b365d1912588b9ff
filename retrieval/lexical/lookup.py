"""Finding terms in every segment at once."""

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


@kernel("void(int64[:,:,::1], uint8[::1], int64[::1], int64[:,:,:,::1], int64[:,::1])")
def look_up(
    segments: np.ndarray, letters: np.ndarray, bounds: np.ndarray, rows: np.ndarray, results: np.ndarray
) -> None:
    """Find terms, ``letters[bounds[i]:bounds[i + 1]]`` each.

    Filled are ``rows`` (int64[terms, segments, fields, 3]: address and frequency; the last, in the first field,
    is the address of maxima over all fields where they are known, 0 here) and ``results`` (int64[terms, 4]:
    sum of the fields' live document frequencies, statistics class or -1 for a term that is nowhere, whether
    some field has it in another class, how many fields have it in a live document).
    """
    for i in range(bounds.size - 1):
        total = 0
        kind = -1
        mixed = 0
        holding = 0
        for f in range(segments.shape[1]):
            live = 0
            for s in range(segments.shape[0]):
                row = segments[s, f]
                rows[i, s, f, 0] = 0
                rows[i, s, f, 1] = 0
                rows[i, s, f, 2] = 0
                ordinal = find_term(
                    row[tables.BLOB], row[tables.BOUNDS], row[tables.HASH], row[tables.HASH_SIZE],
                    letters, bounds[i], bounds[i + 1],
                )  # fmt: skip
                if ordinal < 0:
                    continue
                df = int64(view_u32(row[tables.DF], ordinal + 1)[ordinal])
                rows[i, s, f, 0] = row[tables.POSTINGS] + view_i64(row[tables.STARTS], ordinal + 1)[ordinal]
                rows[i, s, f, 1] = df
                live += df - _lost(row, ordinal)
                own = int64(view_u8(row[tables.CLASSES], ordinal + 1)[ordinal])
                if kind < 0:
                    kind = own
                mixed |= own != kind
            total += live
            holding += live > 0
        results[i, 0] = total
        results[i, 1] = kind
        results[i, 2] = mixed
        results[i, 3] = holding
