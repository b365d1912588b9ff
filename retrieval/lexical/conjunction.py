"""Top-k of a phrase: the rarest term leads, the others are searched for its documents.

Where all terms have ranges, bounds from the stored maxima order the work: the most promising ranges first,
which sets a threshold, then what can still enter. Where the leader is too rare for ranges, each of its
documents is tested against the others' maxima before it is searched for. A phrase occurs at most as often as
its rarest term in the document, which bounds its score before positions are read.
"""

from __future__ import annotations

import numpy as np

from indexer.segment.decoding import decode_term
from indexer.segment.kernels import inline, int64, kernel, view_f32, view_u8, view_u16, view_u32
from indexer.segment.layout import is_ranged
from retrieval.lexical import tables
from retrieval.lexical.collecting import finish, offer
from retrieval.lexical.fixed import score_of, to_fixed
from retrieval.lexical.positions import phrase_frequency
from retrieval.lexical.probing import code_of, find_later
from retrieval.lexical.scanning import blocked, saturate
from retrieval.lexical.term_info import (
    ABSENT,
    CODES,
    CURSOR,
    IDS,
    INFO,
    KIND,
    MAXIMA,
    RANGED,
    SIZE,
    describe_term,
    escaped_code,
    range_postings,
    search_range,
    seed_bound,
)

_SLACK = np.float32(1.00001)
_SEEDS = 32
_ANY = np.float32(1e35)  # a bound that never excludes
_LEAST = np.float32(1e-30)  # a slope that is never 0, so that only ranges without a term have the bound 0


@inline
def find_others(
    segment: np.ndarray,
    rows: np.ndarray,
    s: int,
    slots: np.ndarray,
    order: np.ndarray,
    infos: np.ndarray,
    doc: int,
    postings: np.ndarray,
) -> bool:
    """Whether all terms but the first of ``order`` hold a document; ``postings`` gets which posting it is. Where
    there are terms without ranges, documents must ascend."""
    documents, positional = segment[tables.DOCUMENTS], segment[tables.POSITIONAL]
    for i in range(1, order.size):
        t = order[i]
        if infos[t, KIND] == RANGED:
            postings[t] = search_range(infos[t], doc, documents)
        else:
            found = find_later(rows[slots[t], s, 0], documents, positional, doc, infos[t, CURSOR])
            infos[t, CURSOR] = found if found >= 0 else -2 - found
            postings[t] = found
        if postings[t] < 0:
            return False
    return True


@inline
def meet(
    infos: np.ndarray,
    order: np.ndarray,
    r: int,
    documents: int,
    leading: int,
    seen: np.ndarray,
    places: np.ndarray,
) -> bool:
    """Where it is cheaper than to search for each of ``leading`` documents: go through the other terms'
    postings in a range, count them in ``seen`` (uint8[128]) and note them in ``places`` (int64[terms, 128])."""
    postings = 0
    for i in range(1, order.size):
        low, high = range_postings(infos[order[i]], r, documents)
        postings += high - low
    if leading * (order.size - 1) * 12 < postings:
        return False
    seen[:] = 0
    for i in range(1, order.size):
        t = order[i]
        low, high = range_postings(infos[t], r, documents)
        ids = view_u16(infos[t, IDS], high)
        for p in range(low, high):
            doc = ids[p] & 127
            seen[doc] += 1
            places[t, doc] = p
    return True


@inline
def conjoin(
    segments: np.ndarray,
    rows: np.ndarray,
    slots: np.ndarray,
    kinds: np.ndarray,
    weights: np.ndarray,
    count_to: int,
    offsets: np.ndarray,
    repeats: np.ndarray,
    slop: int,
    by_table: bool,
    shape: np.ndarray,
    scale: float,
    bounds: np.ndarray,
    keys: np.ndarray,
    state: np.ndarray,
    infos: np.ndarray,
    numbers: np.ndarray,
    places: np.ndarray,
    seen: np.ndarray,
    buffer: np.ndarray,
    lead_docs: np.ndarray,
    lead_codes: np.ndarray,
    slopes: np.ndarray,
    score: np.ndarray,
    threshold: np.ndarray,
) -> int:
    """:func:`top_by_positions`, when it has made its arrays; returns the matches counted."""
    terms = slots.size
    order, tables_at, postings, codes = numbers[0, :terms], numbers[1, :terms], numbers[2, :terms], numbers[3, :terms]
    starts, work = numbers[4], numbers[5:7, : offsets.size]
    cursors = numbers[7:9].reshape(-1)[: 2 * terms].reshape((terms, 2))
    threshold_bits = threshold.view(np.uint32)
    first_column = tables.PER_CLASS + kinds[slots[0]] * tables.CLASS_COLUMNS
    bounded = by_table and slop == 0  # sloppy matches may outnumber the rarest term
    total = 0
    for s in range(segments.shape[0]):
        segment = segments[s, 0]
        documents, positional = segment[tables.DOCUMENTS], segment[tables.POSITIONAL]
        missing = positional == 0
        for t in range(terms):
            describe_term(segment, rows[slots[t], s, 0], infos[t], 0)
            infos[t, CURSOR] = 0
            missing |= infos[t, KIND] == ABSENT
            column = tables.PER_CLASS + kinds[slots[t]] * tables.CLASS_COLUMNS
            tables_at[t] = segment[column + tables.TABLE]
            if bounded and not missing:
                slope = weights[t] * view_f32(segment[column + tables.LIMITS], 257)[256] * _SLACK
                slopes[t] = max(slope, _LEAST)
                if kinds[slots[t]] != kinds[slots[0]]:
                    slopes[t] = _ANY  # a phrase has the length norm of its first term's class: no bound for it
            at = t
            while at > 0 and infos[order[at - 1], SIZE] > infos[t, SIZE]:
                order[at] = order[at - 1]
                at -= 1
            order[at] = t
        if missing:
            continue
        cursors[:] = -1
        freqs = view_u32(segment[tables.FREQS], segment[tables.CODES])
        lead = order[0]
        size = infos[lead, SIZE]
        ranged = infos[lead, KIND] == RANGED
        steps = size
        seed = np.float32(np.inf)
        if ranged:
            steps = (documents + 127) >> 7
            mine = bounds[:steps]
            mine[:] = np.inf
            for t in range(terms):
                best = view_u8(infos[t, MAXIMA], steps)
                slope = slopes[t]
                for r in range(steps):
                    mine[r] = min(mine[r], slope * np.float32(best[r]))
            if not bounded:
                mine[:] = _ANY
            elif count_to == 0:
                seed = seed_bound(mine, _SEEDS + (state[1] >> 2))
        else:
            decode_term(rows[slots[lead], s, 0, 0], size, documents, positional, lead_docs, lead_codes, 0)
        for sweep in range(2):
            if sweep == 0 and seed == np.inf:
                continue
            for step in range(steps):
                first, last = step, step + 1
                met = False
                bound = _ANY
                if ranged:
                    bound = bounds[step]
                    if sweep == 0:
                        if bound < seed:
                            continue
                    else:
                        threshold_bits[0] = np.uint32(state[2] >> 32)
                        pruning = bounded and (total > count_to or count_to == 0)
                        if bound <= 0 or bound >= seed or (pruning and bound < threshold[0]):
                            continue
                    first, last = range_postings(infos[lead], step, documents)
                    met = meet(infos, order, step, documents, last - first, seen, places)
                for p in range(first, last):
                    if ranged:
                        doc = ((step >> 9) << 16) | int64(view_u16(infos[lead, IDS] + 2 * p, 1)[0])
                    else:
                        doc = int64(lead_docs[p])
                    if blocked(segment, doc):
                        continue
                    pruning = bounded and (total > count_to or count_to == 0)
                    if pruning:
                        threshold_bits[0] = np.uint32(state[2] >> 32)
                        if not ranged:
                            bound = weights[lead] * view_f32(tables_at[lead], segment[tables.CODES])[lead_codes[p]]
                            bound = _ANY if slopes[lead] == _ANY else bound * _SLACK
                            for i in range(1, terms):
                                t = order[i]
                                q = 255
                                if infos[t, KIND] == RANGED:
                                    q = int64(view_u8(infos[t, MAXIMA] + (doc >> 7), 1)[0])
                                bound = min(bound, slopes[t] * np.float32(q))
                            if bound < threshold[0]:
                                continue
                    postings[lead] = p
                    if met:
                        if int64(seen[doc & 127]) < terms - 1:
                            continue
                        for t in range(terms):
                            if t != lead:
                                postings[t] = places[t, doc & 127]
                    elif not find_others(segment, rows, s, slots, order, infos, doc, postings):
                        continue
                    for t in range(terms):
                        if infos[t, KIND] == RANGED:
                            code = int64(view_u8(infos[t, CODES] + postings[t], 1)[0])
                            codes[t] = escaped_code(infos[t], postings[t]) if code == 255 else code
                        elif t == lead:
                            codes[t] = lead_codes[p]
                        else:
                            row = rows[slots[t], s, 0]
                            codes[t] = code_of(row[0], row[1], documents, positional, postings[t])
                    least = np.float32(np.inf)
                    for t in range(terms):
                        starts[t + 1] = starts[t] + int64(freqs[codes[t]])
                        if pruning and slopes[t] != _ANY:
                            least = min(least, slopes[t] * np.float32(255))
                            table = view_f32(tables_at[t], segment[tables.CODES])
                            least = min(least, weights[t] * table[codes[t]] * _SLACK)
                    if least < threshold[0]:
                        continue
                    occurrences = phrase_frequency(
                        segment, rows, s, slots, postings, offsets, repeats, slop, starts, buffer, work, cursors
                    )
                    frequency = np.float32(occurrences)
                    if frequency == 0:
                        continue
                    length = doc
                    if by_table:
                        length = int64(view_u8(segment[tables.CODE_BYTES], codes[0] + 1)[codes[0]])
                    if shape[4] != 0:
                        frequency = np.float32(1.0) + np.float32(np.log(frequency))
                    factor = view_f32(segment[first_column + tables.FACTORS], length + 1)[length]
                    value = to_fixed(weights[0] * saturate(frequency, factor, shape), scale)
                    total += 1
                    offer(score_of(value, scale), segment[tables.BASE] + doc, keys, state, score)
    return total


@kernel(
    "UniTuple(int64, 2)(int64[:,:,::1], int64[:,:,:,::1], int64[::1], int64[::1], float32[::1], int64,"
    " int64[::1], int64[::1], int64, boolean, float32[::1], float64, float32[::1], int64[::1], int64[::1],"
    " uint32[::1], float32[::1])"
)
def top_by_positions(
    segments: np.ndarray,
    rows: np.ndarray,
    slots: np.ndarray,
    kinds: np.ndarray,
    weights: np.ndarray,
    count_to: int,
    offsets: np.ndarray,
    repeats: np.ndarray,
    slop: int,
    by_table: bool,
    shape: np.ndarray,
    scale: float,
    bounds: np.ndarray,
    keys: np.ndarray,
    state: np.ndarray,
    docs_out: np.ndarray,
    scores_out: np.ndarray,
) -> tuple[int, int]:
    """The best documents with the terms ``rows[slots]`` as a phrase (``offsets``, ``repeats``, ``slop``: see
    :mod:`retrieval.lexical.sloppy`), scored as one term of weight ``weights[0]`` and the first one's class.

    ``by_table``: see :func:`retrieval.lexical.scanning.scan`; other parameters and result as
    :func:`retrieval.lexical.maxscore.top_words`.
    """
    terms = slots.size
    infos = np.zeros((terms, INFO), np.int64)
    numbers = np.zeros((9, terms + 1), np.int64)
    # as many positions as the terms may have in one document, and the longest list that leads without ranges
    most = longest = 0
    for s in range(segments.shape[0]):
        segment = segments[s, 0]
        if segment[tables.CODES]:
            most = max(most, int64(view_u32(segment[tables.FREQS], segment[tables.CODES]).max()))
        shortest = int64(1) << 40
        for t in range(terms):
            shortest = min(shortest, rows[slots[t], s, 0, 1])
        if shortest * 128 < segment[tables.DOCUMENTS] or not is_ranged(shortest, segment[tables.DOCUMENTS]):
            longest = max(longest, shortest)
    total = conjoin(
        segments, rows, slots, kinds, weights, count_to, offsets, repeats, slop, by_table, shape, scale, bounds,
        keys, state, infos, numbers, np.empty((terms, 128), np.int64), np.zeros(128, np.uint8),
        np.empty(most * terms, np.int64), np.empty(longest, np.uint32), np.empty(longest, np.uint32),
        np.zeros(terms, np.float32), np.zeros(1, np.float32), np.zeros(1, np.float32),
    )  # fmt: skip
    return finish(keys, state, docs_out, scores_out), total
