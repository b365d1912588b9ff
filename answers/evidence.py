"""Evidence: the passages found for a question, and how well each of their sentences fits it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as declared
from functools import cached_property
from typing import Any

import numpy as np
import orjson

from embeddings.base import ModelNotInstalled
from indexer import Row, SpaceUnavailable, values_at
from indexer.embedding import DocumentTexts, embedded_sentences, encode_documents
from retrieval import SearchContext, run_mode
from retrieval.dense import sentence_similarities
from retrieval.legs import DenseLeg
from retrieval.lexical import Accepted

MAX_SENTENCES = 400  # of one passage: more than a chapter


@dataclass(frozen=True)
class Sentence:
    """A sentence of a passage: `body[start:end]`, how near it is to the question, how much of it it holds."""

    passage: int
    start: int
    end: int
    text: str
    cosine: float  # the row's similarity in the space of sentences; NaN without an encoder
    coverage: float  # share of the question's idf mass that title and sentence hold, a copy of it aside


@dataclass
class Passage:
    """A found document: its body is what answers are cut from."""

    row: Row
    field: str
    title: str
    body: str
    score: float  # the hybrid's
    cosine: float  # its best sentence's
    word_score: float
    coverage: float
    sentences: list[Sentence] = declared(default_factory=list)


@dataclass
class Evidence:
    """What was found for one question, best passage first; `agreement` tells whether the legs agree."""

    index: str
    question: str
    passages: list[Passage]
    agreement: float = 0.0
    warnings: tuple[str, ...] = ()

    @cached_property
    def sentences(self) -> list[Sentence]:
        """All sentences of all passages."""
        return [s for p in self.passages for s in p.sentences]


class QuestionWords:
    """The question's distinct terms and their idf, to measure how much of it a text holds."""

    def __init__(self, ctx: SearchContext, question: str) -> None:
        fields = ctx.text_fields()
        self._analyzer = ctx.analyzer(fields[0]) if fields else ctx.index.analyzers.get("default")
        paths = [f.path for f in fields]
        live = ctx.view.live_documents
        self.idf: dict[str, float] = {}
        for token in self._analyzer.tokens(question):
            df = max((ctx.reader.df(p, token.term) for p in paths), default=0)
            self.idf[token.term] = math.log(1 + (live - df + 0.5) / (df + 0.5))
        self.total = sum(self.idf.values())
        self._itself = re.compile(re.escape(question.strip()), re.IGNORECASE)

    def answering(self, text: str) -> set[str]:
        """The terms that a text holds outside of a copy of the question: repeating it answers nothing."""
        return self.terms(self._itself.sub(" ", text))

    def terms(self, text: str) -> set[str]:
        """The question's terms that a text holds."""
        return {t.term for t in self._analyzer.tokens(text)} & self.idf.keys()

    def coverage(self, terms: set[str]) -> float:
        """Their share of the question's idf mass."""
        return sum(self.idf[t] for t in terms) / self.total if self.total else 0.0


def gather(ctx: SearchContext, question: str, size: int, accept: Accepted | None) -> Evidence:
    """The best `size` passages of the hybrid search for a question, with their sentences judged."""
    found = run_mode(ctx, "hybrid", question, accept, max(100, size))
    ranked, warnings = found.fused.ranked, (*found.warnings, *ctx.damage)
    body_field = ctx.mapping.body_field
    if body_field is None or len(ranked.docs) == 0:
        return Evidence(ctx.index.name, question, [], warnings=warnings)
    docs = ranked.docs[:size]
    dense = found.dense or _dense(ctx, question, accept)
    cosines = dense.score(docs) if dense is not None else np.full(len(docs), np.nan)
    words_scores = _word_scores(found.fused.legs, len(docs))
    words = QuestionWords(ctx, question)
    passages = []
    for number, (row, doc) in enumerate(zip(ctx.view.fetch([int(d) for d in docs]), docs, strict=True)):
        assert row.body is not None
        passages.append(
            _passage(ctx, orjson.loads(row.body), row, number, float(ranked.scores[number]), float(cosines[number]),
                     float(words_scores[number]), words, dense, int(doc))
        )  # fmt: skip
    return Evidence(ctx.index.name, question, passages, _agreement(found.fused.legs), warnings)


def _dense(ctx: SearchContext, question: str, accept: Accepted | None) -> DenseLeg | None:
    """The sentence leg, when the fusion went without it."""
    from retrieval.legs import dense_leg

    if "bert" not in ctx.index.spaces(ctx.mapping):
        return None
    try:
        return dense_leg(ctx, "bert", question, accept)
    except (SpaceUnavailable, ModelNotInstalled):
        return None


def _word_scores(legs: Sequence[Any], count: int) -> np.ndarray:
    leg = next((leg for leg in legs if leg.leg.name == "bm25"), None)
    return leg.scores[:count] if leg is not None else np.zeros(count)


def _agreement(legs: Sequence[Any]) -> float:
    """1 / (1 + distance) of the first passage's ranks in the legs; 0 when a leg did not find it."""
    if len(legs) < 2:
        return 0.0
    ranks = [int(leg.ranks[0]) for leg in legs]
    return 0.0 if 0 in ranks else 1.0 / max(ranks)


def text_of(source: dict[str, Any], path: str | None) -> str:
    """A field's text; several values are joined by line breaks."""
    return "\n".join(str(v) for v in values_at(source, path) if v is not None) if path else ""


def _passage(
    ctx: SearchContext,
    source: dict[str, Any],
    row: Row,
    number: int,
    score: float,
    cosine: float,
    word_score: float,
    words: QuestionWords,
    dense: DenseLeg | None,
    doc: int,
) -> Passage:
    body_field = ctx.mapping.body_field
    assert body_field is not None
    body = text_of(source, body_field)
    title_field = ctx.mapping.title_field
    title = text_of(source, title_field) if title_field != body_field else ""
    in_title = words.terms(title)
    coverage = words.coverage(in_title | words.terms(body))
    passage = Passage(row, body_field, title, body, score, cosine, word_score, coverage)
    for start, end, similarity in _judged(dense, doc, title, body):
        text = body[start:end]
        own = words.coverage(in_title | words.answering(text))
        passage.sentences.append(Sentence(number, start, end, text, similarity, own))
    return passage


def _judged(dense: DenseLeg | None, doc: int, title: str, body: str) -> list[tuple[int, int, float]]:
    """(start, end, cosine) of each sentence: stored vectors where there are any, else encoded now."""
    if dense is not None and dense.view is not None and dense.space.vectors == "sentence":
        stored = sentence_similarities(dense.view, dense.vector, doc)
        if stored:
            return [row for row in stored if row[1] > row[0]]
    spans = embedded_sentences(body)[:MAX_SENTENCES]
    if dense is None or not spans:
        return [(a, b, math.nan) for a, b in spans]
    prefix = f"{title}\n" if title else ""
    texts = DocumentTexts(tuple(prefix + body[a:b] for a, b in spans), tuple(spans), body)
    vectors = encode_documents(dense.encoder, [texts])
    return [(a, b, float(s)) for (a, b), s in zip(spans, vectors @ dense.vector, strict=True)]
