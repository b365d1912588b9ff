"""range: numbers, dates and keywords between bounds."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any, ClassVar

import numpy as np

from indexer import InvalidRequest, ParsingError
from indexer.fields import FLOATS, INTEGERS, Field, parse_number
from indexer.segment import Column

from ..columns import mask_where
from ..context import SearchContext
from ..words import indexed_term, lasting, searchable
from .base import Explanation, Matches, Parser, Query, constant, field_options, query_type
from .dates import date_bound, zone_of
from .lexical_leaf import dictionaries
from .options import boost_of, name
from .rewriting import remembered

__all__ = ["Range", "date_bound"]

_BOUNDS = ("gt", "gte", "lt", "lte")


@query_type
@dataclass(frozen=True)
class Range(Query):
    """Documents with a value between the bounds; dates take date math (`now-1d/d`, `2024-01-01||/M`)
    and a time zone."""

    type: ClassVar[str] = "range"
    field: str
    bounds: tuple[tuple[str, Any], ...]
    format: str | None = None
    boost: float = 1.0
    name: str | None = None
    zone: tzinfo = UTC

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> Range:
        path, found = field_options(cls.type, _with_marker(body), "_", {*_BOUNDS, "format", "time_zone", "relation"})
        if found.get("relation") is not None:
            raise ParsingError(f"[range] [relation] is for range fields; [{path}] holds single values")
        bounds = tuple((k, v) for k, v in found.items() if k in _BOUNDS and v is not None)
        for _, value in bounds:
            if isinstance(value, dict | list):
                raise ParsingError(f"[range] bounds of [{path}] must be single values")
        zone = zone_of(cls.type, found.get("time_zone"))
        return cls(path, bounds, name(cls.type, found, "format"), boost_of(found), found.get("_name"), zone)

    def matches(self, ctx: SearchContext) -> Matches:
        return Matches.of_mask(self.mask(ctx), self.boost)

    def mask(self, ctx: SearchContext) -> np.ndarray:
        return remembered(ctx, self, "mask", lambda: self._mask(ctx))

    def filter_key(self, ctx: SearchContext) -> Hashable | None:
        if any("now" in str(value) for _, value in self.bounds) or not lasting(ctx, ctx.field(self.field)):
            return None
        return ("range", self.field, repr(self.bounds), self.format, str(self.zone))

    def _mask(self, ctx: SearchContext) -> np.ndarray:
        field = searchable(ctx, self.field)
        if field is None:
            return np.zeros(ctx.documents, bool)
        if field.is_text or field.type == "keyword":
            return self._keywords(ctx, field)
        if field.type not in RANGED:
            raise InvalidRequest(f"Field [{field.path}] of type [{field.type}] does not support range queries")
        bounds = [(op, self._bound(ctx, field, op, value)) for op, value in self.bounds]

        def between(column: Column) -> np.ndarray:
            out = np.ones(len(column.values), bool)
            for op, bound in bounds:
                out &= _COMPARE[op](column.values, bound)
            return out

        return mask_where(ctx, field.path, between)

    def _keywords(self, ctx: SearchContext, field: Field) -> np.ndarray:
        low: bytes | None = None
        high: bytes | None = None
        for op, value in self.bounds:
            term = indexed_term(ctx, field, value).encode("utf-8", "surrogatepass")
            if op in ("gt", "gte"):
                low = term if op == "gte" else term + b"\0"
            else:
                high = term if op == "lt" else term + b"\0"
        return dictionaries(ctx, field.path).range(low, high).mask()

    def _bound(self, ctx: SearchContext, field: Field, op: str, value: Any) -> Any:
        try:
            if field.type == "date":
                formats = self.format or field.params.get("format")
                return date_bound(value, formats, ctx.now_ms, op in ("gt", "lte"), self.zone)
            number = parse_number(value) if isinstance(value, str) else value
            if isinstance(value, bool) or not isinstance(number, int | float) or number != number:
                raise ValueError(f"[{value}] is not a number")
            if field.type in FLOATS:
                return float(number)
            if isinstance(number, int) or math.isinf(number):
                return number
            # as a whole number, since a comparison with a fraction would round the field's values to doubles
            return math.floor(number) if op in ("gt", "lte") else math.ceil(number)
        except (ValueError, OverflowError) as error:
            raise InvalidRequest(f"failed to create query: {error} for field [{field.path}]") from None

    def explain(self, ctx: SearchContext, doc: int) -> Explanation:
        shown = " ".join(f"{op} {value}" for op, value in self.bounds)
        return constant(self.mask(ctx)[doc], self.boost, f"{self.field} {shown}".rstrip())


RANGED = FLOATS | set(INTEGERS) | {"date"}
_COMPARE = {"gt": np.greater, "gte": np.greater_equal, "lt": np.less, "lte": np.less_equal}


def _with_marker(body: Any) -> Any:
    """Bounds have no short form; the marker satisfies `field_options`, which wants one."""
    if isinstance(body, dict):
        return {k: {"_": True, **v} if isinstance(v, dict) else _no_short(k) for k, v in body.items()}
    return body


def _no_short(path: str) -> Any:
    raise ParsingError(f"[range] query for field [{path}] needs an object with gt, gte, lt or lte")
