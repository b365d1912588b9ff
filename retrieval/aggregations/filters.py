"""filter and filters: buckets of the documents that queries match."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from indexer import InvalidRequest, ParsingError

from ..query.base import Query
from .base import NO_CHILDREN, Aggregation, Aggregations, Options, Result, aggregation_type
from .pairs import Pairs
from .scope import Scope


def single(scope: Scope, children: Aggregations, pairs: Pairs) -> list[Result]:
    """One bucket below each: its documents counted, and the sub-aggregations."""
    scope.make_buckets(pairs.buckets)
    counts = pairs.sizes
    if not children:
        return [{"doc_count": int(n)} for n in counts]
    inner = children.run(scope, pairs)
    return [{"doc_count": int(n), **found} for n, found in zip(counts, inner, strict=True)]


@aggregation_type
@dataclass(frozen=True)
class Filter(Aggregation):
    """The documents that a query matches."""

    type: ClassVar[str] = "filter"
    takes_children: ClassVar[bool] = True
    query: Query
    children: Aggregations = NO_CHILDREN

    @classmethod
    def parse(cls, options: Options) -> Filter:
        return cls(options.query(options.body), options.children)

    def run(self, scope: Scope, pairs: Pairs) -> list[Result]:
        return single(scope, self.children, pairs.where(scope.mask(self.query)[pairs.docs]))


@aggregation_type
@dataclass(frozen=True)
class Filters(Aggregation):
    """One bucket for each query, named or in order, and if wanted one for what none of them matches."""

    type: ClassVar[str] = "filters"
    takes_children: ClassVar[bool] = True
    queries: tuple[Query, ...]
    names: tuple[str, ...] | None = None  # None: anonymous
    other: str | None = None
    keyed: bool = True
    children: Aggregations = NO_CHILDREN

    @classmethod
    def parse(cls, options: Options) -> Filters:
        options.known("filters", "other_bucket", "other_bucket_key", "keyed")
        body = options.body.get("filters")
        if not isinstance(body, dict | list) or not body:
            raise InvalidRequest(f"[filters] cannot be empty in the [{options.name}] aggregation")
        other = options.text("other_bucket_key")
        if other is None and options.flag("other_bucket", False):
            other = "_other_"
        if options.body.get("other_bucket") is False:
            other = None
        if isinstance(body, list):
            queries = tuple(options.query(part) for part in body)
            return cls(queries, None, other, False, options.children)
        for name in body:
            if not name:
                raise ParsingError(f"a filter of [{options.name}] has no name")
        queries = tuple(options.query(part) for part in body.values())
        return cls(queries, tuple(body), other, options.flag("keyed", True), options.children)

    def run(self, scope: Scope, pairs: Pairs) -> list[Result]:
        masks = [scope.mask(query)[pairs.docs] for query in self.queries]
        if self.other is not None:
            masks.append(~np.logical_or.reduce(masks))
        width = len(masks)
        scope.make_buckets(width * pairs.buckets)
        kept = [np.flatnonzero(mask) for mask in masks]
        counts = [np.bincount(pairs.bucket_of[rows], minlength=pairs.buckets) for rows in kept]
        inner = None
        if self.children:
            numbers = [pairs.bucket_of[rows] * width + number for number, rows in enumerate(kept)]
            below = Pairs(pairs.docs[np.concatenate(kept)], np.concatenate(numbers), width * pairs.buckets)
            inner = self.children.run(scope, below)
        names = None if self.names is None else [*self.names, *([self.other] if self.other is not None else [])]
        out: list[Result] = []
        for owner in range(pairs.buckets):
            found = []
            for number in range(width):
                bucket: Result = {"doc_count": int(counts[number][owner])}
                if inner is not None:
                    bucket.update(inner[owner * width + number])
                found.append(bucket)
            if names is None:
                out.append({"buckets": found})
            elif self.keyed:
                out.append({"buckets": dict(zip(names, found, strict=True))})
            else:
                out.append({"buckets": [{"key": n, **b} for n, b in zip(names, found, strict=True)]})
        return out
