"""multi_match: one text in several fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from indexer import ParsingError

from ..context import SearchContext
from ..words import analyzer_of, question_tokens
from .base import Parser, Query, options, query_type
from .dis_max import best_query
from .field_list import Fields, expanded, fields_of, lenient_by_default
from .fuzziness import MAX_EXPANSIONS
from .match import OPTIONS, Match, match_options
from .match_all import MatchAll
from .match_bool_prefix import MatchBoolPrefix
from .match_phrase import MAX_SLOP, MatchPhrase
from .match_phrase_prefix import MatchPhrasePrefix
from .options import choice, number, required_text, whole
from .rewriting import Rewritten
from .text_query import TextQuery

KINDS = ("best_fields", "most_fields", "cross_fields", "phrase", "phrase_prefix", "bool_prefix")


@query_type
@dataclass(frozen=True)
class MultiMatch(Rewritten):
    """best_fields, phrase, phrase_prefix: the best field's score plus tie_breaker times the others';
    most_fields, bool_prefix: their sum; cross_fields: the fields as one, as `combined_fields` does it, with
    fields of another analyzer apart."""

    type: ClassVar[str] = "multi_match"
    fields: Fields
    text: str
    kind: str = "best_fields"
    tie_breaker: float = 0.0
    slop: int = 0
    expansions: int = 50
    match: dict[str, Any] = field(default_factory=dict, hash=False)  # the options of :class:`Match`
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> MultiMatch:
        allowed = OPTIONS | {"fields", "query", "type", "tie_breaker", "slop"}
        found = options(cls.type, body, allowed)
        kind = choice(cls.type, {"type": found.get("type", KINDS[0])}, "type", KINDS)
        fields = fields_of(cls.type, found.get("fields", ["*"]))
        match = match_options(cls.type, found)
        if "lenient" not in found:
            match["lenient"] = lenient_by_default(fields)
        if match["fuzzy"] is not None and kind in ("cross_fields", "phrase", "phrase_prefix"):
            raise ParsingError(f"Fuzziness not allowed for type [{kind}]")
        slop = whole(cls.type, found, "slop", 0, 0, MAX_SLOP)
        if slop and kind == "bool_prefix":  # other options that a type has no use for are passed over
            raise ParsingError(f"[slop] not allowed for type [{kind}]")
        return cls(
            fields,
            required_text(cls.type, found),
            kind,
            number(cls.type, found, "tie_breaker", 1.0 if kind in ("most_fields", "bool_prefix") else 0.0, 0.0, 1.0),
            slop,
            whole(cls.type, found, "max_expansions", 50, 1, MAX_EXPANSIONS),
            match,
            found.get("_name"),
        )

    def rewrite(self, ctx: SearchContext) -> Query:
        paths = expanded(ctx, self.fields)
        if self.match.get("zero_terms") == "all" and self.empty(ctx):
            return MatchAll(self.match.get("boost", 1.0))
        if self.kind == "cross_fields":
            return best_query(self._crossed(ctx, paths), self.tie_breaker)
        return best_query([self._one(path, weight) for path, weight in paths.items()], self.tie_breaker)

    def _one(self, path: str, weight: float) -> Query:
        own: dict[str, Any] = {**self.match, "boost": self.match.get("boost", 1.0) * weight, "zero_terms": "none"}
        if self.kind in ("best_fields", "most_fields"):
            return Match(path, self.text, **own)
        shared = {key: own[key] for key in ("analyzer", "boost", "lenient") if key in own}
        if self.kind == "phrase":
            return MatchPhrase(path, self.text, self.slop, **shared)
        if self.kind == "phrase_prefix":
            return MatchPhrasePrefix(path, self.text, self.slop, self.expansions, **shared)
        counted = {key: own[key] for key in ("operator", "minimum", "fuzzy") if key in own}
        return MatchBoolPrefix(path, self.text, **shared, **counted)

    def _crossed(self, ctx: SearchContext, paths: dict[str, float]) -> list[Query]:
        """One query for the fields of each analyzer and similarity, and one for each that is not text."""
        groups: dict[tuple[str, str], list[str]] = {}
        out: list[Query] = []
        analyzer = self.match.get("analyzer")
        for path, weight in paths.items():
            spec = ctx.field(path)
            if weight <= 0:
                continue
            if spec is None or not spec.is_text or spec.similarity == "TFIDF":  # a cosine is of one field's vectors
                out.append(Match(path, self.text, **{**self.match, "boost": self.match.get("boost", 1.0) * weight}))
            else:
                groups.setdefault((analyzer or spec.search_analyzer, spec.similarity), []).append(path)
        return [*(self._together(ctx, names, paths) for names in groups.values()), *out]

    def _together(self, ctx: SearchContext, names: list[str], paths: dict[str, float]) -> Query:
        fields = tuple(ctx.mapping.fields[name] for name in names)
        weights = tuple(paths[name] for name in names)
        text = TextQuery(
            fields, self.text, self.match.get("operator", "or"), self.match.get("minimum"), None,
            self.match.get("phrases", True), self.match.get("boost", 1.0),
            None if set(weights) == {1.0} else weights,
        )  # fmt: skip
        analyzer = analyzer_of(ctx, fields[0], self.match.get("analyzer"))
        return text.query(ctx, question_tokens(analyzer, self.text))

    def empty(self, ctx: SearchContext) -> bool:
        """Whether the text has no terms in any of the fields, which are text fields all."""
        specs = [ctx.field(path) for path in expanded(ctx, self.fields)]
        texts = [spec for spec in specs if spec is not None and spec.is_text]
        analyzer = self.match.get("analyzer")
        if not texts or any(analyzer_of(ctx, spec, analyzer).tokens(self.text) for spec in texts):
            return False
        return len(texts) == len(specs) or any("*" in pattern for pattern, _ in self.fields)
