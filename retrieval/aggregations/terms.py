"""terms: one bucket for each value of a field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..columns import DocValues
from .base import NO_CHILDREN, Aggregation, Aggregations, Options, Result, aggregation_type
from .including import ALL_TERMS, IncludeExclude
from .keys import KeyFormat
from .ordering import COUNT_DOWN, BucketOrder, first_of_each, parse_order, ranking
from .pairs import Groups, Pairs, distinct_entries
from .scope import Scope, TooManyBuckets, date_formats

_KEYS = (
    "field", "size", "shard_size", "order", "min_doc_count", "shard_min_doc_count", "include", "exclude", "missing",
    "show_term_doc_count_error", "collect_mode", "execution_hint", "format", "value_type",
)  # fmt: skip
_MAX_CANDIDATES = 20_000_000
LABELS = {"keyword": "sterms", "double": "dterms"}


@aggregation_type
@dataclass(frozen=True)
class Terms(Aggregation):
    """The `size` foremost values with their numbers of documents: exact over all indices, so the error is 0.

    `min_doc_count` 0 adds values of live documents that do not match. `shard_size`, `collect_mode` and
    `execution_hint` say how a cluster would approximate; there is nothing for them to change.
    """

    type: ClassVar[str] = "terms"
    takes_children: ClassVar[bool] = True
    field: str
    size: int = 10
    order: tuple[BucketOrder, ...] = COUNT_DOWN
    least: int = 1
    terms: IncludeExclude = ALL_TERMS
    missing: Any = None
    show_error: bool = False
    format: str | None = None
    children: Aggregations = NO_CHILDREN

    @classmethod
    def parse(cls, options: Options) -> Terms:
        options.known(*_KEYS)
        options.integer("shard_size", 1, 1)
        return cls(
            options.field(),
            options.integer("size", 10, 1),
            parse_order(options, COUNT_DOWN),
            options.integer("min_doc_count", 1, 0),
            IncludeExclude.parse(options),
            options.missing(),
            options.flag("show_term_doc_count_error", False),
            options.text("format"),
            options.children,
        )

    def label(self, scope: Scope) -> str:
        spec, values = scope.field(self.field), scope.values(self.field, self.missing, self.format)
        if spec is None and values is None:
            return "umterms"
        return LABELS.get(values.kind if values is not None else str(spec and spec.type), "lterms")

    def run(self, scope: Scope, pairs: Pairs) -> list[Result]:
        values = scope.values(self.field, self.missing, self.format)
        if values is None:
            return [self._result([], 0) for _ in range(pairs.buckets)]
        groups = group_by_value(values, pairs)
        owners, keys, counts = self._candidates(scope, values, groups, pairs.buckets)
        chosen = self._foremost(scope, groups, owners, keys, counts)
        scope.make_buckets(len(chosen))
        total = np.bincount(owners, counts, pairs.buckets).astype(np.int64)
        shown = np.bincount(owners[chosen], counts[chosen], pairs.buckets).astype(np.int64)
        others = total - shown
        inner = self.children.run(scope, groups.pairs(owners[chosen], keys[chosen])) if self.children else None
        format_ = KeyFormat.of(scope.field(self.field), values.kind, self.format)
        buckets: list[list[Result]] = [[] for _ in range(pairs.buckets)]
        for number, at in enumerate(chosen):
            bucket = {**format_.key(values.value(int(keys[at]))), "doc_count": int(counts[at])}
            if self.show_error:
                bucket["doc_count_error_upper_bound"] = 0
            if inner is not None:
                bucket.update(inner[number])
            buckets[owners[at]].append(bucket)
        return [self._result(found, int(rest)) for found, rest in zip(buckets, others, strict=True)]

    def _candidates(
        self, scope: Scope, values: DocValues, groups: Groups, owners: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(owner, value's ordinal, documents) of everything that may become a bucket."""
        found = groups.owners, groups.keys, groups.counts
        if self.least == 0:
            found = _with_empty(scope, values, groups, owners)
        distinct = np.unique(found[1]) if self.terms != ALL_TERMS else found[1]
        formats = date_formats(scope.field(self.field), self.format)
        allowed = self.terms.chosen(values, distinct, self.field, formats)
        keep = found[2] >= self.least
        if allowed is not None:
            keep &= np.isin(found[1], distinct[allowed])
        return (found[0][keep], found[1][keep], found[2][keep]) if not keep.all() else found

    def _foremost(
        self, scope: Scope, groups: Groups, owners: np.ndarray, keys: np.ndarray, counts: np.ndarray
    ) -> np.ndarray:
        """Positions of the buckets to show, ordered by owner and then as asked."""
        some = np.arange(len(owners))
        if self.order == COUNT_DOWN and len(owners) > 8 * self.size and owners[0] == owners[-1]:
            # of one owner's many values only those that reach the last place's count need sorting
            some = np.flatnonzero(counts >= np.partition(counts, len(counts) - self.size)[len(counts) - self.size])
        order = ranking(self.order, scope, self.children, groups, owners[some], keys[some], counts[some])
        return first_of_each(some[order], owners, self.size)

    @staticmethod
    def _result(buckets: list[Result], others: int) -> Result:
        return {"doc_count_error_upper_bound": 0, "sum_other_doc_count": others, "buckets": buckets}


def group_by_value(values: DocValues, pairs: Pairs) -> Groups:
    """Pairs split by the values of a field; a document is in the group of each of its distinct values."""
    rows, places = values.expand(pairs.docs)
    keys = values.ordinals[places]
    if not values.single:
        rows, keys = distinct_entries(rows, keys)
    return Groups.of(pairs, rows, keys, values.cardinality)


def _with_empty(
    scope: Scope, values: DocValues, groups: Groups, owners: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every value of a live document under every owner, with its count there, which may be 0."""
    present = np.zeros(values.cardinality, bool)
    present[values.ordinals[values.expand(np.flatnonzero(scope.live))[1]]] = True
    known = np.flatnonzero(present)
    if owners * len(known) > _MAX_CANDIDATES:
        raise TooManyBuckets(f"[min_doc_count] 0 over {len(known)} values in {owners} buckets is too much; ask for 1")
    number = np.cumsum(present) - 1
    counts = np.zeros(owners * len(known), np.int64)
    counts[groups.owners * len(known) + number[groups.keys]] = groups.counts
    return np.repeat(np.arange(owners), len(known)), np.tile(known, owners), counts
