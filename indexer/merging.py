"""Which segments to merge: neighbours of about the same size, so that document order never changes.

A logarithmic policy in the manner of Lucene's LogDocMergePolicy: a segment's level is the logarithm of
its live documents; once FACTOR neighbours stand at one level or below, they become one segment. Each
document is rewritten about log_FACTOR(N) times in its life. A segment that is mostly dead is rewritten
alone. Only neighbours merge, so a document's number keeps the order of writes and equal scores keep
their order after any history.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

FACTOR = 8
LEVEL_SPAN = 0.75
FLOOR = 1000  # documents below which all segments count as one level
MOSTLY_DEAD = 0.25


def find_merge(live: Sequence[int], dead: Sequence[int]) -> tuple[int, int] | None:
    """The run [start, stop) to merge next of units with so many live and dead documents; None: nothing pays."""
    levels = [math.log(max(FLOOR, n), FACTOR) for n in live]
    start = 0
    while start < len(levels):
        bottom = max(levels[start:]) - LEVEL_SPAN
        stop = max(i for i in range(start, len(levels)) if levels[i] >= bottom) + 1
        if stop - start >= FACTOR:
            return start, start + FACTOR
        start = stop
    for i, gone in enumerate(dead):
        if gone > MOSTLY_DEAD * (live[i] + gone) and live[i] + gone >= FLOOR:
            return i, i + 1
    return None
