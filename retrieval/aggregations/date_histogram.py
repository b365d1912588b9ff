"""date_histogram: dates by calendar units or by fixed intervals, in a time zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any, ClassVar

import numpy as np

from indexer import InvalidRequest, ParsingError

from ..columns import numbered
from ..formats import zone_of
from .base import NO_CHILDREN, Aggregations, Options, aggregation_type, unsupported
from .dates import date_value
from .keys import KeyFormat
from .ladder import MOST_STEPS, Bounds, Ladder, Stepped, check_bounds, parse_bounds, too_long
from .ordering import KEY_UP, BucketOrder, parse_order
from .rounding import CALENDAR, DAY, HOUR, MINUTE, SECOND, Rounding
from .scope import Scope

_KEYS = ("field", "calendar_interval", "fixed_interval", "time_zone", "offset", "format", "min_doc_count",
         "extended_bounds", "hard_bounds", "order", "keyed", "missing")  # fmt: skip
_UNITS = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_LONGEST = 1 << 52  # milliseconds of an interval or an offset
_SMALL = 1 << 16  # steps among which values are found by bisection rather than rounded one by one


@aggregation_type
@dataclass(frozen=True)
class DateHistogram(Stepped):
    """A date's key is its moment, less the offset, rounded down in the time zone, and the offset again."""

    type: ClassVar[str] = "date_histogram"
    field: str
    rounding: Rounding
    zone: tzinfo = UTC
    offset: int = 0
    least: int = 0
    order: tuple[BucketOrder, ...] = KEY_UP
    keyed: bool = False
    missing: Any = None
    format: str | None = None
    extended: Bounds | None = None
    hard: Bounds | None = None
    children: Aggregations = NO_CHILDREN

    @classmethod
    def parse(cls, options: Options) -> DateHistogram:
        options.known(*_KEYS)
        zone = zone_of(options.text("time_zone"))
        extended = parse_bounds(options, "extended_bounds", (int, float, str))
        hard = parse_bounds(options, "hard_bounds", (int, float, str))
        return cls(
            options.field(),
            _rounding(options, zone),
            zone,
            _offset(options),
            options.integer("min_doc_count", 0, 0),
            parse_order(options, KEY_UP),
            options.flag("keyed", False),
            options.missing(),
            options.text("format"),
            extended,
            hard,
            options.children,
        )

    def ladder(self, scope: Scope, values: np.ndarray, whole: bool) -> Ladder:
        if values.dtype.kind == "f":
            raise unsupported("double", self.field, self.type)
        extended = self._bounds(scope, self.extended)
        check_bounds(self.field, self.type, extended, self._bounds(scope, self.hard))
        moved = values - self.offset
        ends = np.array([b - self.offset for b in extended or () if b is not None], np.int64) if whole else values[:0]
        every = np.concatenate([moved, ends])
        if len(every) == 0:
            return Ladder(values, values)
        first, last = self.rounding.floor(np.array([every.min(), every.max()]))
        steps = (int(last) - int(first)) // self.rounding.width
        if not whole and steps > _SMALL:
            distinct, places = numbered(self.rounding.floor(moved))
            return Ladder(places, distinct + self.offset)
        if steps > MOST_STEPS:
            raise too_long()
        keys = self.rounding.between(int(first), int(last))
        reach = None
        if len(ends):
            low, high = np.searchsorted(keys, [ends.min(), ends.max()], side="right") - 1
            reach = (int(low), int(high))
        return Ladder(np.searchsorted(keys, moved, side="right") - 1, keys + self.offset, reach)

    def within(self, scope: Scope, keys: np.ndarray) -> np.ndarray | None:
        bounds = self._bounds(scope, self.hard)
        if bounds is None:
            return None
        low, high = bounds
        keep = np.ones(len(keys), bool) if low is None else keys >= low
        return keep if high is None else keep & (keys < high)

    def _bounds(self, scope: Scope, bounds: Bounds | None) -> Bounds | None:
        if bounds is None:
            return None
        spec = scope.field(self.field)
        pattern = self.format or (spec.params.get("format") if spec is not None else None)
        low, high = (None if b is None else date_value(b, pattern, scope.now_ms, self.zone) for b in bounds)
        return low, high

    def format_of(self, scope: Scope, kind: str) -> KeyFormat:
        return KeyFormat.of(scope.field(self.field), "date", self.format, self.zone)


def _rounding(options: Options, zone: tzinfo) -> Rounding:
    calendar, fixed = options.text("calendar_interval"), options.text("fixed_interval")
    if (calendar is None) == (fixed is None):
        raise InvalidRequest(
            f"Invalid interval specified, must be non-null and non-empty: give [calendar_interval] or "
            f"[fixed_interval] in [{options.name}], not both"
        )
    if calendar is not None:
        if calendar not in CALENDAR:
            raise InvalidRequest(
                f"The supplied interval [{calendar}] could not be parsed as a calendar interval; it is one of "
                f"{', '.join(CALENDAR)}"
            )
        return Rounding.calendar(CALENDAR[calendar], zone)
    width = _milliseconds(fixed or "")
    if width is None or not 0 < width < _LONGEST:
        raise InvalidRequest(f"failed to parse setting [fixed_interval] with value [{fixed}] as a time value; "
                             "write a number and ms, s, m, h or d")  # fmt: skip
    return Rounding(None, width, zone)


def _milliseconds(text: str) -> int | None:
    found = re.fullmatch(r"([+-]?\d{1,12})(ms|s|m|h|d)", text)
    return None if found is None else int(found[1]) * _UNITS[found[2]]


def _offset(options: Options) -> int:
    value = options.body.get("offset", 0)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LONGEST:
        return value
    found = _milliseconds(value) if isinstance(value, str) else None
    if found is None or abs(found) >= _LONGEST:
        raise ParsingError(f"[offset] of [{options.name}] must be a time such as +6h or -1d, not [{value}]")
    return found
