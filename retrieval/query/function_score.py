"""function_score: the score of a query changed by functions of the document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from indexer import ParsingError

from ..context import SearchContext
from .base import Explanation, Highlight, Matches, Parser, Query, options, query_type
from .match_all import MatchAll
from .options import boost_of, choice, number
from .rewriting import remembered
from .score_functions import NAMES, Constant, ScoreFunction, parse_function

_SCORE_MODES = ("multiply", "sum", "avg", "first", "max", "min")
_BOOST_MODES = ("multiply", "replace", "sum", "avg", "max", "min")
_HOW = {"multiply": "product of:", "sum": "sum of:", "max": "max of:", "min": "min of:", "first": "sum of:"}


@dataclass(frozen=True)
class Part:
    """One function with its weight, for the documents that its filter matches (None: all)."""

    function: ScoreFunction
    weight: float | None = None
    filter: Query | None = None


@query_type
@dataclass(frozen=True)
class FunctionScore(Query):
    """The functions whose filters match are joined by `score_mode` (1 when there is none), capped by
    `max_boost`, and joined with the query's score by `boost_mode`. `boost` is the query's, as in
    Elasticsearch. Documents below `min_score` do not match."""

    type: ClassVar[str] = "function_score"
    query: Query
    parts: tuple[Part, ...]
    score_mode: str = "multiply"
    boost_mode: str = "multiply"
    max_boost: float = float("inf")
    min_score: float | None = None
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> FunctionScore:
        allowed = {"query", "functions", "score_mode", "boost_mode", "max_boost", "min_score", "weight", *NAMES}
        if isinstance(body, dict) and "script_score" in body:
            raise _no_scripts()
        found = options(cls.type, body, allowed)
        single = {key: found[key] for key in ("weight", *NAMES) if key in found}
        listed = found.get("functions")
        if listed is not None and single:
            now = next(iter(single))
            raise ParsingError(f"failed to parse [function_score] query. already found [functions], now [{now}]")
        if listed is not None and not isinstance(listed, list):
            raise ParsingError("[function_score] [functions] must be a list")
        parts = tuple(_part(parser, one) for one in (listed if listed is not None else [single] if single else []))
        return cls(
            parser.query(found["query"]) if found.get("query") is not None else MatchAll(),
            parts,
            choice(cls.type, found, "score_mode", _SCORE_MODES),
            choice(cls.type, found, "boost_mode", _BOOST_MODES),
            number(cls.type, found, "max_boost", 3.4e37),
            number(cls.type, found, "min_score", 0.0) if found.get("min_score") is not None else None,
            boost_of(found),
            found.get("_name"),
        )

    def matches(self, ctx: SearchContext) -> Matches:
        found = self.query.matches(ctx)
        docs = np.asarray(found.docs, np.int64)
        scores = self._combined(ctx, docs, found.scores)
        if self.min_score is not None:
            keep = scores >= self.min_score
            docs, scores = docs[keep], scores[keep]
        return Matches(docs, scores)

    def mask(self, ctx: SearchContext) -> np.ndarray:
        if self.min_score is None:
            return self.query.mask(ctx)
        return remembered(ctx, self, "mask", lambda: super(FunctionScore, self).mask(ctx))

    def score(self, ctx: SearchContext, docs: np.ndarray) -> np.ndarray:
        docs = np.asarray(docs, np.int64)
        matched = remembered(ctx, self, "matched", lambda: self.query.mask(ctx))[docs]
        out = np.zeros(len(docs), np.float32)
        if matched.any():
            some = docs[matched]
            scores = self._combined(ctx, some, self.query.score(ctx, some))
            if self.min_score is not None:
                scores = np.where(scores >= self.min_score, scores, np.float32(0.0))
            out[matched] = scores
        return out

    def _combined(self, ctx: SearchContext, docs: np.ndarray, scores: np.ndarray) -> np.ndarray:
        ctx.check_time()
        query = scores.astype(np.float64) * self.boost
        factor = np.minimum(self._factor(ctx, docs), self.max_boost)
        if self.boost_mode == "multiply":
            out = query * factor
        elif self.boost_mode == "replace":
            out = factor
        elif self.boost_mode == "sum":
            out = query + factor
        elif self.boost_mode == "avg":
            out = (query + factor) / 2
        else:
            out = np.maximum(query, factor) if self.boost_mode == "max" else np.minimum(query, factor)
        return out.astype(np.float32)

    def _factor(self, ctx: SearchContext, docs: np.ndarray) -> np.ndarray:
        """float64[n]: the functions as one."""
        if not self.parts:
            return np.ones(len(docs))
        values, applies = [], []
        for part in self.parts:
            ctx.check_time()
            hit = self._applies(ctx, part)[docs] if part.filter is not None else np.ones(len(docs), bool)
            own = np.zeros(len(docs))
            if hit.any():
                own[hit] = part.function.values(ctx, docs[hit])
            values.append(own * (1.0 if part.weight is None else part.weight))
            applies.append(hit)
        table, hits = np.array(values), np.array(applies)
        none = ~hits.any(axis=0)
        if self.score_mode == "first":
            out = table[hits.argmax(axis=0), np.arange(len(docs))]
        elif self.score_mode == "multiply":
            out = np.where(hits, table, 1.0).prod(axis=0)
        elif self.score_mode in ("max", "min"):
            sign = 1.0 if self.score_mode == "max" else -1.0
            out = sign * np.where(hits, sign * table, -np.inf).max(axis=0)
        else:
            out = np.where(hits, table, 0.0).sum(axis=0)
            if self.score_mode == "avg":
                weights = np.array([1.0 if p.weight is None else p.weight for p in self.parts])
                total = (hits * weights[:, None]).sum(axis=0)
                out = np.divide(out, total, out=np.ones(len(docs)), where=total > 0)
        return np.where(none, 1.0, out)

    def _applies(self, ctx: SearchContext, part: Part) -> np.ndarray:
        filter_ = part.filter
        assert filter_ is not None
        return remembered(ctx, part, "filter", lambda: filter_.mask(ctx))

    def explain(self, ctx: SearchContext, doc: int) -> Explanation:
        inner = self.query.explain(ctx, doc).times(self.boost)
        if not self.mask(ctx)[doc]:
            return Explanation(0.0, "no match, or a score below min_score")
        factor = self._explained_factor(ctx, doc)
        if self.max_boost < 3.4e37:
            limit = Explanation(self.max_boost, "max_boost")
            factor = Explanation(min(factor.value, self.max_boost), "min of:", (factor, limit))
        value = float(self.score(ctx, np.array([doc]))[0])
        if self.boost_mode == "replace":
            return Explanation(value, "function score instead of the query's, sum of:", (factor,))
        if self.boost_mode == "avg":
            both = Explanation.total("", (inner, factor))
            return Explanation(value, "function score, quotient of:", (both, Explanation(2.0, "average of two")))
        return Explanation(value, f"function score, {_HOW[self.boost_mode]}", (inner, factor))

    def _explained_factor(self, ctx: SearchContext, doc: int) -> Explanation:
        used = [p for p in self.parts if p.filter is None or self._applies(ctx, p)[doc]]
        if not used:
            return Explanation(1.0, "no function applies")
        shown = [
            p.function.explain(ctx, doc)
            if p.weight is None
            else Explanation.product("", (p.function.explain(ctx, doc), Explanation(p.weight, "weight")))
            for p in (used[:1] if self.score_mode == "first" else used)
        ]
        value = float(self._factor(ctx, np.array([doc]))[0])
        if self.score_mode == "avg":
            weights = sum(1.0 if p.weight is None else p.weight for p in used)
            if weights <= 0:
                return Explanation(1.0, "functions without any weight")
            total = Explanation.total("", shown)
            return Explanation(
                value, "average by weight, quotient of:", (total, Explanation(weights, "sum of weights"))
            )
        return Explanation(value, f"score mode {self.score_mode}, {_HOW[self.score_mode]}", tuple(shown))

    def highlights(self, ctx: SearchContext) -> Iterator[Highlight]:
        return self.query.highlights(ctx)

    def children(self) -> Iterator[Query]:
        yield self.query
        yield from (part.filter for part in self.parts if part.filter is not None)


def _part(parser: Parser, body: Any) -> Part:
    if not isinstance(body, dict):
        raise ParsingError("[function_score] each of [functions] must be an object")
    if "script_score" in body:
        raise _no_scripts()
    for key in body:
        if key not in ("filter", "weight", *NAMES):
            raise ParsingError(f"[function_score] unknown function [{key}]; known are {', '.join(NAMES)}, weight")
    names = [key for key in NAMES if key in body]
    if len(names) > 1:
        raise ParsingError(
            f"failed to parse function_score functions. already found [{names[0]}], now encountering [{names[1]}]"
        )
    if not names and "weight" not in body:
        raise ParsingError("an entry in functions list is missing a function")
    weight = number("function_score", body, "weight", 1.0, 0.0) if body.get("weight") is not None else None
    function = parse_function(names[0], body[names[0]]) if names else Constant()
    return Part(function, weight, parser.query(body["filter"]) if body.get("filter") is not None else None)


def _no_scripts() -> ParsingError:
    return ParsingError(
        "[function_score] scripts are not supported: use field_value_factor, the decays, random_score and weights "
        "instead of [script_score]"
    )
