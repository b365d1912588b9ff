"""The legs of a hybrid search: words, and each vector space.

All legs of a request get the same view, the same filter and the same window; each can also give its true
score of any document, so that a candidate of one leg is judged by all.
"""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import numpy as np

from indexer import InvalidRequest
from indexer.spaces import Space

from . import dense
from .context import SearchContext
from .lexical import Accepted
from .query.base import Explanation, Query, of_lexical
from .ranking import Ranked, rank_query, top_of
from .words import PlainWords, gate


class Leg(Protocol):
    """One way to rank documents for a request."""

    name: str

    def search(self, k: int) -> Ranked:
        """The best k documents."""

    def score(self, docs: np.ndarray) -> np.ndarray:
        """float32[n]: true scores of any documents; NaN where the leg cannot score one."""

    def explain(self, doc: int) -> Explanation:
        """How the leg's score of a document comes about."""


class WordLeg:
    """BM25 (or another similarity) over the index's text fields."""

    def __init__(
        self,
        ctx: SearchContext,
        text: str,
        accept: Accepted | None,
        similarity: str | None = None,
        name: str = "bm25",
    ) -> None:
        self.ctx = ctx
        self.name = name
        self.accept = accept
        self.words = PlainWords.of(ctx, text, ctx.text_fields(), similarity)

    @cached_property
    def gate(self) -> float:
        """How far the vocabulary knows the question, 0 to 1."""
        return gate(self.ctx, self.words)

    def search(self, k: int) -> Ranked:
        self.ctx.check_time()
        queries, reader = self.words.queries, self.ctx.reader
        if not queries:
            return Ranked.none()
        if len(queries) == 1:
            found = reader.top_k(queries[0], k, self.accept)
            return Ranked(found.docs.astype(np.int64), found.scores, found.total, found.relation)
        total = np.zeros(self.ctx.documents, np.float32)
        hit = np.zeros(self.ctx.documents, bool)
        for query in queries:
            docs, scores = reader.matches(query, self.accept)
            total[docs] += scores
            hit[docs] = True
        docs = np.flatnonzero(hit)
        return top_of(docs, total[docs], k)

    def matched(self) -> np.ndarray:
        """bool[documents]: all that hold any of the words."""
        out = np.zeros(self.ctx.documents, bool)
        for query in self.words.queries:
            out[self.ctx.reader.matches(query, self.accept)[0]] = True
        return out

    def score(self, docs: np.ndarray) -> np.ndarray:
        out = np.zeros(len(docs), np.float32)
        for query in self.words.queries:
            out += self.ctx.reader.score(query, docs)
        return out

    def explain(self, doc: int) -> Explanation:
        parts = [of_lexical(self.ctx.reader.explain(q, doc)) for q in self.words.queries]
        if len(parts) == 1:
            return parts[0]
        return Explanation(sum(p.value for p in parts), "sum of:", tuple(parts))


class DenseLeg:
    """Similarity of the question to the passages of one space."""

    def __init__(self, ctx: SearchContext, space: Space, text: str, accept: Accepted | None) -> None:
        self.ctx = ctx
        self.space = space
        self.name = space.name
        self.accept = accept
        self.view = ctx.view.spaces.get(space.name)
        self.encoder = ctx.node.encoders.of(space, ctx.view.manifest.spaces.get(space.name), ctx.index.models_path)
        self.vector = self.encoder.encode_queries([text])[0]
        self.known = bool(np.any(self.vector))  # a question of unknown words has the zero vector

    def search(self, k: int) -> Ranked:
        self.ctx.check_time()
        if self.view is None or not self.known:
            return Ranked.none()
        found = dense.search(self.view, self.vector, k, None if self.accept is None else self.accept.mask)
        return Ranked(found.docs, found.similarities, len(found.docs), "eq")

    def score(self, docs: np.ndarray) -> np.ndarray:
        if self.view is None or not self.known:
            return np.full(len(docs), np.nan, np.float32)
        return dense.similarities(self.view, self.vector, docs)

    def best_spans(self, docs: np.ndarray) -> np.ndarray:
        """int64[n, 2]: the best row's span in the body of each document; (0, 0) when there is none."""
        if self.view is None or not self.known:
            return np.zeros((len(docs), 2), np.int64)
        return dense.best_rows(self.view, self.vector, docs)[1]

    def explain(self, doc: int) -> Explanation:
        value = float(self.score(np.array([doc]))[0])
        if np.isnan(value):
            return Explanation(0.0, f"no vector in space [{self.name}] yet")
        unit = "its best sentence and the passage (their mean)" if self.space.vectors == "sentence" else "the passage"
        return Explanation(value, f"cosine of the question and {unit} in space [{self.name}]")


class QueryLeg:
    """Any query of the query language as a leg; it scores only what it matches."""

    def __init__(
        self,
        ctx: SearchContext,
        query: Query,
        accept: Accepted | None,
        name: str,
        min_score: float | None = None,
    ) -> None:
        self.ctx = ctx
        self.query = query
        self.accept = accept
        self.name = name
        self.min_score = min_score

    def search(self, k: int) -> Ranked:
        self.ctx.check_time()
        found = rank_query(self.ctx, self.query, k, self.accept)
        return found if self.min_score is None else found.at_least(self.min_score)

    def score(self, docs: np.ndarray) -> np.ndarray:
        return self.query.score(self.ctx, docs)

    def explain(self, doc: int) -> Explanation:
        return self.query.explain(self.ctx, doc)


def dense_leg(ctx: SearchContext, name: str, text: str, accept: Accepted | None) -> DenseLeg:
    """The leg of a space; InvalidRequest when the index has no such space."""
    space = ctx.index.spaces(ctx.mapping).get(name)
    if space is None or space.family == "field":
        known = [s.name for s in ctx.index.spaces(ctx.mapping).values() if s.family != "field"]
        raise InvalidRequest(
            f"index [{ctx.index.name}] has no semantic space [{name}]; "
            + (f"it has {', '.join(known)}" if known else "it has no text field to embed")
        )
    return DenseLeg(ctx, space, text, accept)
