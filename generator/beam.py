"""Beam search: the likeliest text found while following several at once.

Length-normalised as in Wu et al. 2016 ("GNMT") in the plain form that transformers uses by default: a
finished text scores its log-probability divided by its number of tokens. The model is a function, so
that the search can be tested on models whose best text is known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

# (parents int64[beams], tokens int64[beams]) -> logits float32[beams, V]: beam i goes on from the former
# beam parents[i] with tokens[i].
Step = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A text: its tokens (without the end token), mean log-probability, and whether it ended by itself."""

    tokens: list[int]
    score: float
    finished: bool


def beam_search(
    first: np.ndarray,
    step: Step,
    beams: int,
    ends: Collection[int],
    max_tokens: int,
    adjust: Callable[[np.ndarray, list[int]], np.ndarray] | None = None,
) -> Hypothesis:
    """The best of the texts found.

    ``first``: logits float32[V] after the prompt. ``ends``: tokens that end a text. ``adjust`` changes
    the logits of a beam, given its tokens (a repetition penalty). The search stops at ``max_tokens``,
    or when ``beams`` texts have finished and no running one has a better score so far (transformers'
    ``early_stopping=False``; a running text's mean may still rise, so this is a heuristic).
    """
    running: list[tuple[list[int], float]] = [([], 0.0)]
    logits = first[None]
    finished: list[Hypothesis] = []
    for length in range(1, max_tokens + 1):
        if adjust is not None:
            logits = np.stack([adjust(row, tokens) for row, (tokens, _) in zip(logits, running, strict=True)])
        totals = np.array([total for _, total in running])[:, None] + _log_softmax(logits)
        candidates = _best(totals, beams + beams * len(ends))
        survivors: list[tuple[int, int, float]] = []  # parent, token, total log-probability
        for rank, (parent, token) in enumerate(candidates):
            total = float(totals[parent, token])
            if token not in ends:
                survivors.append((parent, token, total))
            elif rank < beams:  # an end counts only among the best, else anything would end at once
                finished.append(Hypothesis(running[parent][0], total / length, True))
            if len(survivors) == beams:
                break
        finished = sorted(finished, key=lambda h: -h.score)[:beams]
        running = [([*running[parent][0], token], total) for parent, token, total in survivors]
        if len(finished) == beams and finished[-1].score >= running[0][1] / length:
            break
        if length < max_tokens:
            parents = np.array([parent for parent, _, _ in survivors])
            logits = step(parents, np.array([token for _, token, _ in survivors]))
    unfinished = [Hypothesis(tokens, total / len(tokens), False) for tokens, total in running]
    return max(finished + unfinished, key=lambda h: h.score)


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def _best(totals: np.ndarray, count: int) -> list[tuple[int, int]]:
    """Row and column of the ``count`` largest entries, largest first."""
    flat = totals.reshape(-1)
    count = min(count, flat.size)
    top = np.argpartition(-flat, count - 1)[:count]
    top = top[np.argsort(-flat[top], kind="stable")]
    return [(int(i) // totals.shape[1], int(i) % totals.shape[1]) for i in top]
