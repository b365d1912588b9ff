"""Question texts as weighted term lists: what the word leg of a search looks for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from indexer import ParsingError
from indexer.fields import Field

from .context import SearchContext
from .lexical import BM25, BM25L, TFIDF, BM25Plus, Similarity, WordQuery

SIMILARITIES: dict[str, Similarity] = {
    "BM25": BM25(),
    "BM25Plus": BM25Plus(),
    "BM25L": BM25L(),
    "TFIDF": TFIDF(),
}
GATE_LOW, GATE_HIGH = 0.4, 0.7  # shares of known idf mass between which the word leg is faded in


@lru_cache(maxsize=64)
def similarity_of(name: str) -> Similarity:
    """The similarity that a mapping names; ParsingError lists the known ones."""
    found = SIMILARITIES.get(name)
    if found is None:
        raise ParsingError(f"unknown similarity [{name}]; known are {', '.join(SIMILARITIES)}")
    return found


def analyzed(ctx: SearchContext, field: Field, text: str, analyzer: str | None = None) -> list[str]:
    """The terms that `text` asks for in a field; a keyword field takes it whole."""
    if not field.is_text:
        return [text]
    found = ctx.index.analyzers.get(analyzer) if analyzer else ctx.analyzer(field)
    return [token.term for token in found.tokens(text)]


def minimum_of(rule: str | int | None, count: int, default: int) -> int:
    """How many of `count` clauses must match by a `minimum_should_match` rule; ParsingError.

    Elasticsearch's forms: 2, -1, "75%", "-25%", "3<90%", several conditions parted by spaces.
    """
    if rule is None:
        return default
    text = str(rule).strip()
    try:
        if "<" in text:
            needed = count
            for condition in text.split():
                bound, inner = condition.split("<")
                if count <= int(bound):
                    return max(0, min(count, needed))
                needed = minimum_of(inner, count, default)
            return max(0, min(count, needed))
        if text.endswith("%"):
            share = float(text[:-1])
            part = math.floor(abs(share) * count / 100)
            return max(0, min(count, part if share >= 0 else count - part))
        number = int(text)
    except ValueError:
        raise ParsingError(f"[minimum_should_match] cannot be [{rule}]") from None
    return max(0, min(count, number if number >= 0 else count + number))


@dataclass(frozen=True)
class PlainWords:
    """A plain question over the text fields of an index: one word query for each analyzer among them.

    Fields with the same analyzer and similarity are searched as if they were one field: their term
    frequencies and lengths add up (BM25F with all weights 1, Robertson et al. 2004).
    """

    queries: tuple[WordQuery, ...]
    vocabulary: tuple[tuple[str, tuple[str, ...]], ...] = ()  # words without n-grams, and the fields to know them

    @classmethod
    def of(cls, ctx: SearchContext, text: str, fields: Sequence[Field], similarity: str | None = None) -> PlainWords:
        groups: dict[tuple[str, str], list[str]] = {}
        vocabulary: dict[str, tuple[str, ...]] = {}
        for spec in fields:
            groups.setdefault((spec.search_analyzer, similarity or spec.similarity), []).append(spec.path)
        queries: list[WordQuery] = []
        for (analyzer, kind), paths in groups.items():
            found = ctx.index.analyzers.get(analyzer)
            terms = tuple(token.term for token in found.tokens(text))
            if not terms:
                continue
            for token in found.phrase_tokens(text):
                vocabulary[token.term] = (*vocabulary.get(token.term, ()), *paths)
            # a cosine is of one field's vectors: TF-IDF adds up its fields' scores instead
            together: list[tuple[str, ...]] = [(p,) for p in paths] if kind == "TFIDF" else [tuple(paths)]
            queries += [WordQuery(names, terms, similarity=similarity_of(kind)) for names in together]
        return cls(tuple(queries), tuple(vocabulary.items()))


def gate(ctx: SearchContext, words: PlainWords) -> float:
    """How far to trust the word leg: 0 when the index's vocabulary hardly knows the question, 1 when it does.

    The share of the question's idf mass (Chinese by single characters: a question's bigrams are often new
    in a language that the index speaks well) whose terms some live document holds, scaled from
    [GATE_LOW, GATE_HIGH] to [0, 1]: a question in a language that the index does not speak is left to the
    semantic leg.
    """
    known = total = 0.0
    live = ctx.view.live_documents
    for term, paths in words.vocabulary:
        df = max(ctx.reader.df(path, term) for path in paths)
        idf = math.log(1 + (live - df + 0.5) / (df + 0.5))
        total += idf
        known += idf if df else 0.0
    if total == 0.0:
        return 1.0
    return min(1.0, max(0.0, (known / total - GATE_LOW) / (GATE_HIGH - GATE_LOW)))
