"""An analyzer composed of character filters, a tokenizer and token filters."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from analysis.analyzer import MAX_TERM, Analyzer, Value
from analysis.components import CharFilter, PhrasedTokenizer, TermFilter, TokenFilter, Tokenizer
from analysis.mapped import Mapped
from analysis.token import Stream, Token, TokenBatch
from analysis.tokenizers.basic import WhitespaceTokenizer
from analysis.tokenizers.standard import StandardTokenizer
from analysis.unicode import scalar


class ChainAnalyzer(Analyzer):
    """Runs the parts in order; offsets are mapped back through the character filters.

    ``phrases``: the chain of the phrase stream, when the tokenizer has one of its own. ``labels``: the
    names of the character filters, the tokenizer and the filters, where settings gave them.
    """

    labels: tuple[tuple[str, ...], str, tuple[str, ...]] | None = None

    def __init__(
        self,
        name: str,
        char_filters: Sequence[CharFilter],
        tokenizer: Tokenizer,
        filters: Sequence[TokenFilter],
        phrases: ChainAnalyzer | None = None,
    ) -> None:
        self.name = name
        self.char_filters = tuple(char_filters)
        self.tokenizer = tokenizer
        self.filters = tuple(filters)
        self.phrases = phrases
        self.scripts = isinstance(tokenizer, PhrasedTokenizer)
        self._fast: Callable[[Sequence[Value]], TokenBatch] | None = None

    def stream(self, text: str) -> Stream:
        tokens = self._cut(self.prepare(text))
        used = tokens[-1].position + tokens[-1].position_length if tokens else 0
        for token_filter in self.filters:
            tokens = token_filter(tokens)
        if tokens:
            used = max(used, tokens[-1].position + 1)
        return Stream([token for token in tokens if token.term], used)

    def _cut(self, mapped: Mapped) -> list[Token]:
        tokens = self.tokenizer(mapped.text)
        if mapped.starts is None:
            return tokens
        return [Token(t.term, *mapped.span(t.start, t.end), t.position, t.type, t.position_length) for t in tokens]

    def stages(self, text: str) -> tuple[list[str], list[list[Token]]]:
        """What each part makes of a text: the texts after the character filters, the tokens after the rest."""
        mapped, texts = Mapped(scalar(text)), []
        for char_filter in self.char_filters:
            mapped = mapped.then(char_filter(mapped.text))
            texts.append(mapped.text)
        streams = [self._cut(mapped)]
        for token_filter in self.filters:
            streams.append(token_filter(streams[-1]))
        return texts, streams

    def phrase_tokens(self, text: str) -> list[Token]:
        return (self.phrases or self).tokens(text)

    def question_tokens(self, text: str, phrase: bool = False) -> list[Token]:
        chain = (self.phrases or self) if phrase else self
        found = chain.tokens(text)
        if found or not isinstance(chain.tokenizer, PhrasedTokenizer):
            return found
        return ChainAnalyzer(self.name, chain.char_filters, chain.tokenizer.for_questions(), chain.filters).tokens(text)

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

        def finals(words: list[str]) -> tuple[list[str], list[bool]]:
            terms: list[str | None] = list(words)
            for one in filters:
                terms = one.many(terms)
            return [term or word for term, word in zip(terms, words, strict=True)], [not term for term in terms]

        return FastBatch(word_scanner(spaces), finals if filters else None, self._document, scripts=False)

    def normalize(self, term: str) -> str:
        text = self.prepare(term).text
        for token_filter in self.filters:
            if isinstance(token_filter, TermFilter) and token_filter.folds:
                text = token_filter.term(text) or ""
        return text
