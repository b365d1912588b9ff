"""What every analyzer is: text in, tokens out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from analysis.arrays import collect
from analysis.token import Stream, Token, TokenBatch

POSITION_GAP = 100  # positions skipped between the values of one field, as in Elasticsearch
MAX_TERM = 255  # code points of the longest term, as in Lucene's tokenizers

Value = str | Sequence[str] | None


class Analyzer(ABC):
    """The same analysis at index and at query time. Safe to use from several threads."""

    name: str
    scripts = False  # whether Han terms have statistics of their own

    @abstractmethod
    def stream(self, text: str) -> Stream:
        """The tokens of one text, ordered by position, and the positions it used."""

    def tokens(self, text: str) -> list[Token]:
        """The tokens that are indexed and searched."""
        return self.stream(text).tokens

    def phrase_tokens(self, text: str) -> list[Token]:
        """The tokens that a phrase query matches and a highlighter marks: one way through the text."""
        return self.tokens(text)

    def question_tokens(self, text: str, phrase: bool = False) -> list[Token]:
        """The tokens that a question looks for: the text's own, or what an analyzer has in their place."""
        return self.phrase_tokens(text) if phrase else self.tokens(text)

    def normalize(self, term: str) -> str:
        """Fold a term's characters as its text's are, without splitting or stemming it.

        For queries on parts of terms: wildcard, prefix, regexp and fuzzy.
        """
        return term

    def batch(self, values: Sequence[Value]) -> TokenBatch:
        """The tokens of one field of many documents.

        Args:
            values: for each document a text, several texts (each POSITION_GAP positions after the
                last position of the one before), or None.
        """
        return collect((self._document(value) for value in values), self.scripts)

    def _document(self, value: Value) -> list[Token]:
        if value is None:
            return []
        if isinstance(value, str):
            return self.stream(value).tokens
        tokens: list[Token] = []
        base = 0
        for text in value:
            stream = self.stream(text)
            tokens += [
                Token(t.term, t.start, t.end, base + t.position, t.type, t.position_length) for t in stream.tokens
            ]
            base += stream.positions + POSITION_GAP
        return tokens
