"""Doc values across the segments of a view: predicates to masks, one value a document to arrays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from indexer.segment import Column

from .context import SearchContext

Predicate = Callable[[Column], np.ndarray]


def mask_where(ctx: SearchContext, path: str, predicate: Predicate) -> np.ndarray:
    """bool[documents]: live documents with any value of column `path` for which the predicate holds.

    `predicate` gets a segment's column and gives bool[values].
    """
    out = np.zeros(ctx.documents, bool)
    start = 0
    for segment in ctx.view.segments:
        column = segment.column(path)
        if column is not None:
            hit = predicate(column)
            part = out[start : start + segment.documents]
            if column.offsets is None:
                part[:] = hit
            elif hit.any():
                part[column.owners()[hit]] = True
        start += segment.documents
    return out & ctx.live
