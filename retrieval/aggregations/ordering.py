"""In which order buckets are given: by count, by key, or by a number that a sub-aggregation finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from indexer import InvalidRequest, ParsingError

from .base import Aggregation, Aggregations, Options, Result
from .pairs import Groups, rank_within
from .scope import Scope


@dataclass(frozen=True)
class BucketOrder:
    """One criterion: `_count`, `_key`, or the path of a sub-aggregation's number (`stats.avg`, `inner>max`)."""

    path: str
    descending: bool

    @property
    def of_child(self) -> bool:
        return self.path not in ("_count", "_key")


COUNT_DOWN = (BucketOrder("_count", True),)
KEY_UP = (BucketOrder("_key", False),)


def parse_order(options: Options, default: tuple[BucketOrder, ...]) -> tuple[BucketOrder, ...]:
    """The `order` of a bucket aggregation: {path: direction} or a list of them; its paths are checked."""
    body: Any = options.body.get("order")
    if body is None:
        return default
    out = []
    for part in body if isinstance(body, list) else [body]:
        if not isinstance(part, dict) or len(part) != 1:
            raise ParsingError(
                f"Must specify at least one field for [order] in [{options.name}], as {{path: asc|desc}}"
            )
        ((path, direction),) = part.items()
        if not isinstance(direction, str) or direction.lower() not in ("asc", "desc"):
            raise ParsingError(f"Unknown order direction [{direction}] in [{options.name}]; it is asc or desc")
        order = BucketOrder("_key" if path in ("_term", "_time") else str(path), direction.lower() == "desc")
        if order.of_child:
            _resolve(options.children, order.path)
        out.append(order)
    return tuple(out)


def _resolve(children: Aggregations, path: str) -> tuple[list[tuple[str, Aggregation]], str | None]:
    """A path as the aggregations on the way and the last one's key; InvalidRequest when there is no such way."""
    steps, key = path.split(">"), None
    way: list[tuple[str, Aggregation]] = []
    for number, step in enumerate(steps):
        found = children.get(step)
        if found is None and number == len(steps) - 1 and "." in step:
            step, _, key = step.rpartition(".")
            found = children.get(step)
        if found is None and step.endswith("]") and "[" in step:
            step, _, key = step[:-1].partition("[")
            found = children.get(step)
        if found is None:
            raise InvalidRequest(
                f"Invalid aggregation order path [{path}]. The provided aggregation [{step}] either does not exist, or "
                "is a pipeline aggregation and cannot be used to sort the buckets."
            )
        way.append((step, found))
        children = found.children if found.takes_children else Aggregations()
    return way, key


def _number(scope: Scope, way: Sequence[tuple[str, Aggregation]], key: str | None, result: Result) -> float:
    for name, child in way[1:]:
        inner = f"{child.label(scope)}#{name}" if scope.typed_keys else name
        if inner not in result:
            raise InvalidRequest("Invalid aggregation order path: only the last step may have several buckets")
        result = result[inner]
    return way[-1][1].metric(result, key)


def ranking(
    orders: Sequence[BucketOrder],
    scope: Scope,
    children: Aggregations,
    groups: Groups,
    owners: np.ndarray,
    keys: np.ndarray,
    counts: np.ndarray,
    by_key: np.ndarray | None = None,
) -> np.ndarray:
    """Positions of buckets by owner, then by the criteria, then as they stand; those without a number last.

    int64[b] each: owners, keys (of the groups, -1: an empty bucket), counts, and what `_key` orders by.
    """
    columns: list[np.ndarray] = []
    for order in orders:
        if order.path == "_count":
            column = counts.astype(np.float64)
        elif order.path == "_key":
            column = (keys if by_key is None else by_key).astype(np.float64)
        else:
            way, key = _resolve(children, order.path)
            results = way[0][1].run(scope, groups.pairs(owners, keys))
            column = np.array([_number(scope, way, key, r) for r in results], np.float64)
        column = -column if order.descending else column
        columns.append(np.where(np.isnan(column), np.inf, column))
    return np.lexsort((*reversed(columns), owners))


def first_of_each(order: np.ndarray, owners: np.ndarray, size: int) -> np.ndarray:
    """Of positions ordered by owner the first `size` of each owner."""
    return order[rank_within(owners[order]) < size]
