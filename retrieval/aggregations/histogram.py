"""histogram: numbers in steps of equal width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from indexer import InvalidRequest

from ..columns import numbered
from .base import NO_CHILDREN, Aggregations, Options, aggregation_type
from .keys import KeyFormat
from .ladder import MOST_STEPS, Bounds, Ladder, Stepped, check_bounds, parse_bounds, too_long
from .ordering import KEY_UP, BucketOrder, parse_order
from .scope import Scope

_KEYS = ("field", "interval", "offset", "min_doc_count", "extended_bounds", "hard_bounds", "order", "keyed",
         "missing", "format")  # fmt: skip
_FURTHEST = float(1 << 53)  # steps from 0 that a double still counts one by one


@aggregation_type
@dataclass(frozen=True)
class Histogram(Stepped):
    """A value's key is floor((value - offset) / interval) * interval + offset."""

    type: ClassVar[str] = "histogram"
    field: str
    interval: float
    offset: float = 0.0
    least: int = 0
    order: tuple[BucketOrder, ...] = KEY_UP
    keyed: bool = False
    missing: Any = None
    format: str | None = None
    extended: Bounds | None = None
    hard: Bounds | None = None
    children: Aggregations = NO_CHILDREN

    @classmethod
    def parse(cls, options: Options) -> Histogram:
        options.known(*_KEYS)
        interval = options.number("interval")
        if interval is None or interval <= 0:
            raise InvalidRequest(f"[interval] must be >0 for histogram aggregation [{options.name}]")
        extended = parse_bounds(options, "extended_bounds", (int, float))
        hard = parse_bounds(options, "hard_bounds", (int, float))
        check_bounds(options.name, cls.type, extended, hard)
        return cls(
            options.field(),
            interval,
            options.number("offset", 0.0) or 0.0,
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
        rungs = self._rungs(values)
        ends = self._rungs(np.array([b for b in self.extended or () if b is not None], np.float64))
        if not whole:
            distinct, steps = numbered(rungs)
            return Ladder(steps, distinct * self.interval + self.offset)
        every = np.concatenate([rungs, ends])
        if len(every) == 0:
            return Ladder(rungs, np.zeros(0))
        low, high = int(every.min()), int(every.max())
        if high - low > MOST_STEPS:
            raise too_long()
        keys = (np.arange(low, high + 1) * self.interval) + self.offset
        reach = (int(ends.min()) - low, int(ends.max()) - low) if len(ends) else None
        return Ladder(rungs - low, keys, reach)

    def _rungs(self, values: np.ndarray) -> np.ndarray:
        """int64[n]: how many intervals each value is from 0."""
        with np.errstate(over="ignore"):
            found = np.floor((values - self.offset) / self.interval)
        if len(found) and not float(np.abs(found).max()) < _FURTHEST:
            raise InvalidRequest(f"[interval] {self.interval:g} is too small for the values of [{self.field}]")
        return found.astype(np.int64)

    def within(self, scope: Scope, keys: np.ndarray) -> np.ndarray | None:
        if self.hard is None:
            return None
        low, high = self.hard
        keep = np.ones(len(keys), bool) if low is None else keys - self.offset >= low
        return keep if high is None else keep & (keys - self.offset <= high)

    def format_of(self, scope: Scope, kind: str) -> KeyFormat:
        # keys are doubles, whatever the field's type; those of dates are shown as dates
        spec = scope.field(self.field)
        return KeyFormat.of(spec, "date" if kind == "date" else "double", self.format)
