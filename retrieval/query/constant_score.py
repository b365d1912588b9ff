"""constant_score: a filter whose matches all score `boost`."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from indexer import ParsingError

from ..context import SearchContext
from .base import Explanation, Highlight, Matches, Parser, Query, constant, options, query_type
from .options import boost_of
from .rewriting import remembered


@query_type
@dataclass(frozen=True)
class ConstantScore(Query):
    type: ClassVar[str] = "constant_score"
    filter: Query
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> ConstantScore:
        found = options(cls.type, body, {"filter"})
        if "filter" not in found:
            raise ParsingError("[constant_score] requires a 'filter' element")
        return cls(parser.query(found["filter"]), boost_of(found), found.get("_name"))

    def matches(self, ctx: SearchContext) -> Matches:
        return Matches.of_mask(self.filter.mask(ctx), self.boost)

    def mask(self, ctx: SearchContext) -> np.ndarray:
        return self.filter.mask(ctx)

    def filter_key(self, ctx: SearchContext) -> Hashable | None:
        return self.filter.filter_key(ctx)

    def explain(self, ctx: SearchContext, doc: int) -> Explanation:
        mask = remembered(ctx, self, "mask", lambda: self.filter.mask(ctx))
        return constant(mask[doc], self.boost, "the filter")

    def highlights(self, ctx: SearchContext) -> Iterator[Highlight]:
        return self.filter.highlights(ctx)

    def children(self) -> Iterator[Query]:
        yield self.filter
