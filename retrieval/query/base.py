"""The typed query tree: what every query type can do, and how JSON becomes one.

A query is parsed once, without looking at an index; it is run against a :class:`SearchContext`. Each type
is a file of its own that registers itself under its Elasticsearch name.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, TypeVar

import numpy as np

from indexer import ParsingError

from .. import lexical
from ..context import SearchContext
from ..lexical import PhraseQuery, WordQuery
from .options import field_options, options, text_of

Words = WordQuery | PhraseQuery

__all__ = [
    "Explanation",
    "Highlight",
    "Matches",
    "Parser",
    "Query",
    "Words",
    "constant",
    "field_options",
    "known_types",
    "of_lexical",
    "options",
    "query_type",
    "scores_at",
    "text_of",
]


@dataclass(frozen=True, slots=True)
class Matches:
    """Matching live documents: docs int64[n] ascending global numbers, scores float32[n]."""

    docs: np.ndarray
    scores: np.ndarray

    @classmethod
    def none(cls) -> Matches:
        return cls(np.zeros(0, np.int64), np.zeros(0, np.float32))

    @classmethod
    def of_mask(cls, mask: np.ndarray, score: float) -> Matches:
        """Every document of a bool mask with the same score."""
        docs = np.flatnonzero(mask)
        return cls(docs, np.full(len(docs), score, np.float32))


@dataclass(frozen=True)
class Explanation:
    """A value and what it is made of, in Elasticsearch's shape.

    The end of a description says how the details give the value: "sum of:", "product of:", "max of:",
    "min of:", "quotient of:" or "max plus T times others of:"; other descriptions have no details.
    """

    value: float
    description: str
    details: tuple[Explanation, ...] = ()

    @classmethod
    def total(cls, description: str, details: Iterable[Explanation]) -> Explanation:
        """The sum of the details."""
        parts = tuple(details)
        return cls(sum(p.value for p in parts), f"{description}sum of:", parts)

    @classmethod
    def product(cls, description: str, details: Iterable[Explanation]) -> Explanation:
        """The product of the details."""
        parts = tuple(details)
        return cls(math.prod(p.value for p in parts), f"{description}product of:", parts)

    def times(self, boost: float) -> Explanation:
        """This value times a boost."""
        return self if boost == 1.0 else Explanation.product("", (Explanation(boost, "boost"), self))

    def to_dict(self) -> dict[str, Any]:
        return {
            "value": float(self.value),
            "description": self.description,
            "details": [d.to_dict() for d in self.details],
        }


class Highlight(NamedTuple):
    """What a query looks for in a text field: a word query's text, or a phrase's.

    Not `analyzed`, `text` is a term as indexed, or a phrase's terms parted by spaces, at `offsets` from its start.
    """

    field: str
    text: str
    phrase: bool = False
    analyzed: bool = True
    slop: int = 0  # of a phrase
    offsets: tuple[int, ...] = ()


class Query(ABC):
    """One node of the tree. Scores of non-scoring types are `boost`."""

    type: ClassVar[str]
    boost: float = 1.0
    name: str | None = None

    @abstractmethod
    def matches(self, ctx: SearchContext) -> Matches:
        """All matching live documents with their scores."""

    def mask(self, ctx: SearchContext) -> np.ndarray:
        """bool[documents]: which documents match, for filters."""
        out = np.zeros(ctx.documents, bool)
        out[self.matches(ctx).docs] = True
        return out

    def filter_key(self, ctx: SearchContext) -> Hashable | None:
        """What stands for the documents of a segment that it matches, whenever it is asked for; None when they may
        change while the segment and the mapping do not."""
        return None

    def simplified(self, ctx: SearchContext) -> Query:
        """The query that is run in place of this one: itself, unless it is rewritten."""
        return self

    def words(self, ctx: SearchContext) -> Words | None:
        """The whole query as one the scoring kernels take, or None."""
        return None

    def score(self, ctx: SearchContext, docs: np.ndarray) -> np.ndarray:
        """float32[n]: the scores of any documents, 0 where the query does not match."""
        words = self.words(ctx)
        if words is not None:
            return ctx.reader.score(words, docs)
        found = self.matches(ctx)
        return scores_at(found, docs)

    def explain(self, ctx: SearchContext, doc: int) -> Explanation:
        """Why this document has its score; the details add up to the value."""
        words = self.words(ctx)
        if words is not None:
            return of_lexical(ctx.reader.explain(words, doc))
        value = float(self.score(ctx, np.array([doc]))[0])
        return Explanation(value, f"{self.type}, boost {self.boost:g}" if value else "no matching clause")

    def highlights(self, ctx: SearchContext) -> Iterator[Highlight]:
        """What to mark in which text field."""
        return iter(())

    def children(self) -> Iterator[Query]:
        """The queries inside this one."""
        return iter(())


def scores_at(found: Matches, docs: np.ndarray) -> np.ndarray:
    """float32[n]: the scores that `found` gives to `docs`, 0 where they are not in it."""
    if len(found.docs) == 0 or len(docs) == 0:
        return np.zeros(len(docs), np.float32)
    at = np.minimum(np.searchsorted(found.docs, docs), len(found.docs) - 1)
    return np.where(found.docs[at] == docs, found.scores[at], np.float32(0.0)).astype(np.float32)


def constant(matched: bool | np.bool_, boost: float, label: str) -> Explanation:
    """The account of a query that gives every match the same score."""
    return Explanation(boost, f"constant score of {label}") if matched else Explanation(0.0, f"{label} does not match")


def of_lexical(found: lexical.Explanation) -> Explanation:
    """A word-level account in the response's shape: each term's contribution with every symbol's value."""
    if not found.matched:
        return Explanation(0.0, found.description)
    return Explanation(found.value, f"{found.description}, sum of:", tuple(_of_term(t) for t in found.terms))


def _of_term(t: lexical.TermExplanation) -> Explanation:
    tf = Explanation(
        t.tf_part,
        f"tf, of freq {t.frequency:g} in a field of length {t.length:g} (average {t.average_length:.4g})",
    )
    idf = Explanation(t.idf, f"idf, of a term in {t.df} of {t.documents} documents")
    boost = (Explanation(t.boost, "boost"),) if t.boost != 1.0 else ()
    return Explanation(t.contribution, f"weight of [{t.term}], product of:", (*boost, idf, tf))


# --- parsing ------------------------------------------------------------------------------------

Parse = Callable[["Parser", Any], Query]
_TYPES: dict[str, Parse] = {}
Q = TypeVar("Q", bound=type[Query])


def query_type(cls: Q) -> Q:
    """Register a query class under its `type`; it has a classmethod `parse(parser, body)`."""
    _TYPES[cls.type] = cls.parse  # type: ignore[attr-defined]
    return cls


def known_types() -> list[str]:
    """The names of all query types."""
    return sorted(_TYPES)


@dataclass
class Parser:
    """Turns JSON into a query tree under the limits of the settings."""

    max_clauses: int = 4096
    max_depth: int = 50
    clauses: int = field(default=0)
    depth: int = field(default=0)

    def query(self, body: Any) -> Query:
        """The query that a JSON object with one key names; ParsingError says what is wrong."""
        if not isinstance(body, dict):
            raise ParsingError("[_na] query malformed, must start with start_object")
        if not body:
            raise ParsingError("query malformed, empty clause found")
        if len(body) > 1:
            second = list(body)[1]
            raise ParsingError(f"[{next(iter(body))}] malformed query, expected [END_OBJECT] but found [{second}]")
        ((kind, inner),) = body.items()
        parse = _TYPES.get(kind)
        if parse is None:
            raise ParsingError(f"unknown query [{kind}]; known are {', '.join(known_types())}")
        self.clauses += 1
        if self.clauses > self.max_clauses:
            raise ParsingError(f"the query has more than QUARRY_MAX_CLAUSES={self.max_clauses} clauses")
        self.depth += 1
        if self.depth > self.max_depth:
            raise ParsingError(f"the query is nested deeper than QUARRY_MAX_DEPTH={self.max_depth}")
        try:
            return parse(self, inner)
        finally:
            self.depth -= 1

    def queries(self, body: Any) -> tuple[Query, ...]:
        """One query or a list of them."""
        parts = body if isinstance(body, list) else [body]
        return tuple(self.query(part) for part in parts)
