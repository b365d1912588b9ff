"""How significant it is that a term is in so many documents of a bucket: Elasticsearch's heuristics.

Each takes (documents with the term in the bucket, in the bucket, with the term at all, at all), int64[n] or int each,
and gives float64[n]; 0 for what is not significant. The bucket is a part of the whole.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Heuristic = Callable[[np.ndarray, np.ndarray, np.ndarray, int], np.ndarray]


def jlh(subset: np.ndarray, bucket: np.ndarray, superset: np.ndarray, background: int) -> np.ndarray:
    """Absolute change of the share times its relative change; 0 where a term is not more frequent."""
    share = subset / np.maximum(bucket, 1)
    usual = superset / max(background, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        score = (share - usual) * (share / usual)
    return np.where((usual > 0) & (share > usual), score, 0.0)


def percentage(subset: np.ndarray, bucket: np.ndarray, superset: np.ndarray, background: int) -> np.ndarray:
    """Which part of a term's documents lies in the bucket."""
    return subset / np.maximum(superset, 1)


def chi_square(subset: np.ndarray, bucket: np.ndarray, superset: np.ndarray, background: int) -> np.ndarray:
    """Pearson's statistic of the table term by bucket; 0 where a term is not more frequent than outside."""
    both, term, inside, outside, rest = _table(subset, bucket, superset, background)
    crossed = both * rest - (inside - both) * (term - both)
    with np.errstate(divide="ignore", invalid="ignore"):
        score = background * crossed**2 / (inside * term * outside * (background - term))
    return np.where((crossed > 0) & np.isfinite(score), score, 0.0)


def mutual_information(subset: np.ndarray, bucket: np.ndarray, superset: np.ndarray, background: int) -> np.ndarray:
    """Bits that the term tells of the bucket; 0 where a term is not more frequent than outside."""
    both, term, inside, outside, rest = _table(subset, bucket, superset, background)
    cells = (
        (both, term, inside), (term - both, term, outside), (inside - both, background - term, inside),
        (rest, background - term, outside),
    )  # fmt: skip
    score = np.zeros(len(both))
    with np.errstate(divide="ignore", invalid="ignore"):
        for cell, row, column in cells:
            score += np.where(cell > 0, cell / background * np.log2(background * cell / (row * column)), 0.0)
    return np.where(both * outside > (term - both) * inside, score, 0.0)


def gnd(subset: np.ndarray, bucket: np.ndarray, superset: np.ndarray, background: int) -> np.ndarray:
    """exp(-d) of the normalized Google distance d of term and bucket (Cilibrasi and Vitanyi 2007)."""
    both, term, inside, _, _ = _table(subset, bucket, superset, background)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = np.log(np.minimum(term, inside)), np.log(np.maximum(term, inside))
        score = np.exp((np.log(both) - high) / (np.log(background) - low))
    return np.where((term == inside) & (term == both), 1.0, np.where(both > 0, score, 0.0))


def _table(subset: np.ndarray, bucket: np.ndarray, superset: np.ndarray, background: int) -> tuple[np.ndarray, ...]:
    """(term in bucket, term, bucket, outside, neither) as float64[n]; what the background lacks is not outside."""
    both, inside = subset.astype(np.float64), np.asarray(bucket, np.float64)
    term = np.maximum(superset, subset).astype(np.float64)
    outside = np.maximum(background - inside, 0.0)
    return both, term, inside, outside, np.maximum(outside - (term - both), 0.0)


HEURISTICS: dict[str, Heuristic] = {
    "jlh": jlh,
    "percentage": percentage,
    "chi_square": chi_square,
    "mutual_information": mutual_information,
    "gnd": gnd,
}
