"""For large k: the score that a sample of the ranges promises, held to be true until all has been gone through.

Only as many hits of the sample are kept as are looked at: where the promise holds, the others are none of the best.
"""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int64
from retrieval.lexical.collecting import HEAP_LIMIT, nth

_SHARE = 16  # one range in so many


@inline
def sampled(r: int) -> bool:
    """Whether a range is in the sample: every sixteenth run of 16 ranges."""
    return (r >> 4) & (_SHARE - 1) == 7


@inline
def begin_sample(state: np.ndarray) -> int:
    """Have only as many of the best kept as are likely to be the sample's part of the k best, or more; returns how many
    keys to work with until :func:`promised`."""
    k = state[1]
    state[1] = k // _SHARE + 3 * int64(np.sqrt(k / _SHARE)) + 2
    return int64(state[1] if state[1] <= HEAP_LIMIT else 2 * state[1] + HEAP_LIMIT)


@inline
def promised(keys: np.ndarray, state: np.ndarray, k: int) -> int:
    """The key that the k-th best of all will reach, by those of the sample; 0 where these are too few. From here on the
    k best are kept."""
    want = state[1]
    state[1], state[2] = k, 0
    return nth(keys, state[0], want) if state[0] >= want else 0


@inline
def kept_promise(promise: int, totals: np.ndarray, keys: np.ndarray, state: np.ndarray) -> bool:
    """Whether k hits reach the key that was promised. If not, all is made ready to be gone through again: no keys, and
    the ``totals`` of ranges that are done, which are negated, as they were."""
    k = state[1]
    if state[0] >= k and nth(keys, state[0], k) >= promise:
        state[0] = k
        return True
    state[0] = state[2] = 0
    for r in range(totals.size):
        totals[r] = abs(totals[r])
    return False
