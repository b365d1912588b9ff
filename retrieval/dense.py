"""Vector search in a space of an index: exact, filtered inside the search, a passage scored by its best row.

FAISS finds the nearest rows; rows belong to documents. In descending order of rows a document is met
first at its best row, so the first k distinct documents are exactly the k best: the search asks for more
rows until it has met k. Filters and deletes are one bitmap over the rows, applied inside the search, so
that a filtered search still returns k.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from indexer.segment.vectors import VectorPart
from indexer.view import SpaceView


@dataclass(frozen=True, slots=True)
class DenseHits:
    """Documents by descending similarity, ties by document order.

    docs int64[n], similarities float32[n] (inner product, or negative squared distance for l2_norm).
    """

    docs: np.ndarray
    similarities: np.ndarray


def search(space: SpaceView, vector: np.ndarray, k: int, accept: np.ndarray | None = None) -> DenseHits:
    """The k documents nearest to `vector` (float32[dimension]) among those accepted (bool[documents])."""
    docs, sims = [], []
    for part, numbers in zip(space.parts, space.documents, strict=True):
        found, scores = _search_part(part, numbers, vector, k, accept)
        docs.append(found)
        sims.append(scores)
    if not docs:
        return DenseHits(np.zeros(0, np.int64), np.zeros(0, np.float32))
    all_docs, all_sims = np.concatenate(docs), np.concatenate(sims)
    order = np.lexsort((all_docs, -all_sims))[:k]
    return DenseHits(all_docs[order], all_sims[order])


def _search_part(
    part: VectorPart, numbers: np.ndarray, vector: np.ndarray, k: int, accept: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    allowed = numbers >= 0
    if accept is not None:
        allowed &= accept[np.maximum(numbers, 0)]
    count = int(allowed.sum())
    if count == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    parameters = None
    if count < len(allowed):
        import faiss  # by those who search vectors only: it takes a while

        bits = np.packbits(allowed[part.row_documents], bitorder="little")  # kept alive by this frame
        parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))  # type: ignore[call-arg,arg-type]
    wanted, query = min(k, count), vector.reshape(1, -1)
    rows_wanted = min(part.rows, max(16, wanted * max(1, part.rows // part.documents) // 2))
    sign = -1.0 if part.is_squared else 1.0
    while True:
        scores, rows = part.index.search(query, rows_wanted, params=parameters)
        found = rows[0] >= 0
        hits, sims = part.row_documents[rows[0][found]], sign * scores[0][found]
        first = np.sort(np.unique(hits, return_index=True)[1])
        # the last row's ties may hide beyond the window: only what is above it is settled
        settled = len(first) > wanted or (len(first) == wanted and sims[first[-1]] > sims[-1])
        if settled or rows_wanted >= part.rows or not found.all():
            return numbers[hits[first]], sims[first].astype(np.float32)
        rows_wanted = min(part.rows, rows_wanted * 2)


def similarities(space: SpaceView, vector: np.ndarray, docs: np.ndarray) -> np.ndarray:
    """float32[n]: the best row's similarity of any documents; NaN for those without a vector."""
    return best_rows(space, vector, docs)[0]


def best_rows(space: SpaceView, vector: np.ndarray, docs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The best row of each document: similarities float32[n] (NaN: none), spans int64[n, 2] in the body."""
    out = np.full(len(docs), np.nan, np.float32)
    spans = np.zeros((len(docs), 2), np.int64)
    for part, numbers in zip(space.parts, space.documents, strict=True):
        live = np.flatnonzero(numbers >= 0)
        at = np.searchsorted(numbers[live], docs)
        at = np.minimum(at, max(0, len(live) - 1))
        for i in np.flatnonzero(numbers[live[at]] == docs) if len(live) else ():
            sims, span = rows_of(part, int(live[at[i]]), vector)
            if len(sims):
                best = int(np.argmax(sims))
                out[i], spans[i] = sims[best], span[best]
    return out, spans


def rows_of(part: VectorPart, document: int, vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All rows of one of a part's documents: similarities float32[rows], spans uint32[rows, 2]."""
    lo, hi = int(part.starts[document]), int(part.starts[document + 1])
    rows = part.matrix[lo:hi]
    if part.is_squared:
        return -((rows - vector) ** 2).sum(axis=1), part.spans[lo:hi]
    return rows @ vector, part.spans[lo:hi]


def sentence_similarities(space: SpaceView, vector: np.ndarray, doc: int) -> list[tuple[int, int, float]]:
    """(start, end, similarity) of every row of one document, in text order."""
    for part, numbers in zip(space.parts, space.documents, strict=True):
        at = np.flatnonzero(numbers == doc)
        if len(at):
            sims, spans = rows_of(part, int(at[0]), vector)
            return [(int(a), int(b), float(s)) for (a, b), s in zip(spans, sims, strict=True)]
    return []
