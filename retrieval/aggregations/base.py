"""The typed aggregation tree: what every aggregation can do, and how JSON becomes one.

An aggregation is computed for all its parent's buckets at once. It gets a :class:`Scope` (the documents of
all indices searched, one behind the other) and :class:`Pairs` (which document is in which bucket), and
gives one result a bucket, in Elasticsearch's shape. A bucket aggregation turns pairs into finer pairs and
hands them to its children; nothing is computed document by document. Each family is a file that registers
its types under their Elasticsearch names.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, ClassVar, TypeVar

import numpy as np

from indexer import InvalidRequest, ParsingError

from ..query.base import Parser, Query
from .pairs import Pairs
from .scope import Scope

Result = dict[str, Any]


class Aggregation(ABC):
    """One aggregation of a request."""

    type: ClassVar[str]
    takes_children: ClassVar[bool] = False
    children: Aggregations

    @abstractmethod
    def run(self, scope: Scope, pairs: Pairs) -> list[Result]:
        """One result for each of `pairs.buckets` buckets, in their order."""

    def label(self, scope: Scope) -> str:
        """The name of the result's type, which clients ask for by `typed_keys`."""
        return self.type

    def metric(self, result: Result, key: str | None) -> float:
        """The number that a bucket is ordered by: the one value, or the named one of several.

        NaN when the result has none (no document had a value); InvalidRequest when it cannot be ordered by.
        """
        if key is None and "value" in result:
            value = result["value"]
        elif key is not None and key in result and not isinstance(result[key], dict | list):
            value = result[key]
        elif key is None and "doc_count" in result:
            value = result["doc_count"]
        else:
            wanted = f"[{key}] of " if key else ""
            raise InvalidRequest(f"Invalid aggregation order path: {wanted}a [{self.type}] aggregation is no number")
        return np.nan if value is None else float(value)


@dataclass(frozen=True)
class Named:
    """An aggregation under its name in the request, and the `meta` that the answer repeats."""

    name: str
    aggregation: Aggregation
    meta: dict[str, Any] | None = None


@dataclass(frozen=True)
class Aggregations:
    """Aggregations side by side."""

    parts: tuple[Named, ...] = ()

    def __iter__(self) -> Iterator[Named]:
        return iter(self.parts)

    def __bool__(self) -> bool:
        return bool(self.parts)

    def get(self, name: str) -> Aggregation | None:
        """The aggregation of that name."""
        return next((part.aggregation for part in self.parts if part.name == name), None)

    def run(self, scope: Scope, pairs: Pairs) -> list[Result]:
        """For each bucket, every aggregation's result under its name."""
        out: list[Result] = [{} for _ in range(pairs.buckets)]
        for part in self.parts:
            scope.check_time()
            key = f"{part.aggregation.label(scope)}#{part.name}" if scope.typed_keys else part.name
            for into, result in zip(out, part.aggregation.run(scope, pairs), strict=True):
                into[key] = {"meta": part.meta, **result} if part.meta is not None else result
        return out


NO_CHILDREN = Aggregations()

# --- parsing ------------------------------------------------------------------------------------

_TYPES: dict[str, type[Any]] = {}
A = TypeVar("A", bound=type[Aggregation])
_NAME_SIGNS = frozenset("[]>")


def aggregation_type(cls: A) -> A:
    """Register a class under its `type`; it has a classmethod `parse(options)`."""
    _TYPES[cls.type] = cls
    return cls


def known_types() -> list[str]:
    """The names of all aggregation types."""
    return sorted(_TYPES)


@dataclass(frozen=True)
class Options:
    """The body of one aggregation being parsed; each reader checks its value."""

    kind: str
    name: str
    body: dict[str, Any]
    children: Aggregations
    parser: Parser

    def known(self, *keys: str) -> Options:
        """Itself, when it has no other keys; ParsingError names the first other one."""
        for key in self.body:
            if key not in keys:
                raise ParsingError(f"[{self.kind}] unknown field [{key}] in aggregation [{self.name}]")
        return self

    def field(self) -> str:
        """The field that is aggregated on."""
        value = self.body.get("field")
        if value is None:
            raise InvalidRequest(f"Required one of fields [field], but none were specified in [{self.name}]")
        if not isinstance(value, str):
            raise ParsingError(f"[{self.kind}] [field] of [{self.name}] must be a string, not [{value}]")
        return value

    def text(self, key: str) -> str | None:
        value = self.body.get(key)
        if value is not None and not isinstance(value, str):
            raise ParsingError(f"[{self.kind}] [{key}] of [{self.name}] must be a string, not [{value}]")
        return value

    def integer(self, key: str, default: int, least: int) -> int:
        value = self.body.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ParsingError(f"[{self.kind}] [{key}] of [{self.name}] must be a whole number, not [{value}]")
        if value < least:
            raise InvalidRequest(f"[{key}] must be greater than or equal to {least}. Found [{value}] in [{self.name}]")
        return value

    def number(self, key: str, default: float | None = None) -> float | None:
        value = self.body.get(key, default)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
            raise ParsingError(f"[{self.kind}] [{key}] of [{self.name}] must be a number, not [{value}]")
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        value = self.body.get(key, default)
        if not isinstance(value, bool):
            raise ParsingError(f"[{self.kind}] [{key}] of [{self.name}] must be true or false, not [{value}]")
        return value

    def missing(self) -> Any:
        """The value that documents without one count as; None: they count nowhere."""
        value = self.body.get("missing")
        if isinstance(value, dict | list):
            raise ParsingError(f"[{self.kind}] [missing] of [{self.name}] must be a single value")
        return value

    def query(self, body: Any) -> Query:
        return self.parser.query(body)


def parse_aggregations(parser: Parser, body: Any) -> Aggregations:
    """The request's `aggs`, nested to any depth that the settings allow; ParsingError says what is wrong."""
    if body is None:
        return Aggregations()
    if not isinstance(body, dict):
        raise ParsingError("[aggs] must be an object with an aggregation under each name")
    parser.depth += 1
    if parser.depth > parser.max_depth:
        raise ParsingError(f"the aggregations are nested deeper than QUARRY_MAX_DEPTH={parser.max_depth}")
    try:
        return Aggregations(tuple(_parse_one(parser, name, inner) for name, inner in body.items()))
    finally:
        parser.depth -= 1


def _parse_one(parser: Parser, name: str, body: Any) -> Named:
    if not name or _NAME_SIGNS & set(name):
        raise ParsingError(
            f"Invalid aggregation name [{name}]. Aggregation names can contain any character except '[', ']', and '>'"
        )
    if not isinstance(body, dict):
        raise ParsingError(f"Aggregation definition for [{name}] must be an object")
    if "aggs" in body and "aggregations" in body:
        raise ParsingError(f"Found two sub aggregation definitions under [{name}]")
    children = parse_aggregations(parser, body.get("aggs", body.get("aggregations")))
    meta = body.get("meta")
    if meta is not None and not isinstance(meta, dict):
        raise ParsingError(f"[meta] of aggregation [{name}] must be an object")
    kinds = [key for key in body if key not in ("aggs", "aggregations", "meta")]
    if not kinds:
        raise ParsingError(f"Missing definition for aggregation [{name}]")
    if len(kinds) > 1:
        raise ParsingError(f"Found two aggregation type definitions in [{name}]: [{kinds[0]}] and [{kinds[1]}]")
    kind, inner = kinds[0], body[kinds[0]]
    found = _TYPES.get(kind)
    if found is None:
        close = get_close_matches(kind, _TYPES, n=1)
        hint = f" did you mean [{close[0]}]?" if close else f"; known are {', '.join(known_types())}"
        raise ParsingError(f"Unknown aggregation type [{kind}]{hint}")
    if not isinstance(inner, dict):
        raise ParsingError(f"Expected [START_OBJECT] under [{kind}] in [{name}]")
    if children and not found.takes_children:
        raise InvalidRequest(f"Aggregator [{name}] of type [{kind}] cannot accept sub-aggregations")
    if any(child.aggregation.type == "global" for child in children):
        raise InvalidRequest(
            f"Aggregation [{name}] cannot have a global sub-aggregation. Global aggregations can only be defined as "
            "top level aggregations"
        )
    return Named(name, found.parse(Options(kind, name, inner, children, parser)), meta)


def unsupported(kind: str, path: str, aggregation: str) -> InvalidRequest:
    """The error of an aggregation that a field's type does not support."""
    return InvalidRequest(f"Field [{path}] of type [{kind}] is not supported for aggregation [{aggregation}]")
