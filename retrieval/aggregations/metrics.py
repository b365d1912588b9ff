"""What metric aggregations share: numbers of the documents of each bucket, and how results are printed."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .base import NO_CHILDREN, Aggregation, Aggregations, Options, Result, unsupported
from .keys import KeyFormat
from .pairs import Pairs
from .scope import Scope


@dataclass(frozen=True)
class Numbers:
    """Values in buckets: `values[i]` is of a document in bucket `owners[i]`; float64[m], int64[m]."""

    owners: np.ndarray
    values: np.ndarray
    buckets: int

    def counts(self) -> np.ndarray:
        """int64[buckets]: how many values each bucket has."""
        return np.bincount(self.owners, minlength=self.buckets)

    def sums(self, values: np.ndarray | None = None) -> np.ndarray:
        """float64[buckets]: sums of the values, or of others that stand beside them, as if added without rounding.

        The leading bits of all values are cut off at one place, where their sum needs no more than 52 of them; what is
        left is too small for its rounding to show.
        """
        values = self.values if values is None else values
        most = float(np.abs(values).max(initial=0.0))
        if not most < 1e280:  # there is no room above them
            return np.bincount(self.owners, values, self.buckets)
        place = 1.5 * 2.0 ** (math.frexp(most)[1] + len(values).bit_length())
        leading = (values + place) - place
        rest = values - leading
        sums = np.bincount(self.owners, leading, self.buckets)
        return sums + np.bincount(self.owners, rest, self.buckets) if rest.any() else sums

    def least(self) -> np.ndarray:
        """float64[buckets]: the smallest value of each bucket, infinite where there is none."""
        out = np.full(self.buckets, np.inf)
        if self.buckets == 1:
            return np.array([self.values.min(initial=np.inf)])
        np.minimum.at(out, self.owners, self.values)
        return out

    def greatest(self) -> np.ndarray:
        """float64[buckets]: the greatest value of each bucket, minus infinity where there is none."""
        out = np.full(self.buckets, -np.inf)
        if self.buckets == 1:
            return np.array([self.values.max(initial=-np.inf)])
        np.maximum.at(out, self.owners, self.values)
        return out

    def sorted(self) -> tuple[np.ndarray, np.ndarray]:
        """(values by bucket and then ascending, int64[buckets + 1] where each bucket starts)."""
        values = np.sort(self.values) if self.buckets == 1 else self.values[np.lexsort((self.values, self.owners))]
        return values, np.concatenate([[0], np.cumsum(self.counts())])


@dataclass(frozen=True)
class Source:
    """Where a metric's numbers come from: a field, what counts for documents without it, a format."""

    kind: str
    field: str
    missing: Any = None
    format: str | None = None

    @classmethod
    def parse(cls, options: Options) -> Source:
        return cls(options.kind, options.field(), options.missing(), options.text("format"))

    def numbers(self, scope: Scope, pairs: Pairs) -> Numbers:
        """The field's numbers in the buckets; InvalidRequest for a field without numbers."""
        values = scope.values(self.field, self.missing, self.format)
        if values is None:
            return Numbers(np.zeros(0, np.int64), np.zeros(0), pairs.buckets)
        if values.terms is not None:
            raise unsupported(values.kind, self.field, self.kind)
        rows, places = values.expand(pairs.docs)
        return Numbers(pairs.bucket_of[rows], values.values[places].astype(np.float64), pairs.buckets)

    def printer(self, scope: Scope) -> KeyFormat | None:
        """How values are printed beside the plain numbers; None where the numbers are enough."""
        spec = scope.field(self.field)
        if spec is not None and spec.type in ("date", "boolean"):
            return KeyFormat.of(spec, spec.type, self.format)
        return KeyFormat("double", self.format) if self.format is not None else None


def value_result(value: float | None, printer: KeyFormat | None) -> Result:
    """`value`, and `value_as_string` where the field has a format; null for no value."""
    if value is None or not np.isfinite(value):
        return {"value": None}
    text = printer.text(value) if printer is not None else None
    return {"value": float(value)} if text is None else {"value": float(value), "value_as_string": text}


def print_values(result: Result, printer: KeyFormat | None, names: Iterable[str]) -> None:
    """Put `{name}_as_string` beside each of the numbers that is not null, where the field has a format."""
    for name in names if printer is not None else ():
        text = printer.text(result[name]) if printer is not None and result[name] is not None else None
        if text is not None:
            result[f"{name}_as_string"] = text


@dataclass(frozen=True)
class OfField(Aggregation):
    """A metric of one field's numbers."""

    takes: ClassVar[tuple[str, ...]] = ("field", "missing", "format")
    source: Source
    children: Aggregations = NO_CHILDREN

    @classmethod
    def parse(cls, options: Options) -> Any:
        return cls(Source.parse(options.known(*cls.takes)))


@dataclass(frozen=True)
class OneValue(OfField):
    """A metric that is one number."""

    @abstractmethod
    def values(self, found: Numbers) -> np.ndarray:
        """float64[buckets]: the metric; not finite where it has no value."""

    def run(self, scope: Scope, pairs: Pairs) -> list[Result]:
        found = self.source.numbers(scope, pairs)
        printer = self.source.printer(scope)
        return [value_result(float(value), printer) for value in self.values(found)]
