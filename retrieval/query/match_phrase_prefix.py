"""match_phrase_prefix: a phrase whose last word is only begun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ..context import SearchContext
from ..lexical import PhraseQuery
from ..words import analyzer_of, question_tokens, searchable, similarity_of
from .base import Highlight, Parser, Query, field_options, query_type, text_of
from .dis_max import best_query
from .fuzziness import MAX_EXPANSIONS
from .last_word import typed
from .lexical_leaf import Lexical, dictionaries
from .match import exact
from .match_all import MatchAll, MatchNone
from .match_phrase import MAX_SLOP, MatchPhrase, ways_of
from .options import boost_of, choice, name, whole
from .rewriting import Rewritten


@query_type
@dataclass(frozen=True)
class MatchPhrasePrefix(Rewritten):
    """The phrase with each of the first `max_expansions` terms that its last word begins; the best counts.

    Beside those the last word's own term is tried, so that a stemmed word is found when it is complete. A text
    that ends in a Han character is a phrase as it stands: any substring of a Chinese text is.
    """

    type: ClassVar[str] = "match_phrase_prefix"
    field: str
    text: str
    slop: int = 0
    expansions: int = 50
    analyzer: str | None = None
    boost: float = 1.0
    name: str | None = None
    zero_terms: str = "none"
    lenient: bool = False

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> MatchPhrasePrefix:
        allowed = {"slop", "max_expansions", "analyzer", "zero_terms_query"}
        path, found = field_options(cls.type, body, "query", allowed)
        return cls(
            path,
            text_of(cls.type, found["query"]),
            whole(cls.type, found, "slop", 0, 0, MAX_SLOP),
            whole(cls.type, found, "max_expansions", 50, 1, MAX_EXPANSIONS),
            name(cls.type, found, "analyzer"),
            boost_of(found),
            found.get("_name"),
            choice(cls.type, found, "zero_terms_query", ("none", "all")),
        )

    def rewrite(self, ctx: SearchContext) -> Query:
        field = searchable(ctx, self.field)
        if field is None:
            return MatchNone()
        if not field.is_text:
            return exact(self.field, self.text, self.boost, self.lenient)
        analyzer = analyzer_of(ctx, field, self.analyzer)
        tokens = question_tokens(analyzer, self.text, self.zero_terms, phrase=True)
        if not tokens:
            return MatchAll(self.boost) if self.zero_terms == "all" else MatchNone()
        end = typed(analyzer, self.text, tokens)
        if end.prefix is None:
            return MatchPhrase(self.field, self.text, self.slop, self.analyzer, self.boost)
        terms = [t.decode("utf-8", "surrogatepass") for t in expanded(ctx, self.field, end.prefix, self.expansions)]
        words = list(dict.fromkeys([*(token.term for token in end.last), *terms]))
        similarity = similarity_of(ctx, field.similarity)
        queries: list[Query] = []
        if end.before and not end.last:  # a stop word may be all that was meant: documents do not hold it
            queries.append(MatchPhrase(self.field, self.text, self.slop, self.analyzer, self.boost))
        for way in ways_of(ctx, end.before) if end.before else [None]:
            for word in words:
                if way is None:
                    phrase = PhraseQuery(self.field, (word,), (0,), 0, self.boost, similarity)
                else:
                    gap = end.position - max(t.position + t.position_length for t in end.before)
                    offsets = (*way.offsets, way.length + gap)
                    phrase = PhraseQuery(self.field, (*way.terms, word), offsets, self.slop, self.boost, similarity)
                mark = Highlight(self.field, word, analyzed=False)
                if way is not None:
                    mark = Highlight(self.field, self.text[: end.start] + word, phrase=True, slop=self.slop)
                queries.append(Lexical(phrase, (mark,)))
        return best_query(queries)


def expanded(ctx: SearchContext, path: str, prefix: str, limit: int) -> list[bytes]:
    """The first `limit` terms of a field that begin with a text, in byte order."""
    return dictionaries(ctx, path).prefix(prefix).terms(limit)
