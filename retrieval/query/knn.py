"""knn: the documents nearest to a vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from indexer import InvalidRequest, ParsingError
from indexer.spaces import Space

from .. import dense
from ..context import SearchContext
from ..filters import accepted, both
from .base import Explanation, Matches, Parser, Query, options, query_type
from .options import boost_of, number
from .rewriting import remember, remembered

_KEYS = {"field", "query_vector", "query_vector_builder", "k", "num_candidates", "filter", "similarity"}
MAX_K = 10_000


@query_type
@dataclass(frozen=True)
class Knn(Query):
    """The k nearest documents of a dense_vector field, or of a semantic space by a text, of them those at least as
    near as `similarity`: a cosine or dot product, or the greatest distance for l2_norm.

    The filter, and that of an alias, is applied inside the search, so k documents are found if there are k. Scores are
    Elasticsearch's: (1 + cosine) / 2, (1 + dot product) / 2, or 1 / (1 + squared distance).
    """

    type: ClassVar[str] = "knn"
    field: str
    vector: tuple[float, ...] | None
    text: str | None
    k: int
    filter: tuple[Query, ...] = ()
    similarity: float | None = None
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> Knn:
        found = options(cls.type, body, _KEYS)
        if not isinstance(found.get("field"), str):
            raise ParsingError("[knn] requires a [field]")
        k = found.get("k", found.get("num_candidates", 10))
        for key in ("k", "num_candidates"):
            value = found.get(key, 10)
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_K:
                raise ParsingError(f"[knn] [{key}] must be a number from 1 to {MAX_K}")
        if found.get("num_candidates", k) < k:
            raise ParsingError("[num_candidates] cannot be less than [k]")
        vector, text = found.get("query_vector"), None
        if vector is not None:
            vector = _numbers(vector)
        else:
            builder = (found.get("query_vector_builder") or {}).get("text_embedding") or {}
            text = builder.get("model_text")
            if not isinstance(text, str):
                raise ParsingError("[knn] requires [query_vector], or [query_vector_builder.text_embedding.model_text]")
        return cls(
            found["field"],
            vector,
            text,
            k,
            parser.queries(found.get("filter", [])),
            number(cls.type, found, "similarity", 0.0) if found.get("similarity") is not None else None,
            boost_of(found),
            found.get("_name"),
        )

    def space(self, ctx: SearchContext) -> Space:
        """The space searched; InvalidRequest when the field has no vectors."""
        space = ctx.index.spaces(ctx.mapping).get(self.field)
        if space is None:
            raise InvalidRequest(f"[knn] field [{self.field}] is neither a dense_vector field nor a semantic space")
        return space

    def query_vector(self, ctx: SearchContext) -> np.ndarray:
        """float32[dimension] of the question."""
        space = self.space(ctx)
        if self.text is not None:
            if space.family == "field":
                raise InvalidRequest(f"[knn] dense_vector field [{self.field}] has no model: give a [query_vector]")
            entry = ctx.view.manifest.spaces.get(space.name)
            encoder = ctx.node.encoders.of(space, entry, ctx.index.models_path)
            return encoder.encode_queries([self.text])[0]
        vector = np.array(self.vector, np.float32)
        if space.family == "field" and len(vector) != space.dimension:
            raise InvalidRequest(
                f"the query vector has a different dimension [{len(vector)}] than the index vectors [{space.dimension}]"
            )
        if space.metric == "cosine":
            norm = float(np.linalg.norm(vector.astype(np.float64)))
            if norm == 0.0:
                raise InvalidRequest("cosine similarity has no value for a query vector of zeros")
            vector = vector / np.float32(norm)
        return vector

    def matches(self, ctx: SearchContext) -> Matches:
        return remembered(ctx, self, "nearest", lambda: self._nearest(ctx))

    def _nearest(self, ctx: SearchContext) -> Matches:
        space = self.space(ctx)
        view = ctx.view.spaces.get(self.field)
        if view is None or not view.parts:
            if self.text is None:
                self.query_vector(ctx)  # a wrong dimension is an error before anything is indexed, too
            return Matches.none()
        vector = self.query_vector(ctx)
        if view.parts[0].index.d != len(vector):
            raise InvalidRequest(
                f"the query vector has a different dimension [{len(vector)}] than the index vectors "
                f"[{view.parts[0].index.d}]"
            )
        accept = both(ctx.seen, accepted(ctx, self.filter))
        hits = dense.search(view, vector, self.k, None if accept is None else accept.mask)
        docs, scores = hits.docs, scores_of(space.metric, hits.similarities) * np.float32(self.boost)
        if self.similarity is not None:
            least = -(self.similarity**2) if space.metric == "l2_norm" else self.similarity
            keep = hits.similarities >= least
            docs, scores = docs[keep], scores[keep]
        order = np.argsort(docs)
        return Matches(docs[order], scores[order])

    def explain(self, ctx: SearchContext, doc: int) -> Explanation:
        value = float(self.score(ctx, np.array([doc]))[0])
        space = self.space(ctx)
        return Explanation(value, f"within top k documents by {space.metric} similarity of field [{self.field}]")


def nearest_of_all(knn: Knn, contexts: Sequence[SearchContext]) -> None:
    """Leave a knn search only the k nearest documents of several indices together, for the rest of the request."""
    found = [knn.matches(ctx) for ctx in contexts]
    scores = np.concatenate([part.scores for part in found])
    if len(scores) <= knn.k:
        return
    best = np.zeros(len(scores), bool)
    best[np.argsort(-scores, kind="stable")[: knn.k]] = True
    ends = np.cumsum([len(part.docs) for part in found])[:-1]
    for ctx, part, keep in zip(contexts, found, np.split(best, ends), strict=True):
        remember(ctx, knn, "nearest", Matches(part.docs[keep], part.scores[keep]))


def scores_of(metric: str, similarities: np.ndarray) -> np.ndarray:
    """Elasticsearch's scores of similarities (of negative squared distances for l2_norm)."""
    if metric == "l2_norm":
        return (1.0 / (1.0 - similarities)).astype(np.float32)
    return ((1.0 + similarities) / 2.0).astype(np.float32)


def _numbers(value: Any) -> tuple[float, ...]:
    if not isinstance(value, list) or not value or len(value) > 4096:
        raise ParsingError("[knn] [query_vector] must be a list of numbers")
    if not all(isinstance(x, int | float) and not isinstance(x, bool) and abs(x) < 3.4e38 for x in value):
        raise ParsingError("[knn] [query_vector] must hold finite numbers only")
    return tuple(float(x) for x in value)
