"""Corrections of a word: terms of the index that are spelled nearly like it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import orjson

from analysis.arrays import is_cjk
from indexer import values_at

from ..query.lexical_leaf import dictionaries
from .distances import edits, internal
from .request import Options
from .statistics import Statistics
from .units import Unit

_LOOKED_AT = 2000  # terms whose frequency is looked up, the nearest first
_SAMPLE = 8  # documents in which a stem's word is looked for
_SAMPLE_CHARS = 20_000


@dataclass(frozen=True)
class Rules:
    """Which words are corrected and by what; names and defaults are Elasticsearch's."""

    mode: str = "missing"
    max_edits: int = 2
    prefix: int = 1
    least: int = 4
    min_doc_freq: float = 0.0
    max_term_freq: float = 0.01
    accuracy: float = 0.5
    size: int = 5
    similarity: Callable[[str, str], float] = internal

    @classmethod
    def parse(cls, options: Options, similarity: Callable[[str, str], float], mode: str, accuracy: float) -> Rules:
        options.integer("max_inspections", 5, 1)
        return cls(
            options.choice("suggest_mode", mode, ("missing", "popular", "always")),
            options.integer("max_edits", 2, 1, 2),
            options.integer("prefix_length", 1),
            options.integer("min_word_length", 4),
            options.number("min_doc_freq", 0.0),
            options.number("max_term_freq", 0.01),
            options.number("accuracy", accuracy, 0.0, 1.0),
            options.integer("size", 5, 1, 1000),
            similarity,
        )


@dataclass(frozen=True)
class Candidate:
    """A term of the index in place of a word. ``shown`` is a word that it stands for, where terms are stems."""

    term: str
    shown: str
    df: int
    similarity: float


class WordCorrector:
    """Finds candidates by the rules."""

    def __init__(self, statistics: Statistics, rules: Rules) -> None:
        self.statistics, self.rules = statistics, rules
        self._words: dict[str, dict[str, int]] = {}

    @cached_property
    def stems(self) -> bool:
        """Whether the field's terms are stems of words."""
        words = ["universities", "running", "happily"]
        return [t.term for t in self.statistics.analyzer.phrase_tokens(" ".join(words))] != words

    def corrects(self, unit: Unit) -> bool:
        """Whether a word is one that is corrected at all."""
        own, rules = self.statistics.df(unit.term), self.rules
        if unit.han or len(unit.shown) < rules.least or not any(map(str.isalpha, unit.shown)):
            return False
        if rules.mode == "missing":
            return own == 0
        return own <= _absolute(rules.max_term_freq, self.statistics.documents)

    def candidates(self, unit: Unit) -> list[Candidate]:
        """The best terms in place of a word: the most similar first, then the most frequent, then by letters."""
        if not self.corrects(unit):
            return []
        rules, own = self.rules, self.statistics.df(unit.term)
        least = max(
            1, _absolute(rules.min_doc_freq, self.statistics.documents), own + 1 if rules.mode == "popular" else 0
        )
        found: list[tuple[float, int, str]] = []
        for term, word in self._near(unit).items():
            df = self.statistics.df(term)
            if df < least:
                continue
            likeness = rules.similarity(unit.shown, word)
            if likeness >= rules.accuracy:
                found.append((-likeness, -df, term))
        found.sort()
        shown = [self._shown(unit, term, -df) for _, df, term in found[: 2 * rules.size]]
        return [one for one in shown if one.similarity >= rules.accuracy]

    def _near(self, unit: Unit) -> dict[str, str]:
        """Terms at most max_edits from the word, and what each is compared by.

        Where terms are stems, also those of all words one edit from it: a stem may be far from its word.
        """
        found: dict[str, tuple[int, str]] = {}
        for ctx in self.statistics.ctxs:
            words = dictionaries(ctx, self.statistics.path)
            for wanted in {unit.shown, unit.term}:
                near = words.similar(wanted, self.rules.max_edits, self.rules.prefix, True).similar()
                for one in near[:_LOOKED_AT]:
                    if one.term != unit.term and not is_cjk(one.term):
                        found.setdefault(one.term, (one.edits, one.term))
        if self.stems:
            for term, word in self._one_edit(unit).items():
                found[term] = (0, word)
        ranked = sorted(found, key=lambda term: (found[term][0], term))
        return {term: found[term][1] for term in ranked[:_LOOKED_AT]}

    def _one_edit(self, unit: Unit) -> dict[str, str]:
        """The stems in the index of the words one edit from a word, each with such a word."""
        made = one_edit_words(unit.shown, self.rules.prefix)
        text = " ".join(made)
        found: dict[str, str] = {}
        for token in self.statistics.analyzer.phrase_tokens(text):
            if token.term != unit.term and token.term not in found and self.statistics.df(token.term):
                found[token.term] = text[token.start : token.end]
        return found

    def _shown(self, unit: Unit, term: str, df: int) -> Candidate:
        shown = self._word(unit, term) if self.stems else term
        return Candidate(term, shown, df, self.rules.similarity(unit.shown, shown))

    def _word(self, unit: Unit, stem: str) -> str:
        """The word of a stem that is most like the one to correct, as some documents that hold it write it."""
        words = self._words.get(stem)
        if words is None:
            words = self._words[stem] = self._look_up(stem)
        return min(words, key=lambda word: (edits(unit.shown, word), -words[word], word), default=stem)

    def _look_up(self, stem: str) -> dict[str, int]:
        words: dict[str, int] = {}
        for ctx in self.statistics.ctxs:
            docs, _ = ctx.reader.postings(self.statistics.path, stem)
            spec = ctx.mapping.fields[self.statistics.path]
            analyzer = ctx.index.analyzers.get(spec.analyzer)
            for row in ctx.view.fetch([int(doc) for doc in docs[:_SAMPLE]]):
                for value in values_at(orjson.loads(row.body or b"{}"), spec.source):
                    text = str(value)[:_SAMPLE_CHARS]
                    for token in analyzer.phrase_tokens(text):
                        if token.term == stem:
                            word = analyzer.normalize(text[token.start : token.end]).lower()
                            words[word] = words.get(word, 0) + 1
        return words


def one_edit_words(word: str, prefix: int) -> list[str]:
    """The words one deletion, transposition, replacement or insertion from a word that share its beginning."""
    letters = sorted({*"abcdefghijklmnopqrstuvwxyz", *filter(str.isalpha, word)})
    places = range(prefix, len(word))
    found = {word[:at] + word[at + 1 :] for at in places}
    found |= {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in places if at + 1 < len(word)}
    found |= {word[:at] + letter + word[at + 1 :] for at in places for letter in letters}
    found |= {word[:at] + letter + word[at:] for at in (*places, len(word)) for letter in letters}
    return sorted(found - {word, ""})


def _absolute(value: float, documents: int) -> int:
    """A number of documents, given as such or as a share below 1."""
    return int(value * documents) if value < 1 else int(value)
