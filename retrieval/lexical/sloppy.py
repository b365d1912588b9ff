"""How often a phrase occurs among given positions within a slop, as Lucene counts it."""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int64


@inline
def _first(place: np.ndarray, offsets: np.ndarray, skip: int) -> int:
    """The term, other than ``skip``, whose place is the least; ties by offset."""
    best = -1
    for t in range(place.size):
        if t == skip:
            continue
        if best < 0 or place[t] < place[best] or (place[t] == place[best] and offsets[t] < offsets[best]):
            best = t
    return best


@inline
def _collision(place: np.ndarray, offsets: np.ndarray, repeats: np.ndarray, t: int) -> int:
    """Another term with the same word that stands at the same position, or -1."""
    for u in range(place.size):
        if u != t and repeats[u] == repeats[t] and place[u] + offsets[u] == place[t] + offsets[t]:
            return u
    return -1


@inline
def sloppy_frequency(
    positions: np.ndarray,
    starts: np.ndarray,
    offsets: np.ndarray,
    repeats: np.ndarray,
    slop: int,
    at: np.ndarray,
    place: np.ndarray,
) -> float:
    """Sum over matches of 1 / (1 + distance), after Lucene's SloppyPhraseMatcher.

    Terms' places (position less offset) are advanced from the least; a match is the narrowest window of
    places before the next term takes the lead. ``repeats[t]``: number of the word that term t is, so that
    equal words never count one position twice. ``at``, ``place``: int64[terms] to work in.
    """
    terms = offsets.size
    end = int64(-(1 << 40))
    for t in range(terms):
        at[t] = starts[t]
        for u in range(t):  # equal words start on different positions
            at[t] += repeats[u] == repeats[t]
        if at[t] >= starts[t + 1]:
            return 0.0
        place[t] = positions[at[t]] - offsets[t]
        end = max(end, place[t])
    total = 0.0
    if terms == 1:
        return float(starts[1] - starts[0])
    while True:
        current = _first(place, offsets, -1)
        length = end - place[current]
        following = place[_first(place, offsets, current)]
        exhausted = False
        while True:
            at[current] += 1
            if at[current] >= starts[current + 1]:
                exhausted = True
                break
            place[current] = positions[at[current]] - offsets[current]
            end = max(end, place[current])
            moved = current
            clash = _collision(place, offsets, repeats, moved)
            while clash >= 0:
                if place[clash] < place[moved] or (place[clash] == place[moved] and offsets[clash] < offsets[moved]):
                    moved = clash
                at[moved] += 1
                if at[moved] >= starts[moved + 1]:
                    exhausted = True
                    break
                place[moved] = positions[at[moved]] - offsets[moved]
                end = max(end, place[moved])
                clash = _collision(place, offsets, repeats, moved)
            if exhausted or place[current] > following:
                break
            length = min(length, end - place[current])
        if length <= slop:
            total += 1.0 / (1.0 + length)
        if exhausted:
            return total
