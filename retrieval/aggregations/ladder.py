"""Histograms of every kind: values fall on a ladder of steps, and steps without documents are shown too."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from indexer import InvalidRequest, ParsingError

from .base import Aggregation, Aggregations, Options, Result, unsupported
from .keys import KeyFormat
from .ordering import KEY_UP, BucketOrder, ranking
from .pairs import Groups, Pairs, distinct_entries
from .scope import Scope, TooManyBuckets

MOST_STEPS = 4_000_000
Bounds = tuple[Any, Any]
"""The least and the greatest value, None where there is no bound."""


@dataclass(frozen=True)
class Ladder:
    """steps: int64[n], the place of each value among the ascending `keys`; reach: the extended bounds' steps."""

    steps: np.ndarray
    keys: np.ndarray
    reach: tuple[int, int] | None = None


class Stepped(Aggregation):
    """What histograms share. Of `least` 0 every step between the first and the last of a bucket is shown."""

    takes_children: ClassVar[bool] = True
    field: str
    order: tuple[BucketOrder, ...]
    least: int
    keyed: bool
    missing: Any
    format: str | None
    children: Aggregations

    @abstractmethod
    def ladder(self, scope: Scope, values: np.ndarray, whole: bool) -> Ladder:
        """The ladder under some values; `whole`: without gaps, and reaching to the extended bounds."""

    @abstractmethod
    def format_of(self, scope: Scope, kind: str) -> KeyFormat:
        """How keys are printed."""

    @abstractmethod
    def within(self, scope: Scope, keys: np.ndarray) -> np.ndarray | None:
        """bool[n]: which keys the hard bounds allow; None when there are no bounds."""

    def run(self, scope: Scope, pairs: Pairs) -> list[Result]:
        values = scope.values(self.field, self.missing, self.format)
        if values is not None and values.terms is not None:
            raise unsupported(values.kind, self.field, self.type)
        kind = values.kind if values is not None else "double"
        rows = np.zeros(0, np.int64)
        found: np.ndarray = np.zeros(0, np.int64)
        if values is not None:
            rows, places = values.expand(pairs.docs)
            found = values.values[places]
        ladder = self.ladder(scope, found, self.least == 0)
        steps = ladder.steps
        allowed = self.within(scope, ladder.keys)
        if allowed is not None and not allowed.all():
            keep = allowed[steps]
            rows, steps = rows[keep], steps[keep]
        if values is not None and not values.single:
            rows, steps = distinct_entries(rows, steps)
        groups = Groups.of(pairs, rows, steps, len(ladder.keys))
        owners, steps, keys, counts = self._shown(scope, groups, ladder, pairs.buckets)
        scope.make_buckets(len(owners))
        order = np.arange(len(owners))
        if self.order != KEY_UP:
            order = ranking(self.order, scope, self.children, groups, owners, keys, counts, steps)
        inner = self.children.run(scope, groups.pairs(owners[order], keys[order])) if self.children else None
        printed = self.format_of(scope, kind)
        names: list[list[str]] = [[] for _ in range(pairs.buckets)]
        buckets: list[list[Result]] = [[] for _ in range(pairs.buckets)]
        for number, at in enumerate(order):
            key = ladder.keys[steps[at]].item()
            bucket = {**printed.key(key), "doc_count": int(counts[at])}
            if inner is not None:
                bucket.update(inner[number])
            buckets[owners[at]].append(bucket)
            if self.keyed:
                names[owners[at]].append(printed.name(key))
        if self.keyed:
            return [{"buckets": dict(zip(n, b, strict=True))} for n, b in zip(names, buckets, strict=True)]
        return [{"buckets": b} for b in buckets]

    def _shown(
        self, scope: Scope, groups: Groups, ladder: Ladder, owners: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(owner, step, the groups' key or -1, documents) of the buckets to show, by owner and step."""
        if self.least > 0:
            keep = groups.counts >= self.least
            return groups.owners[keep], groups.keys[keep], groups.keys[keep], groups.counts[keep]
        low = np.full(owners, np.iinfo(np.int64).max)
        high = np.full(owners, -1)
        np.minimum.at(low, groups.owners, groups.keys)
        np.maximum.at(high, groups.owners, groups.keys)
        if ladder.reach is not None:
            low, high = np.minimum(low, ladder.reach[0]), np.maximum(high, ladder.reach[1])
        lengths = np.where(low <= high, high - np.minimum(low, high + 1) + 1, 0)
        scope.check_buckets(int(lengths.sum()))
        first = np.concatenate([[0], np.cumsum(lengths)])
        owner = np.repeat(np.arange(owners), lengths)
        steps = np.arange(len(owner)) - first[owner] + low[owner]
        keys, counts = np.full(len(owner), -1, np.int64), np.zeros(len(owner), np.int64)
        at = first[groups.owners] + groups.keys - low[groups.owners]
        keys[at], counts[at] = groups.keys, groups.counts
        return owner, steps, keys, counts


def too_long() -> TooManyBuckets:
    """The error of a ladder whose gaps would be more than can be made."""
    return TooManyBuckets(
        f"the values are more than {MOST_STEPS} steps apart; ask for a wider interval, or for [min_doc_count] 1"
    )


def parse_bounds(options: Options, key: str, kinds: tuple[type, ...]) -> Bounds | None:
    """`extended_bounds` or `hard_bounds`: {min, max}, each of which may be left out."""
    body = options.body.get(key)
    if body is None:
        return None
    if not isinstance(body, dict) or set(body) - {"min", "max"}:
        raise ParsingError(f"[{key}] of [{options.name}] takes an object of [min] and [max]")
    for value in body.values():
        if value is not None and (isinstance(value, bool) or not isinstance(value, kinds)):
            raise ParsingError(f"[{key}] of [{options.name}] cannot be [{value}]")
    return body.get("min"), body.get("max")


def check_bounds(name: str, kind: str, extended: Bounds | None, hard: Bounds | None) -> None:
    """InvalidRequest when bounds are the wrong way round, or the extended ones reach beyond the hard ones."""
    for key, bounds in (("extended_bounds", extended), ("hard_bounds", hard)):
        if bounds and None not in bounds and bounds[0] > bounds[1]:
            raise InvalidRequest(
                f"[{key}.min][{bounds[0]}] cannot be greater than [{key}.max][{bounds[1]}] for {kind} "
                f"aggregation [{name}]"
            )
    if extended and hard:
        below = None not in (extended[0], hard[0]) and extended[0] < hard[0]
        above = None not in (extended[1], hard[1]) and extended[1] > hard[1]
        if below or above:
            raise InvalidRequest(
                f"Extended bounds have to be inside hard bounds, hard bounds: [{hard[0]}--{hard[1]}], extended "
                f"bounds: [{extended[0]}--{extended[1]}]"
            )
