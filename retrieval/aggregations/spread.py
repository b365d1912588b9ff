"""median_absolute_deviation and boxplot: how far values lie apart, by exact quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .base import Result, aggregation_type
from .metrics import Numbers, OfField, OneValue, print_values
from .pairs import Pairs
from .percentiles import quantiles
from .scope import Scope

_TAKES = ("field", "missing", "format", "compression", "execution_hint")
"""The last two say how a sketch would approximate; the answer here is exact without one."""
_MEDIAN, _QUARTILES = np.array([0.5]), np.array([0.25, 0.5, 0.75])
_WHISKER = 1.5  # lengths of the box that a whisker reaches beyond it, at most


@aggregation_type
@dataclass(frozen=True)
class MedianAbsoluteDeviation(OneValue):
    """The median of the values' distances from their median; null of none."""

    type: ClassVar[str] = "median_absolute_deviation"
    takes: ClassVar[tuple[str, ...]] = _TAKES

    def values(self, found: Numbers) -> np.ndarray:
        values, starts = found.sorted()
        owners = np.repeat(np.arange(found.buckets), np.diff(starts))
        medians = quantiles(values, starts, _MEDIAN)[:, 0]
        away, starts = Numbers(owners, np.abs(values - medians[owners]), found.buckets).sorted()
        return np.where(np.diff(starts) > 0, quantiles(away, starts, _MEDIAN)[:, 0], np.nan)


@aggregation_type
@dataclass(frozen=True)
class Boxplot(OfField):
    """min, max, the quartiles q1 to q3, and the last values `lower` and `upper` within 1.5 (q3 - q1) of the box."""

    type: ClassVar[str] = "boxplot"
    takes: ClassVar[tuple[str, ...]] = _TAKES

    def run(self, scope: Scope, pairs: Pairs) -> list[Result]:
        values, starts = self.source.numbers(scope, pairs).sorted()
        printer = self.source.printer(scope)
        out = []
        for bucket, (q1, q2, q3) in enumerate(quantiles(values, starts, _QUARTILES).tolist()):
            own = values[starts[bucket] : starts[bucket + 1]]
            shown: Result = dict.fromkeys(("min", "max", "q1", "q2", "q3", "lower", "upper"))
            if len(own):
                reach = _WHISKER * (q3 - q1)
                low, high = np.searchsorted(own, q1 - reach), np.searchsorted(own, q3 + reach, side="right") - 1
                ends = {"min": own[0], "max": own[-1], "lower": own[low], "upper": own[high]}
                shown.update({k: float(v) for k, v in ends.items()}, q1=q1, q2=q2, q3=q3)
                print_values(shown, printer, tuple(shown))
            out.append(shown)
        return out
