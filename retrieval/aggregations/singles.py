"""missing and global: one bucket of documents without a value, and one of all documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .base import NO_CHILDREN, Aggregation, Aggregations, Options, Result, aggregation_type
from .filters import single
from .pairs import Pairs
from .scope import Scope


@aggregation_type
@dataclass(frozen=True)
class Missing(Aggregation):
    """The documents that have no value of a field, and none that `missing` stands for."""

    type: ClassVar[str] = "missing"
    takes_children: ClassVar[bool] = True
    field: str
    missing: Any = None
    children: Aggregations = NO_CHILDREN

    @classmethod
    def parse(cls, options: Options) -> Missing:
        return cls(options.known("field", "missing").field(), options.missing(), options.children)

    def run(self, scope: Scope, pairs: Pairs) -> list[Result]:
        values = scope.values(self.field, self.missing)
        if values is None:
            return single(scope, self.children, pairs)
        return single(scope, self.children, pairs.where(~values.exists[pairs.docs]))


@aggregation_type
@dataclass(frozen=True)
class Global(Aggregation):
    """All documents of the indices searched, whatever the request's query and filters."""

    type: ClassVar[str] = "global"
    takes_children: ClassVar[bool] = True
    children: Aggregations = NO_CHILDREN

    @classmethod
    def parse(cls, options: Options) -> Global:
        options.known()
        return cls(options.children)

    def run(self, scope: Scope, pairs: Pairs) -> list[Result]:
        return single(scope, self.children, Pairs(np.flatnonzero(scope.live), None, 1))
