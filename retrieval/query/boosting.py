"""boosting: matches of one query, demoted where another matches too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from indexer import ParsingError

from ..context import SearchContext
from .base import Explanation, Highlight, Matches, Parser, Query, options, query_type
from .options import boost_of, number
from .rewriting import remembered


@query_type
@dataclass(frozen=True)
class Boosting(Query):
    """The score of `positive`, times `negative_boost` where `negative` matches."""

    type: ClassVar[str] = "boosting"
    positive: Query
    negative: Query
    negative_boost: float
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> Boosting:
        found = options(cls.type, body, {"positive", "negative", "negative_boost"})
        for key in ("positive", "negative", "negative_boost"):
            if key not in found:
                raise ParsingError(f"[boosting] query requires '{key}' to be set")
        demotion = number(cls.type, found, "negative_boost", 0.0, 0.0)
        positive, negative = parser.query(found["positive"]), parser.query(found["negative"])
        return cls(positive, negative, demotion, boost_of(found), found.get("_name"))

    def _factors(self, ctx: SearchContext, docs: np.ndarray) -> np.ndarray:
        demoted = remembered(ctx, self, "negative", lambda: self.negative.mask(ctx))
        low = np.float32(self.negative_boost)
        return np.where(demoted[docs], low, np.float32(1.0)) * np.float32(self.boost)

    def matches(self, ctx: SearchContext) -> Matches:
        found = self.positive.matches(ctx)
        return Matches(found.docs, found.scores * self._factors(ctx, found.docs))

    def mask(self, ctx: SearchContext) -> np.ndarray:
        return self.positive.mask(ctx)

    def score(self, ctx: SearchContext, docs: np.ndarray) -> np.ndarray:
        return self.positive.score(ctx, docs) * self._factors(ctx, docs)

    def explain(self, ctx: SearchContext, doc: int) -> Explanation:
        inner = self.positive.explain(ctx, doc)
        if remembered(ctx, self, "negative", lambda: self.negative.mask(ctx))[doc]:
            inner = Explanation.product("", (Explanation(self.negative_boost, "negative_boost"), inner))
        return inner.times(self.boost)

    def highlights(self, ctx: SearchContext) -> Iterator[Highlight]:
        return self.positive.highlights(ctx)

    def children(self) -> Iterator[Query]:
        yield from (self.positive, self.negative)
