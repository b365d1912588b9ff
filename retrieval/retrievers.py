"""Retrievers: how a request finds its documents. They nest, as in Elasticsearch.

`standard` runs a query, `knn` a vector search, `rrf` and `linear` fuse others; a plain question with a
`mode` is one of them made from the question. All legs get the same filter, applied inside each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from indexer import ParsingError

from . import checks
from .context import SearchContext, TimedOut
from .filters import accepted, both
from .fusion import NORMALIZERS, normalized, order_of, reciprocal_ranks
from .legs import Leg, QueryLeg
from .lexical import Accepted
from .query.base import Explanation, Parser, Query
from .query.bool import Bool
from .query.knn import Knn
from .ranking import Ranked

WINDOW = 100
RANK_CONSTANT = 60.0


@dataclass(frozen=True)
class LegScores:
    """What one leg says of the fused documents; arrays side by side with the documents."""

    leg: Leg
    ranks: np.ndarray  # int64[n], from 1; 0: not among the leg's own best
    scores: np.ndarray  # float32[n], NaN: the leg cannot score it
    contributions: np.ndarray  # float64[n]
    formula: str

    def to_dict(self, at: int) -> dict[str, Any]:
        """The leg's part in one hit."""
        score = float(self.scores[at])
        return {
            "rank": int(self.ranks[at]) or None,
            "score": None if np.isnan(score) else score,
            "contribution": float(self.contributions[at]),
        }


@dataclass(frozen=True)
class Fused:
    """Documents by fused score, and each leg's share. `partial`: the time was over before the last leg."""

    ranked: Ranked
    legs: tuple[LegScores, ...] = ()
    partial: bool = False

    def place(self, doc: int) -> int:
        """Where a document of the ranking stands in the legs' arrays."""
        return int(np.flatnonzero(self.ranked.docs == doc)[0])

    def at_least(self, min_score: float) -> Fused:
        """Only the documents with such a score."""
        keep = self.ranked.scores >= min_score
        ranked = Ranked(self.ranked.docs[keep], self.ranked.scores[keep], int(keep.sum()))
        legs = (
            LegScores(leg.leg, leg.ranks[keep], leg.scores[keep], leg.contributions[keep], leg.formula)
            for leg in self.legs
        )
        return Fused(ranked, tuple(legs), self.partial)

    def explain(self, at: int) -> Explanation:
        """The fused score of the document at position `at`: its details add up to it."""
        doc = int(self.ranked.docs[at])
        parts = []
        for leg in self.legs:
            inner = leg.leg.explain(doc)
            share = float(leg.contributions[at])
            parts.append(Explanation(share, f"{leg.leg.name}: {leg.formula} of:", (inner,)))
        return Explanation(float(self.ranked.scores[at]), "sum of the legs' contributions:", tuple(parts))


@dataclass(frozen=True)
class WeightedLeg:
    """A leg, its weight in the sum, and how its scores are made comparable."""

    leg: Leg
    weight: float = 1.0
    normalizer: str = "zscore"


def fuse(legs: Sequence[WeightedLeg], window: int, rank_constant: float | None = None) -> Fused:
    """Fuse the best `window` documents of each leg.

    Every candidate of any leg gets the true score of all legs. With `rank_constant` the legs are fused by
    reciprocal rank, otherwise by each leg's normalizer and weight. When the request's time is over, the legs
    that were searched until then are fused; TimedOut when there is none.
    """
    ranked = []
    for weighted in legs:
        try:
            ranked.append(weighted.leg.search(window))
        except TimedOut:
            if not ranked:
                raise
            break
    partial, legs = len(ranked) < len(legs), legs[: len(ranked)]
    docs = np.unique(np.concatenate([r.docs for r in ranked] or [np.zeros(0, np.int64)]))
    if len(docs) == 0:
        return Fused(Ranked.none(), partial=partial)
    parts = []
    for weighted, own in zip(legs, ranked, strict=True):
        ranks = np.zeros(len(docs), np.int64)
        ranks[np.searchsorted(docs, own.docs)] = np.arange(1, len(own.docs) + 1)
        scores = weighted.leg.score(docs)
        if rank_constant is not None:
            shares = weighted.weight * reciprocal_ranks(ranks, rank_constant)
            formula = f"1 / ({rank_constant:g} + rank)"
        else:
            shares = weighted.weight * normalized(weighted.normalizer, scores)
            formula = f"{weighted.weight:.3g} * {weighted.normalizer}"
        parts.append((weighted.leg, ranks, scores, shares, formula))
    total = np.sum([p[3] for p in parts], axis=0)
    order = order_of(docs, total)
    legs_out = tuple(LegScores(leg, r[order], s[order], c[order], f) for leg, r, s, c, f in parts)
    return Fused(Ranked(docs[order], total[order].astype(np.float32), len(docs)), legs_out, partial)


class FusedLeg:
    """A fused ranking as a leg of another fusion."""

    def __init__(self, name: str, fused: Fused) -> None:
        self.name = name
        self.fused = fused

    def search(self, k: int) -> Ranked:
        found = self.fused.ranked
        return Ranked(found.docs[:k], found.scores[:k], found.total, found.relation)

    def score(self, docs: np.ndarray) -> np.ndarray:
        order = np.argsort(self.fused.ranked.docs)
        known, scores = self.fused.ranked.docs[order], self.fused.ranked.scores[order]
        out = np.full(len(docs), np.nan, np.float32)
        if len(known):
            at = np.minimum(np.searchsorted(known, docs), len(known) - 1)
            hit = known[at] == docs
            out[hit] = scores[at[hit]]
        return out

    def explain(self, doc: int) -> Explanation:
        at = np.flatnonzero(self.fused.ranked.docs == doc)
        return self.fused.explain(int(at[0])) if len(at) else Explanation(0.0, "not found by this retriever")


# --- the request's `retriever` ------------------------------------------------------------------


@dataclass(frozen=True)
class StandardRetriever:
    """A query or a vector search, with filters of its own."""

    query: Query
    name: str | None = None
    min_score: float | None = None

    def leg(self, ctx: SearchContext, accept: Accepted | None, window: int, default: str) -> Leg:
        query = self.query
        if isinstance(query, Knn) and accept is not None:
            query = _with_filter(query, accept)
        return QueryLeg(ctx, query, accept, self.name or default, self.min_score)

    def matched(self, ctx: SearchContext, accept: Accepted | None) -> np.ndarray:
        """bool[documents]: all that the query matches (of a vector search: the k nearest)."""
        query = _with_filter(self.query, accept) if isinstance(self.query, Knn) and accept is not None else self.query
        if self.min_score is None:
            out = query.mask(ctx)
        else:
            found = query.matches(ctx)
            out = np.zeros(ctx.documents, bool)
            out[found.docs[found.scores >= self.min_score]] = True
        return out if accept is None else out & accept.mask

    def queries(self) -> Iterator[Query]:
        """The queries that take part."""
        yield self.query


@dataclass(frozen=True)
class FusionRetriever:
    """Several retrievers fused, by reciprocal rank or linearly."""

    parts: tuple[tuple[StandardRetriever | FusionRetriever, float, str], ...]
    window: int
    rank_constant: float | None
    filters: tuple[Query, ...] = ()
    name: str | None = None
    min_score: float | None = None

    def fused(self, ctx: SearchContext, accept: Accepted | None) -> Fused:
        accept = self._accepted(ctx, accept)
        legs = []
        for number, (part, weight, normalizer) in enumerate(self.parts):
            legs.append(WeightedLeg(part.leg(ctx, accept, self.window, f"retriever {number}"), weight, normalizer))
        found = fuse(legs, self.window, self.rank_constant)
        return found if self.min_score is None else found.at_least(self.min_score)

    def matched(self, ctx: SearchContext, accept: Accepted | None) -> np.ndarray:
        """bool[documents]: all that any of the retrievers matches."""
        accept = self._accepted(ctx, accept)
        out = np.zeros(ctx.documents, bool)
        for part, _, _ in self.parts:
            out |= part.matched(ctx, accept)
        return out

    def queries(self) -> Iterator[Query]:
        """The queries that take part."""
        for part, _, _ in self.parts:
            yield from part.queries()

    def _accepted(self, ctx: SearchContext, accept: Accepted | None) -> Accepted | None:
        return both(accept, accepted(ctx, self.filters))

    def leg(self, ctx: SearchContext, accept: Accepted | None, window: int, default: str) -> Leg:
        return FusedLeg(self.name or default, self.fused(ctx, accept))


Retriever = StandardRetriever | FusionRetriever


@dataclass(frozen=True)
class _Accept(Query):
    """What is accepted already as a query, to hand a request's filter into a nested vector search."""

    accept: Accepted
    type = "filter"

    def matches(self, ctx: SearchContext) -> Any:
        raise AssertionError("only the mask of this query is used")

    def mask(self, ctx: SearchContext) -> np.ndarray:
        return self.accept.mask


def _with_filter(query: Knn, accept: Accepted) -> Knn:
    return replace(query, filter=(*query.filter, _Accept(accept)))


def parse_retriever(parser: Parser, body: Any, size: int) -> Retriever:
    """The `retriever` of a request; ParsingError says what is wrong."""
    if not isinstance(body, dict) or len(body) != 1:
        raise ParsingError("[retriever] must be an object with one key, the retriever's type")
    ((kind, inner),) = body.items()
    if kind not in ("standard", "knn", "rrf", "linear"):
        raise ParsingError(f"unknown retriever [{kind}]; known are knn, linear, rrf, standard")
    if not isinstance(inner, dict):
        raise ParsingError(f"[{kind}] retriever must be an object")
    parser.depth += 1
    if parser.depth > parser.max_depth:
        raise ParsingError(f"the retriever is nested deeper than QUARRY_MAX_DEPTH={parser.max_depth}")
    try:
        if kind in ("standard", "knn"):
            return _standard(parser, kind, inner)
        return _fusion(parser, kind, inner, size)
    finally:
        parser.depth -= 1


def _known(kind: str, body: dict[str, Any], keys: set[str]) -> None:
    for key in body:
        if key not in keys:
            raise ParsingError(f"[{kind}] retriever does not support [{key}]")
    if not isinstance(body.get("_name", ""), str):
        raise ParsingError(f"[{kind}] [_name] must be a string")


def _standard(parser: Parser, kind: str, body: dict[str, Any]) -> StandardRetriever:
    least = checks.number(body, "min_score")
    if kind == "knn":
        _known(kind, {"_name": body.get("_name", "")}, {"_name"})
        rest = {key: value for key, value in body.items() if key not in ("_name", "min_score")}
        return StandardRetriever(parser.query({"knn": rest}), body.get("_name"), least)
    _known(kind, body, {"query", "filter", "min_score", "_name"})
    query = parser.query(body.get("query", {"match_all": {}}))
    if body.get("filter"):
        query = Bool(must=(query,), filter=parser.queries(body["filter"]))
    return StandardRetriever(query, body.get("_name"), least)


def _fusion(parser: Parser, kind: str, body: dict[str, Any], size: int) -> FusionRetriever:
    own = {"rank_constant"} if kind == "rrf" else {"normalizer"}
    _known(kind, body, {"retrievers", "rank_window_size", "filter", "min_score", "_name", *own})
    window = body.get("rank_window_size", max(WINDOW, size))
    if isinstance(window, bool) or not isinstance(window, int) or window < max(1, size):
        raise ParsingError(f"[{kind}] [rank_window_size] must be at least [size] ({size}), not [{window}]")
    children = body.get("retrievers")
    if not isinstance(children, list) or not children:
        raise ParsingError(f"[{kind}] requires [retrievers], a list")
    parts = []
    for child in children:
        weight, normalizer = 1.0, "none"
        if isinstance(child, dict) and "retriever" in child:
            _known(kind, child, {"retriever", "weight", "normalizer"})
            weight, normalizer = child.get("weight", 1.0), child.get("normalizer", body.get("normalizer", "none"))
            child = child["retriever"]
        elif kind == "linear":
            raise ParsingError("[linear] each of [retrievers] is {retriever, weight, normalizer}")
        if isinstance(weight, bool) or not isinstance(weight, int | float) or weight < 0:
            raise ParsingError(f"[{kind}] [weight] must be a number that is not negative, not [{weight}]")
        if not isinstance(normalizer, str) or normalizer not in NORMALIZERS:
            raise ParsingError(f"[{kind}] unknown normalizer [{normalizer}]; known are {', '.join(NORMALIZERS)}")
        parts.append((parse_retriever(parser, child, 0), float(weight), str(normalizer)))
    constant = body.get("rank_constant", RANK_CONSTANT) if kind == "rrf" else None
    if constant is not None and (isinstance(constant, bool) or not isinstance(constant, int | float) or constant < 1):
        raise ParsingError(f"[rrf] [rank_constant] must be a number of at least 1, not [{constant}]")
    filters = parser.queries(body.get("filter", []))
    return FusionRetriever(tuple(parts), window, constant, filters, body.get("_name"), checks.number(body, "min_score"))
