"""Which segments to merge: neighbours of about the same size, so that document order never changes.

A logarithmic policy in the manner of Lucene's LogDocMergePolicy: a segment's level is the logarithm of
its live documents; once FACTOR neighbours stand at one level or below, they become one segment. Each
document is rewritten about log_FACTOR(N) times in its life. A segment that is mostly dead is rewritten
alone. Only neighbours merge, so a document's number keeps the order of writes and equal scores keep
their order after any history.

A merge takes memory that grows with its segments. What would take more than there may be is merged in smaller runs,
and what no neighbour goes together with stays as it is (Lucene's largest merged segment, counted in memory).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

FACTOR = 8
LEVEL_SPAN = 0.75
FLOOR = 1000  # documents below which all segments count as one level
MOSTLY_DEAD = 0.25


def find_merge(
    live: Sequence[int], dead: Sequence[int], fits: Callable[[int, int], bool] = lambda start, stop: True
) -> tuple[int, int] | None:
    """The run [start, stop) to merge next of units with so many live and dead documents; None: nothing pays.

    ``fits``: whether there is memory to merge such a run; asked of runs of two and more.
    """
    levels = [math.log(max(FLOOR, n), FACTOR) for n in live]
    start = 0
    while start < len(levels):
        bottom = max(levels[start:]) - LEVEL_SPAN
        stop = max(i for i in range(start, len(levels)) if levels[i] >= bottom) + 1
        for begin in range(start, stop - FACTOR + 1):
            for end in range(begin + FACTOR, begin + 1, -1):
                if fits(begin, end):
                    return begin, end
        start = stop
    for i, gone in enumerate(dead):
        if gone > MOSTLY_DEAD * (live[i] + gone) and live[i] + gone >= FLOOR:
            return i, i + 1
    return None
