"""range: numbers, dates and keywords between bounds."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import numpy as np

from indexer import InvalidRequest, ParsingError
from indexer.fields import FLOATS, Field, parse_date
from indexer.segment import Column

from ..columns import mask_where
from ..context import SearchContext
from .base import Matches, Parser, Query, field_options, query_type

_BOUNDS = ("gt", "gte", "lt", "lte")
_MATH = re.compile(r"([+-]\d+|/)([yMwdhHms])")


@query_type
@dataclass(frozen=True)
class Range(Query):
    """Documents with a value between the bounds; dates take date math (`now-1d/d`, `2024-01-01||/M`)."""

    type: ClassVar[str] = "range"
    field: str
    bounds: tuple[tuple[str, Any], ...]
    format: str | None = None
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> Range:
        path, found = field_options(cls.type, _with_marker(body), "_", {*_BOUNDS, "format", "relation"})
        bounds = tuple((k, v) for k, v in found.items() if k in _BOUNDS and v is not None)
        for _, value in bounds:
            if isinstance(value, dict | list):
                raise ParsingError(f"[range] bounds of [{path}] must be single values")
        formats = found.get("format")
        if formats is not None and not isinstance(formats, str):
            raise ParsingError(f"[range] [format] of [{path}] must be a string")
        return cls(path, bounds, formats, float(found.get("boost", 1.0)), found.get("_name"))

    def matches(self, ctx: SearchContext) -> Matches:
        return Matches.of_mask(self.mask(ctx), self.boost)

    def mask(self, ctx: SearchContext) -> np.ndarray:
        field = ctx.field(self.field)
        if field is None:
            return np.zeros(ctx.documents, bool)
        if field.is_text or field.type == "keyword":
            return self._keywords(ctx, field)
        if field.type in ("dense_vector", "boolean"):
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
            term = str(value).encode()
            if op in ("gt", "gte"):
                low = term if op == "gte" else term + b"\0"
            else:
                high = term if op == "lt" else term + b"\0"
        out = np.zeros(ctx.documents, bool)
        for term in ctx.reader.expand(field.path, low, high, 1 << 30):
            docs, _ = ctx.reader.postings(field.path, term)
            out[docs] = True
        return out

    def _bound(self, ctx: SearchContext, field: Field, op: str, value: Any) -> Any:
        try:
            if field.type == "date":
                return date_bound(value, self.format or field.params.get("format"), ctx.now_ms, op in ("gt", "lte"))
            number = float(value) if isinstance(value, str | float) else value
            if isinstance(value, bool) or not isinstance(number, int | float):
                raise ValueError(f"[{value}] is not a number")
            if field.type in FLOATS:
                return float(number)
            return max(-(1 << 63), min((1 << 63) - 1, number)) if isinstance(number, int) else number
        except (ValueError, OverflowError) as error:
            raise InvalidRequest(f"failed to create query: {error} for field [{field.path}]") from None


_COMPARE = {"gt": np.greater, "gte": np.greater_equal, "lt": np.less, "lte": np.less_equal}


def _with_marker(body: Any) -> Any:
    """Bounds have no short form; the marker satisfies `field_options`, which wants one."""
    if isinstance(body, dict):
        return {k: {"_": True, **v} if isinstance(v, dict) else _no_short(k) for k, v in body.items()}
    return body


def _no_short(path: str) -> Any:
    raise ParsingError(f"[range] query for field [{path}] needs an object with gt, gte, lt or lte")


def date_bound(value: Any, formats: str | None, now_ms: int, up: bool) -> int:
    """Milliseconds of a date bound with date math; rounding goes up for gt and lte, down otherwise.

    Elasticsearch: `gt` and `lte` round to the last millisecond of the unit, `gte` and `lt` to the first.
    """
    text = str(value)
    if text.startswith("now"):
        base, math = now_ms, text[3:]
    elif "||" in text:
        anchor, math = text.split("||", 1)
        base = parse_date(anchor, formats)
    else:
        start = parse_date(value, formats)
        return _end_of_text(text, start) if up else start
    moment = datetime.fromtimestamp(base / 1000, UTC)
    if _MATH.sub("", math):
        raise ValueError(f"date math [{text}] cannot be read; use now-1d/d or 2024-01-01||+1M/d")
    for step, unit in _MATH.findall(math):
        moment = _rounded(moment, unit, up) if step == "/" else _shifted(moment, int(step), unit)
    return round(moment.timestamp() * 1000)


def _end_of_text(text: str, start: int) -> int:
    """A date given only to the day, month or year means its last millisecond when rounded up."""
    unit = {4: "y", 7: "M", 10: "d"}.get(len(text)) if re.fullmatch(r"\d{4}(-\d{2}){0,2}", text) else None
    if unit is None:
        return start
    return round(_rounded(datetime.fromtimestamp(start / 1000, UTC), unit, True).timestamp() * 1000)


def _shifted(moment: datetime, count: int, unit: str) -> datetime:
    if unit in "yM":
        months = moment.month - 1 + count * (12 if unit == "y" else 1)
        year, month = moment.year + months // 12, months % 12 + 1
        return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))
    seconds = {"w": 604800, "d": 86400, "h": 3600, "H": 3600, "m": 60, "s": 1}[unit]
    return moment + timedelta(seconds=seconds * count)


def _rounded(moment: datetime, unit: str, up: bool) -> datetime:
    low = moment.replace(microsecond=0)
    if unit != "s":
        low = low.replace(second=0)
    if unit not in "sm":
        low = low.replace(minute=0)
    if unit not in "smhH":
        low = low.replace(hour=0)
    if unit == "w":
        low -= timedelta(days=low.weekday())
    if unit in "yM":
        low = low.replace(day=1)
    if unit == "y":
        low = low.replace(month=1)
    return _shifted(low, 1, unit) - timedelta(milliseconds=1) if up else low
