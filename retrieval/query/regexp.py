"""regexp: terms that fit a regular expression in Lucene's syntax."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from indexer import ParsingError
from indexer.fields import Field

from ..context import SearchContext
from ..expansion import FLAGS, Expansion, RegexpError, parse_regexp
from .base import Parser, field_options, query_type, text_of
from .multi_term import MAX_PATTERN, STATES, MultiTerm, fit, rewrite_of
from .options import boost_of, flag, whole

MAX_STATES = 100_000


@query_type
@dataclass(frozen=True)
class Regexp(MultiTerm):
    """Documents with a term that fits the expression whole; see :mod:`retrieval.expansion.regexp`."""

    type: ClassVar[str] = "regexp"
    field: str
    value: str
    flags: frozenset[str] = frozenset(FLAGS)
    any_case: bool = False
    states: int = STATES
    rewriting: str = "constant_score"
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> Regexp:
        allowed = {"flags", "case_insensitive", "max_determinized_states", "rewrite"}
        path, found = field_options(cls.type, body, "value", allowed)
        return cls.checked(
            path,
            text_of(cls.type, found["value"]),
            flags=_flags(found.get("flags")),
            any_case=flag(cls.type, found, "case_insensitive", False),
            states=whole(cls.type, found, "max_determinized_states", STATES, 1, MAX_STATES),
            rewriting=rewrite_of(cls.type, found.get("rewrite")),
            boost=boost_of(found),
            name=found.get("_name"),
        )

    @classmethod
    def checked(cls, path: str, value: str, **more: Any) -> Regexp:
        """The query of an expression that can be read; ParsingError."""
        if len(value) > MAX_PATTERN:
            raise ParsingError(
                f"The length of regex [{len(value)}] used in the [regexp] query has exceeded the allowed maximum "
                f"of [{MAX_PATTERN}]"
            )
        query = cls(path, value, **more)
        try:
            parse_regexp(query.value, query.flags)
        except RegexpError as error:
            raise ParsingError(f"[regexp] {error}") from None
        return query

    @property
    def label(self) -> str:
        return f"{self.field}:/{self.value}/"

    def expansion(self, ctx: SearchContext, spec: Field) -> Expansion:
        node = parse_regexp(self.value, self.flags)
        return fit(ctx, spec, node, self.any_case, self.states, f"the regular expression [{self.value}]")


def _flags(value: Any) -> frozenset[str]:
    """ALL, NONE, or names joined by |; ParsingError."""
    names = "ALL" if value is None else value
    if not isinstance(names, str):
        raise ParsingError("[regexp] [flags] must be a string such as COMPLEMENT|INTERVAL")
    out: set[str] = set()
    for name in names.upper().split("|") if names else ():
        if name == "ALL":
            out.update(FLAGS)
        elif name in FLAGS:
            out.add(name)
        elif name != "NONE":
            raise ParsingError(f"Unknown regexp flag [{name}]; known are ALL, NONE, {', '.join(FLAGS)}")
    return frozenset(out)
