"""query_string: Lucene's query syntax as typed by a person.

Words, "phrases"~slop, field:value, field:(a b), ranges [1 TO 5] and >=5, _exists_:field, AND OR NOT + - !,
parentheses, ^boost and backslash escapes. Wildcards and fuzzy words are refused, not ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from indexer import ParsingError

from ..context import SearchContext
from .base import Explanation, Highlight, Matches, Parser, Query, options, query_type, text_of
from .bool import Bool
from .combined_fields import fields_of
from .exists import Exists
from .match import Match, operator_of
from .match_all import MatchAll, MatchNone
from .match_phrase import MatchPhrase
from .multi_match import MultiMatch
from .range import Range

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<phrase>"(?:[^"\\]|\\.)*"(?:~\d+)?)
    | (?P<range>[\[{][^\]}]*[\]}])
    | (?P<op>&&|\|\||[()+!]|-(?=\S))
    | (?P<compare>[<>]=?)
    | (?P<word>(?:\\.|[^\s()"\[\]{}\\^:<>]|(?<=\S)[<>])+)
    | (?P<colon>:)
    | (?P<boost>\^\d+(?:\.\d+)?)
    )""",
    re.VERBOSE,
)
_ALL = ("*",)


@query_type
@dataclass(frozen=True)
class QueryString(Query):
    """A text in Lucene's syntax; words without a field are looked for in all text fields."""

    type: ClassVar[str] = "query_string"
    tree: Query
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> QueryString:
        found = options(cls.type, body, {"query", "default_field", "fields", "default_operator"})
        if found.get("query") is None:
            raise ParsingError("[query_string] must be provided with a [query]")
        fields = found.get("fields", [found["default_field"]] if found.get("default_field") else list(_ALL))
        operator = operator_of(cls.type, {"operator": found.get("default_operator", "or")})
        reader = _Reader(text_of(cls.type, found["query"]), fields_of(cls.type, fields), operator, parser.max_depth)
        return cls(_boosted(reader.read(), float(found.get("boost", 1.0))), 1.0, found.get("_name"))

    @classmethod
    def plain(cls, text: str, options: Mapping[str, Any]) -> QueryString:
        """The `q` of a URL."""
        return cls(_Reader(text, tuple((f, 1.0) for f in _ALL), "or", 50).read())

    def matches(self, ctx: SearchContext) -> Matches:
        return self.tree.matches(ctx)

    def mask(self, ctx: SearchContext) -> np.ndarray:
        return self.tree.mask(ctx)

    def explain(self, ctx: SearchContext, doc: int) -> Explanation:
        return self.tree.explain(ctx, doc)

    def highlights(self, ctx: SearchContext) -> Iterator[Highlight]:
        return self.tree.highlights(ctx)

    def children(self) -> Iterator[Query]:
        yield self.tree


class _Reader:
    """A recursive-descent reader of one text."""

    def __init__(self, text: str, fields: tuple[tuple[str, float], ...], operator: str, max_depth: int) -> None:
        self.text = text
        self.fields = fields
        self.operator = operator
        self.max_depth = max_depth
        self.tokens: list[tuple[str, str]] = []
        at, stripped = 0, text.rstrip()
        while at < len(stripped):
            found = _TOKEN.match(stripped, at)
            if found is None or found.end() == at:
                raise ParsingError(
                    f"Failed to parse query [{text}]: cannot read {stripped[at : at + 20]!r}; quote or escape it"
                )
            assert found.lastgroup is not None
            self.tokens.append((found.lastgroup, found.group(found.lastgroup)))
            at = found.end()
        self.at = 0

    def read(self) -> Query:
        if not self.tokens:
            return MatchNone()
        query = self._group(self.fields, 0)
        if self.at < len(self.tokens):
            raise ParsingError(f"Failed to parse query [{self.text}]: unexpected [{self.tokens[self.at][1]}]")
        return query

    def _peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def _group(self, fields: tuple[tuple[str, float], ...], depth: int) -> Query:
        if depth > self.max_depth:
            raise ParsingError(f"the query is nested deeper than QUARRY_MAX_DEPTH={self.max_depth}")
        must: list[Query] = []
        should: list[Query] = []
        must_not: list[Query] = []
        joined = ""
        while self._peek()[0] != "end" and self._peek() != ("op", ")"):
            kind, word = self._peek()
            if (kind, word) in (("word", "AND"), ("op", "&&"), ("word", "OR"), ("op", "||")):
                self.at += 1
                joined = "and" if word in ("AND", "&&") else "or"
                if joined == "and" and should:
                    must.append(should.pop())
                continue
            sign = ""
            if (kind, word) in (("word", "NOT"), ("op", "!"), ("op", "-"), ("op", "+")):
                self.at += 1
                sign = "+" if word == "+" else "-"
            clause = self._clause(fields, depth)
            if sign == "-":
                must_not.append(clause)
            elif sign == "+" or joined == "and" or (joined == "" and self.operator == "and"):
                must.append(clause)
            else:
                should.append(clause)
            joined = ""
        if len(must) + len(should) == 1 and not must_not:
            return (must or should)[0]
        if not must and not should and must_not:
            return Bool(must_not=tuple(must_not))
        return Bool(tuple(must), tuple(should), tuple(must_not))

    def _clause(self, fields: tuple[tuple[str, float], ...], depth: int) -> Query:
        kind, word = self._peek()
        self.at += 1
        if kind == "word" and self._peek()[0] == "colon":
            self.at += 1
            if word == "*" and self._peek() == ("word", "*"):
                self.at += 1
                return MatchAll()
            if word == "_exists_":
                path = _unescaped(self._peek()[1])
                self.at += 1
                return Exists(path)
            return self._clause(((_unescaped(word), 1.0),), depth)
        if kind == "op" and word == "(":
            query = self._group(fields, depth + 1)
            if self._peek() != ("op", ")"):
                raise ParsingError(f"Failed to parse query [{self.text}]: a parenthesis is not closed")
            self.at += 1
            return _boosted(query, self._boost())
        if kind == "phrase":
            body, _, slop = word.rpartition('"')
            return self._phrase(_unescaped(body[1:]), int(slop[1:] or 0) if slop else 0, fields)
        if kind in ("range", "compare"):
            return self._range(kind, word, fields)
        if kind == "word":
            return self._word(word, fields)
        raise ParsingError(f"Failed to parse query [{self.text}]: unexpected [{word or 'end of the text'}]")

    def _boost(self) -> float:
        kind, word = self._peek()
        if kind != "boost":
            return 1.0
        self.at += 1
        return float(word[1:])

    def _phrase(self, text: str, slop: int, fields: tuple[tuple[str, float], ...]) -> Query:
        boost = self._boost()
        if len(fields) == 1 and "*" not in fields[0][0]:
            return MatchPhrase(fields[0][0], text, slop, boost=boost * fields[0][1])
        return MultiMatch(fields, text, "phrase", slop=slop, boost=boost)

    def _word(self, word: str, fields: tuple[tuple[str, float], ...]) -> Query:
        if re.search(r"(?<!\\)[*?]", word) or re.search(r"(?<!\\)~\d*(\.\d+)?$", word) or re.fullmatch(r"/.+/", word):
            raise ParsingError(
                f"Failed to parse query [{self.text}]: wildcards, regular expressions and fuzzy words such as "
                f"[{word}] are not supported; escape the sign with a backslash to look for it"
            )
        text, boost = _unescaped(word), self._boost()
        if len(fields) == 1 and "*" not in fields[0][0]:
            return Match(fields[0][0], text, boost=boost * fields[0][1])
        return MultiMatch(fields, text, boost=boost)

    def _range(self, kind: str, word: str, fields: tuple[tuple[str, float], ...]) -> Query:
        if len(fields) != 1 or "*" in fields[0][0]:
            raise ParsingError(
                f"Failed to parse query [{self.text}]: a range needs a field, such as year:[1990 TO 2000]"
            )
        path = fields[0][0]
        if kind == "compare":
            value = _unescaped(self._peek()[1])
            self.at += 1
            return Range(path, (({">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}[word], value),))
        found = re.fullmatch(r"([\[{])\s*(\S+)\s+TO\s+(\S+)\s*([\]}])", word)
        if not found:
            raise ParsingError(f"Failed to parse query [{self.text}]: a range is written [low TO high]")
        bounds = []
        if found[2] != "*":
            bounds.append(("gte" if found[1] == "[" else "gt", found[2].strip('"')))
        if found[3] != "*":
            bounds.append(("lte" if found[4] == "]" else "lt", found[3].strip('"')))
        return Range(path, tuple(bounds)) if bounds else Exists(path)


def _unescaped(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word)


def _boosted(query: Query, boost: float) -> Query:
    return query if boost == 1.0 else Bool(must=(query,), boost=boost)
