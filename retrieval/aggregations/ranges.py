"""range and date_range: one bucket for each given range, `from` included, `to` not."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any, ClassVar

import numpy as np

from indexer import InvalidRequest, ParsingError

from ..formats import DEFAULT_DATE, format_date, format_number, zone_of
from .base import NO_CHILDREN, Aggregation, Aggregations, Options, Result, aggregation_type, unsupported
from .dates import date_value
from .pairs import Pairs
from .scope import Scope


@dataclass(frozen=True)
class Bound:
    """One range as it stands in the request."""

    low: Any = None
    high: Any = None
    key: str | None = None


@dataclass(frozen=True)
class _Edges:
    """One range in numbers, with how its ends are printed."""

    low: float
    high: float
    key: str
    shown: Result


class _Ranges(Aggregation):
    takes_children: ClassVar[bool] = True
    field: str
    ranges: tuple[Bound, ...]
    keyed: bool
    missing: Any
    format: str | None
    children: Aggregations

    @abstractmethod
    def edges(self, scope: Scope) -> list[_Edges]:
        """The ranges, by their lower and then their upper end."""

    def run(self, scope: Scope, pairs: Pairs) -> list[Result]:
        values = scope.values(self.field, self.missing, self.format)
        if values is not None and values.terms is not None:
            raise unsupported(values.kind, self.field, self.type)
        edges = self.edges(scope)
        scope.make_buckets(len(edges) * pairs.buckets)
        counts, docs, numbers = [], [], []
        rows = places = np.zeros(0, np.int64)
        found: np.ndarray = np.zeros(0)
        if values is not None:
            rows, places = values.expand(pairs.docs)
            found = values.values[places]
        for number, edge in enumerate(edges):
            inside = rows[(found >= edge.low) & (found < edge.high)]
            if values is not None and not values.single:
                inside = np.unique(inside)
            owners = pairs.bucket_of[inside]
            counts.append(np.bincount(owners, minlength=pairs.buckets))
            docs.append(pairs.docs[inside])
            numbers.append(owners * len(edges) + number)
        inner = None
        if self.children:
            below = Pairs(np.concatenate(docs), np.concatenate(numbers), pairs.buckets * len(edges))
            inner = self.children.run(scope, below)
        out = []
        for owner in range(pairs.buckets):
            buckets: list[Result] = []
            for number, edge in enumerate(edges):
                bucket = {**edge.shown, "doc_count": int(counts[number][owner])}
                if inner is not None:
                    bucket.update(inner[owner * len(edges) + number])
                buckets.append(bucket if self.keyed else {"key": edge.key, **bucket})
            keyed = {e.key: b for e, b in zip(edges, buckets, strict=True)}
            out.append({"buckets": keyed if self.keyed else buckets})
        return out


def _sorted(edges: list[_Edges]) -> list[_Edges]:
    return sorted(edges, key=lambda edge: (edge.low, edge.high))


@aggregation_type
@dataclass(frozen=True)
class Range(_Ranges):
    """Numbers in ranges, which may overlap."""

    type: ClassVar[str] = "range"
    field: str
    ranges: tuple[Bound, ...]
    keyed: bool = False
    missing: Any = None
    format: str | None = None
    children: Aggregations = NO_CHILDREN

    @classmethod
    def parse(cls, options: Options) -> Range:
        options.known("field", "ranges", "keyed", "missing", "format")
        ranges = _parse_ranges(options, (int, float, str))
        for part in ranges:
            _end(part.low, 0.0)
            _end(part.high, 0.0)
        return cls(
            options.field(), ranges, options.flag("keyed", False), options.missing(), options.text("format"),
            options.children,
        )  # fmt: skip

    def edges(self, scope: Scope) -> list[_Edges]:
        spec = scope.field(self.field)
        if spec is not None and spec.type == "date":
            raise InvalidRequest(f"Field [{self.field}] of type [date] takes the aggregation [date_range]")
        out = []
        for part in self.ranges:
            low, high = _end(part.low, -np.inf), _end(part.high, np.inf)
            texts: list[str] = []
            shown: Result = {}
            for name, value in (("from", low), ("to", high)):
                texts.append("*" if np.isinf(value) else self._text(value))
                if not np.isinf(value):
                    shown[name] = value
                    if self.format is not None:
                        shown[f"{name}_as_string"] = texts[-1]
            out.append(_Edges(low, high, part.key or "-".join(texts), shown))
        return _sorted(out)

    def _text(self, value: float) -> str:
        return str(value) if self.format is None else format_number(value, self.format)


@aggregation_type
@dataclass(frozen=True)
class DateRange(_Ranges):
    """Dates in ranges with date math, in a time zone."""

    type: ClassVar[str] = "date_range"
    field: str
    ranges: tuple[Bound, ...]
    keyed: bool = False
    missing: Any = None
    format: str | None = None
    zone: tzinfo = UTC
    children: Aggregations = NO_CHILDREN

    @classmethod
    def parse(cls, options: Options) -> DateRange:
        options.known("field", "ranges", "keyed", "missing", "format", "time_zone")
        return cls(
            options.field(), _parse_ranges(options, (int, float, str)), options.flag("keyed", False),
            options.missing(), options.text("format"), zone_of(options.text("time_zone")), options.children,
        )  # fmt: skip

    def edges(self, scope: Scope) -> list[_Edges]:
        spec = scope.field(self.field)
        if spec is not None and spec.type != "date":
            raise unsupported(spec.type, self.field, self.type)
        pattern = self.format or (spec.params.get("format") if spec is not None else None)
        out = []
        for part in self.ranges:
            ends: list[float] = []
            texts: list[str] = []
            shown: Result = {}
            for name, given, open_end in (("from", part.low, -np.inf), ("to", part.high, np.inf)):
                end = open_end if given is None else float(date_value(given, pattern, scope.now_ms, self.zone))
                ends.append(end)
                texts.append("*" if given is None else format_date(end, pattern or DEFAULT_DATE, self.zone))
                if given is not None:
                    shown[name], shown[f"{name}_as_string"] = end, texts[-1]
            out.append(_Edges(ends[0], ends[1], part.key or "-".join(texts), shown))
        return _sorted(out)


def _parse_ranges(options: Options, kinds: tuple[type, ...]) -> tuple[Bound, ...]:
    body = options.body.get("ranges")
    if not isinstance(body, list) or not body:
        raise InvalidRequest(f"No [ranges] specified for the [{options.name}] aggregation")
    out = []
    for part in body:
        if not isinstance(part, dict) or set(part) - {"from", "to", "key"}:
            raise ParsingError(f"each of [ranges] of [{options.name}] is an object of [from], [to] and [key]")
        for end in (part.get("from"), part.get("to")):
            if end is not None and (isinstance(end, bool) or not isinstance(end, kinds)):
                raise ParsingError(f"[ranges] of [{options.name}] cannot begin or end with [{end}]")
        if not isinstance(part.get("key", ""), str):
            raise ParsingError(f"[key] of a range of [{options.name}] must be a string")
        out.append(Bound(part.get("from"), part.get("to"), part.get("key")))
    return tuple(out)


def _end(value: Any, default: float) -> float:
    if value is None:
        return default
    try:
        number = float(value)
    except (ValueError, OverflowError):
        number = np.nan
    if not np.isfinite(number):
        raise InvalidRequest(f"[{value}] is not a number that a range can begin or end with")
    return number
