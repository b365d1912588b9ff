"""From numbered tokens to those that are indexed: stop words and doubles dropped."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.kernels.compiled import kernel
from analysis.kernels.compounds import STOPPABLE, WHOLE
from analysis.kernels.lexicon import DROPPED, NEW, STOP


@kernel("void(u4[::1],u4[::1],u1[::1],i8[::1],i4[::1],u1[::1])")
def collect_tokens(numbers: Any, positions: Any, flags: Any, ends: Any, finals: Any, attributes: Any) -> None:
    """Turn tokens into those that are indexed, in place.

    Args:
        numbers, positions, flags: tokens of texts; text v's are [ends[v-1], ends[v]). Numbers (see
            ``number_terms``) become those of final forms; positions move with them.
        ends: becomes the count of the tokens kept after each text.
        finals, attributes: of each term in the dictionary, its final form and whether it is a stop word.
    """
    count = 0
    start = 0
    for v in range(ends.size):
        first = count
        for i in range(start, ends[v]):
            final = numbers[i]
            if final == DROPPED:
                continue
            if final & NEW:
                number = final & ~NEW
                if flags[i] & STOPPABLE and attributes[number] & STOP:
                    continue
                final = np.uint32(finals[number])
            if (
                flags[i] & WHOLE
                and count > first
                and numbers[count - 1] == final
                and positions[count - 1] == positions[i]
            ):
                continue
            numbers[count] = final
            positions[count] = positions[i]
            count += 1
        start = ends[v]
        ends[v] = count
