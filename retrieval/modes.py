"""Plain questions: a text and a mode become one or several legs.

`hybrid` fuses the words (BM25) with the sentences' meaning (BERT) by z-score, half each; both legs give
their true score to every candidate of either, and the word leg counts by how far the index's vocabulary
knows the question. The other modes are one leg each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from embeddings.base import ModelNotInstalled
from indexer import SpaceUnavailable

from .context import SearchContext, TimedOut
from .legs import DenseLeg, Leg, WordLeg, dense_leg
from .lexical import Accepted
from .retrievers import RANK_CONSTANT, Fused, LegScores, WeightedLeg, fuse

DEFAULT_WEIGHTS = (("bm25", 0.5), ("bert", 0.5))


@dataclass(frozen=True)
class PlainResult:
    """A plain question's ranking, and what could not take part in it."""

    fused: Fused
    dense: DenseLeg | None
    warnings: tuple[str, ...] = ()


def leg_of(ctx: SearchContext, name: str, text: str, accept: Accepted | None) -> Leg:
    """The leg of a mode; SpaceUnavailable with what to do when its model is missing."""
    if name == "bm25":
        return WordLeg(ctx, text, accept)
    if name == "tfidf":
        return WordLeg(ctx, text, accept, "TFIDF", "tfidf")
    try:
        return dense_leg(ctx, name, text, accept)
    except ModelNotInstalled as error:
        raise SpaceUnavailable(str(error)) from None


def run_mode(
    ctx: SearchContext,
    mode: str,
    text: str,
    accept: Accepted | None,
    window: int,
    weights: Sequence[tuple[str, float]] = (),
    fusion: str = "zscore",
) -> PlainResult:
    """Rank documents for a plain question in a mode (hybrid, bm25, tfidf, word2vec, glove, bert)."""
    if mode != "hybrid":
        leg = leg_of(ctx, mode, text, accept)
        return PlainResult(_alone(leg, window), leg if isinstance(leg, DenseLeg) else None)
    legs: list[tuple[Leg, float]] = []
    warnings: list[str] = []
    partial = False
    for name, weight in weights or DEFAULT_WEIGHTS:
        spaces = ctx.index.spaces(ctx.mapping)
        if name not in ("bm25", "tfidf") and name not in spaces and not weights:
            continue  # an index without a text to embed is searched by its words
        try:
            ctx.check_time()
            leg = leg_of(ctx, name, text, accept)
        except TimedOut:
            if not legs:
                raise
            partial = True
            break
        except SpaceUnavailable as error:
            if weights:
                raise
            warnings.append(f"searched without the leg [{name}]: {error.reason}")
            continue
        legs.append((leg, weight * leg.gate if isinstance(leg, WordLeg) else weight))
    if len(legs) > 1:
        legs = [(leg, weight) for leg, weight in legs if weight > 0]
    if len(legs) == 1:
        fused = _alone(legs[0][0], window)
    else:
        constant = RANK_CONSTANT if fusion == "rrf" else None
        method = "none" if fusion == "rrf" else fusion
        fused = fuse([WeightedLeg(leg, weight, method) for leg, weight in legs], window, constant)
    dense = next((leg for leg, _ in legs if isinstance(leg, DenseLeg)), None)
    return PlainResult(replace(fused, partial=True) if partial else fused, dense, tuple(warnings))


def _alone(leg: Leg, window: int) -> Fused:
    """One leg's own ranking: its score is the hit's score."""
    found = leg.search(window)
    ranks = np.arange(1, len(found.docs) + 1)
    return Fused(found, (LegScores(leg, ranks, found.scores, found.scores.astype(np.float64), "score"),))
