"""Scores as whole numbers while they are added up, so that the order of addition never matters.

A term's contribution is computed in float32, then rounded to a multiple of ``1 / scale``, a power of two
chosen for the query so that the sum of all its terms stays below 2**49. Sums of integers are the same in
whatever order skipping makes them, where sums of floats are not; the finished sum becomes the float32 score.
Its error is below 2**-48 of the query's greatest possible score for each term.

An *accumulator* holds the sum above its 12 lowest bits, and there how many terms were added.
"""

from __future__ import annotations

import math

import numpy as np

from indexer.segment.kernels import inline, int64

COUNT_BITS = 12
#: Most terms that an accumulator can count.
MOST_TERMS = (1 << COUNT_BITS) - 1
_SUM_BITS = 48


def scale_of(largest: float) -> float:
    """The scale for sums of at most ``largest``; 1 for sums that are 0 in float32."""
    if not largest > 1e-45:
        return 1.0
    return math.ldexp(1.0, _SUM_BITS - math.frexp(largest)[1])


@inline
def to_fixed(value: np.float32, scale: float) -> int:
    """A contribution (not negative) as a multiple of ``1 / scale``."""
    return int64(np.float64(value) * scale + 0.5)


@inline
def counted(value: np.float32, scale: float) -> int:
    """What an accumulator adds for a contribution."""
    return (int64(np.float64(value) * scale + 0.5) << 12) + 1


@inline
def score_of(total: int, scale: float) -> np.float32:
    """The score of a finished sum."""
    return np.float32(np.float64(total) / scale)
