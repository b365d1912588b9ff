"""Refusal: is the evidence strong enough to answer at all?

A logistic regression on a few signals, each weak alone and moving with the index; together they tell
whether the answer is in these documents. Its coefficients are fitted by `quarry tune` on judged
questions with and without their passage, and shipped in refusal.json with the threshold.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from indexer import InvalidRequest

from .evidence import Evidence
from .extractive import best_sentences

FEATURES = (
    "top_cosine", "cosine_gap", "sentence_cosine", "passage_coverage", "sentence_coverage", "agreement",
    "score_gap", "coverage_gap", "score",
)  # fmt: skip


def features(evidence: Evidence) -> np.ndarray:
    """float64[len(FEATURES)] of one question's evidence.

    top_cosine: the best passage's, over the found ones. cosine_gap: it less the next passage's.
    sentence_cosine, sentence_coverage: of the sentence that would be answered. passage_coverage: the share
    of the question's idf mass that the first passage holds. agreement: 1 over the worse of the first
    passage's ranks in the two legs. score, score_gap: the first passage's fused score, and how far the second
    is behind. coverage_gap: the highest passage coverage less the next.
    """
    if not evidence.passages:
        return np.zeros(len(FEATURES))
    cosines = _ranked(0.8 if math.isnan(p.cosine) else p.cosine for p in evidence.passages)
    coverages = _ranked(p.coverage for p in evidence.passages)
    scores = _ranked(p.score for p in evidence.passages)
    best = best_sentences(evidence, 1)
    return np.array([
        cosines[0],
        cosines[0] - cosines[1],
        best[0].cosine if best and not math.isnan(best[0].cosine) else 0.8,
        evidence.passages[0].coverage,
        best[0].coverage if best else 0.0,
        evidence.agreement,
        scores[0] - scores[1],
        coverages[0] - coverages[1],
        scores[0],
    ])  # fmt: skip


def _ranked(values: Iterable[float]) -> list[float]:
    """The values, highest first; one alone is followed by itself."""
    ranked = sorted(values, reverse=True)
    return ranked if len(ranked) > 1 else ranked * 2


@dataclass(frozen=True)
class Calibration:
    """The fitted regression: probability = sigmoid(weights · (features - mean) / deviation + bias)."""

    weights: tuple[float, ...]
    bias: float
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    threshold: float

    def probability(self, values: np.ndarray) -> float:
        """How likely the passages hold the answer."""
        scaled = (values - np.array(self.mean)) / np.array(self.deviation)
        return 1.0 / (1.0 + math.exp(-float(scaled @ np.array(self.weights)) - self.bias))

    def to_dict(self) -> dict[str, object]:
        return {
            "features": list(FEATURES),
            "weights": list(self.weights),
            "bias": self.bias,
            "mean": list(self.mean),
            "deviation": list(self.deviation),
            "threshold": self.threshold,
        }


@cache
def calibration(path: Path | None = None) -> Calibration:
    """The calibration in a file that `quarry tune` wrote; by default the one that comes with this version.

    InvalidRequest when the file cannot be read or is another version's.
    """
    try:
        text = path.read_text("utf-8") if path else files("answers").joinpath("refusal.json").read_text("utf-8")
        body = json.loads(text)
        if tuple(body["features"]) != FEATURES:
            raise ValueError("its features are another version's")
        numbers = {key: tuple(map(float, body[key])) for key in ("weights", "mean", "deviation")}
        return Calibration(**numbers, bias=float(body["bias"]), threshold=float(body["threshold"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidRequest(
            f"QUARRY_REFUSAL={path} is no calibration of this version ({error}); make one with `quarry tune`"
        ) from None


def fit(values: np.ndarray, answerable: np.ndarray, weights: np.ndarray, ridge: float = 1.0) -> Calibration:
    """Fit the regression by iteratively reweighted least squares with an L2 penalty.

    values float64[n, features]; answerable bool[n]; weights float64[n], an example's weight (so that each
    collection counts alike). The threshold is left at .5 (see `threshold_for`).
    """
    mean, deviation = values.mean(axis=0), values.std(axis=0) + 1e-9
    x = np.column_stack([(values - mean) / deviation, np.ones(len(values))])
    y = answerable.astype(np.float64)
    beta = np.zeros(x.shape[1])
    penalty = np.diag([ridge] * (x.shape[1] - 1) + [0.0])
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-x @ beta))
        gradient = x.T @ (weights * (y - p)) - penalty @ beta
        hessian = (x * (weights * p * (1 - p))[:, None]).T @ x + penalty
        step = np.linalg.solve(hessian, gradient)
        beta += step
        if np.abs(step).max() < 1e-10:
            break
    return Calibration(tuple(beta[:-1]), float(beta[-1]), tuple(mean), tuple(deviation), 0.5)


def threshold_for(probabilities: np.ndarray, rate: float) -> float:
    """The lowest threshold that at most a share `rate` of the given (unanswerable) probabilities reaches."""
    ranked = np.sort(probabilities)[::-1]
    allowed = math.floor(rate * len(ranked))
    return float(ranked[allowed]) + 1e-9 if allowed < len(ranked) else 0.0
