"""The ``chinese`` analyzer: Chinese words by jieba, everything else as in ``multilingual``."""

from __future__ import annotations

from analysis.multilingual import MultilingualAnalyzer, Scan
from analysis.tokenizers.jieba import cut_words, positioned, simplify_words


class WordScan(Scan):
    """Cuts Han runs into words instead of characters and pairs."""

    analyzer: ChineseAnalyzer

    def han(self, start: int, end: int) -> None:
        a, b = self.folded.span(start, end)
        original = self.original[a:b]
        run = self.text[start:end]
        # Segment what OpenCC's phrases make of the original, where it maps one to one.
        text = simplify_words(original) if len(original) == len(run) else run
        base = self.position
        search = self.analyzer.search and self.joined
        spans = cut_words(text, self.analyzer.user_words, self.analyzer.hmm, search)
        last = 0
        for x, y, position, length in positioned(spans):
            self.position = base + position
            self.add(run[x:y], start + x, start + y, "word", length)
            last = max(last, position + length)
        self.position = base + last


class ChineseAnalyzer(MultilingualAnalyzer):
    """Words of jieba's dictionary; ``hmm`` also guesses words that it lacks (Viterbi).

    ``search`` adds the words inside long words. Terms are folded character by character as
    everywhere, so Traditional and Simplified text meet.
    """

    scripts = True
    scan = WordScan

    def __init__(
        self,
        name: str = "chinese",
        hmm: bool = False,
        search: bool = False,
        user_words: tuple[str, ...] = (),
        stop: frozenset[str] | None = None,
        stemming: str | None = "english",
    ) -> None:
        super().__init__(name, stop, stemming)
        self.hmm, self.search, self.user_words = hmm, search, user_words
