"""An analyzer composed of character filters, a tokenizer and token filters."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from analysis.analyzer import MAX_TERM, Analyzer, Value
from analysis.components import CharFilter, TermFilter, TokenFilter, Tokenizer
from analysis.mapped import Mapped
from analysis.token import Stream, Token, TokenBatch
from analysis.tokenizers.basic import WhitespaceTokenizer
from analysis.tokenizers.standard import StandardTokenizer
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
        self._fast: Callable[[Sequence[Value]], TokenBatch] | None = None

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

    def batch(self, values: Sequence[Value]) -> TokenBatch:
        if self._fast is None:
            self._fast = self._fast_batch() or super().batch
        return self._fast(values)

    def _fast_batch(self) -> Callable[[Sequence[Value]], TokenBatch] | None:
        """The kernels' way, where the tokenizer has a kernel and filters look at one term alone."""
        spaces = isinstance(self.tokenizer, WhitespaceTokenizer)
        if self.char_filters or not (spaces or isinstance(self.tokenizer, StandardTokenizer)):
            return None
        if self.tokenizer.longest != MAX_TERM:  # type: ignore[attr-defined]
            return None
        filters = [one for one in self.filters if isinstance(one, TermFilter)]
        if len(filters) != len(self.filters):
            return None
        from analysis.fast import FastBatch, word_scanner

        def final(term: str) -> str | None:
            changed: str | None = term
            for one in filters:
                if changed is not None:
                    changed = one.term(changed)
            return changed or None

        return FastBatch(
            word_scanner(spaces),
            lambda term: final(term) or term,
            lambda term: final(term) is None,
            self._document,
            False,
        )

    def normalize(self, term: str) -> str:
        text = self.prepare(term).text
        for token_filter in self.filters:
            if isinstance(token_filter, TermFilter) and token_filter.folds:
                text = token_filter.term(text) or ""
        return text
