"""fuzzy: terms near to a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from indexer import ParsingError

from ..context import SearchContext
from ..lexical import WordQuery
from ..words import similarity_of
from .base import Highlight, Parser, Query, field_options, query_type, text_of
from .fuzziness import Fuzziness, Fuzzy, similar_terms
from .han_terms import han_value
from .lexical_leaf import Lexical
from .match_all import MatchNone
from .multi_term import fold_text, scored, term_field
from .options import boost_of, flag, whole
from .rewriting import Rewritten


@query_type
@dataclass(frozen=True)
class FuzzyTerm(Rewritten):
    """Documents with a term near to the value, scored with blended frequencies (the `rewrite` constant_score:
    all `boost`).

    A value of several Han characters is no term of a text field of characters and pairs: it is matched as
    the same words with the same fuzziness, all of them needed.
    """

    type: ClassVar[str] = "fuzzy"
    field: str
    value: str
    fuzzy: Fuzzy
    constant: bool = False
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> FuzzyTerm:
        allowed = {"fuzziness", "prefix_length", "max_expansions", "transpositions", "rewrite"}
        path, found = field_options(cls.type, body, "value", allowed)
        rewrite = found.get("rewrite", "top_terms_blended_freqs_50")
        if rewrite != "constant_score" and not str(rewrite).startswith("top_terms_blended_freqs_"):
            raise ParsingError(
                f"[fuzzy] unknown rewrite method [{rewrite}]; known are top_terms_blended_freqs_N and constant_score"
            )
        fuzzy = Fuzzy(
            Fuzziness.of(cls.type, found.get("fuzziness", "AUTO")),
            whole(cls.type, found, "prefix_length", 0, 0, 255),
            whole(cls.type, found, "max_expansions", 50, 1, 1024),
            flag(cls.type, found, "transpositions", True),
        )
        value = text_of(cls.type, found["value"])
        return cls(path, value, fuzzy, rewrite == "constant_score", boost_of(found), found.get("_name"))

    def rewrite(self, ctx: SearchContext) -> Query:
        from .constant_score import ConstantScore
        from .match import Match

        spec = term_field(ctx, self.type, self.field)
        if spec is None:
            return MatchNone()
        if han_value(ctx, self.field, self.value):
            match = Match(self.field, self.value, "and", fuzzy=self.fuzzy, boost=self.boost)
            return ConstantScore(match, self.boost) if self.constant else match
        near = similar_terms(ctx, spec, fold_text(ctx, spec, self.value), self.fuzzy)
        if self.constant:
            return ConstantScore(scored(ctx, spec, [w.term for w in near], 1.0), self.boost)
        boosts = tuple(w.boost * self.boost for w in near)
        words = WordQuery(
            (self.field,), tuple(w.term for w in near), boosts, similarity=similarity_of(ctx, spec.similarity)
        )
        return Lexical(words, tuple(Highlight(self.field, w.term, analyzed=False) for w in near))
