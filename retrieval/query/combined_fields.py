"""combined_fields: several text fields searched as if they were one (BM25F)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from indexer import ParsingError

from ..context import SearchContext
from ..lexical import WordQuery
from .base import Highlight, Matches, Parser, Query, options, query_type, text_of
from .match import operator_of, word_query


@query_type
@dataclass(frozen=True)
class CombinedFields(Query):
    """Term frequencies and lengths of the fields are added before scoring (Robertson et al. 2004)."""

    type: ClassVar[str] = "combined_fields"
    fields: tuple[tuple[str, float], ...]  # (name or pattern, weight)
    text: str
    operator: str = "or"
    minimum: str | int | None = None
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> CombinedFields:
        allowed = {"fields", "query", "operator", "minimum_should_match", "zero_terms_query"}
        found = options(cls.type, body, allowed)
        if found.get("query") is None:
            raise ParsingError("[combined_fields] requires a [query]")
        return cls(
            fields_of(cls.type, found.get("fields")),
            text_of(cls.type, found["query"]),
            operator_of(cls.type, found),
            found.get("minimum_should_match"),
            float(found.get("boost", 1.0)),
            found.get("_name"),
        )

    def words(self, ctx: SearchContext) -> WordQuery | None:
        paths = {p: w for p, w in expanded(ctx, self.fields).items() if ctx.mapping.fields[p].is_text}
        if not paths:
            return None
        analyzers = {ctx.mapping.fields[p].search_analyzer for p in paths}
        if len(analyzers) > 1:
            raise ParsingError(
                f"All fields in [combined_fields] query must have the same search analyzer: {list(paths)}"
            )
        if any(w < 1 for w in paths.values()):
            raise ParsingError("[combined_fields] weights must be 1 or more")
        weights = None if set(paths.values()) == {1.0} else tuple(paths.values())
        return word_query(ctx, tuple(paths), self.text, self.operator, self.minimum, None, self.boost, weights)

    def matches(self, ctx: SearchContext) -> Matches:
        words = self.words(ctx)
        return Matches.none() if words is None else Matches(*ctx.reader.matches(words))

    def highlights(self, ctx: SearchContext) -> Iterator[Highlight]:
        for path in expanded(ctx, self.fields):
            yield Highlight(path, self.text)


def fields_of(kind: str, body: Any) -> tuple[tuple[str, float], ...]:
    """`["title^2", "text"]` as ((title, 2.0), (text, 1.0)); ParsingError."""
    if isinstance(body, str):
        body = [body]
    if not isinstance(body, list) or not body or not all(isinstance(f, str) for f in body):
        raise ParsingError(f"[{kind}] requires [fields], a list of field names")
    out = []
    for item in body:
        path, _, weight = item.partition("^")
        try:
            out.append((path, float(weight) if weight else 1.0))
        except ValueError:
            raise ParsingError(f"[{kind}] the weight of [{item}] is not a number") from None
    return tuple(out)


def expanded(ctx: SearchContext, fields: tuple[tuple[str, float], ...]) -> dict[str, float]:
    """The mapped fields and their weights, patterns expanded."""
    out: dict[str, float] = {}
    for pattern, weight in fields:
        for spec in ctx.expand([pattern]):
            if spec.type != "dense_vector" and ("*" not in pattern or spec.is_text or spec.type == "keyword"):
                out[spec.path] = weight
    return out
