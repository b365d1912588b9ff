"""combined_fields: several text fields searched as if they were one (BM25F)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from indexer import InvalidRequest, ParsingError

from ..context import SearchContext
from ..words import question_tokens
from .base import Parser, Query, options, query_type
from .field_list import Fields, expanded, fields_of
from .match_all import MatchAll, MatchNone
from .options import boost_of, choice, flag, minimum_rule, operator_of, required_text
from .rewriting import Rewritten
from .text_query import TextQuery


@query_type
@dataclass(frozen=True)
class CombinedFields(Rewritten):
    """Term frequencies and lengths of the fields are added before scoring (Robertson et al. 2004)."""

    type: ClassVar[str] = "combined_fields"
    fields: Fields
    text: str
    operator: str = "or"
    minimum: str | int | None = None
    boost: float = 1.0
    name: str | None = None
    zero_terms: str = "none"
    phrases: bool = True
    analyzer: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> CombinedFields:
        allowed = {
            "fields", "query", "operator", "minimum_should_match", "zero_terms_query",
            "auto_generate_synonyms_phrase_query",
        }  # fmt: skip
        found = options(cls.type, body, allowed)
        fields = fields_of(cls.type, found.get("fields"))
        if any(weight < 1 for _, weight in fields):
            raise ParsingError("[combined_fields] weights must be 1 or more")
        return cls(
            fields,
            required_text(cls.type, found),
            operator_of(cls.type, found),
            minimum_rule(cls.type, found),
            boost_of(found),
            found.get("_name"),
            choice(cls.type, found, "zero_terms_query", ("none", "all")),
            flag(cls.type, found, "auto_generate_synonyms_phrase_query", True),
        )

    def rewrite(self, ctx: SearchContext) -> Query:
        for path, _ in self.fields:
            named = ctx.field(path)
            if named is not None and not named.is_text:
                raise InvalidRequest(
                    f"Field [{path}] of type [{named.type}] does not support [combined_fields] queries: text fields do"
                )
        specs = [(ctx.field(path), weight) for path, weight in expanded(ctx, self.fields).items()]
        paths = {spec.path: w for spec, w in specs if spec is not None and spec.is_text and w > 0}
        if not paths:
            return MatchNone()
        fields = tuple(ctx.mapping.fields[path] for path in paths)
        analyzers = {field.search_analyzer for field in fields}
        if len(analyzers) > 1:
            raise InvalidRequest(
                f"All fields in [combined_fields] query must have the same search analyzer: {list(paths)}"
            )
        tokens = question_tokens(ctx.analyzer(fields[0]), self.text, self.zero_terms)
        if not tokens:
            return MatchAll(self.boost) if self.zero_terms == "all" else MatchNone()
        weights = None if set(paths.values()) == {1.0} else tuple(paths.values())
        found = TextQuery(fields, self.text, self.operator, self.minimum, None, self.phrases, self.boost, weights)
        return found.query(ctx, tokens)
