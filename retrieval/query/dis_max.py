"""dis_max: the best of several queries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from indexer import ParsingError

from ..context import SearchContext
from .base import Explanation, Highlight, Matches, Parser, Query, options, query_type
from .match_all import MatchNone
from .options import boost_of, number


@query_type
@dataclass(frozen=True)
class DisMax(Query):
    """The best query's score plus `tie_breaker` times the others', times `boost`."""

    type: ClassVar[str] = "dis_max"
    queries: tuple[Query, ...]
    tie_breaker: float = 0.0
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> DisMax:
        found = options(cls.type, body, {"queries", "tie_breaker"})
        queries = parser.queries(found.get("queries", []))
        if not queries:
            raise ParsingError("[dis_max] requires 'queries' field with at least one clause")
        tie = number(cls.type, found, "tie_breaker", 0.0, 0.0, 1.0)
        return cls(queries, tie, boost_of(found), found.get("_name"))

    def matches(self, ctx: SearchContext) -> Matches:
        found = []
        for query in self.queries:
            ctx.check_time()
            found.append(query.matches(ctx))
        best = best_of(found, self.tie_breaker)
        return Matches(best.docs, best.scores * np.float32(self.boost))

    def mask(self, ctx: SearchContext) -> np.ndarray:
        out = np.zeros(ctx.documents, bool)
        for query in self.queries:
            ctx.check_time()
            out |= query.mask(ctx)
        return out

    def score(self, ctx: SearchContext, docs: np.ndarray) -> np.ndarray:
        scores = np.array([query.score(ctx, docs) for query in self.queries], np.float32)
        best = scores.max(axis=0, initial=0.0)
        total = np.zeros(len(docs), np.float32)
        for row in scores:
            total += row
        return (best + np.float32(self.tie_breaker) * (total - best)) * np.float32(self.boost)

    def explain(self, ctx: SearchContext, doc: int) -> Explanation:
        parts = tuple(p for p in (q.explain(ctx, doc) for q in self.queries) if p.value > 0)
        best = max((p.value for p in parts), default=0.0)
        rest = sum(p.value for p in parts) - best
        how = "max of:" if self.tie_breaker == 0.0 else f"max plus {self.tie_breaker:g} times others of:"
        if self.tie_breaker == 1.0:
            how = "sum of:"
        return Explanation(best + self.tie_breaker * rest, how, parts).times(self.boost)

    def highlights(self, ctx: SearchContext) -> Iterator[Highlight]:
        for query in self.queries:
            yield from query.highlights(ctx)

    def children(self) -> Iterator[Query]:
        return iter(self.queries)


def best_of(found: Sequence[Matches], tie_breaker: float) -> Matches:
    """Each document's best score plus `tie_breaker` times its other scores."""
    found = [m for m in found if len(m.docs)]
    if not found:
        return Matches.none()
    docs = np.unique(np.concatenate([m.docs for m in found]))
    best = np.zeros(len(docs), np.float32)
    total = np.zeros(len(docs), np.float32)
    for part in found:
        at = np.searchsorted(docs, part.docs)
        best[at] = np.maximum(best[at], part.scores)
        total[at] += part.scores
    return Matches(docs, best + np.float32(tie_breaker) * (total - best))


def best_query(queries: Sequence[Query], tie_breaker: float = 0.0) -> Query:
    """The queries as one: none matches nothing, one is itself."""
    if not queries:
        return MatchNone()
    return queries[0] if len(queries) == 1 else DisMax(tuple(queries), tie_breaker)
