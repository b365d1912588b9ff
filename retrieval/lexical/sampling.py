"""For large k: the score that a sample of the ranges promises, held to be true until all has been gone through."""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int64
from retrieval.lexical.collecting import nth

_SHARE = 16  # one range in so many


@inline
def sampled(r: int) -> bool:
    """Whether a range is in the sample: every sixteenth run of 16 ranges."""
    return (r >> 4) & (_SHARE - 1) == 7


@inline
def promised(keys: np.ndarray, state: np.ndarray, score: np.ndarray) -> np.float32:
    """What the k-th best of all will reach, by the keys of the sample; 0 where these are too few. ``score``: float32,
    the first is worked in."""
    want = state[1] // _SHARE + 3 * int64(np.sqrt(state[1] / _SHARE)) + 2
    if state[0] <= want:
        return np.float32(0)
    score.view(np.uint32)[0] = np.uint32(nth(keys, state[0], want) >> 32)
    return score[0]


@inline
def kept_promise(guess: np.float32, totals: np.ndarray, keys: np.ndarray, state: np.ndarray, score: np.ndarray) -> bool:
    """Whether k hits reach what was promised. If not, all is made ready to be gone through again: no keys, and the
    ``totals`` of ranges that are done, which are negated, as they were."""
    k = state[1]
    score[0] = guess
    if state[0] >= k and np.uint32(nth(keys, state[0], k) >> 32) >= score.view(np.uint32)[0]:
        return True
    state[0] = state[2] = 0
    for r in range(totals.size):
        totals[r] = abs(totals[r])
    return False
