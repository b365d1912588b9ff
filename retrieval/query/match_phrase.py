"""match_phrase: the words of a text next to each other, in order."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from analysis import Token
from indexer import InvalidRequest

from ..context import SearchContext
from ..lexical import PhraseQuery
from ..words import METADATA, analyzer_of, lasting_text, question_tokens, searchable, similarity_of
from .base import Highlight, Parser, Query, field_options, query_type, text_of
from .dis_max import best_query
from .graph import Way, paths
from .lexical_leaf import Lexical
from .match import exact
from .match_all import MatchAll, MatchNone
from .options import boost_of, choice, flag, name, whole
from .rewriting import Rewritten
from .term import Term

MAX_SLOP = 1_000_000


@query_type
@dataclass(frozen=True)
class MatchPhrase(Rewritten):
    """Documents that hold the text as a phrase, up to `slop` moves. Chinese is matched character by
    character, so any substring of a text is found whatever a segmenter would say. With synonyms each way
    to say the text is a phrase, and the best one counts."""

    type: ClassVar[str] = "match_phrase"
    field: str
    text: str
    slop: int = 0
    analyzer: str | None = None
    boost: float = 1.0
    name: str | None = None
    zero_terms: str = "none"
    lenient: bool = False

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> MatchPhrase:
        path, found = field_options(cls.type, body, "query", {"slop", "analyzer", "zero_terms_query", "lenient"})
        return cls(
            path,
            text_of(cls.type, found["query"]),
            whole(cls.type, found, "slop", 0, 0, MAX_SLOP),
            name(cls.type, found, "analyzer"),
            boost_of(found),
            found.get("_name"),
            choice(cls.type, found, "zero_terms_query", ("none", "all")),
            flag(cls.type, found, "lenient", False),
        )

    def filter_key(self, ctx: SearchContext) -> Hashable | None:
        if not lasting_text(ctx, self.field, self.analyzer):
            return None
        return (self.type, self.field, self.text, self.slop, self.analyzer, self.zero_terms)

    def rewrite(self, ctx: SearchContext) -> Query:
        if self.field in METADATA:
            return Term(self.field, self.text, self.boost)
        field = searchable(ctx, self.field)
        if field is None:
            return MatchNone()
        if not field.is_text:
            return exact(self.field, self.text, self.boost, self.lenient)
        analyzer = analyzer_of(ctx, field, self.analyzer)
        tokens = question_tokens(analyzer, self.text, self.zero_terms, phrase=True)
        if not tokens:
            return MatchAll(self.boost) if self.zero_terms == "all" else MatchNone()
        similarity = similarity_of(ctx, field.similarity)
        marks = (Highlight(self.field, self.text, phrase=True, slop=self.slop),)
        return best_query(
            [
                Lexical(PhraseQuery(self.field, way.terms, way.offsets, self.slop, self.boost, similarity), marks)
                for way in ways_of(ctx, tokens)
            ]
        )


def ways_of(ctx: SearchContext, tokens: Sequence[Token]) -> list[Way]:
    """Every way to say a text; InvalidRequest when its synonyms make too many."""
    limit = ctx.settings.max_clauses
    found = paths(tokens, limit)
    if found is None:
        raise InvalidRequest(f"the synonyms of this phrase make more than QUARRY_MAX_CLAUSES={limit} phrases")
    return found
