"""wildcard: terms that fit a pattern with * and ?."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from indexer import ParsingError
from indexer.fields import Field

from ..context import SearchContext
from ..expansion import Expansion, wildcard
from .base import Parser, field_options, query_type, text_of
from .multi_term import MAX_PATTERN, STATES, MultiTerm, fit, rewrite_of
from .options import boost_of, flag


@query_type
@dataclass(frozen=True)
class Wildcard(MultiTerm):
    """Documents with a term that fits the pattern whole."""

    type: ClassVar[str] = "wildcard"
    field: str
    value: str
    any_case: bool = False
    rewriting: str = "constant_score"
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> Wildcard:
        short = "value"
        if isinstance(body, dict) and any(isinstance(o, dict) and "wildcard" in o for o in body.values()):
            short = "wildcard"  # the other name of the same option
        path, found = field_options(cls.type, body, short, {"case_insensitive", "rewrite"})
        value = text_of(cls.type, found[short])
        if len(value) > MAX_PATTERN:
            raise ParsingError(f"[wildcard] a pattern has at most {MAX_PATTERN} characters, not {len(value)}")
        return cls(
            path,
            value,
            flag(cls.type, found, "case_insensitive", False),
            rewrite_of(cls.type, found.get("rewrite")),
            boost_of(found),
            found.get("_name"),
        )

    @property
    def label(self) -> str:
        return f"{self.field}:{self.value}"

    def expansion(self, ctx: SearchContext, spec: Field) -> Expansion:
        return fit(ctx, spec, wildcard(self.value), self.any_case, STATES, f"the wildcard pattern [{self.value}]")
