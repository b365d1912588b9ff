"""match_phrase: the words of a text next to each other, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from indexer import ParsingError

from ..context import SearchContext
from ..lexical import PhraseQuery
from ..words import similarity_of
from .base import Highlight, Matches, Parser, Query, field_options, query_type, text_of
from .term import Term


@query_type
@dataclass(frozen=True)
class MatchPhrase(Query):
    """Documents that hold the text as a phrase, up to `slop` moves. Chinese is matched character by
    character, so any substring of a text is found whatever a segmenter would say."""

    type: ClassVar[str] = "match_phrase"
    field: str
    text: str
    slop: int = 0
    analyzer: str | None = None
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> MatchPhrase:
        path, found = field_options(cls.type, body, "query", {"slop", "analyzer", "zero_terms_query"})
        slop = found.get("slop", 0)
        if not isinstance(slop, int) or isinstance(slop, bool) or not 0 <= slop <= 1_000_000:
            raise ParsingError(f"[{cls.type}] [slop] must be a number from 0 to 1000000, not [{slop}]")
        text = text_of(cls.type, found["query"])
        return cls(path, text, slop, found.get("analyzer"), float(found.get("boost", 1.0)), found.get("_name"))

    def words(self, ctx: SearchContext) -> PhraseQuery | None:
        field = ctx.field(self.field)
        if field is None or not field.is_text:
            return None
        analyzer = ctx.index.analyzers.get(self.analyzer) if self.analyzer else ctx.analyzer(field)
        tokens = analyzer.phrase_tokens(self.text)
        if not tokens:
            return None
        return PhraseQuery(
            self.field,
            tuple(t.term for t in tokens),
            tuple(t.position - tokens[0].position for t in tokens),
            self.slop,
            self.boost,
            similarity_of(field.similarity),
        )

    def matches(self, ctx: SearchContext) -> Matches:
        field = ctx.field(self.field)
        if field is not None and not field.is_text:
            return Term(self.field, self.text, self.boost).matches(ctx)
        words = self.words(ctx)
        return Matches.none() if words is None else Matches(*ctx.reader.matches(words))

    def highlights(self, ctx: SearchContext) -> Iterator[Highlight]:
        yield Highlight(self.field, self.text, phrase=True)
