"""Parts inside words (Wi-Fi, PowerShot500): word_delimiter and word_delimiter_graph."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from analysis.components import Analyze, TokenFilter, token_filters
from analysis.options import Options
from analysis.token import Token

_RUNS = re.compile(r"(?P<word>[^\W\d_]+)|(?P<number>\d+)")
_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True)
class Rules:
    """Which parts and joined forms are made; names and defaults are Elasticsearch's."""

    generate_word_parts: bool = True
    generate_number_parts: bool = True
    catenate_words: bool = False
    catenate_numbers: bool = False
    catenate_all: bool = False
    split_on_case_change: bool = True
    split_on_numerics: bool = True
    preserve_original: bool = False
    stem_english_possessive: bool = True


class WordDelimiter(TokenFilter):
    """Splits terms at punctuation, case changes and digits; later positions make room for the parts.

    Joined forms stand at their first part's position and, in the graph, span the parts'.
    """

    def __init__(self, rules: Rules, protected: frozenset[str], graph: bool) -> None:
        self.rules, self.protected, self.graph = rules, protected, graph

    def parts(self, term: str) -> list[tuple[int, int, bool]]:
        """(start, end, is a number) of each part of a term."""
        end = len(term)
        if self.rules.stem_english_possessive:
            end -= len(re.search("(?:['\u2019][sS])?\\Z", term)[0])  # type: ignore[index]
        found = []
        for run in _RUNS.finditer(term, 0, end):
            cuts = [run.start(), run.end()]
            if run["word"] and self.rules.split_on_case_change:
                inner = [m.start() for m in _CASE.finditer(term, *run.span()) if m.start() > run.start()]
                cuts[1:1] = inner
            found += [(a, b, bool(run["number"])) for a, b in pairwise(cuts)]
        if not self.rules.split_on_numerics:
            joined: list[tuple[int, int, bool]] = []
            for part in found:
                if joined and joined[-1][1] == part[0] and joined[-1][2] != part[2]:
                    joined[-1] = (joined[-1][0], part[1], False)
                else:
                    joined.append(part)
            return joined
        return found

    def __call__(self, tokens: list[Token]) -> list[Token]:
        out: list[Token] = []
        shift = 0
        for token in tokens:
            moved = token._replace(position=token.position + shift)
            parts = self.parts(token.term)
            if token.term in self.protected or [(a, b) for a, b, _ in parts] == [(0, len(token.term))]:
                out.append(moved)
            else:
                out += self._split(moved, parts)
                shift += max(0, len(parts) - 1)
        return sorted(out, key=lambda token: token.position)

    def _split(self, token: Token, parts: list[tuple[int, int, bool]]) -> list[Token]:
        rules, exact = self.rules, len(token.term) == token.end - token.start
        out: dict[tuple[int, int, str], Token] = {}

        def add(first: int, last: int, text: str | None = None) -> None:
            a, b = parts[first][0], parts[last][1]
            if text is None:
                text = "".join(token.term[x:y] for x, y, _ in parts[first : last + 1])
            start, end = (token.start + a, token.start + b) if exact else (token.start, token.end)
            length = last - first + 1 if self.graph else 1
            made = Token(text, start, end, token.position + first, token.type, length)
            out.setdefault((made.position, length, text), made)

        if rules.preserve_original:
            length = max(1, len(parts)) if self.graph else 1
            out[token.position, length, token.term] = token._replace(position_length=length)
        if rules.catenate_all and parts:
            add(0, len(parts) - 1)
        first = 0
        for at, (_, _, number) in enumerate(parts):
            if at and parts[at - 1][2] != number:
                first = at
            if rules.generate_number_parts if number else rules.generate_word_parts:
                add(at, at)
            run_ends = at + 1 == len(parts) or parts[at + 1][2] != number
            if run_ends and at > first and (rules.catenate_numbers if number else rules.catenate_words):
                add(first, at)
        return list(out.values())


def _make(options: Options, graph: bool) -> TokenFilter:
    protected = frozenset(options.texts("protected_words", []))
    options.boolean("adjust_offsets", True)
    flags = {name: options.boolean(name, default) for name, default in vars(Rules()).items()}
    return WordDelimiter(Rules(**flags), protected, graph)


@token_filters.register("word_delimiter")
def _word_delimiter(options: Options, before: Analyze) -> TokenFilter:
    return _make(options, graph=False)


@token_filters.register("word_delimiter_graph")
def _word_delimiter_graph(options: Options, before: Analyze) -> TokenFilter:
    return _make(options, graph=True)
