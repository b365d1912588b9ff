"""Where a text holds what a query looks for: exact spans of terms and of phrases."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from analysis import Analyzer, Token

from ..query.graph import HAN, TokenGraph, Way, is_pair, paths
from .windows import windows

_WAYS = 64  # ways of saying one phrase that are looked for


class Span(NamedTuple):
    """A marked part of a text. `term` says what was found, for weights; `number` counts the question's terms."""

    start: int
    end: int
    term: str
    number: int = 0


@dataclass
class Wanted:
    """What is looked for in one field: terms with their numbers, phrases, and what only counts alone."""

    terms: dict[str, int] = field(default_factory=dict)
    pairs: set[str] = field(default_factory=set)  # pairs of Han characters among the terms
    weak: dict[str, int] = field(default_factory=dict)  # single characters, marked where no pair is found
    phrases: list[tuple[Way, int, int]] = field(default_factory=list)  # way, slop, number
    _numbers: dict[str, int] = field(default_factory=dict)

    def number(self, key: str) -> int:
        """The place of a term or phrase among those of the question."""
        return self._numbers.setdefault(key, len(self._numbers))

    def term(self, term: str) -> None:
        """Look for a term as indexed."""
        self.terms.setdefault(term, self.number(term))

    def words(self, tokens: Sequence[Token]) -> None:
        """Look for the words of an analyzed question.

        A Chinese question is marked by its pairs; its single characters only where no pair of the question
        occurs, or stray characters all over a text would light up. Synonyms of several words are phrases.
        """
        graph = TokenGraph.of(tokens)
        for stretch in graph.stretches:
            if stretch.synonym:
                for way in stretch.ways:
                    if len(way.terms) == 1:
                        self.term(way.terms[0])
                    else:
                        self.phrases.append((way, 0, self.number(" ".join(way.terms))))
        plain = [t for s in graph.stretches if not s.synonym for t in s.tokens]
        covered: set[int] = set()
        for pair in graph.pairs:
            if len(pair.term) == 2:
                self.term(pair.term)
                self.pairs.add(pair.term)
                covered |= {pair.position, pair.position + 1}
        for token in plain:
            if token.position in covered and token.type in HAN:
                self.weak.setdefault(token.term, self.number(token.term))
            else:
                self.term(token.term)

    def phrase(self, tokens: Sequence[Token], slop: int) -> None:
        """Look for an analyzed phrase, in any way of saying it."""
        ways = paths([t for t in tokens if not is_pair(t)], _WAYS) if tokens else []
        if ways is None:  # too many: the first way alone
            firsts = {t.position: t for t in reversed(tokens)}
            at = sorted(firsts)
            ways = [Way(tuple(firsts[p].term for p in at), tuple(p - at[0] for p in at))]
        for way in ways:
            if len(way.terms) == 1:
                self.term(way.terms[0])
            else:
                self.phrases.append((way, slop, self.number(" ".join(way.terms))))

    def within(self) -> set[str]:
        """The terms that mean something only beside others: of phrases, and single characters of a Chinese question."""
        return {term for way, _, _ in self.phrases for term in way.terms} | set(self.weak)

    def __bool__(self) -> bool:
        return bool(self.terms or self.weak or self.phrases)


class AnalyzedText:
    """A part of a text and its tokens by an analyzer, made when they are asked for. Spans are the text's."""

    def __init__(self, analyzer: Analyzer, text: str, start: int, end: int) -> None:
        self._analyzer, self._part, self._start = analyzer, text[start:end], start

    def words(self, terms: Mapping[str, int]) -> list[Span]:
        """Every place of the terms, with their numbers."""
        base = self._start
        return [Span(base + t.start, base + t.end, t.term, terms[t.term]) for t in self.tokens if t.term in terms]

    def phrases(self, way: Way, slop: int, number: int) -> Iterator[list[Span]]:
        """The spans of each occurrence of a phrase: one where it stands word by word, else one of each word."""
        term, base = " ".join(way.terms), self._start
        for tokens in self._occurrences(way, slop):
            moved = {token.position - offset for token, offset in zip(tokens, way.offsets, strict=True)}
            if len(moved) == 1:
                start, end = min(t.start for t in tokens), max(t.end for t in tokens)
                yield [Span(base + start, base + end, term, number)]
            else:
                yield [Span(base + t.start, base + t.end, term, number) for t in tokens]

    @cached_property
    def tokens(self) -> list[Token]:
        return self._analyzer.tokens(self._part)

    @cached_property
    def _places(self) -> dict[str, list[Token]]:
        """The tokens of the phrase stream by their terms, in order of position."""
        out: dict[str, list[Token]] = {}
        for token in self._analyzer.phrase_tokens(self._part):
            out.setdefault(token.term, []).append(token)
        return out

    def _occurrences(self, way: Way, slop: int) -> Iterator[list[Token]]:
        """The tokens of each occurrence of a phrase, its terms moved by at most `slop` positions against each other."""
        lists = [self._places.get(term, []) for term in way.terms]
        if not all(lists):
            return
        moved = [[t.position - offset for t in tokens] for tokens, offset in zip(lists, way.offsets, strict=True)]
        starts = sorted({place for places in moved for place in places}) if slop else moved[0]
        last = -1
        for start in dict.fromkeys(starts):
            at = [bisect_left(places, start) for places in moved]
            if any(i == len(places) or places[i] > start + slop for i, places in zip(at, moved, strict=True)):
                continue
            tokens = [found[i] for i, found in zip(at, lists, strict=True)]
            if len({t.position for t in tokens}) == len(tokens) and min(t.position for t in tokens) > last:
                last = max(t.position for t in tokens) if slop else -1
                yield tokens


def find(analyzer: Analyzer, text: str, wanted: Wanted, phrase_limit: int | None) -> list[Span]:
    """Every place of what is wanted, in no order."""
    made: dict[tuple[int, int], AnalyzedText] = {}

    def part(start: int, end: int) -> AnalyzedText:
        return made.setdefault((start, end), AnalyzedText(analyzer, text, start, end))

    def parts(phrases: Iterable[tuple[str, ...]]) -> list[AnalyzedText]:
        return [part(*window) for window in windows(analyzer, text, phrases)]

    found: list[Span] = []
    if wanted.terms:
        for piece in parts((term,) for term in wanted.terms):
            found += piece.words(wanted.terms)
    if wanted.weak and not any(span.term in wanted.pairs for span in found):
        for piece in parts((term,) for term in wanted.weak):
            found += piece.words(wanted.weak)
    for way, slop, number in wanted.phrases:
        close = slop == 0 and way.offsets == tuple(range(len(way.terms)))
        places = parts([way.terms]) if close else [part(0, len(text))]
        count = 0
        for piece in places:
            for spans in piece.phrases(way, slop, number):
                if phrase_limit is None or count < phrase_limit:
                    found += spans
                count += 1
    return found


def merged(spans: Iterable[Span], text: str, several_tags: bool = False) -> list[Span]:
    """Disjoint ascending spans: overlapping ones as one, and Chinese ones that touch."""
    out: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if out:
            before = out[-1]
            touching = span.start == before.end and ord(text[span.start]) >= 0x2E80 and not several_tags
            if span.start < before.end or touching:
                if span.end > before.end:
                    out[-1] = before._replace(end=span.end)
                continue
        out.append(span)
    return out
