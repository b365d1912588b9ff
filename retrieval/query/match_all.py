"""match_all and match_none."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..context import SearchContext
from .base import Explanation, Matches, Parser, Query, constant, options, query_type
from .options import boost_of


@query_type
@dataclass(frozen=True)
class MatchAll(Query):
    """Every live document, with the score `boost`."""

    type: ClassVar[str] = "match_all"
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> MatchAll:
        found = options(cls.type, body, set())
        return cls(boost_of(found), found.get("_name"))

    def matches(self, ctx: SearchContext) -> Matches:
        return Matches.of_mask(ctx.live, self.boost)

    def mask(self, ctx: SearchContext) -> np.ndarray:
        return ctx.live

    def filter_key(self, ctx: SearchContext) -> Hashable | None:
        return self.type

    def explain(self, ctx: SearchContext, doc: int) -> Explanation:
        return constant(ctx.live[doc], self.boost, "*:*")


@query_type
@dataclass(frozen=True)
class MatchNone(Query):
    """No document."""

    type: ClassVar[str] = "match_none"
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> MatchNone:
        options(cls.type, body, set())
        return cls()

    def matches(self, ctx: SearchContext) -> Matches:
        return Matches.none()
