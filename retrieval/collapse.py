"""Collapsing: of the hits that share a field's value only the best is shown, with the others inside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from indexer import InvalidRequest, ParsingError
from indexer.fields import FLOATS, INTEGERS

from .checks import count, flag
from .columns import DocValues, doc_values
from .context import SearchContext
from .fetching import FETCH_KEYS, FetchOptions
from .sorting import SortKey, parse_sort

_INNER = FETCH_KEYS | {"name", "size", "from", "sort", "collapse", "ignore_unmapped", "track_scores"}
MAX_INNER = 100


@dataclass(frozen=True)
class InnerHits:
    """The hits of a group that are shown inside its best one."""

    name: str
    start: int = 0
    size: int = 3
    sort: tuple[SortKey, ...] = ()
    fetch: FetchOptions = field(default_factory=FetchOptions)
    collapse: str | None = None
    track_scores: bool = False


@dataclass(frozen=True)
class Collapse:
    """The field whose values make the groups; hits without a value are one group."""

    field: str
    inner: tuple[InnerHits, ...] = ()


def parse_collapse(body: Any) -> Collapse | None:
    """The request's `collapse`; ParsingError says what is wrong."""
    if body is None:
        return None
    if not isinstance(body, dict) or not isinstance(body.get("field"), str):
        raise ParsingError("[collapse] must be an object with a [field]")
    for key in body:
        if key not in ("field", "inner_hits", "max_concurrent_group_searches"):
            raise ParsingError(f"[collapse] unknown field [{key}]")
    inner = body.get("inner_hits")
    parts = inner if isinstance(inner, list) else [] if inner is None else [inner]
    parsed = tuple(_parse_inner(part, body["field"]) for part in parts)
    names = [part.name for part in parsed]
    for name in names:
        if names.count(name) > 1:
            raise InvalidRequest(f"[inner_hits] already contains an entry for key [{name}]")
    return Collapse(body["field"], parsed)


def _parse_inner(body: Any, field: str) -> InnerHits:
    if not isinstance(body, dict):
        raise ParsingError("[inner_hits] must be an object")
    for key in body:
        if key not in _INNER:
            raise ParsingError(f"[inner_hits] unknown field [{key}]")
    name = body.get("name", field)
    if not isinstance(name, str) or not name:
        raise ParsingError(f"[inner_hits] [name] must be a string, not [{name}]")
    start, size = count(body, "from", 0), count(body, "size", 3)
    if start + size > MAX_INNER:
        raise InvalidRequest(
            f"Inner result window is too large, the inner hit definition's [{name}]'s from + size must be less than or "
            f"equal to: [{MAX_INNER}] but was [{start + size}]"
        )
    second = body.get("collapse")
    if second is not None and (not isinstance(second, dict) or set(second) != {"field"}):
        raise ParsingError("[collapse] inside [inner_hits] takes a [field] and no inner hits of its own")
    return InnerHits(
        name,
        start,
        size,
        parse_sort(body.get("sort")),
        FetchOptions.parse(body),
        second["field"] if second else None,
        flag(body, "track_scores"),
    )


class GroupField:
    """The groups of one index's documents by a field; InvalidRequest when it cannot make groups."""

    def __init__(self, ctx: SearchContext, path: str) -> None:
        self.path = path
        self.values: DocValues | None = None
        spec = ctx.field(path)
        if spec is None:
            raise InvalidRequest(f"no mapping found for `{path}` in order to collapse on")
        if spec.type != "keyword" and spec.type not in INTEGERS and spec.type not in FLOATS:
            raise InvalidRequest(
                f"unknown type for collapse field `{path}`, only keywords and numbers are accepted, not [{spec.type}]"
            )
        self.values = doc_values(ctx.view, path)

    def groups(self, docs: np.ndarray) -> np.ndarray:
        """int64[n]: the group of each document, -1 for those without a value."""
        out = np.full(len(docs), -1, np.int64)
        if self.values is None:
            return out
        rows, places = self.values.expand(docs)
        if not self.values.single and (rows[1:] == rows[:-1]).any():
            raise InvalidRequest(
                f"failed to collapse on [{self.path}], the collapse field must be single valued; a document has several"
            )
        out[rows] = self.values.ordinals[places]
        return out

    def value(self, group: int) -> Any:
        """A group's value: bytes, a number, or None."""
        return None if group < 0 or self.values is None else self.values.value(group)

    def group_of(self, value: Any) -> int | None:
        """The group that has a value of another index here; None when there is none."""
        if value is None:
            return -1
        if self.values is None or isinstance(value, bytes) != (self.values.terms is not None):
            return None
        place, there = self.values.place(value)
        return place if there else None


def shown_value(value: Any) -> Any:
    """A group's value as JSON."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def heads(groups: np.ndarray, criteria: Sequence[np.ndarray], some: np.ndarray) -> np.ndarray:
    """Of the positions `some` the first one of each group by the criteria in turn; unordered.

    groups: int64[n], -1 for none. criteria: numbers[n] each, less comes first, the last of them all distinct.
    """
    size = int(groups.max(initial=-1)) + 2
    for criterion in criteria:
        values, owners = criterion[some], groups[some] + 1
        most = np.inf if values.dtype.kind == "f" else np.iinfo(values.dtype).max
        least = np.full(size, most, values.dtype)
        np.minimum.at(least, owners, values)
        some = some[values == least[owners]]
    return some


def firsts(groups: np.ndarray) -> np.ndarray:
    """Positions, ascending, of the first member of each group."""
    return np.sort(np.unique(groups, return_index=True)[1])
