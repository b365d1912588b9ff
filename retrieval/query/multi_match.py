"""multi_match: one text in several fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from indexer import ParsingError

from ..context import SearchContext
from .base import Explanation, Highlight, Matches, Parser, Query, options, query_type, text_of
from .combined_fields import CombinedFields, expanded, fields_of
from .match import Match, operator_of
from .match_phrase import MatchPhrase

_TYPES = ("best_fields", "most_fields", "cross_fields", "phrase")


@query_type
@dataclass(frozen=True)
class MultiMatch(Query):
    """best_fields: the best field's score plus tie_breaker times the others'; most_fields: their sum;
    cross_fields: the fields as one (combined); phrase: best_fields of phrases."""

    type: ClassVar[str] = "multi_match"
    fields: tuple[tuple[str, float], ...]
    text: str
    kind: str = "best_fields"
    operator: str = "or"
    minimum: str | int | None = None
    tie_breaker: float = 0.0
    slop: int = 0
    analyzer: str | None = None
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> MultiMatch:
        allowed = {"fields", "query", "type", "operator", "minimum_should_match", "tie_breaker", "slop", "analyzer"}
        found = options(cls.type, body, allowed | {"lenient", "zero_terms_query"})
        if found.get("query") is None:
            raise ParsingError("[multi_match] requires a [query]")
        kind = found.get("type", "best_fields")
        if kind not in _TYPES:
            raise ParsingError(f"[multi_match] does not support type [{kind}]; known are {', '.join(_TYPES)}")
        tie = found.get("tie_breaker", 1.0 if kind == "most_fields" else 0.0)
        if isinstance(tie, bool) or not isinstance(tie, int | float):
            raise ParsingError(f"[multi_match] [tie_breaker] must be a number, not [{tie}]")
        return cls(
            fields_of(cls.type, found.get("fields", ["*"])),
            text_of(cls.type, found["query"]),
            kind,
            operator_of(cls.type, found),
            found.get("minimum_should_match"),
            float(tie),
            int(found.get("slop", 0)),
            found.get("analyzer"),
            float(found.get("boost", 1.0)),
            found.get("_name"),
        )

    def parts(self, ctx: SearchContext) -> list[Query]:
        """The query of each field."""
        paths = expanded(ctx, self.fields)
        if self.kind == "cross_fields":
            texts = tuple((p, max(1.0, w)) for p, w in paths.items() if ctx.mapping.fields[p].is_text)
            return [CombinedFields(texts, self.text, self.operator, self.minimum, self.boost)] if texts else []
        if self.kind == "phrase":
            return [MatchPhrase(p, self.text, self.slop, self.analyzer, self.boost * w) for p, w in paths.items()]
        return [
            Match(p, self.text, self.operator, self.minimum, self.analyzer, boost=self.boost * w, lenient=True)
            for p, w in paths.items()
        ]

    def matches(self, ctx: SearchContext) -> Matches:
        found = [part.matches(ctx) for part in self.parts(ctx)]
        return best_of(found, self.tie_breaker)

    def explain(self, ctx: SearchContext, doc: int) -> Explanation:
        parts = [p.explain(ctx, doc) for p in self.parts(ctx)]
        parts = [p for p in parts if p.value > 0]
        value = float(self.score(ctx, np.array([doc]))[0])
        how = "sum of:" if self.tie_breaker == 1.0 else f"max plus {self.tie_breaker:g} times others of:"
        return Explanation(value, how, tuple(parts))

    def highlights(self, ctx: SearchContext) -> Iterator[Highlight]:
        for path in expanded(ctx, self.fields):
            yield Highlight(path, self.text, phrase=self.kind == "phrase")


def best_of(found: list[Matches], tie_breaker: float) -> Matches:
    """Each document's best score plus `tie_breaker` times its other scores."""
    found = [m for m in found if len(m.docs)]
    if not found:
        return Matches.none()
    docs = np.unique(np.concatenate([m.docs for m in found]))
    best = np.zeros(len(docs), np.float32)
    total = np.zeros(len(docs), np.float32)
    for part in found:
        at = np.searchsorted(docs, part.docs)
        best[at] = np.maximum(best[at], part.scores)
        total[at] += part.scores
    return Matches(docs, best + np.float32(tie_breaker) * (total - best))
