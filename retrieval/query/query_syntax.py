"""Lucene's query syntax as typed by a person, read into a tree.

Words, "phrases"~slop, fuzzy~1 words, wild*c?rds, /regular expressions/, field:value, field:(a b), ranges
[1 TO 5] {1 TO 5} and >=5, _exists_:field, AND OR NOT && || ! + -, parentheses, ^boost and backslash escapes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from indexer import ParsingError

from .base import Query
from .clauses import Adjacent, Clauses, Group
from .exists import Exists
from .field_list import Fields
from .match_all import MatchAll, MatchNone
from .match_phrase import MAX_SLOP

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<phrase>"(?:[^"\\]|\\.)*"(?:~\d*)?)
    | (?P<regexp>/(?:[^/\\]|\\.)+/)
    | (?P<range>[\[{][^\]}]*[\]}])
    | (?P<op>&&|\|\||[()+!]|-(?=\S))
    | (?P<compare>[<>]=?)
    | (?P<word>(?:\\.|[^\s()"\[\]{}\\^:<>]|(?<=\S)[<>])+)
    | (?P<colon>:)
    | (?P<boost>\^\d+(?:\.\d+)?)
    )""",
    re.VERBOSE | re.DOTALL,
)
_RANGE = re.compile(r'([\[{])\s*("(?:[^"\\]|\\.)*"|\S+)\s+TO\s+("(?:[^"\\]|\\.)*"|[^\s\]}]+)\s*([\]}])', re.DOTALL)
_FUZZY = re.compile(r"(?P<term>(?:\\.|[^\\])+?)~(?P<edits>\d?(?:\.\d+)?)", re.DOTALL)
_WILD = re.compile(r"(?<!\\)(?:\\\\)*[*?]")
_JOINS = (("word", "AND"), ("op", "&&"), ("word", "OR"), ("op", "||"))
_OPERATORS = (*_JOINS, ("word", "NOT"))
_COMPARE = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
_LONGEST = 32_766  # characters of a text


@dataclass
class SyntaxReader:
    """A recursive-descent reader of one text."""

    text: str
    fields: Fields
    clauses: Clauses
    max_depth: int = 50
    max_clauses: int = 4096
    minimum: str | int | None = None
    leading_wildcards: bool = True
    tokens: list[tuple[str, str]] = field(default_factory=list)
    at: int = 0
    count: int = 0

    def read(self) -> Query:
        """The tree of the whole text; ParsingError."""
        if len(self.text) > _LONGEST:
            raise ParsingError(f"a query text has at most {_LONGEST} characters, not {len(self.text)}")
        at, stripped = 0, self.text.rstrip()
        while at < len(stripped):
            found = _TOKEN.match(stripped, at)
            if found is None or found.end() == at or found.lastgroup is None:
                raise self._error(f"cannot read {stripped[at : at + 20]!r}; quote or escape it")
            self.tokens.append((found.lastgroup, found.group(found.lastgroup)))
            at = found.end()
        if not self.tokens:
            return MatchNone()
        query = self._group(self.fields, 0)
        if self.at < len(self.tokens):
            raise self._error(f"unexpected [{self._peek()[1]}]")
        if isinstance(query, Group) and self.minimum is not None and query.should:
            query = replace(query, minimum=self.minimum)
        return query

    def _error(self, why: str) -> ParsingError:
        shown = self.text if len(self.text) <= 200 else self.text[:200] + "…"
        return ParsingError(f"Failed to parse query [{shown}]: {why}")

    def _peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def _take(self, *tokens: tuple[str, str]) -> str:
        """The next token's text, taken if it is one of these; else the empty string."""
        if self._peek() not in tokens:
            return ""
        self.at += 1
        return self.tokens[self.at - 1][1]

    def _group(self, fields: Fields, depth: int) -> Query:
        if depth > self.max_depth:
            raise ParsingError(f"the query is nested deeper than QUARRY_MAX_DEPTH={self.max_depth}")
        must: list[Query] = []
        should: list[Query] = []
        must_not: list[Query] = []
        last: list[Query] | None = None  # where the clause before went
        both = self.clauses.operator == "and"
        while self._peek()[0] != "end" and self._peek() != ("op", ")"):
            joined = self._take(*_JOINS)
            with_and, with_or = joined in ("AND", "&&"), joined in ("OR", "||")
            if joined and last is None:
                raise self._error(f"[{joined}] needs a clause on its left; quote or escape it")
            if self._peek()[0] == "end" or self._peek() == ("op", ")"):
                raise self._error(f"[{joined}] needs a clause on its right; quote or escape it")
            sign = self._take(("word", "NOT"), ("op", "!"), ("op", "-"), ("op", "+"))
            words = [] if joined or sign else self._words()
            clause = Adjacent(fields, tuple(words), self.clauses) if words else self._clause(fields, depth)
            if with_and and last is should:
                must.append(should.pop())
            if with_or and both and last is must:
                should.append(must.pop())
            if sign in ("NOT", "!", "-"):
                last = must_not
            elif sign == "+" or with_and or (both and not with_or):
                last = must
            else:
                last = should
            last.append(clause)
        return Group(tuple(must), tuple(should), tuple(must_not))

    def _words(self) -> list[str]:
        """Plain words that follow one another, taken; none where there are fewer than two."""
        end = self.at
        while self._plain(end):
            end += 1
        kind, word = self.tokens[end] if end < len(self.tokens) else ("end", "")
        if kind in ("colon", "boost") or (kind, word) in _JOINS:
            end -= 1  # the last word belongs to what follows
        if end - self.at < 2:
            return []
        words = [unescaped(word) for _, word in self.tokens[self.at : end]]
        self._count(len(words))
        self.at = end
        return words

    def _count(self, clauses: int) -> None:
        self.count += clauses
        if self.count > self.max_clauses:
            raise ParsingError(f"the query has more than QUARRY_MAX_CLAUSES={self.max_clauses} clauses")

    def _plain(self, at: int) -> bool:
        """Whether the token at a place is a word and nothing more."""
        if at >= len(self.tokens) or self.tokens[at][0] != "word":
            return False
        word = self.tokens[at][1]
        return word not in ("AND", "OR", "NOT") and not _WILD.search(word) and not _FUZZY.fullmatch(word)

    def _clause(self, fields: Fields, depth: int) -> Query:
        self._count(1)
        kind, word = self._peek()
        if (kind, word) in _OPERATORS:
            raise self._error(f"[{word}] stands where a clause is needed; quote or escape it")
        self.at += 1
        if kind == "word" and self._peek()[0] == "colon":
            self.at += 1
            return self._of_field(word, depth)
        if kind == "op" and word == "(":
            query = self._group(fields, depth + 1)
            if not self._take(("op", ")")):
                raise self._error("a parenthesis is not closed")
            boost = self._boost()
            return query if boost == 1.0 else Group(must=(query,), boost=boost)
        if kind == "phrase":
            body, _, slop = word.rpartition('"')
            steps = min(int(slop[1:]), MAX_SLOP) if slop[1:] else None
            return self.clauses.phrase(fields, unescaped(body[1:]), steps, self._boost())
        if kind == "regexp":
            return self.clauses.regexp(fields, word[1:-1].replace("\\/", "/"), self._boost())
        if kind in ("range", "compare"):
            return self._range(kind, word, fields)
        if kind == "word":
            return self._word(word, fields)
        raise self._error(f"unexpected [{word or 'end of the text'}]")

    def _of_field(self, name: str, depth: int) -> Query:
        if name == "*" and self._take(("word", "*")):
            return MatchAll(self._boost())
        if name == "_exists_":
            kind, path = self._peek()
            if kind not in ("word", "phrase"):
                raise self._error("_exists_ needs the name of a field")
            self.at += 1
            return Exists(unescaped(path.strip('"')), self._boost())
        self._signed()
        return self._clause(((unescaped(name), 1.0),), depth)

    def _signed(self) -> None:
        """A minus before a number is its sign where a value is wanted, as in n:-3 and n:>-3."""
        number = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else ("end", "")
        if self._peek() == ("op", "-") and number[0] == "word" and number[1][0].isdigit():
            self.tokens[self.at : self.at + 2] = [("word", f"\\-{number[1]}")]

    def _boost(self) -> float:
        kind, word = self._peek()
        if kind != "boost":
            return 1.0
        self.at += 1
        return min(float(word[1:]), 1e30)

    def _word(self, word: str, fields: Fields) -> Query:
        if word == "*":
            paths = [path for path, _ in fields]
            if "*" in paths:
                return MatchAll(self._boost())
            boost = self._boost()
            found = tuple(Exists(path, boost) for path in paths)
            return found[0] if len(found) == 1 else Group(should=found)
        if _WILD.search(word):
            if word[0] in "*?" and not self.leading_wildcards:
                raise self._error("'*' or '?' not allowed as first character in WildcardQuery")
            if word.endswith("*") and not _WILD.search(word[:-1]):
                return self.clauses.prefix(fields, unescaped(word[:-1]), self._boost())
            return self.clauses.wildcard(fields, word, self._boost())
        fuzzy = _FUZZY.fullmatch(word)
        if fuzzy:
            given = fuzzy["edits"]
            edits = None if not given else int(float(given))
            if edits is not None and edits > 2:
                raise self._error(f"[{word}] a word can be fuzzy by 2 edits at most")
            return self.clauses.near(fields, unescaped(fuzzy["term"]), edits, self._boost())
        return self.clauses.words(fields, unescaped(word), self._boost())

    def _range(self, kind: str, word: str, fields: Fields) -> Query:
        if kind == "compare":
            self._signed()
            what, value = self._peek()
            if what not in ("word", "phrase"):
                raise self._error(f"[{word}] needs a value on its right")
            self.at += 1
            return self.clauses.range(fields, ((_COMPARE[word], _bound(value)),), self._boost())
        found = _RANGE.fullmatch(word)
        if not found:
            raise self._error("a range is written [low TO high]")
        bounds = []
        if found[2] != "*":
            bounds.append(("gte" if found[1] == "[" else "gt", _bound(found[2])))
        if found[3] != "*":
            bounds.append(("lte" if found[4] == "]" else "lt", _bound(found[3])))
        return self.clauses.range(fields, tuple(bounds), self._boost())


def unescaped(word: str) -> str:
    """A word without its backslashes."""
    return re.sub(r"\\(.)", r"\1", word, flags=re.DOTALL)


def _bound(text: str) -> str:
    return unescaped(text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text)
