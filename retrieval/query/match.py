"""match: the words of a text in one field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from indexer import InvalidRequest, ParsingError

from ..context import SearchContext
from ..lexical import WordQuery
from ..words import analyzed, minimum_of, similarity_of
from .base import Highlight, Matches, Parser, Query, field_options, query_type, text_of
from .term import Term


@query_type
@dataclass(frozen=True)
class Match(Query):
    """Documents with any (operator or), all (and) or `minimum_should_match` of the text's terms."""

    type: ClassVar[str] = "match"
    field: str
    text: str
    operator: str = "or"
    minimum: str | int | None = None
    analyzer: str | None = None
    zero_terms: str = "none"
    boost: float = 1.0
    name: str | None = None
    lenient: bool = False

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> Match:
        allowed = {"operator", "minimum_should_match", "analyzer", "zero_terms_query", "lenient"}
        path, found = field_options(cls.type, body, "query", allowed)
        return cls(
            path,
            text_of(cls.type, found["query"]),
            operator_of(cls.type, found),
            found.get("minimum_should_match"),
            found.get("analyzer"),
            str(found.get("zero_terms_query", "none")),
            float(found.get("boost", 1.0)),
            found.get("_name"),
            bool(found.get("lenient", False)),
        )

    def words(self, ctx: SearchContext) -> WordQuery | None:
        field = ctx.field(self.field)
        if field is None or not field.is_text:
            return None
        return word_query(ctx, (self.field,), self.text, self.operator, self.minimum, self.analyzer, self.boost)

    def matches(self, ctx: SearchContext) -> Matches:
        field = ctx.field(self.field)
        if field is None:
            return Matches.none()
        if not field.is_text:
            try:
                return Term(self.field, self.text, self.boost).matches(ctx)
            except InvalidRequest:
                if self.lenient:
                    return Matches.none()
                raise
        words = self.words(ctx)
        if words is None:
            return Matches.of_mask(ctx.live, self.boost) if self.zero_terms == "all" else Matches.none()
        return Matches(*ctx.reader.matches(words))

    def highlights(self, ctx: SearchContext) -> Iterator[Highlight]:
        yield Highlight(self.field, self.text)


def operator_of(kind: str, found: dict[str, Any]) -> str:
    """The `operator` option in lower case; ParsingError when it is neither and nor or."""
    operator = str(found.get("operator", "or")).lower()
    if operator not in ("or", "and"):
        raise ParsingError(f"[{kind}] [operator] must be or or and, not [{found['operator']}]")
    return operator


def word_query(
    ctx: SearchContext,
    fields: tuple[str, ...],
    text: str,
    operator: str,
    minimum: str | int | None,
    analyzer: str | None,
    boost: float,
    weights: tuple[float, ...] | None = None,
) -> WordQuery | None:
    """The word query of a text over one or several fields of one analyzer; None when it has no terms."""
    spec = ctx.field(fields[0])
    assert spec is not None
    terms = analyzed(ctx, spec, text, analyzer)
    if not terms:
        return None
    count = len(set(terms))
    needed = count if operator == "and" else max(1, minimum_of(minimum, count, 1))
    boosts = None if boost == 1.0 else tuple(boost for _ in terms)
    return WordQuery(fields, tuple(terms), boosts, weights, needed, similarity_of(spec.similarity))
