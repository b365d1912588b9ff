"""prefix: terms that begin with a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from indexer.fields import Field

from ..context import SearchContext
from ..expansion import Expansion, prefix_of
from .base import Parser, Query, field_options, query_type, text_of
from .han_terms import as_phrase
from .lexical_leaf import dictionaries
from .multi_term import STATES, MultiTerm, fit, fold_text, rewrite_of
from .options import boost_of, flag


@query_type
@dataclass(frozen=True)
class Prefix(MultiTerm):
    """Documents with a term that begins with the value.

    In a text field whose terms are Han characters and pairs no term is longer than two: a value with more of
    them is looked for as a phrase, any part of a Chinese text being the beginning of something.
    """

    type: ClassVar[str] = "prefix"
    field: str
    value: str
    any_case: bool = False
    rewriting: str = "constant_score"
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> Prefix:
        path, found = field_options(cls.type, body, "value", {"case_insensitive", "rewrite"})
        return cls(
            path,
            text_of(cls.type, found["value"]),
            flag(cls.type, found, "case_insensitive", False),
            rewrite_of(cls.type, found.get("rewrite")),
            boost_of(found),
            found.get("_name"),
        )

    @property
    def label(self) -> str:
        return f"{self.field}:{self.value}*"

    def rewrite(self, ctx: SearchContext) -> Query:
        return as_phrase(ctx, self.field, self.value, self.boost, True) or super().rewrite(ctx)

    def expansion(self, ctx: SearchContext, spec: Field) -> Expansion:
        if self.any_case:
            return fit(ctx, spec, prefix_of(self.value), True, STATES, f"[{self.label}]")
        return dictionaries(ctx, spec.path).prefix(fold_text(ctx, spec, self.value))
