"""Terms of several fields taken as one: their document frequency, and what bounds their impacts."""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import int64, kernel, view_f32, view_u8
from retrieval.lexical import tables
from retrieval.lexical.scanning import blocked, find_range, saturate, spread


@kernel("int64(int64[:,:,::1], int64[:,:,::1], int64, float32[::1], float32, uint8[::1])")
def unite(
    segments: np.ndarray, rows: np.ndarray, kind: int, shape: np.ndarray, largest: np.float32, maxima: np.ndarray
) -> int:
    """Live documents that hold a term in any field; ``rows``: int64[segments, fields, 3] as in lookup.

    The columns ALLOWED of ``segments`` are those of live documents. ``maxima`` (uint8, zero before, one for each
    range of 128 documents of all segments, or none) gets the term's greatest impact there in 254ths of
    ``largest``, which none exceeds, rounded up; ``kind`` is its statistics class.
    """
    sums = np.zeros(65536, np.float64)
    ids = np.empty(65536, np.uint16)
    values = np.empty(65536, np.float32)
    cursors = np.zeros(segments.shape[1], np.int64)
    column = tables.PER_CLASS + kind * tables.CLASS_COLUMNS
    unit = np.float32(254) / largest
    total = 0
    base = 0
    for s in range(segments.shape[0]):
        documents = segments[s, 0, tables.DOCUMENTS]
        ranges = (documents + 127) >> 7
        for chunk in range((documents + 65535) >> 16):
            for step in range(2):  # add up the frequencies, then read them
                for f in range(segments.shape[1]):
                    df = rows[s, f, 1]
                    if df == 0:
                        continue
                    if chunk == 0 and step == 0:
                        cursors[f] = 0
                    row = segments[s, f]
                    first, last = find_range(rows[s, f, 0], df, documents, row[tables.POSITIONAL], chunk, cursors[f])
                    table = view_f32(row[column + tables.TABLE], row[tables.CODES])
                    spread(rows[s, f, 0], df, documents, row[tables.POSITIONAL], first, last, table, ids, values)
                    if step == 0:
                        for i in range(last - first):
                            sums[ids[i]] += values[i]
                        continue
                    cursors[f] = last
                    bytes_ = view_u8(segments[s, 0, column + tables.BYTES], documents)
                    factors = view_f32(segments[s, 0, column + tables.FACTORS], 256)
                    for i in range(last - first):
                        tf = np.float32(sums[ids[i]])
                        if tf == 0:
                            continue
                        sums[ids[i]] = 0
                        doc = (chunk << 16) + int64(ids[i])
                        total += not blocked(segments[s, 0], doc)
                        if maxima.size:
                            impact = saturate(tf, factors[bytes_[doc]], shape)
                            r = base + (doc >> 7)
                            maxima[r] = max(int64(maxima[r]), min(255, 1 + int64(impact * unit)))
        base += ranges
    return total
