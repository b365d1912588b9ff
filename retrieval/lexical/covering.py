"""What a segment knows of a phrase's terms and pairs, and the fewest terms that say as much as the phrase's."""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline
from retrieval.lexical.intersecting import COLUMNS, describe
from retrieval.lexical.pairs import JOINED, SPELLED, STORED, UNKNOWN
from retrieval.lexical.term_info import SIZE


@inline
def choose_cover(
    infos: np.ndarray,
    kinds: np.ndarray,
    slots: np.ndarray,
    pair_infos: np.ndarray,
    pair_kinds: np.ndarray,
    pair_slots: np.ndarray,
    firsts: np.ndarray,
    offsets: np.ndarray,
    cover: np.ndarray,
    cover_infos: np.ndarray,
    cover_offsets: np.ndarray,
) -> int:
    """Fewer terms that say as much as the phrase's: what spells a pair, and what is in no such pair; returns their
    number, 0 where there are no such pairs. ``cover`` gets the pairs' numbers, -1 of other terms; ``firsts``: of each
    pair the number of its first term, the second one's being the next."""
    count = t = 0
    some = False
    while t < slots.size:
        best = -1
        for p in range(firsts.size):
            usable = pair_infos[p, SPELLED, SIZE] > 0 and pair_kinds[pair_slots[p]] == kinds[slots[firsts[p]]]
            if usable and (firsts[p] == t or (best < 0 and firsts[p] == t - 1)):
                best = p
        first = t if best < 0 else firsts[best]
        cover[count] = best
        info = infos[t] if best < 0 else pair_infos[best, SPELLED]
        for i in range(COLUMNS):
            cover_infos[count, i] = info[i]
        cover_offsets[count] = offsets[first]
        some |= best >= 0
        count += 1
        t = first + 1 if best < 0 else first + 2
    return count if some else 0


@inline
def describe_all(
    segments: np.ndarray,
    pair_segments: np.ndarray,
    rows: np.ndarray,
    slots: np.ndarray,
    kinds: np.ndarray,
    pairs: np.ndarray,
    pair_slots: np.ndarray,
    s: int,
    lead: int,
    infos: np.ndarray,
    pair_infos: np.ndarray,
    order: np.ndarray,
) -> int:
    """Describe a segment's terms and pairs; returns how many pairs do not lead, which are put into ``order``, those in
    fewest documents first."""
    for t in range(slots.size):
        row = rows[slots[t], s, 0]
        describe(segments[s, 0], row[0], row[1], kinds[slots[t]], infos[t])
    count = 0
    for p in range(pair_slots.size):
        pair = pairs[pair_slots[p], s]
        pair_infos[p, :, SIZE] = 0
        if pair[STORED, 1] == UNKNOWN:
            continue
        describe(pair_segments[s, 0], pair[STORED, 0], pair[STORED, 1], kinds[slots[0]], pair_infos[p, STORED])
        describe(segments[s, 0], pair[JOINED, 0], pair[JOINED, 1], kinds[slots[0]], pair_infos[p, JOINED])
        describe(segments[s, 0], pair[SPELLED, 0], pair[SPELLED, 1], kinds[slots[0]], pair_infos[p, SPELLED])
        if p == lead:
            continue
        at = count
        size = pair[STORED, 1] + pair[JOINED, 1]
        while at > 0 and pair_infos[order[at - 1], STORED, SIZE] + pair_infos[order[at - 1], JOINED, SIZE] > size:
            order[at] = order[at - 1]
            at -= 1
        order[at] = p
        count += 1
    return count
