"""simple_query_string: a small syntax that never fails.

``+`` and, ``|`` or, ``-`` not, ``"a phrase"``, ``wor*``, parentheses, ``word~1``, ``"a phrase"~2``, and a backslash
before a sign that is meant as it stands. What cannot be read as an operator is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from indexer import ParsingError

from ..context import SearchContext
from .base import Parser, Query, options, query_type
from .clauses import Clauses, Group
from .field_list import fields_of, lenient_by_default
from .fuzziness import MAX_EXPANSIONS, Fuzziness, Fuzzy
from .match_all import MatchAll, MatchNone
from .match_phrase import MAX_SLOP
from .options import boost_of, flag, minimum_rule, name, operator_of, required_text, whole
from .rewriting import Rewritten

FLAGS = ("AND", "ESCAPE", "FUZZY", "NEAR", "NOT", "OR", "PHRASE", "PRECEDENCE", "PREFIX", "SLOP", "WHITESPACE")
_KEYS = {
    "query", "fields", "default_operator", "analyzer", "flags", "lenient", "minimum_should_match", "analyze_wildcard",
    "fuzzy_prefix_length", "fuzzy_max_expansions", "fuzzy_transpositions", "auto_generate_synonyms_phrase_query",
}  # fmt: skip
_SIGNS = {"+": "AND", "|": "OR", "-": "NOT", '"': "PHRASE", "(": "PRECEDENCE", ")": "PRECEDENCE"}
_SUFFIX = re.compile(r"~(\d{0,9})")


@query_type
@dataclass(frozen=True)
class SimpleQueryString(Rewritten):
    """A text in the simple syntax."""

    type: ClassVar[str] = "simple_query_string"
    tree: Query
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> SimpleQueryString:
        kind = cls.type
        found = options(kind, body, _KEYS)
        fields = fields_of(kind, found.get("fields") or ["*"])
        flag(kind, found, "analyze_wildcard", False)
        fuzzy = Fuzzy(
            Fuzziness(fixed=2),
            whole(kind, found, "fuzzy_prefix_length", 0, 0, 255),
            whole(kind, found, "fuzzy_max_expansions", 50, 1, MAX_EXPANSIONS),
            flag(kind, found, "fuzzy_transpositions", True),
        )
        clauses = Clauses(
            operator=operator_of(kind, found, "default_operator"),
            lenient=flag(kind, found, "lenient", lenient_by_default(fields)),
            analyzer=name(kind, found, "analyzer"),
            fuzzy=fuzzy,
            phrases=flag(kind, found, "auto_generate_synonyms_phrase_query", True),
        )
        minimum = minimum_rule(kind, found)
        reader = _Reader(required_text(kind, found), fields, clauses, _flags(found.get("flags")), parser, minimum)
        return cls(reader.read(), boost_of(found), found.get("_name"))

    def rewrite(self, ctx: SearchContext) -> Query:
        return self.tree if self.boost == 1.0 else Group(must=(self.tree,), boost=self.boost)

    def children(self) -> Iterator[Query]:
        yield self.tree


def _flags(value: Any) -> frozenset[str]:
    if value is None or value == -1:
        return frozenset(FLAGS)
    if not isinstance(value, str):
        raise ParsingError("[simple_query_string] [flags] must be a string such as AND|OR|PREFIX")
    out: set[str] = set()
    for one in value.upper().split("|"):
        if one == "ALL":
            out.update(FLAGS)
        elif one in FLAGS:
            out.add(one)
        elif one != "NONE" and one:
            raise ParsingError(f"Unknown simple_query_string flag [{one}]; known are ALL, NONE, {', '.join(FLAGS)}")
    return frozenset(out)


@dataclass
class _Reader:
    """Reads from left to right; each operator joins what stands before with the next clause."""

    text: str
    fields: tuple[tuple[str, float], ...]
    clauses: Clauses
    flags: frozenset[str]
    parser: Parser
    minimum: str | int | None = None
    at: int = 0
    count: int = field(default=0)

    def read(self) -> Query:
        if len(self.text) > 32_766:
            raise ParsingError(f"a query text has at most 32766 characters, not {len(self.text)}")
        found = self._group(0)
        return MatchNone() if found is None else found

    def _sign(self, char: str) -> bool:
        return char in _SIGNS and _SIGNS[char] in self.flags

    def _blank(self, char: str) -> bool:
        return char.isspace() and "WHITESPACE" in self.flags

    def _group(self, depth: int) -> Query | None:
        """Clauses up to the end of the text, or (inside parentheses) to the closing one."""
        top: list[Query] = []
        joined = ""  # how the clauses of `top` are joined
        wanted = ""  # how the next clause is to be joined
        negated = False
        while self.at < len(self.text):
            char = self.text[self.at]
            if self._sign(char) and char == ")":
                self.at += 1
                if depth:
                    break
                continue
            if self._blank(char):
                self.at += 1
                continue
            if self._sign(char) and char in "+|":
                self.at += 1
                wanted = wanted or ("and" if char == "+" else "or")
                continue
            if self._sign(char) and char == "-":
                self.at += 1
                negated = not negated
                continue
            clause = self._clause(depth)
            if clause is None:
                continue
            if negated:
                clause = Group(must=(MatchAll(),), must_not=(clause,))
            how = wanted or self.clauses.operator
            if top and joined and how != joined:
                top = [self._joined(top, joined)]
            if top:
                joined = how
            top.append(clause)
            wanted, negated = "", False
        if not top:
            return None
        return top[0] if len(top) == 1 else self._joined(top, joined, self.minimum if depth == 0 else None)

    @staticmethod
    def _joined(parts: list[Query], how: str, minimum: str | int | None = None) -> Query:
        if how == "and":
            return Group(must=tuple(parts))
        return Group(should=tuple(parts), minimum=minimum)

    def _clause(self, depth: int) -> Query | None:
        self.count += 1
        if self.count > self.parser.max_clauses:
            raise ParsingError(f"the query has more than QUARRY_MAX_CLAUSES={self.parser.max_clauses} clauses")
        char = self.text[self.at]
        if self._sign(char) and char == "(":
            if depth >= self.parser.max_depth:
                raise ParsingError(f"the query is nested deeper than QUARRY_MAX_DEPTH={self.parser.max_depth}")
            self.at += 1
            return self._group(depth + 1)
        if self._sign(char) and char == '"':
            end = self._closing_quote()
            if end is not None:
                return self._phrase(end)
            self.at += 1
            return None
        return self._word()

    def _closing_quote(self) -> int | None:
        at = self.at + 1
        while at < len(self.text):
            if self.text[at] == "\\" and "ESCAPE" in self.flags:
                at += 1
            elif self.text[at] == '"':
                return at
            at += 1
        return None

    def _phrase(self, end: int) -> Query:
        inside = self._plain(self.text[self.at + 1 : end])
        self.at = end + 1
        slop = None
        suffix = _SUFFIX.match(self.text, self.at)
        if suffix and self.flags & {"SLOP", "NEAR"}:
            self.at = suffix.end()
            slop = min(int(suffix[1] or 0), MAX_SLOP)
        return self.clauses.phrase(self.fields, inside, slop)

    def _word(self) -> Query | None:
        start = self.at
        escaped = False
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "\\" and "ESCAPE" in self.flags:
                self.at += 2
                escaped = self.at >= len(self.text)
                continue
            # a minus inside a word is part of it
            if self._blank(char) or (self._sign(char) and char != "-"):
                break
            self.at += 1
        self.at = min(self.at, len(self.text))
        raw = self.text[start : self.at]
        if not raw:
            self.at += 1
            return None
        fuzzy = re.fullmatch(r"(.+?)~(\d{0,9})", raw, re.DOTALL) if "FUZZY" in self.flags else None
        if fuzzy and not fuzzy[1].endswith("\\"):
            edits = min(int(fuzzy[2]), 2) if fuzzy[2] else 2
            return self.clauses.near(self.fields, self._plain(fuzzy[1]), edits)
        if raw.endswith("*") and len(raw) > 1 and "PREFIX" in self.flags and not escaped and raw[-2] != "\\":
            return self.clauses.prefix(self.fields, self._plain(raw[:-1]))
        if raw == "*" and "PREFIX" in self.flags:
            return MatchAll()
        return self.clauses.words(self.fields, self._plain(raw))

    def _plain(self, text: str) -> str:
        return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL) if "ESCAPE" in self.flags else text
