"""match: the words of a text in one field."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, ClassVar

from indexer import InvalidRequest, ParsingError
from indexer.fields import Field

from ..context import SearchContext
from ..words import METADATA, analyzer_of, lasting_text, question_tokens, searchable
from .base import Parser, Query, field_options, query_type, text_of
from .fuzziness import KEYS, Fuzzy
from .match_all import MatchAll, MatchNone
from .options import boost_of, choice, flag, minimum_rule, name, operator_of
from .rewriting import Rewritten
from .term import Term
from .text_query import TextQuery


@query_type
@dataclass(frozen=True)
class Match(Rewritten):
    """Documents with any (operator or), all (and) or `minimum_should_match` of the text's units.

    See :mod:`.graph` for what a unit is, :mod:`.fuzziness` and :mod:`.han_runs` for what fuzziness means.
    """

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
    fuzzy: Fuzzy | None = None
    phrases: bool = True

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> Match:
        path, found = field_options(cls.type, body, "query", OPTIONS)
        return cls(path, text_of(cls.type, found["query"]), name=found.get("_name"), **match_options(cls.type, found))

    def filter_key(self, ctx: SearchContext) -> Hashable | None:
        if self.fuzzy is not None or not lasting_text(ctx, self.field, self.analyzer):
            return None
        options = (self.operator, self.minimum, self.analyzer, self.zero_terms, self.phrases)
        return (self.type, self.field, self.text, *options)

    def rewrite(self, ctx: SearchContext) -> Query:
        if self.field in METADATA:
            return Term(self.field, self.text, self.boost)
        field = searchable(ctx, self.field)
        if field is None:
            return MatchNone()
        if not field.is_text:
            return exact(self.field, self.text, self.boost, self.lenient, self.fuzzy)
        tokens = question_tokens(analyzer_of(ctx, field, self.analyzer), self.text, self.zero_terms)
        if not tokens:
            return MatchAll(self.boost) if self.zero_terms == "all" else MatchNone()
        return self.text_query(field).query(ctx, tokens)

    def text_query(self, field: Field) -> TextQuery:
        """How the text is looked for in a text field."""
        return TextQuery((field,), self.text, self.operator, self.minimum, self.fuzzy, self.phrases, self.boost)


OPTIONS = KEYS | {
    "operator", "minimum_should_match", "analyzer", "zero_terms_query", "lenient",
    "auto_generate_synonyms_phrase_query", "fuzzy_rewrite",
}  # fmt: skip


def match_options(kind: str, found: dict[str, Any]) -> dict[str, Any]:
    """The options that match and its kin share, as arguments of :class:`Match`."""
    rewrite = found.get("fuzzy_rewrite")
    if rewrite is not None and not str(rewrite).startswith("top_terms_blended_freqs_"):
        raise ParsingError(f"[{kind}] scores fuzzy terms with blended frequencies only: leave out [fuzzy_rewrite]")
    return {
        "operator": operator_of(kind, found),
        "minimum": minimum_rule(kind, found),
        "analyzer": name(kind, found, "analyzer"),
        "zero_terms": choice(kind, found, "zero_terms_query", ("none", "all")),
        "boost": boost_of(found),
        "lenient": flag(kind, found, "lenient", False),
        "fuzzy": Fuzzy.parse(kind, found),
        "phrases": flag(kind, found, "auto_generate_synonyms_phrase_query", True),
    }


def exact(path: str, text: str, boost: float, lenient: bool, fuzzy: Fuzzy | None = None) -> Query:
    """A text as the whole value of a field that is not text."""
    query: Query = Term(path, text, boost)
    if fuzzy is not None:
        from .fuzzy import FuzzyTerm

        query = FuzzyTerm(path, text, fuzzy, boost=boost)
    return Lenient(query) if lenient else query


@dataclass(frozen=True)
class Lenient(Rewritten):
    """A query that matches nothing where its value does not fit the field."""

    type: ClassVar[str] = "lenient"
    query: Query

    def rewrite(self, ctx: SearchContext) -> Query:
        try:
            self.query.mask(ctx)
        except InvalidRequest:
            return MatchNone()
        return self.query
