"""match_bool_prefix: the words of a text, the last one only begun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ..context import SearchContext
from ..words import analyzer_of, searchable
from .base import Parser, Query, field_options, query_type, text_of
from .bool import Bool
from .dis_max import best_query
from .fuzziness import KEYS, Fuzzy
from .last_word import typed
from .match import exact
from .match_all import MatchNone
from .options import boost_of, flag, minimum_rule, name, operator_of
from .prefix import Prefix
from .rewriting import Rewritten
from .text_query import TextQuery


@query_type
@dataclass(frozen=True)
class MatchBoolPrefix(Rewritten):
    """The finished words as in `match`, and the last one as a prefix, or as its own stemmed term.

    All must match with the operator and; `minimum_should_match` counts the words, the last one as one.
    """

    type: ClassVar[str] = "match_bool_prefix"
    field: str
    text: str
    operator: str = "or"
    minimum: str | int | None = None
    analyzer: str | None = None
    boost: float = 1.0
    name: str | None = None
    fuzzy: Fuzzy | None = None
    lenient: bool = False

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> MatchBoolPrefix:
        allowed = KEYS | {"operator", "minimum_should_match", "analyzer", "lenient", "fuzzy_rewrite"}
        path, found = field_options(cls.type, body, "query", allowed)
        return cls(
            path,
            text_of(cls.type, found["query"]),
            operator_of(cls.type, found),
            minimum_rule(cls.type, found),
            name(cls.type, found, "analyzer"),
            boost_of(found),
            found.get("_name"),
            Fuzzy.parse(cls.type, found),
            flag(cls.type, found, "lenient", False),
        )

    def rewrite(self, ctx: SearchContext) -> Query:
        field = searchable(ctx, self.field)
        if field is None:
            return MatchNone()
        if not field.is_text:
            return exact(self.field, self.text, self.boost, self.lenient, self.fuzzy)
        analyzer = analyzer_of(ctx, field, self.analyzer)
        tokens = analyzer.question_tokens(self.text)
        if not tokens:
            return MatchNone()
        text = TextQuery((field,), self.text, self.operator, self.minimum, self.fuzzy, boost=self.boost)
        end = typed(analyzer, self.text, tokens)
        if end.prefix is None:
            return text.query(ctx, tokens)
        begun: list[Query] = [Prefix(self.field, end.prefix, boost=self.boost)]
        if end.last:
            begun.append(TextQuery((field,), self.text, boost=self.boost).query(ctx, end.last))
        if end.before and not end.last and text.counted:  # a stop word, which nothing needs to hold
            return Bool(must=(text.query(ctx, end.before),), should=(best_query(begun),))
        return text.query(ctx, end.before, (best_query(begun),))
