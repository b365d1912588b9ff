"""min, max, sum, avg, value_count, stats and extended_stats; and the weighted average."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from indexer import InvalidRequest, ParsingError

from .base import NO_CHILDREN, Aggregation, Aggregations, Options, Result, aggregation_type
from .keys import KeyFormat
from .metrics import Numbers, OfField, OneValue, Source, print_values, value_result
from .pairs import Pairs
from .scope import Scope


@aggregation_type
@dataclass(frozen=True)
class Min(OneValue):
    """The smallest value; null of none."""

    type: ClassVar[str] = "min"

    def values(self, found: Numbers) -> np.ndarray:
        return found.least()


@aggregation_type
@dataclass(frozen=True)
class Max(OneValue):
    """The greatest value; null of none."""

    type: ClassVar[str] = "max"

    def values(self, found: Numbers) -> np.ndarray:
        return found.greatest()


@aggregation_type
@dataclass(frozen=True)
class Sum(OneValue):
    """The sum of the values; 0 of none."""

    type: ClassVar[str] = "sum"

    def values(self, found: Numbers) -> np.ndarray:
        return found.sums()


@aggregation_type
@dataclass(frozen=True)
class Avg(OneValue):
    """The mean of the values; null of none."""

    type: ClassVar[str] = "avg"

    def values(self, found: Numbers) -> np.ndarray:
        counts = found.counts()
        return np.where(counts, found.sums() / np.maximum(counts, 1), np.nan)


@aggregation_type
@dataclass(frozen=True)
class ValueCount(OfField):
    """How many values there are, of any type; equal ones of different documents count each."""

    type: ClassVar[str] = "value_count"

    def run(self, scope: Scope, pairs: Pairs) -> list[Result]:
        values = scope.values(self.source.field, self.source.missing, self.source.format)
        if values is None:
            return [{"value": 0} for _ in range(pairs.buckets)]
        counts = np.bincount(pairs.bucket_of, values.counts[pairs.docs], pairs.buckets)
        return [{"value": int(count)} for count in counts]


@aggregation_type
@dataclass(frozen=True)
class Stats(OfField):
    """count, min, max, avg and sum in one."""

    type: ClassVar[str] = "stats"

    def run(self, scope: Scope, pairs: Pairs) -> list[Result]:
        found = self.source.numbers(scope, pairs)
        return _stats(found, self.source.printer(scope))


def _stats(found: Numbers, printer: KeyFormat | None) -> list[Result]:
    counts, sums, low, high = found.counts(), found.sums(), found.least(), found.greatest()
    out = []
    for count, total, least, most in zip(counts, sums, low, high, strict=True):
        result: Result = {"count": int(count), "min": None, "max": None, "avg": None, "sum": float(total)}
        if count:
            result.update(min=float(least), max=float(most), avg=float(total / count))
            print_values(result, printer, ("min", "max", "avg", "sum"))
        out.append(result)
    return out


@aggregation_type
@dataclass(frozen=True)
class ExtendedStats(OfField):
    """stats, and the sum of squares, variances, standard deviations and `sigma` deviations around the mean.

    Population variance is E[(x - mean)^2], sampling variance divides by n - 1; both are computed around the
    mean, not from the sum of squares, which would lose digits.
    """

    type: ClassVar[str] = "extended_stats"
    sigma: float = 2.0

    @classmethod
    def parse(cls, options: Options) -> ExtendedStats:
        source = Source.parse(options.known("field", "missing", "format", "sigma"))
        sigma = options.number("sigma", 2.0)
        if sigma is None or sigma < 0:
            raise InvalidRequest(f"[sigma] must be greater than or equal to 0. Found [{sigma}] in [{options.name}]")
        return cls(source, sigma=sigma)

    def run(self, scope: Scope, pairs: Pairs) -> list[Result]:
        found = self.source.numbers(scope, pairs)
        out = _stats(found, self.source.printer(scope))
        with np.errstate(over="ignore", invalid="ignore"):
            squares = found.sums(found.values**2)
            counts = found.counts()
            means = found.sums() / np.maximum(counts, 1)
            spread = found.sums((found.values - means[found.owners]) ** 2)
        for result, square, around, mean in zip(out, squares, spread, means, strict=True):
            result.update(self._moments(result["count"], float(square), float(around), float(mean)))
        return out

    def _moments(self, count: int, squares: float, around: float, mean: float) -> Result:
        if count == 0:
            names = ("sum_of_squares", "variance", "variance_population", "variance_sampling", "std_deviation",
                     "std_deviation_population", "std_deviation_sampling")  # fmt: skip
            return dict.fromkeys(names) | {"std_deviation_bounds": dict.fromkeys(_BOUNDS)}
        population = around / count
        sampling = around / (count - 1) if count > 1 else None
        deviation = population**0.5
        sample_deviation = None if sampling is None else sampling**0.5
        bounds: Result = {}
        for suffix, width in (("", deviation), ("_population", deviation), ("_sampling", sample_deviation)):
            bounds[f"upper{suffix}"] = None if width is None else mean + self.sigma * width
            bounds[f"lower{suffix}"] = None if width is None else mean - self.sigma * width
        return {
            "sum_of_squares": squares,
            "variance": population,
            "variance_population": population,
            "variance_sampling": sampling,
            "std_deviation": deviation,
            "std_deviation_population": deviation,
            "std_deviation_sampling": sample_deviation,
            "std_deviation_bounds": bounds,
        }

    def metric(self, result: Result, key: str | None) -> float:
        name = (key or "").removeprefix("std_")
        if name in _BOUNDS:
            value = result["std_deviation_bounds"][name]
            return np.nan if value is None else float(value)
        return super().metric(result, key)


_BOUNDS = ("upper", "lower", "upper_population", "lower_population", "upper_sampling", "lower_sampling")


@aggregation_type
@dataclass(frozen=True)
class WeightedAvg(Aggregation):
    """sum(value * weight) / sum(weight); a document may have several values but one weight."""

    type: ClassVar[str] = "weighted_avg"
    value: Source
    weight: Source
    format: str | None = None
    children: Aggregations = NO_CHILDREN

    @classmethod
    def parse(cls, options: Options) -> WeightedAvg:
        options.known("value", "weight", "format", "value_type")
        parts = []
        for key in ("value", "weight"):
            body = options.body.get(key)
            if not isinstance(body, dict):
                raise ParsingError(f"[weighted_avg] [{options.name}] needs [{key}], an object with a [field]")
            inner = Options(cls.type, options.name, body, NO_CHILDREN, options.parser).known("field", "missing")
            parts.append(Source(cls.type, inner.field(), inner.missing()))
        return cls(parts[0], parts[1], options.text("format"))

    def run(self, scope: Scope, pairs: Pairs) -> list[Result]:
        printer = KeyFormat("double", self.format) if self.format is not None else None
        values = scope.values(self.value.field, self.value.missing)
        weights = scope.values(self.weight.field, self.weight.missing)
        if values is None or weights is None:
            return [{"value": None} for _ in range(pairs.buckets)]
        self.value.numbers(scope, pairs)
        self.weight.numbers(scope, pairs)  # both refuse fields without numbers
        if not weights.single:
            raise InvalidRequest(
                "Encountered more than one weight for a single document. Use a field with one weight a document"
            )
        known = pairs.where(weights.exists[pairs.docs])
        first = known.docs if weights.starts is None else weights.starts[known.docs]
        own = weights.values[first].astype(np.float64)
        rows, places = values.expand(known.docs)
        found = Numbers(known.bucket_of[rows], values.values[places] * own[rows], pairs.buckets)
        total = found.sums(own[rows])
        mean = np.where(total, found.sums() / np.where(total, total, 1.0), np.nan)
        return [value_result(float(v), printer) for v in mean]
