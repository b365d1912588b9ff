"""What the two query syntaxes are made of: words, phrases and patterns over fields, joined by operators."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from typing import Any, ClassVar

from ..context import SearchContext
from ..words import analyzer_of, minimum_of
from .base import Query
from .bool import Bool
from .dis_max import best_query
from .field_list import Fields, expanded
from .fuzziness import Fuzziness, Fuzzy
from .fuzzy import FuzzyTerm
from .match import Lenient
from .match_all import MatchNone
from .multi_match import MultiMatch
from .prefix import Prefix
from .range import Range
from .regexp import Regexp
from .rewriting import Rewritten
from .wildcard import Wildcard


@dataclass(frozen=True)
class Group(Rewritten):
    """Clauses joined by operators. Those that ask for nothing (stop words, punctuation) are left out."""

    type: ClassVar[str] = "group"
    must: tuple[Query, ...] = ()
    should: tuple[Query, ...] = ()
    must_not: tuple[Query, ...] = ()
    minimum: str | int | None = None
    boost: float = 1.0

    def rewrite(self, ctx: SearchContext) -> Query:
        every = [_apart(ctx, part) for part in (self.must, self.should, self.must_not)]
        must, should, must_not = (tuple(q for q in part if not asks_nothing(ctx, q)) for part in every)
        if not (must or should or must_not):  # unless that is all: then stop words are looked for as they stand
            must, should, must_not = every
            if not (must or should):
                return MatchNone()
        if len(must) + len(should) == 1 and not must_not and self.boost == 1.0 and self.minimum is None:
            return (must or should)[0]
        minimum = None if self.minimum is None else min(len(should), minimum_of(self.minimum, len(should), 0))
        return Bool(must, should, must_not, minimum=minimum, boost=self.boost)

    def children(self) -> Iterator[Query]:
        yield from (*self.must, *self.should, *self.must_not)


@dataclass(frozen=True)
class Adjacent(Rewritten):
    """Words with nothing but spaces between them: analyzed together, as a synonym of several words or a shingle
    needs it, and clauses of their own where that changes nothing."""

    type: ClassVar[str] = "adjacent"
    fields: Fields
    texts: tuple[str, ...]
    clauses: Clauses

    def parts(self, ctx: SearchContext) -> tuple[Query, ...]:
        """The clauses that they are."""
        text = " ".join(self.texts)
        for path in expanded(ctx, self.fields):
            field = ctx.field(path)
            if field is not None and field.is_text:
                analyzer = analyzer_of(ctx, field, self.clauses.analyzer)
                alone = [token.term for word in self.texts for token in analyzer.tokens(word)]
                if alone != [token.term for token in analyzer.tokens(text)]:
                    return (self.clauses.words(self.fields, text),)
        return tuple(self.clauses.words(self.fields, word) for word in self.texts)

    def rewrite(self, ctx: SearchContext) -> Query:
        parts = self.parts(ctx)
        return Group(must=parts) if self.clauses.operator == "and" else Group(should=parts)


def _apart(ctx: SearchContext, queries: tuple[Query, ...]) -> tuple[Query, ...]:
    """The queries, adjacent words as the clauses that they are."""
    return tuple(part for query in queries for part in (query.parts(ctx) if isinstance(query, Adjacent) else (query,)))


def asks_nothing(ctx: SearchContext, query: Query) -> bool:
    """Whether no term of the query is left after analysis."""
    if isinstance(query, MultiMatch):
        return query.empty(ctx)
    if isinstance(query, Adjacent):
        return all(asks_nothing(ctx, part) for part in query.parts(ctx))
    if isinstance(query, Group):
        return all(asks_nothing(ctx, child) for child in query.children())
    return False


@dataclass(frozen=True)
class OverFields(Rewritten):
    """A query on one field, asked of several; the best field counts."""

    type: ClassVar[str] = "over_fields"
    fields: Fields
    query: Any  # a query with `field` and `boost`
    lenient: bool = False

    def rewrite(self, ctx: SearchContext) -> Query:
        out: list[Query] = []
        for path, weight in expanded(ctx, self.fields).items():
            one: Query = replace(self.query, field=path, boost=self.query.boost * weight)
            out.append(Lenient(one) if self.lenient else one)
        return best_query(out)


@dataclass(frozen=True)
class Clauses:
    """How words and phrases of a text in a query syntax become queries."""

    kind: str = "best_fields"
    tie_breaker: float = 0.0
    operator: str = "or"
    lenient: bool = False
    analyzer: str | None = None
    quote_analyzer: str | None = None
    fuzzy: Fuzzy = field(default_factory=Fuzzy)
    slop: int = 0
    phrases: bool = True
    rewriting: str = "constant_score"
    states: int = 10_000
    zone: tzinfo = UTC

    def words(self, fields: Fields, text: str, boost: float = 1.0) -> Query:
        """Words as in multi_match."""
        match = {
            "operator": self.operator,
            "analyzer": self.analyzer,
            "boost": boost,
            "lenient": self.lenient,
            "phrases": self.phrases,
        }
        return MultiMatch(fields, text, self.kind, self.tie_breaker, self.slop, match=match)

    def phrase(self, fields: Fields, text: str, slop: int | None, boost: float = 1.0) -> Query:
        """A phrase, by `quote_analyzer` if there is one."""
        match = {"analyzer": self.quote_analyzer or self.analyzer, "boost": boost, "lenient": self.lenient}
        return MultiMatch(fields, text, "phrase", self.tie_breaker, self.slop if slop is None else slop, match=match)

    def near(self, fields: Fields, term: str, edits: int | None, boost: float = 1.0) -> Query:
        """A fuzzy word; without `edits` as the options say."""
        fuzzy = self.fuzzy if edits is None else replace(self.fuzzy, fuzziness=Fuzziness(fixed=edits))
        return self._over(fields, FuzzyTerm("", term, fuzzy, boost=boost))

    def prefix(self, fields: Fields, term: str, boost: float = 1.0) -> Query:
        """Terms that begin with a text."""
        return self._over(fields, Prefix("", term, rewriting=self.rewriting, boost=boost))

    def wildcard(self, fields: Fields, pattern: str, boost: float = 1.0) -> Query:
        """Terms that fit a pattern."""
        return self._over(fields, Wildcard("", pattern, rewriting=self.rewriting, boost=boost))

    def regexp(self, fields: Fields, expression: str, boost: float = 1.0) -> Query:
        """Terms that fit an expression; ParsingError when it cannot be read."""
        query = Regexp.checked("", expression, states=self.states, rewriting=self.rewriting, boost=boost)
        return self._over(fields, query)

    def range(self, fields: Fields, bounds: tuple[tuple[str, Any], ...], boost: float = 1.0) -> Query:
        """Values between bounds."""
        return self._over(fields, Range("", bounds, boost=boost, zone=self.zone))

    def _over(self, fields: Fields, query: Query) -> Query:
        return OverFields(fields, query, self.lenient)
