"""The ``chinese`` analyzer: Chinese words by jieba, everything else as in ``multilingual``."""

from __future__ import annotations

from analysis.multilingual import MultilingualAnalyzer, Scan
from analysis.tokenizers.jieba import cut_words, positioned, simplify_words


class WordScan(Scan):
    """Cuts Han runs into words instead of characters and pairs."""

    analyzer: ChineseAnalyzer

    def han(self, start: int, end: int) -> None:
        a, b = self.folded.span(start, end)
        original, run = self.original[a:b], self.text[start:end]
        # Segment what OpenCC's phrases make of the original, where it maps one to one.
        text = simplify_words(original) if len(original) == len(run) else run
        terms = run if self.analyzer.folded else text
        spans = cut_words(text, self.analyzer.user_words, self.analyzer.hmm, self.analyzer.search)
        base = last = self.position
        covered = 0
        for x, y, position, length in positioned(spans):
            if self.joined or x >= covered:  # a phrase goes along the long words
                self.position = base + position
                self.add(terms[x:y], start + x, start + y, "word", length)
                covered = y
            last = max(last, base + position + length)
        self.position = last


class ChineseAnalyzer(MultilingualAnalyzer):
    """Words of jieba's dictionary; ``hmm`` also guesses words that it lacks (Viterbi).

    ``search`` adds the words inside long words, at positions of their own. ``folded``: terms are
    folded character by character, as everywhere, so that Traditional and Simplified text meet;
    else they are the dictionary's spelling.
    """

    scripts = True
    scan = WordScan

    def __init__(
        self,
        name: str = "chinese",
        hmm: bool = False,
        search: bool = True,
        user_words: tuple[str, ...] = (),
        stop: frozenset[str] | None = None,
        stemming: str | None = "english",
        folded: bool = True,
    ) -> None:
        super().__init__(name, stop, stemming)
        self.hmm, self.search, self.user_words, self.folded = hmm, search, user_words, folded
