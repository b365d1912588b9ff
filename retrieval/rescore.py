"""Rescoring: a second query looks at the best hits of the first, and their scores are put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from indexer import InvalidRequest, ParsingError

from .context import SearchContext, TimedOut
from .fusion import order_of
from .query.base import Explanation, Parser, Query
from .ranking import Ranked

Mode = Callable[[np.ndarray, np.ndarray], np.ndarray]
SCORE_MODES: dict[str, tuple[Mode, str]] = {
    "total": (np.add, "sum of:"),
    "multiply": (np.multiply, "product of:"),
    "avg": (lambda first, second: (first + second) / 2, "avg of:"),
    "max": (np.maximum, "max of:"),
    "min": (np.minimum, "min of:"),
}


@dataclass(frozen=True)
class Rescore:
    """Of the best `window` hits of each index those that `query` matches get a new score.

    The score is mode(first_weight * first score, second_weight * the query's score); hits in the window that
    it does not match get first_weight * first score. Hits behind the window keep their place and score.
    """

    query: Query
    window: int = 10
    first_weight: float = 1.0
    second_weight: float = 1.0
    mode: str = "total"


def parse_rescore(parser: Parser, body: Any, most: int) -> tuple[Rescore, ...]:
    """The request's `rescore`, one or several in a row; ParsingError and InvalidRequest say what is wrong."""
    if body is None:
        return ()
    return tuple(_parse_one(parser, part, most) for part in (body if isinstance(body, list) else [body]))


def _parse_one(parser: Parser, body: Any, most: int) -> Rescore:
    if not isinstance(body, dict):
        raise ParsingError("[rescore] must be an object or a list of objects")
    for key in body:
        if key not in ("query", "window_size"):
            raise ParsingError(f"[rescore] does not support the rescorer [{key}]; it takes [query] and [window_size]")
    inner = body.get("query")
    if not isinstance(inner, dict) or inner.get("rescore_query") is None:
        raise ParsingError("[rescore] needs a [query] with a [rescore_query]")
    for key in inner:
        if key not in ("rescore_query", "query_weight", "rescore_query_weight", "score_mode"):
            raise ParsingError(f"[rescore] unknown key [{key}] in [query]")
    window = body.get("window_size", 10)
    if isinstance(window, bool) or not isinstance(window, int) or window < 1:
        raise ParsingError(f"[window_size] of [rescore] must be a whole number of at least 1, not [{window}]")
    if window > most:
        raise InvalidRequest(
            f"Rescore window [{window}] is too large. It must be less than [{most}]. This prevents allocating massive "
            "heaps for storing the results to be rescored"
        )
    mode = inner.get("score_mode", "total")
    if not isinstance(mode, str) or mode not in SCORE_MODES:
        raise InvalidRequest(f"[rescore] illegal score_mode [{mode}]; known are {', '.join(SCORE_MODES)}")
    weights = []
    for key in ("query_weight", "rescore_query_weight"):
        weight = inner.get(key, 1.0)
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not abs(weight) < 1e30:
            raise ParsingError(f"[{key}] of [rescore] must be a number, not [{weight}]")
        weights.append(float(weight))
    return Rescore(parser.query(inner["rescore_query"]), window, weights[0], weights[1], mode)


@dataclass(frozen=True)
class Stage:
    """One rescoring as it was done: each document's score before it, and which the query matched."""

    rescore: Rescore
    before: dict[int, float]
    matched: frozenset[int]

    def explain(self, ctx: SearchContext, doc: int, first: Explanation) -> Explanation:
        """The score after this stage, made of `first`, the account of the score before it."""
        if doc not in self.before:
            return first
        weighted = Explanation.product("", (first, Explanation(self.rescore.first_weight, "query_weight")))
        if doc not in self.matched:
            return weighted
        second = Explanation.product(
            "",
            (
                self.rescore.query.explain(ctx, doc),
                Explanation(self.rescore.second_weight, "rescore_query_weight"),
            ),
        )
        combine, description = SCORE_MODES[self.rescore.mode]
        value = combine(np.array([weighted.value]), np.array([second.value]))
        return Explanation(float(value[0]), description, (weighted, second))


def rescored(
    ctx: SearchContext, ranked: Ranked, rescores: tuple[Rescore, ...]
) -> tuple[Ranked, tuple[Stage, ...], bool]:
    """(the ranking after the rescores in turn, what each of them did, whether the time was over before the last)."""
    if not rescores:
        return ranked, (), False
    docs, scores = ranked.docs, ranked.scores
    stages: list[Stage] = []
    for rescore in rescores:
        try:
            ctx.check_time()
            top, first = docs[: rescore.window], scores[: rescore.window].astype(np.float64)
            matched = rescore.query.mask(ctx)[top]
            second = rescore.query.score(ctx, top).astype(np.float64) if len(top) else first
        except TimedOut:
            break
        combine, _ = SCORE_MODES[rescore.mode]
        weighted = rescore.first_weight * first
        new = np.where(matched, combine(weighted, rescore.second_weight * second), weighted).astype(np.float32)
        order = order_of(top, new)
        before = dict(zip(top.tolist(), first.tolist(), strict=True))
        stages.append(Stage(rescore, before, frozenset(top[matched].tolist())))
        docs = np.concatenate([top[order], docs[rescore.window :]])
        scores = np.concatenate([new[order], scores[rescore.window :]])
    return replace(ranked, docs=docs, scores=scores), tuple(stages), len(stages) < len(rescores)
