"""From numbered tokens to a batch: stop words and doubles dropped, a vocabulary of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.kernels.compiled import kernel
from analysis.kernels.compounds import STOPPABLE, WHOLE
from analysis.kernels.lexicon import DROPPED, HAN, NEW, STOP


@kernel("i8(u4[::1],u4[::1],u1[::1],i8[::1],i4[::1],u1[::1],i4[::1],i4[::1],i8)")
def collect_tokens(
    numbers: Any, positions: Any, flags: Any, ends: Any,
    finals: Any, attributes: Any, local: Any, order: Any, used: Any,
) -> Any:  # fmt: skip
    """Turn tokens into those that are indexed, in place.

    Args:
        numbers, positions, flags: tokens of texts; text v's are [ends[v-1], ends[v]). Numbers (see
            ``number_terms``) become the batch's; positions move with them.
        ends: becomes the count of the tokens kept after each text.
        finals, attributes: of each term in the dictionary, its final form and whether it is a stop word.
        local: the batch's number of each term, -1 for none yet.
        order: its inverse, ``used`` numbers long, with room for every term.

    Returns:
        The new ``used``.
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
            here = local[final]
            if here < 0:
                here = used
                local[final] = here
                order[used] = final
                used += 1
            elif (
                flags[i] & WHOLE
                and count > first
                and numbers[count - 1] == here
                and positions[count - 1] == positions[i]
            ):
                continue
            numbers[count] = here
            positions[count] = positions[i]
            count += 1
        start = ends[v]
        ends[v] = count
    return used


@kernel("i8(u4[::1],i4[::1],i4[::1],i8)")
def localize(numbers: Any, local: Any, order: Any, used: Any) -> Any:
    """Turn numbers of final terms into the batch's, in place, and give ``used``; see ``collect_tokens``."""
    for i in range(numbers.size):
        here = local[numbers[i]]
        if here < 0:
            here = used
            local[numbers[i]] = here
            order[used] = numbers[i]
            used += 1
        numbers[i] = here
    return used


@kernel("Tuple((u1[::1],i8[::1],u1[::1]))(i4[::1],i8,i4[::1],u1[::1],i8[::1],u1[::1])")
def vocabulary(order: Any, used: Any, local: Any, blob: Any, bounds: Any, attributes: Any) -> Any:
    """The batch's terms as blob, bounds and classes; ``local`` is cleared for the next batch."""
    size = 0
    for i in range(used):
        size += bounds[order[i] + 1] - bounds[order[i]]
    out = np.empty(size, np.uint8)
    out_bounds = np.empty(used + 1, np.int64)
    classes = np.empty(used, np.uint8)
    at = 0
    out_bounds[0] = 0
    for i in range(used):
        term = order[i]
        local[term] = -1
        for j in range(bounds[term], bounds[term + 1]):
            out[at] = blob[j]
            at += 1
        out_bounds[i + 1] = at
        classes[i] = attributes[term] & HAN
    return out, out_bounds, classes
