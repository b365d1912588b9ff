"""Choosing the next token from logits.

The order is that of Hugging Face transformers' logits processors: repetition penalty, temperature,
top-k, top-p, min-p. Sources: repetition penalty, Keskar et al. 2019 ("CTRL", section 4.1), over prompt
and text alike; top-k, Fan et al. 2018; top-p, Holtzman et al. 2020; min-p, Nguyen et al. 2024.
"""

from __future__ import annotations

import numpy as np

from generator.types import Sampling


def penalize(logits: np.ndarray, seen: np.ndarray, penalty: float) -> np.ndarray:
    """Logits float32[V] with those of ``seen`` tokens (int[n], unique) lowered by ``penalty``.

    CTRL divides the logits of seen tokens; a negative one is multiplied instead (as transformers does),
    since dividing would raise it.
    """
    logits = logits.copy()
    values = logits[seen]
    logits[seen] = np.where(values < 0, values * penalty, values / penalty)
    return logits


def distribution(logits: np.ndarray, sampling: Sampling) -> tuple[np.ndarray, np.ndarray]:
    """The tokens that may come next and their probabilities, likeliest first (ties by id).

    logits float32[V], ``sampling.temperature`` > 0 -> int64[n], float64[n] of sum 1.
    """
    scaled = logits.astype(np.float64) / sampling.temperature
    ids = np.arange(len(scaled))
    if 0 < sampling.top_k < len(scaled):
        # ties with the k-th likeliest are kept
        ids = np.flatnonzero(scaled >= np.partition(scaled, -sampling.top_k)[-sampling.top_k])
    p = np.exp(scaled[ids] - scaled.max())
    p /= p.sum()
    if sampling.top_p < 1:
        # Tokens below (1 - top_p)/n hold less than 1 - top_p together, so the nucleus is among the rest:
        # only those need sorting.
        ids, p = _keep(ids, p, p >= (1 - sampling.top_p) / len(p))
    order = np.argsort(-p, kind="stable")
    ids, p = ids[order], p[order]
    if sampling.top_p < 1:
        nucleus = int(np.searchsorted(np.cumsum(p), sampling.top_p)) + 1
        ids, p = ids[:nucleus], p[:nucleus]
    if sampling.min_p > 0:
        ids, p = _keep(ids, p, p >= sampling.min_p * p[0])
    return ids, p / p.sum()


def _keep(ids: np.ndarray, p: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return ids[mask], p[mask]


class Sampler:
    """Chooses the tokens of one text, one after another.

    Greedy at temperature 0 (the lowest id among equals); otherwise one uniform number is drawn for each
    token, whatever has been drafted, so that a seed gives the same text with and without drafts.
    """

    def __init__(self, sampling: Sampling, prompt: list[int], vocabulary: int) -> None:
        self._sampling = sampling
        self._random = np.random.default_rng(sampling.seed)
        self._seen = np.zeros(vocabulary, bool)
        self._seen[prompt] = True

    def next(self, logits: np.ndarray) -> int:
        """The token that follows, from float32[V]; it counts as seen from now on."""
        if self._sampling.repetition_penalty != 1:
            logits = penalize(logits, np.flatnonzero(self._seen), self._sampling.repetition_penalty)
        if self._sampling.temperature == 0:
            token = int(logits.argmax())
        else:
            ids, p = distribution(logits, self._sampling)
            # inverse transform sampling; rounding may leave the last sum a little below 1
            place = int(np.searchsorted(np.cumsum(p), self._random.random(), side="right"))
            token = int(ids[min(place, len(ids) - 1)])
        self._seen[token] = True
        return token
