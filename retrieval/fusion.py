"""Fusing the legs of a hybrid search into one score that adds up.

Every method turns each leg's scores of the candidates into contributions; a document's score is their
sum. So `explain` can show each leg's share, and the shares add up to the score.

- zscore: (s - mean) / deviation over the candidates, measured from the candidates' lowest score, which
  shifts all documents alike and keeps contributions from being negative.
- minmax: (s - min) / (max - min).
- dbsf: distribution-based, (s - (mean - 3 deviations)) / (6 deviations) within [0, 1].
- l2_norm: s over the length of the vector of all scores.
- none: the scores as they are.
- rrf: 1 / (constant + rank), Cormack, Clarke and Büttcher 2009; the constant is not the k of top-k.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Normalizer = Callable[[np.ndarray], np.ndarray]


def zscore(scores: np.ndarray) -> np.ndarray:
    """float64[n]: standard scores, from the lowest up; all 0 when all scores are equal."""
    deviation = scores.std()
    return (scores - scores.min()) / deviation if deviation > 1e-9 else np.zeros_like(scores)


def minmax(scores: np.ndarray) -> np.ndarray:
    """float64[n] in [0, 1]; all 1 when all scores are equal, as Elasticsearch has it."""
    span = scores.max() - scores.min()
    return (scores - scores.min()) / span if span > 1e-9 else np.ones_like(scores)


def dbsf(scores: np.ndarray) -> np.ndarray:
    """float64[n] in [0, 1] by the mean and three deviations on each side."""
    deviation = scores.std()
    if deviation <= 1e-9:
        return np.full_like(scores, 0.5)
    return np.clip((scores - scores.mean()) / (6 * deviation) + 0.5, 0.0, 1.0)


def l2_norm(scores: np.ndarray) -> np.ndarray:
    """float64[n]: the scores as a vector of length 1."""
    length = float(np.sqrt((scores**2).sum()))
    return scores / length if length > 1e-12 else np.zeros_like(scores)


def none(scores: np.ndarray) -> np.ndarray:
    """The scores unchanged."""
    return scores


NORMALIZERS: dict[str, Normalizer] = {
    "zscore": zscore,
    "minmax": minmax,
    "dbsf": dbsf,
    "l2_norm": l2_norm,
    "none": none,
}


def normalized(method: str, scores: np.ndarray) -> np.ndarray:
    """float64[n]: one leg's scores by a method of NORMALIZERS; NaN (the leg has no score) becomes the
    lowest value of the scored ones, so that a document without a vector gains nothing and is not lost."""
    known = ~np.isnan(scores)
    out = np.zeros(len(scores), np.float64)
    if known.any():
        out[known] = NORMALIZERS[method](scores[known].astype(np.float64))
        out[~known] = out[known].min() if method in ("zscore", "minmax", "dbsf") else 0.0
    return out


def reciprocal_ranks(ranks: np.ndarray, constant: float) -> np.ndarray:
    """float64[n]: 1 / (constant + rank); 0 for rank 0, which means that the leg did not return it."""
    return np.where(ranks > 0, 1.0 / (constant + np.maximum(ranks, 1)), 0.0)


def order_of(docs: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Positions by descending score, ties by document order."""
    return np.lexsort((docs, -scores))
