"""Pieces of fixed lengths: ngram and edge_ngram, as Lucene's tokenizers cut them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from analysis.components import Analyze, Tokenizer, tokenizers
from analysis.options import Options
from analysis.token import Token

_CLASSES: dict[str, Callable[[str], bool]] = {
    "letter": str.isalpha,
    "digit": str.isdigit,
    "whitespace": str.isspace,
    "punctuation": lambda char: unicodedata.category(char)[0] == "P",
    "symbol": lambda char: unicodedata.category(char)[0] == "S",
}


class GramTokenizer:
    """All substrings of ``least`` to ``most`` code points of each run of allowed characters.

    With ``edge``, only those at the start of a run. Every gram has a position of its own.
    """

    def __init__(self, least: int, most: int, allowed: Callable[[str], bool] | None, edge: bool) -> None:
        self.least, self.most, self.allowed, self.edge = least, most, allowed, edge

    def __call__(self, text: str) -> list[Token]:
        tokens: list[Token] = []
        for start, end in self._runs(text):
            for a in range(start, start + 1 if self.edge else end):
                for b in range(a + self.least, min(a + self.most, end) + 1):
                    tokens.append(Token(text[a:b], a, b, len(tokens)))
        return tokens

    def _runs(self, text: str) -> list[tuple[int, int]]:
        if self.allowed is None:
            return [(0, len(text))] if text else []
        runs, start = [], -1
        for at, char in enumerate(text):
            if not self.allowed(char):
                if start >= 0:
                    runs.append((start, at))
                start = -1
            elif start < 0:
                start = at
        return [*runs, (start, len(text))] if start >= 0 else runs


def letter_or_digit(char: str) -> bool:
    """Whether a character is a letter or a digit of any script."""
    return char.isalnum()


def sizes(options: Options, least: int = 1, most: int = 2) -> tuple[int, int]:
    """The settings [min_gram] and [max_gram], with their defaults."""
    least = options.integer("min_gram", least, least=1, most=255)
    most = options.integer("max_gram", max(most, least), least=1, most=255)
    if most < least:
        raise options.error("[max_gram] must not be less than [min_gram]")
    return least, most


def _allowed(options: Options) -> Callable[[str], bool] | None:
    names = options.texts("token_chars", [])
    custom = frozenset(options.text("custom_token_chars", ""))
    if not names:
        return None
    unknown = [name for name in names if name not in _CLASSES and name != "custom"]
    if unknown:
        raise options.error(f"[token_chars] knows {', '.join(_CLASSES)} and custom, not [{unknown[0]}]")
    tests = [_CLASSES[name] for name in names if name != "custom"]
    return lambda char: char in custom or any(test(char) for test in tests)


@tokenizers.register("ngram", "nGram")
def _ngram(options: Options, before: Analyze) -> Tokenizer:
    least, most = sizes(options)
    return GramTokenizer(least, most, _allowed(options), edge=False)


@tokenizers.register("edge_ngram", "edgeNGram")
def _edge_ngram(options: Options, before: Analyze) -> Tokenizer:
    least, most = sizes(options)
    return GramTokenizer(least, most, _allowed(options), edge=True)
