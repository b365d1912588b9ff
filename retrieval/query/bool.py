"""bool: must, should, must_not and filter clauses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..context import SearchContext
from ..words import minimum_of
from .base import Explanation, Highlight, Matches, Parser, Query, options, query_type, scores_at


@query_type
@dataclass(frozen=True)
class Bool(Query):
    """The score is the sum of the matching must and should clauses, times `boost`."""

    type: ClassVar[str] = "bool"
    must: tuple[Query, ...] = ()
    should: tuple[Query, ...] = ()
    must_not: tuple[Query, ...] = ()
    filter: tuple[Query, ...] = ()
    minimum: str | int | None = None
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> Bool:
        found = options(cls.type, body, {"must", "should", "must_not", "filter", "minimum_should_match"})
        return cls(
            parser.queries(found.get("must", [])),
            parser.queries(found.get("should", [])),
            parser.queries(found.get("must_not", [])),
            parser.queries(found.get("filter", [])),
            found.get("minimum_should_match"),
            float(found.get("boost", 1.0)),
            found.get("_name"),
        )

    def _needed(self) -> int:
        default = 0 if self.must or self.filter else 1
        return minimum_of(self.minimum, len(self.should), default) if self.should else 0

    def accepted(self, ctx: SearchContext) -> np.ndarray | None:
        """bool[documents] of what filter and must_not let through; None when there are none."""
        if not self.filter and not self.must_not:
            return None
        out = ctx.live.copy()
        for query in self.filter:
            ctx.check_time()
            out &= query.mask(ctx)
        for query in self.must_not:
            ctx.check_time()
            out &= ~query.mask(ctx)
        return out

    def matches(self, ctx: SearchContext) -> Matches:
        accept = self.accepted(ctx)
        scoring = [*self.must, *self.should]
        if not scoring:
            mask = ctx.live if accept is None else accept
            return Matches.of_mask(mask, 0.0 if self.filter else self.boost)
        found = []
        for query in scoring:
            ctx.check_time()
            words = query.words(ctx)
            found.append(query.matches(ctx) if words is None else Matches(*ctx.reader.matches(words, accept)))
        required = np.zeros(ctx.documents, np.int32)
        optional = np.zeros(ctx.documents, np.int32)
        total = np.zeros(ctx.documents, np.float32)
        for number, part in enumerate(found):
            (required if number < len(self.must) else optional)[part.docs] += 1
            total[part.docs] += part.scores
        mask = (required == len(self.must)) & (optional >= self._needed())
        mask &= ctx.live if accept is None else accept
        docs = np.flatnonzero(mask)
        return Matches(docs, total[docs] * np.float32(self.boost))

    def mask(self, ctx: SearchContext) -> np.ndarray:
        out = self.accepted(ctx)
        out = ctx.live.copy() if out is None else out
        for query in self.must:
            out &= query.mask(ctx)
        needed = self._needed()
        if needed:
            count = np.zeros(ctx.documents, np.int32)
            for query in self.should:
                count += query.mask(ctx)
            out &= count >= needed
        return out

    def score(self, ctx: SearchContext, docs: np.ndarray) -> np.ndarray:
        return scores_at(self.matches(ctx), docs)

    def explain(self, ctx: SearchContext, doc: int) -> Explanation:
        value = float(self.score(ctx, np.array([doc]))[0])
        parts = [q.explain(ctx, doc) for q in (*self.must, *self.should)]
        boost = "" if self.boost == 1.0 else f"boost {self.boost:g} times the "
        return Explanation(value, f"{boost}sum of:", tuple(p for p in parts if p.value > 0))

    def highlights(self, ctx: SearchContext) -> Iterator[Highlight]:
        for query in (*self.must, *self.should, *self.filter):
            yield from query.highlights(ctx)

    def children(self) -> Iterator[Query]:
        yield from (*self.must, *self.should, *self.must_not, *self.filter)
