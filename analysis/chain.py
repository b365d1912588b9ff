"""An analyzer composed of character filters, a tokenizer and token filters."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.analyzer import Analyzer
from analysis.components import CharFilter, TermFilter, TokenFilter, Tokenizer
from analysis.mapped import Mapped
from analysis.token import Stream, Token
from analysis.unicode import scalar


class ChainAnalyzer(Analyzer):
    """Runs the parts in order; offsets are mapped back through the character filters."""

    def __init__(
        self,
        name: str,
        char_filters: Sequence[CharFilter],
        tokenizer: Tokenizer,
        filters: Sequence[TokenFilter],
    ) -> None:
        self.name = name
        self.char_filters = tuple(char_filters)
        self.tokenizer = tokenizer
        self.filters = tuple(filters)

    def stream(self, text: str) -> Stream:
        mapped = self.prepare(text)
        tokens = self.tokenizer(mapped.text)
        if mapped.starts is not None:
            tokens = [
                Token(t.term, *mapped.span(t.start, t.end), t.position, t.type, t.position_length) for t in tokens
            ]
        used = tokens[-1].position + tokens[-1].position_length if tokens else 0
        for token_filter in self.filters:
            tokens = token_filter(tokens)
        if tokens:
            used = max(used, tokens[-1].position + 1)
        return Stream([token for token in tokens if token.term], used)

    def prepare(self, text: str) -> Mapped:
        """The text after the character filters."""
        mapped = Mapped(scalar(text))
        for char_filter in self.char_filters:
            mapped = mapped.then(char_filter(mapped.text))
        return mapped

    def normalize(self, term: str) -> str:
        text = self.prepare(term).text
        for token_filter in self.filters:
            if isinstance(token_filter, TermFilter) and token_filter.folds:
                text = token_filter.term(text) or ""
        return text
