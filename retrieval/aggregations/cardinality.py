"""cardinality: how many distinct values, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .base import NO_CHILDREN, Aggregation, Aggregations, Options, Result, aggregation_type
from .pairs import Pairs
from .scope import Scope
from .terms import group_by_value


@aggregation_type
@dataclass(frozen=True)
class Cardinality(Aggregation):
    """The number of distinct values. `precision_threshold` and `execution_hint` tune a sketch; none is needed."""

    type: ClassVar[str] = "cardinality"
    field: str
    missing: Any = None
    children: Aggregations = NO_CHILDREN

    @classmethod
    def parse(cls, options: Options) -> Cardinality:
        options.known("field", "missing", "precision_threshold", "execution_hint", "rehash")
        options.integer("precision_threshold", 3000, 0)
        return cls(options.field(), options.missing())

    def run(self, scope: Scope, pairs: Pairs) -> list[Result]:
        values = scope.values(self.field, self.missing)
        if values is None:
            return [{"value": 0} for _ in range(pairs.buckets)]
        counts = np.bincount(group_by_value(values, pairs).owners, minlength=pairs.buckets)
        return [{"value": int(count)} for count in counts]
