"""distance_feature: dates nearer to a moment score higher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from indexer import InvalidRequest, ParsingError

from ..columns import mask_where
from ..context import SearchContext
from ..words import searchable
from .base import Explanation, Matches, Parser, Query, options, query_type
from .dates import date_bound
from .numeric import reduced
from .options import boost_of
from .score_functions import milliseconds


@query_type
@dataclass(frozen=True)
class DistanceFeature(Query):
    """Documents with a date in the field; they score boost * pivot / (pivot + the distance of the nearest one to
    `origin`), so half of the boost at the distance `pivot`."""

    type: ClassVar[str] = "distance_feature"
    field: str
    origin: Any
    pivot: str
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> DistanceFeature:
        found = options(cls.type, body, {"field", "origin", "pivot"})
        field, origin, pivot = found.get("field"), found.get("origin"), found.get("pivot")
        if not isinstance(field, str) or not isinstance(pivot, str):
            raise ParsingError("[distance_feature] requires a [field] of dates, an [origin] and a [pivot] such as 7d")
        if isinstance(origin, bool) or not isinstance(origin, str | int):
            raise ParsingError(f"[distance_feature] [origin] must be a date such as now, not [{origin}]")
        return cls(field, origin, pivot, boost_of(found), found.get("_name"))

    def mask(self, ctx: SearchContext) -> np.ndarray:
        spec = searchable(ctx, self.field)
        if spec is None:
            return np.zeros(ctx.documents, bool)
        self._numbers(ctx)
        return mask_where(ctx, self.field, lambda column: np.ones(len(column.values), bool))

    def matches(self, ctx: SearchContext) -> Matches:
        docs = np.flatnonzero(self.mask(ctx))
        return Matches(docs, self.score(ctx, docs))

    def score(self, ctx: SearchContext, docs: np.ndarray) -> np.ndarray:
        if searchable(ctx, self.field) is None:
            return np.zeros(len(docs), np.float32)
        origin, pivot = self._numbers(ctx)
        distance, known = reduced(ctx, self.field, docs, lambda dates: np.abs(dates - origin), "min")
        return np.where(known, self.boost * (pivot / (pivot + distance)), 0.0).astype(np.float32)

    def _numbers(self, ctx: SearchContext) -> tuple[float, float]:
        """The origin and the pivot in milliseconds; InvalidRequest."""
        spec = ctx.mapping.fields[self.field]
        if spec.type != "date":
            raise InvalidRequest(f"[distance_feature] field [{self.field}] of type [{spec.type}] does not hold dates")
        try:
            origin = float(date_bound(self.origin, spec.params.get("format"), ctx.now_ms, False))
            pivot = milliseconds(self.pivot)
        except (ValueError, OverflowError) as error:
            raise InvalidRequest(f"[distance_feature] of [{self.field}]: {error}") from None
        if pivot <= 0:
            raise InvalidRequest(f"[distance_feature] [pivot] must be a time > 0, not [{self.pivot}]")
        return origin, pivot

    def explain(self, ctx: SearchContext, doc: int) -> Explanation:
        value = float(self.score(ctx, np.array([doc]))[0])
        if not self.mask(ctx)[doc]:
            return Explanation(0.0, f"no date in [{self.field}]")
        return Explanation(
            value, f"distance of [{self.field}] to {self.origin}, pivot {self.pivot}, boost {self.boost:g}"
        )
