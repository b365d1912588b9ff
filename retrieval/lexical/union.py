"""Document frequency of a term over several fields."""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import int64, kernel, view_f32
from retrieval.lexical import tables
from retrieval.lexical.scanning import blocked, find_range, spread


@kernel("int64(int64[:,:,::1], int64[:,:,::1])")
def union_frequency(segments: np.ndarray, rows: np.ndarray) -> int:
    """Live documents that hold a term in any field; ``rows``: int64[segments, fields, 2] as in lookup.

    The columns ALLOWED of ``segments`` are those of live documents.
    """
    seen = np.zeros(65536, np.uint8)
    ids = np.empty(65536, np.uint16)
    values = np.empty(65536, np.float32)
    cursors = np.zeros(segments.shape[1], np.int64)
    total = 0
    for s in range(segments.shape[0]):
        documents = segments[s, 0, tables.DOCUMENTS]
        cursors[:] = 0
        for chunk in range((documents + 65535) >> 16):
            for f in range(segments.shape[1]):
                df = rows[s, f, 1]
                if df == 0:
                    continue
                positional = segments[s, f, tables.POSITIONAL]
                first, last = find_range(rows[s, f, 0], df, documents, positional, chunk, cursors[f])
                cursors[f] = last
                table = view_f32(segments[s, f, tables.PER_CLASS + tables.TABLE], segments[s, f, tables.CODES])
                spread(rows[s, f, 0], df, documents, positional, first, last, table, ids, values)
                for i in range(last - first):
                    doc = int64(ids[i])
                    if seen[doc] == 0:
                        seen[doc] = 1
                        total += not blocked(segments[s, 0], (chunk << 16) + doc)
            seen[:] = 0
    return total
