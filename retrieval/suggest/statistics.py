"""What the indices say about words that follow each other: document counts of terms, pairs and triples."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from analysis import Analyzer
from indexer import InvalidRequest
from indexer.fields import Field

from ..context import SearchContext
from ..lexical import PhraseQuery

_COUNTED = 1 << 20  # phrases are counted up to here


class Statistics:
    """Live document counts of one text field over several indices."""

    def __init__(self, ctxs: Sequence[SearchContext], path: str, analyzer: str | None = None) -> None:
        self.path = path
        self.ctxs = [ctx for ctx in ctxs if path in ctx.mapping.fields]
        if not self.ctxs:
            raise InvalidRequest(f"no mapping found for field [{path}]")
        self.field: Field = self.ctxs[0].mapping.fields[path]
        if not all(ctx.mapping.fields[path].is_text for ctx in self.ctxs):
            raise InvalidRequest(f"field [{path}] is not a text field: suggestions are made of the words of a text")
        first = self.ctxs[0]
        try:
            self.analyzer: Analyzer = first.index.analyzers.get(analyzer) if analyzer else first.analyzer(self.field)
        except ValueError as error:
            raise InvalidRequest(str(error)) from None
        self.documents = sum(ctx.view.live_documents for ctx in self.ctxs)
        self._df: dict[str, int] = {}
        self._phrases: dict[tuple[tuple[str, ...], tuple[int, ...]], int] = {}

    def df(self, term: str) -> int:
        """How many live documents hold a term."""
        found = self._df.get(term)
        if found is None:
            found = self._df[term] = sum(ctx.reader.df(self.path, term) for ctx in self.ctxs)
        return found

    @cached_property
    def pairs(self) -> bool:
        """Whether pairs of Han characters are terms of the field."""
        return any(t.term == "中国" and t.type == "<DOUBLE>" for t in self.analyzer.tokens("中国"))

    @cached_property
    def characters(self) -> bool:
        """Whether single Han characters are terms of the field."""
        return [t.term for t in self.analyzer.phrase_tokens("中国")] == ["中", "国"]

    def han_df(self, char: str) -> int:
        """How many documents hold a Han character; where characters are no terms, as many as there are."""
        return self.df(char) if self.characters else self.documents

    def han(self, text: str) -> int:
        """How many documents hold two or three Han characters side by side."""
        if self.pairs and len(text) == 2:
            return self.df(text)
        tokens = self.analyzer.phrase_tokens(text)
        if not tokens:
            return 0
        base = tokens[0].position
        return self.phrase(tuple(t.term for t in tokens), tuple(t.position - base for t in tokens))

    def phrase(self, terms: tuple[str, ...], offsets: tuple[int, ...]) -> int:
        """How many documents hold terms at these distances."""
        if len(terms) == 1:
            return self.df(terms[0])
        found = self._phrases.get((terms, offsets))
        if found is None:
            found = 0
            if all(self.df(term) for term in terms):
                query = PhraseQuery(self.path, terms, offsets)
                for ctx in self.ctxs:
                    ctx.check_time()
                    found += ctx.reader.top_k(query, 1, count_to=_COUNTED).total
            self._phrases[terms, offsets] = found
        return found
