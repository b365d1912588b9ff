"""percentiles and percentile_ranks, exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from indexer import InvalidRequest, ParsingError

from .base import NO_CHILDREN, Aggregation, Aggregations, Options, Result, aggregation_type
from .keys import KeyFormat
from .metrics import Source
from .pairs import Pairs
from .scope import Scope

_DEFAULT = (1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0)
_KEYS = ("field", "missing", "format", "keyed", "tdigest", "hdr")
"""`tdigest` and `hdr` say how a sketch would approximate; the answer here is exact without one."""


def _numbers(options: Options, key: str, default: tuple[float, ...] | None, most: float) -> tuple[float, ...]:
    body = options.body.get(key, default)
    if not isinstance(body, list | tuple) or not body:
        raise InvalidRequest(f"[{key}] must not be empty: [{options.name}]")
    for value in body:
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
            raise ParsingError(f"[{key}] of [{options.name}] must be numbers, not [{value}]")
        if most == 100.0 and not 0 <= value <= most:
            raise InvalidRequest(f"percent must be in [0,100], got [{value}]: [{options.name}]")
    return tuple(sorted(float(v) for v in body))


def _shaped(pairs: list[tuple[float, float | None]], keyed: bool, printer: KeyFormat | None) -> Result:
    shown: list[tuple[float, Result]] = []
    for key, value in pairs:
        text = printer.text(value) if printer is not None and value is not None else None
        shown.append((key, {"value": value} if text is None else {"value": value, "value_as_string": text}))
    if not keyed:
        return {"values": [{"key": key, **result} for key, result in shown]}
    values: Result = {}
    for key, result in shown:
        values[str(key)] = result["value"]
        if "value_as_string" in result:
            values[f"{key}_as_string"] = result["value_as_string"]
    return {"values": values}


class _Values(Aggregation):
    def metric(self, result: Result, key: str | None) -> float:
        values = result["values"]
        flat = values if isinstance(values, dict) else {str(v["key"]): v["value"] for v in values}
        try:
            value = flat[str(float(key or ""))]
        except (ValueError, KeyError):
            raise InvalidRequest(f"Invalid aggregation order path: [{key}] is none of {sorted(flat)}") from None
        return np.nan if value is None else float(value)


@aggregation_type
@dataclass(frozen=True)
class Percentiles(_Values):
    """Values below which a percentage lies, interpolated linearly between neighbours.

    For n values in order the p-th percentile is at the place (n - 1) p / 100 (Hyndman and Fan 1996, number 7).
    """

    type: ClassVar[str] = "percentiles"
    source: Source
    percents: tuple[float, ...] = _DEFAULT
    keyed: bool = True
    children: Aggregations = NO_CHILDREN

    @classmethod
    def parse(cls, options: Options) -> Percentiles:
        source = Source.parse(options.known(*_KEYS, "percents"))
        return cls(source, _numbers(options, "percents", _DEFAULT, 100.0), options.flag("keyed", True))

    def label(self, scope: Scope) -> str:
        return "tdigest_percentiles"

    def run(self, scope: Scope, pairs: Pairs) -> list[Result]:
        values, starts = self.source.numbers(scope, pairs).sorted()
        found = quantiles(values, starts, np.array(self.percents) / 100)
        printer = self.source.printer(scope)
        out: list[Result] = []
        for row, count in zip(found, np.diff(starts), strict=True):
            shown = [(p, float(v) if count else None) for p, v in zip(self.percents, row, strict=True)]
            out.append(_shaped(shown, self.keyed, printer))
        return out


def quantiles(values: np.ndarray, starts: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """float64[buckets, shares]: what :class:`Percentiles` says, of float64[n] values by bucket and ascending.

    starts: int64[buckets + 1]; 0 where a bucket is empty.
    """
    last = np.maximum(np.diff(starts) - 1, 0)[:, None]
    if not len(values):
        return np.zeros((len(last), len(shares)))
    at = last * shares
    low = np.floor(at).astype(np.int64)
    first = np.minimum(starts[:-1, None] + low, len(values) - 1)
    second = np.minimum(starts[:-1, None] + np.minimum(low + 1, last), len(values) - 1)
    return np.asarray(values[first] + (values[second] - values[first]) * (at - low))


@aggregation_type
@dataclass(frozen=True)
class PercentileRanks(_Values):
    """What percentage of the values is at most each given one."""

    type: ClassVar[str] = "percentile_ranks"
    source: Source
    given: tuple[float, ...]
    keyed: bool = True
    children: Aggregations = NO_CHILDREN

    @classmethod
    def parse(cls, options: Options) -> PercentileRanks:
        source = Source.parse(options.known(*_KEYS, "values"))
        return cls(source, _numbers(options, "values", None, np.inf), options.flag("keyed", True))

    def label(self, scope: Scope) -> str:
        return "tdigest_percentile_ranks"

    def run(self, scope: Scope, pairs: Pairs) -> list[Result]:
        found = self.source.numbers(scope, pairs)
        counts = found.counts()
        below = [found.sums((found.values <= value).astype(np.float64)) for value in self.given]
        out = []
        for owner, count in enumerate(counts):
            shares = [100.0 * float(b[owner]) / count if count else None for b in below]
            out.append(_shaped(list(zip(self.given, shares, strict=True)), self.keyed, None))
        return out
