"""The best k of a query: by the scoring kernels where they can take it whole, by its matches otherwise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .context import SearchContext
from .filters import both
from .fusion import order_of
from .lexical import Accepted
from .query.base import Query
from .query.bool import Bool

COUNT_TO = 10_000


@dataclass(frozen=True, slots=True)
class Ranked:
    """Documents by descending score, ties by document order; `total` matched (at least, when "gte")."""

    docs: np.ndarray  # int64[n]
    scores: np.ndarray  # float32[n]
    total: int
    relation: str = "eq"

    def at_least(self, min_score: float) -> Ranked:
        """Only the documents with such a score; the total counts them alone."""
        keep = self.scores >= min_score
        return Ranked(self.docs[keep], self.scores[keep], int(keep.sum()))

    @classmethod
    def none(cls) -> Ranked:
        return cls(np.zeros(0, np.int64), np.zeros(0, np.float32), 0)


def top_of(docs: np.ndarray, scores: np.ndarray, k: int) -> Ranked:
    """The best k of all matches."""
    total = len(docs)
    if k < total:
        # everything above the k-th score, and of its equals the first documents
        kth = np.partition(scores, total - k)[total - k] if k else np.inf
        above = np.flatnonzero(scores > kth)
        equal = np.flatnonzero(scores == kth)[: k - len(above)]
        keep = np.concatenate([above, equal])
        docs, scores = docs[keep], scores[keep]
    order = order_of(docs, scores)
    return Ranked(docs[order].astype(np.int64), scores[order].astype(np.float32), total)


def rank_query(
    ctx: SearchContext,
    query: Query,
    k: int,
    accept: Accepted | None = None,
    count_to: int = COUNT_TO,
) -> Ranked:
    """The best k documents of `query` among those accepted (None: all).

    Totals are exact up to `count_to`, then a lower bound with the relation "gte".
    """
    ctx.check_time()
    query = query.simplified(ctx)
    inner, filtered = query, accept
    if isinstance(query, Bool) and query.boost == 1.0 and len(query.must) + len(query.should) == 1:
        # one scoring clause and filters: the kernels take the clause, the filters become the mask
        scoring = (*query.must, *query.should)[0]
        if query._needed() == len(query.should):
            inner = scoring
            filtered = both(accept, query.accepted(ctx))
    words = inner.words(ctx)
    if words is not None:
        found = ctx.reader.top_k(words, max(k, 1), filtered, count_to)
        return Ranked(found.docs[:k].astype(np.int64), found.scores[:k], found.total, found.relation)
    found_all = query.matches(ctx)
    docs, scores = found_all.docs, found_all.scores
    if accept is not None:
        keep = accept.mask[docs]
        docs, scores = docs[keep], scores[keep]
    return top_of(docs, scores, k)
