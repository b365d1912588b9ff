"""Question texts as weighted term lists: what the word leg of a search looks for."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from analysis import Analyzer, Token
from indexer import InvalidRequest, ParsingError
from indexer.fields import Field

from .context import SearchContext
from .lexical import BM25, BM25L, TFIDF, BM25Plus, Similarity, WordQuery

SIMILARITIES: dict[str, Similarity] = {
    "BM25": BM25(),
    "BM25Plus": BM25Plus(),
    "BM25L": BM25L(),
    "TFIDF": TFIDF(),
}
METADATA = ("_id", "_index")  # of every document; see :mod:`.query.metadata`
GATE_LOW, GATE_HIGH = 0.4, 0.7  # shares of known idf mass between which the word leg is faded in


def similarity_of(ctx: SearchContext, name: str) -> Similarity:
    """The similarity that a mapping names: one of the index's settings, or one that every index knows; ParsingError."""
    configured = ctx.index_settings.get("similarity", {})
    if name in configured:
        options = {key: float(value) for key, value in configured[name].items() if key != "type"}
        return _similarity(configured[name]["type"], tuple(sorted(options.items())))
    if name not in SIMILARITIES:
        raise ParsingError(f"unknown similarity [{name}]; known are {', '.join([*SIMILARITIES, *configured])}")
    return SIMILARITIES[name]


@lru_cache(maxsize=64)
def _similarity(kind: str, options: tuple[tuple[str, float], ...]) -> Similarity:
    return replace(SIMILARITIES[kind], **dict(options))  # type: ignore[arg-type]


def analyzer_of(ctx: SearchContext, field: Field, name: str | None = None) -> Analyzer:
    """The analyzer of questions to a text field, or the one that the query names; InvalidRequest."""
    if name is None:
        return ctx.analyzer(field)
    try:
        return ctx.index.analyzers.get(name)
    except ValueError as error:
        raise InvalidRequest(f"analyzer [{name}] not found: {error}") from None


def lasting_text(ctx: SearchContext, path: str, name: str | None) -> bool:
    """Whether `path` is a text field, and no file can change the analyzer of questions to it, or the one named;
    InvalidRequest when that is not known."""
    field = ctx.field(path)
    if field is None or not field.is_text:
        return False
    analyzer_of(ctx, field, name)
    return ctx.index.analyzers.settled(name or field.search_analyzer)


def question_tokens(analyzer: Analyzer, text: str, zero_terms: str = "none", phrase: bool = False) -> list[Token]:
    """The tokens that a text is looked for by. With `zero_terms_query` all, stop words alone ask for nothing."""
    if zero_terms == "all":
        return analyzer.phrase_tokens(text) if phrase else analyzer.tokens(text)
    return analyzer.question_tokens(text, phrase)


def searchable(ctx: SearchContext, path: str) -> Field | None:
    """The field at `path`, None when it is not mapped; InvalidRequest when its values cannot be searched."""
    if path in METADATA:
        raise InvalidRequest(f"[{path}] is matched whole only: ask for it by [term], [terms] or [match]")
    field = ctx.field(path)
    if field is not None and not field.searchable:
        raise InvalidRequest(f"Cannot search on field [{path}] since it is not indexed nor has doc values.")
    return field


def lasting(ctx: SearchContext, field: Field | None) -> bool:
    """Whether a value of a field is always indexed as the same term: no file can change its normalizer."""
    return field is None or field.normalizer is None or ctx.index.analyzers.settled(field.normalizer, True)


def indexed_term(ctx: SearchContext, field: Field, value: Any) -> str:
    """A value as a text or keyword field indexes it whole: by the normalizer of a keyword field, if it has one."""
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return text if field.is_text else ctx.index.analyzers.normalized(field, text)


def minimum_of(rule: str | int | None, count: int, default: int) -> int:
    """How many of `count` clauses must match by a `minimum_should_match` rule; ParsingError.

    Elasticsearch's forms: 2, -1, "75%", "-25%", "3<90%", several conditions parted by spaces. May be more than
    there are clauses.
    """
    if rule is None:
        return default
    text = re.sub(r"\s*<\s*", "<", str(rule).strip())
    try:
        if "<" in text:
            needed = count
            for condition in text.split():
                bound, inner = condition.split("<")
                if count <= int(bound):
                    return needed
                needed = minimum_of(inner, count, default)
            return needed
        if text.endswith("%"):
            share = float(text[:-1])
            part = math.floor(abs(share) * count / 100)
            return max(0, part if share >= 0 else count - part)
        number = int(text)
    except (ValueError, OverflowError):
        raise ParsingError(f"[minimum_should_match] cannot be [{rule}]") from None
    return max(0, number if number >= 0 else count + number)


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
            terms = tuple(token.term for token in found.question_tokens(text))
            if not terms:
                continue
            for token in found.question_tokens(text, phrase=True):
                vocabulary[token.term] = (*vocabulary.get(token.term, ()), *paths)
            # a cosine is of one field's vectors: TF-IDF adds up its fields' scores instead
            together: list[tuple[str, ...]] = [(p,) for p in paths] if kind == "TFIDF" else [tuple(paths)]
            queries += [WordQuery(names, terms, similarity=similarity_of(ctx, kind)) for names in together]
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
