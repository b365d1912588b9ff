"""One pass over a segment: windows of documents, essential terms added up, the others searched for.

See :mod:`retrieval.lexical.maxscore` for the idea.
"""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int32, int64, view_f64, view_i64, view_u8
from retrieval.lexical import tables
from retrieval.lexical.bounding import add_bounds, bound_over, size_in
from retrieval.lexical.collecting import offer
from retrieval.lexical.completing import complete
from retrieval.lexical.fixed import score_of
from retrieval.lexical.sampling import sampled
from retrieval.lexical.scanning import allowed_share, blocked
from retrieval.lexical.term_info import ABSENT, CURSOR, FIRST, KIND, SIZE
from retrieval.lexical.windows import (
    add_combined,
    add_single,
    find_window,
    list_allowed,
    pick,
    prefetch_postings,
    read_back,
    read_run,
)

LOWER = 1.0 - 2e-7  # what rounds to a float32 score is at least this part of it
_NEVER = 1 << 62
# Costs, in contributions added.
_PROBE = 30.0  # to search for a document in a term
_PIECE = 30.0  # to begin a term in a range

# What a sweep goes through: a sample of the ranges, or all that is left.
SOME, REST = range(2)


@inline
def add_term(
    segment: np.ndarray,
    infos: np.ndarray,
    by_table: bool,
    column: int,
    weight: np.float32,
    impacts: np.ndarray,
    shape: np.ndarray,
    scale: float,
    docs: np.ndarray,
    values: np.ndarray,
    frequencies: np.ndarray,
    start: int,
    end: int,
    mask: int,
    sums: np.ndarray,
    acc: np.ndarray,
) -> int:
    """Add one term, of one field or several, over the documents from ``start`` to ``end - 1``; returns the
    number of its postings there."""
    postings = 0
    for f in range(infos.shape[0]):
        postings += find_window(infos[f], docs, start, end, segment[0, tables.DOCUMENTS])
    if postings == 0:
        return 0
    if by_table:
        table = segment[0, column + tables.TABLE]
        add_single(segment[0], infos[0], impacts, table, weight, scale, docs, values, mask, acc)
    else:
        add_combined(segment, infos, column, weight, shape, scale, docs, frequencies, start, mask, sums, acc)
    return postings


@inline
def needed(low: float, others: np.float32, scale: float) -> int:
    """The least accumulator of a possible hit, when the terms that were not added may add ``others``."""
    return max(int64(1), int64((low - np.float64(others)) * scale) << 12)


@inline
def chosen(mode: int, r: int, total: np.float32, low: np.float32) -> bool:
    """Whether a sweep goes through a range whose maxima add up to ``total``."""
    return bool(total >= low) and (mode == REST or (sampled(r) and bool(total > 0)))


@inline
def allow(segment: np.ndarray, start: int, size: int, acc: np.ndarray) -> int:
    """Clear accumulators of documents that may not be hits; returns how many others are in use."""
    if segment[tables.ALLOWED]:
        allowed = view_u8(segment[tables.ALLOWED] + (start >> 3), (size + 7) >> 3)
        for i in range(allowed.size):
            for j in range(8):
                acc[8 * i + j] &= -(int64(allowed[i]) >> j & 1)
    count = 0
    for j in range(size):
        count += acc[j] != 0
    return count


@inline
def offer_all(
    segment: np.ndarray,
    info: np.ndarray,
    docs: np.ndarray,
    values: np.ndarray,
    scale: float,
    keys: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
    counting: bool,
) -> int:
    """Offer the documents of a decoded term that is the only one; returns how many may be hits, if ``counting``."""
    bits = score.view(np.uint32)
    first, last = info[FIRST], info[FIRST] + info[SIZE]
    count = 0
    before = int64(-1)
    need = int64(0)
    for i in range(first, last):
        if counting:
            if blocked(segment, int64(docs[i])):
                continue
            count += 1
        if state[2] != before:
            before = state[2]
            bits[1] = np.uint32(before >> 32)
            need = needed(np.float64(score[1]) * LOWER, np.float32(0), scale) if before else 0
        if values[i] >= need and (counting or not blocked(segment, int64(docs[i]))):
            offer(score_of(values[i] >> 12, scale), segment[tables.BASE] + int64(docs[i]), keys, state, score)
    return count


@inline
def sweep(
    mode: int,
    segment: np.ndarray,
    infos: np.ndarray,
    by_table: bool,
    columns: np.ndarray,
    weights: np.ndarray,
    impacts: np.ndarray,
    shape: np.ndarray,
    scale: float,
    minimum: int,
    docs: np.ndarray,
    values: np.ndarray,
    frequencies: np.ndarray,
    bounded: bool,
    slopes: np.ndarray,
    totals: np.ndarray,
    order: np.ndarray,
    essential: np.ndarray,
    guess: np.float32,
    count_to: int,
    total: int,
    work: int,
    others: np.ndarray,
    sums: np.ndarray,
    keys: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
) -> int:
    """Go through a segment and offer its hits; returns ``total`` and the matches counted here.

    ``work``: address of int64[5, 65536 + 512]; ``score``: float32[2] to work in. Ranges that are done have their
    ``totals`` negated.
    """
    terms, fields = infos.shape[0], infos.shape[1]
    acc = view_i64(work, 65536)
    needs = view_i64(work + 8 * 65536, 512)  # beside the accumulators
    found = view_i64(work + 8 * 66048, 66048)  # what is appended is written before it is known to be wanted
    reached = view_i64(work + 16 * 66048, 66048)
    upper = view_f64(work + 24 * 66048, 66048)
    places = view_i64(work + 32 * 66048, 65536)
    bits = score.view(np.uint32)
    documents = segment[0, tables.DOCUMENTS]
    forced = min(minimum, terms) - 1 if bounded else 0
    trust = 1.0
    share = allowed_share(segment[0])
    for t in range(terms):
        for f in range(fields):
            infos[t, f, CURSOR] = infos[t, f, FIRST]
    width = int64(8192) if bounded else int64(65536)
    mask = width - 1
    for start in range(0, documents, width):
        size = min(width, documents - start)
        first, ranges = start >> 7, (size + 127) >> 7
        counting = count_to > 0 and total <= count_to
        bits[1] = np.uint32(state[2] >> 32)
        low = max(score[1], guess)
        floor = np.float64(low) * LOWER
        live = int32(0)
        pruning = bounded and not counting
        if pruning:
            for r in range(first, first + ranges):
                live += int32(chosen(mode, r, totals[r], low))
            if live == 0:
                continue

        # the terms that are essential here
        spent = skipped = adding = 0.0
        inessential = only = 0
        others[:ranges] = 0
        for i in range(terms):
            t = order[i]
            here = size_in(infos[t], documents, size)
            bound = bound_over(infos[t], slopes[t], first, ranges) if pruning and mode == REST else 0.0
            essential[t] = not (i < forced or (pruning and mode == REST and spent + bound < trust * floor))
            if essential[t]:
                adding += here
                only = t
            else:
                spent += bound
                skipped += here
                inessential += 1
                add_bounds(infos[t], slopes[t], first, others[:ranges])
        # where few documents may be hits, search for all terms in these
        pieces = live * (_PIECE * (terms - inessential) + 1.3 * adding / ranges)
        dense = 2.0 * adding + _PIECE * (terms - inessential)
        sparse = pruning and mode == REST and live * 128 * share * terms * _PROBE < min(pieces, dense)
        if sparse:
            inessential = terms
            for t in range(terms):
                if essential[t]:
                    add_bounds(infos[t], slopes[t], first, others[:ranges])
                essential[t] = False
            for r in range(ranges):  # these sums are not below the score to reach: their rounding matters
                others[r] *= np.float32(1.0 + 2e-7 * terms)
        if counting:
            needs[:ranges] = 1
        else:
            for r in range(ranges):
                needs[r] = needed(floor, others[r], scale)
        if pruning:
            for r in range(ranges):
                needs[r] = needs[r] if chosen(mode, first + r, totals[first + r], low) else _NEVER

        # add them up: in the runs of ranges where a hit can be when these are few, else all over the window
        count = 0
        matched = int64(counting)  # what is found adds to the total
        whole = not pruning or (mode == REST and pieces >= dense)
        r = int64(0)
        if sparse:
            count = list_allowed(segment[0], needs, _NEVER, start, size, found, reached)
            r = ranges
        elif pruning and (not whole or (by_table and inessential == terms - 1)):
            listed = 0
            for q in range(ranges):
                places[listed], places[512 + listed] = first + q, needs[q]
                listed += needs[q] != _NEVER
            if by_table and inessential == terms - 1:
                if infos[only, 0, KIND] != ABSENT:
                    count = pick(
                        segment[0], infos[only, 0], impacts[only], segment[0, columns[only] + tables.TABLE],
                        weights[only], scale, docs, values, places, places[512:], listed, found, reached,
                    )  # fmt: skip
                r = ranges
            else:
                for t in range(terms):
                    for f in range(fields):
                        if essential[t]:
                            prefetch_postings(infos[t, f], places, listed, documents)
        while r < ranges:
            last = ranges
            if not whole:
                if needs[r] == _NEVER:
                    r += 1
                    continue
                last = r + 1
                while last < ranges and needs[last] != _NEVER:
                    last += 1
            begin, end = r << 7, min(last << 7, size)
            postings = 0
            for t in range(terms):
                if essential[t]:
                    postings += add_term(
                        segment, infos[t], by_table, columns[t], weights[t], impacts[t], shape, scale, docs,
                        values, frequencies, start + begin, start + end, mask, sums, acc,
                    )  # fmt: skip
            if postings * 10 > end - begin or (postings and not whole):
                if counting and inessential == 0 and minimum == 1:  # whatever is there matches
                    total += allow(segment[0], start, size, acc)
                    needs[:ranges] = needed(floor, np.float32(0), scale)
                    matched = 0
                for q in range(r, last):
                    if needs[q] != _NEVER:
                        count = read_run(segment[0], acc, q << 7, needs[q], start, found, reached, count)
                acc[begin:end] = 0
            elif postings:
                for t in range(terms):
                    if essential[t]:
                        for f in range(fields):
                            if infos[t, f, KIND] != ABSENT:
                                count = read_back(infos[t, f], docs, mask, needs, start, acc, found, reached, count)
            r = last
        if mode != REST:
            for r in range(first, first + ranges):
                if needs[r - first] != _NEVER:
                    totals[r] = -totals[r]

        # search for the other terms where the essential ones make a hit possible, a term at a time
        kept = 0
        for c in range(count):
            doc, value = found[c], reached[c]
            found[kept], reached[kept] = doc, value
            upper[kept] = np.float64(value >> 12) / scale + np.float64(others[(doc >> 7) - first])
            kept += not blocked(segment[0], doc)
        count = kept
        probes = 0
        rest = inessential
        for i in range(terms - 1, -1, -1):
            t = order[i]
            if essential[t] or count == 0:
                continue
            kept = 0
            for c in range(count):
                value, most = reached[c], upper[c]
                found[kept], reached[kept], upper[kept] = found[c], value, most
                kept += (counting or most >= floor) and (value & 4095) + rest >= minimum
            count = kept
            probes += count
            rest -= 1
            complete(
                segment, infos[t], by_table, columns[t], weights[t], impacts[t], slopes[t], shape, scale, docs, values,
                frequencies, found, reached, upper, count, places,
            )  # fmt: skip
        for c in range(count):
            value = reached[c]
            if (value & 4095) < minimum:
                continue
            total += matched
            offer(score_of(value >> 12, scale), segment[0, tables.BASE] + found[c], keys, state, score)
        if inessential > forced and not sparse:
            trust = trust * 0.6 if probes * _PROBE > skipped else min(1.0, trust * 1.2)
    return total
