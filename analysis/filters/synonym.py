"""Synonyms in Solr's format, of one word or several.

``synonym_graph`` (for queries) gives a token graph: each way of saying it is a path of its own from
the position before to the position after, and later positions move to make room for the longest
paths, as in Lucene's SynonymGraphFilter. ``synonym`` (for indexing) lays all ways over each other
from the same position on and moves nothing.
"""

from __future__ import annotations

import re

from analysis.charfilters.mapping import unescape
from analysis.components import Analyze, TokenFilter, token_filters
from analysis.options import Options
from analysis.token import Token

Key = tuple[tuple[int, str], ...]  # (position from the first, term) of each word
Stacks = dict[int, list[Token]]  # the tokens at each position
_COMMA = re.compile(r"(?<!\\),")
_ARROW = re.compile(r"(?<!\\)=>")


class Way:
    """One way of saying it, analyzed by the chain before the filter."""

    def __init__(self, tokens: list[Token]) -> None:
        base = tokens[0].position
        self.tokens = [token._replace(position=token.position - base) for token in tokens]
        self.length = max(token.position + token.position_length for token in self.tokens)
        firsts: dict[int, str] = {}
        for token in self.tokens:
            firsts.setdefault(token.position, token.term)
        self.key: Key = tuple(sorted(firsts.items()))


class Rules:
    """From what stands in a text to the other ways of saying it, and whether the text's own stays."""

    def __init__(self, lines: list[str], expand: bool, lenient: bool, options: Options, analyze: Analyze) -> None:
        self._options, self._analyze, self._lenient = options, analyze, lenient
        self.ways: dict[Key, dict[Key, Way]] = {}
        self.keep: dict[Key, bool] = {}
        for line in lines:
            if line.strip() and not line.lstrip().startswith("#"):
                self._add(line, expand)
        self.longest = max((key[-1][0] + 1 for key in self.ways), default=0)
        self.first_terms = frozenset(key[0][1] for key in self.ways)

    def _add(self, line: str, expand: bool) -> None:
        sides = _ARROW.split(line)
        if len(sides) > 2:
            raise self._options.error(f"a synonym rule has at most one =>: [{line}]")
        left = self._side(sides[0], line)
        right = self._side(sides[1], line) if len(sides) == 2 else left if expand else left[:1]
        for source in left:
            targets = self.ways.setdefault(source.key, {})
            for target in right:
                if target.key == source.key:
                    self.keep[source.key] = True
                else:
                    targets[target.key] = target
            self.keep.setdefault(source.key, False)

    def _side(self, text: str, line: str) -> list[Way]:
        ways = []
        for entry in _COMMA.split(text):
            tokens = self._analyze(unescape(entry.strip()))
            if tokens:
                ways.append(Way(tokens))
            elif not self._lenient:
                raise self._options.error(
                    f"the synonym [{entry.strip()}] of [{line}] has no tokens after the filters before it; "
                    "take it out or set [lenient]"
                )
        return ways


class Synonyms(TokenFilter):
    """Applies the rules to the longest match at each place, from left to right."""

    def __init__(self, rules: Rules, graph: bool) -> None:
        self.rules, self.graph = rules, graph

    def __call__(self, tokens: list[Token]) -> list[Token]:
        if not any(token.term in self.rules.first_terms for token in tokens):
            return tokens
        stacks: dict[int, list[Token]] = {}
        for token in tokens:
            stacks.setdefault(token.position, []).append(token)
        matches = self._matches(stacks)
        return self._as_graph(tokens, stacks, matches) if self.graph else self._flat(tokens, stacks, matches)

    def _matches(self, stacks: Stacks) -> list[tuple[int, int, Key]]:
        """(first position, positions, key) of each place where a rule applies; none overlap.

        Of the tokens at one position, the first of the shortest counts: the part, not the joined form.
        """
        firsts = {at: min(stack, key=lambda token: token.position_length).term for at, stack in stacks.items()}
        found = []
        at, last = 0, max(firsts)
        while at <= last:
            step = 1
            if firsts.get(at) in self.rules.first_terms:
                for length in range(min(self.rules.longest, last + 1 - at), 0, -1):
                    key = tuple((i, firsts[at + i]) for i in range(length) if at + i in firsts)
                    if key[-1][0] == length - 1 and key in self.rules.ways:
                        found.append((at, length, key))
                        step = length
                        break
            at += step
        return found

    def _as_graph(self, tokens: list[Token], stacks: Stacks, matches: list[tuple[int, int, Key]]) -> list[Token]:
        last = max(token.position + token.position_length for token in tokens)
        spans = {at: (length, key) for at, length, key in matches}
        nodes: dict[int, int] = {}  # position before -> position after; dropped ones are absent
        added: list[Token] = []
        shift = at = 0
        while at <= last:
            nodes[at] = at + shift
            if at not in spans:
                at += 1
                continue
            length, key = spans[at]
            keep, start = self.rules.keep[key], at + shift
            inner = start + 1
            if keep:
                nodes |= {at + i: start + i for i in range(1, length)}
                inner += length - 1
            ways = list(self.rules.ways[key].values())
            end = inner + sum(way.length - 1 for way in ways)
            span = self._span(stacks, at, length)
            for way in ways:
                places = [start, *range(inner, inner + way.length - 1), end]
                inner += way.length - 1
                for token in way.tokens:
                    a, b = places[token.position], places[token.position + token.position_length]
                    added.append(Token(token.term, *span, a, "SYNONYM", b - a))
            shift = end - (at + length)
            at += length
        replaced = {at + i for at, length, key in matches if not self.rules.keep[key] for i in range(length)}
        kept = []
        for token in tokens:
            start_at, end_at = token.position, token.position + token.position_length
            if start_at not in replaced and end_at in nodes:
                a = nodes[start_at]
                kept.append(token._replace(position=a, position_length=nodes[end_at] - a))
        return sorted([*kept, *added], key=lambda token: token.position)

    def _flat(self, tokens: list[Token], stacks: Stacks, matches: list[tuple[int, int, Key]]) -> list[Token]:
        replaced = {at + i for at, length, key in matches if not self.rules.keep[key] for i in range(length)}
        out = [token for token in tokens if token.position not in replaced]
        for at, length, key in matches:
            span = self._span(stacks, at, length)
            for way in self.rules.ways[key].values():
                out += [Token(t.term, *span, at + t.position, "SYNONYM", t.position_length) for t in way.tokens]
        return sorted(out, key=lambda token: token.position)

    @staticmethod
    def _span(stacks: Stacks, at: int, length: int) -> tuple[int, int]:
        """Where the text of a match begins and ends."""
        inside = [
            token
            for place in range(at, at + length)
            for token in stacks.get(place, ())
            if place + token.position_length <= at + length
        ] or stacks[at]
        return min(token.start for token in inside), max(token.end for token in inside)


def _make(options: Options, before: Analyze, graph: bool) -> TokenFilter:
    if options.take("synonyms_set") is not None:
        raise options.error("[synonyms_set] is not supported, give the rules as [synonyms] or [synonyms_path]")
    form = options.text("format", "solr")
    if form != "solr":
        raise options.error(f"the format [{form}] is not supported; write the rules in the format [solr]: a, b => c")
    if options.take("tokenizer") is not None:
        raise options.error("[tokenizer] is not supported: rules are analyzed by the chain before the filter")
    updateable = options.boolean("updateable", False)
    lines = options.file("synonyms", watched=updateable)
    if lines is None:
        lines = options.take("synonyms")
    if updateable and options.where not in options.sources.updateable:
        options.sources.updateable.append(options.where)
    if isinstance(lines, str):
        lines = lines.splitlines()
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise options.error("[synonyms] must be a list of rules such as [car, automobile] or [pc => computer]")
    expand, lenient = options.boolean("expand", True), options.boolean("lenient", False)
    return Synonyms(Rules(lines, expand, lenient, options, before), graph)


@token_filters.register("synonym")
def _synonym(options: Options, before: Analyze) -> TokenFilter:
    return _make(options, before, graph=False)


@token_filters.register("synonym_graph")
def _synonym_graph(options: Options, before: Analyze) -> TokenFilter:
    return _make(options, before, graph=True)
