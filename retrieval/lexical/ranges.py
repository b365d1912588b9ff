"""Top-k of a disjunction: the promising ranges first, then a sweep over what can still enter.

For a term that is not rare a segment stores the greatest impact in every range of 128 documents. Their sum
over the terms bounds every score in the range. The best few dozen ranges are scored first, which sets a
threshold; the rest are swept in document order, a chunk of 65,536 documents at a time: range by range where
few can still enter, term at a time over the whole chunk where many can. Terms too rare for ranges are
decoded first and bound the ranges they touch by their true contributions.

Contributions are added in the order of the terms in float32 on every way, so that each gives the same bits.
"""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int64, kernel, view_f32, view_u8, view_u16, view_u32
from retrieval.lexical import tables
from retrieval.lexical.collecting import finish, make_key, push
from retrieval.lexical.term_info import (
    CHUNKS,
    CODES,
    CURSOR,
    ESCAPES,
    FIRST,
    IDS,
    INFO,
    KIND,
    MAXIMA,
    PLACES,
    RANGED,
    SHORT,
    SIZE,
    decode_short,
    describe_term,
    escaped_code,
    range_postings,
    seed_bound,
)

_SLACK = np.float32(1.00001)  # bounds are sums in another order than scores


@inline
def offer(segment: np.ndarray, base: int, bits: np.ndarray, size: int, keys: np.ndarray, state: np.ndarray) -> None:
    """Push those of ``size`` documents from local number ``base`` on whose score bits reach the threshold."""
    low = np.uint32(state[2] >> 32)
    allowed_at = segment[0, tables.ALLOWED]
    for j in range(size):
        if bits[j] >= low and bits[j] != 0:
            doc = base + j
            if allowed_at == 0 or view_u8(allowed_at + doc, 1)[0] != 0:
                key = make_key(bits[j], segment[0, tables.BASE] + doc)
                if key > state[2]:
                    push(keys, state, key)
                    low = np.uint32(state[2] >> 32)


@inline
def score_range(
    segment: np.ndarray,
    infos: np.ndarray,
    impacts: np.ndarray,
    weights: np.ndarray,
    tables_at: np.ndarray,
    docs: np.ndarray,
    values: np.ndarray,
    r: int,
    scores: np.ndarray,
) -> None:
    """Sum all terms' contributions to the 128 documents of a range into ``scores``. Short terms' cursors
    move on; they must not be beyond the range."""
    scores[:128] = 0
    start = r << 7
    documents = segment[0, tables.DOCUMENTS]
    for t in range(infos.shape[0]):
        info = infos[t]
        if info[KIND] == RANGED:
            low, high = range_postings(info, r, documents)
            ids = view_u16(info[IDS], high)
            codes = view_u8(info[CODES], high)
            for p in range(low, high):
                code = int64(codes[p])
                if code == 255:
                    code = escaped_code(info, p)
                    value = weights[t] * view_f32(tables_at[t], code + 1)[code]
                else:
                    value = impacts[t, code]
                scores[ids[p] & 127] += value
        elif info[KIND] == SHORT:
            at = info[CURSOR]
            end = info[FIRST] + info[SIZE]
            while at < end and int64(docs[at]) < start:
                at += 1
            while at < end and int64(docs[at]) < start + 128:
                scores[docs[at] & 127] += values[at]
                at += 1
            info[CURSOR] = at


@inline
def score_chunk(
    segment: np.ndarray,
    infos: np.ndarray,
    impacts: np.ndarray,
    weights: np.ndarray,
    tables_at: np.ndarray,
    docs: np.ndarray,
    values: np.ndarray,
    chunk: int,
    scores: np.ndarray,
) -> None:
    """Sum all terms' contributions to a chunk's documents into ``scores`` (zero before)."""
    start = chunk << 16
    for t in range(infos.shape[0]):
        info = infos[t]
        if info[KIND] == RANGED:
            bounds = view_u32(info[CHUNKS] + 4 * chunk, 2)
            low, high = int64(bounds[0]), int64(bounds[1])
            ids = view_u16(info[IDS] + 2 * low, high - low)
            codes = view_u8(info[CODES] + low, high - low)
            row = impacts[t]
            for p in range(high - low):
                scores[ids[p]] += row[codes[p]]
            escapes = info[ESCAPES]
            where = view_u32(info[PLACES], escapes)
            what = view_u32(info[PLACES] + 4 * escapes, escapes)
            first, last = 0, escapes
            while first < last:
                middle = (first + last) >> 1
                if int64(where[middle]) < low:
                    first = middle + 1
                else:
                    last = middle
            table = view_f32(tables_at[t], segment[0, tables.CODES])
            while first < escapes and int64(where[first]) < high:
                scores[ids[int64(where[first]) - low]] += weights[t] * table[what[first]]
                first += 1
        elif info[KIND] == SHORT:
            at = info[CURSOR]
            end = info[FIRST] + info[SIZE]
            while at < end and int64(docs[at]) < start:
                at += 1
            while at < end and int64(docs[at]) < start + 65536:
                scores[docs[at] & 65535] += values[at]
                at += 1
            info[CURSOR] = at


@inline
def largest(bits: np.ndarray, at: int) -> np.uint32:
    """The greatest of 128 numbers."""
    run = bits[at : at + 128]
    best = np.uint32(0)
    for j in range(128):
        best = max(best, run[j])
    return best


@inline
def sparse_segment(
    segment: np.ndarray,
    infos: np.ndarray,
    docs: np.ndarray,
    values: np.ndarray,
    scores: np.ndarray,
    keys: np.ndarray,
    state: np.ndarray,
) -> int:
    """Score a segment in which every term is short; returns the number of allowed matches."""
    bits = scores.view(np.uint32)
    allowed_at = segment[0, tables.ALLOWED]
    total = 0
    for chunk in range((segment[0, tables.DOCUMENTS] + 65535) >> 16):
        start = chunk << 16
        for t in range(infos.shape[0]):
            at = infos[t, CURSOR]
            end = infos[t, FIRST] + infos[t, SIZE]
            while at < end and int64(docs[at]) < start + 65536:
                scores[docs[at] & 65535] += values[at]
                at += 1
        for t in range(infos.shape[0]):
            at = infos[t, CURSOR]
            end = infos[t, FIRST] + infos[t, SIZE]
            while at < end and int64(docs[at]) < start + 65536:
                doc = int64(docs[at])
                score = bits[doc & 65535]
                at += 1
                if score == 0:
                    continue
                scores[doc & 65535] = 0
                if allowed_at == 0 or view_u8(allowed_at + doc, 1)[0] != 0:
                    total += 1
                    key = make_key(score, segment[0, tables.BASE] + doc)
                    if key > state[2]:
                        push(keys, state, key)
            infos[t, CURSOR] = at
    return total


@inline
def mask_and_count(segment: np.ndarray, start: int, size: int, bits: np.ndarray) -> int:
    """Set scores of documents that may not be hits to zero; returns how many others are not."""
    allowed_at = segment[0, tables.ALLOWED]
    if allowed_at:
        allowed = view_u8(allowed_at + start, size)
        for j in range(size):
            bits[j] &= np.uint32(0) - np.uint32(allowed[j])
    count = 0
    for j in range(size):
        count += bits[j] != 0
    return count


@kernel(
    "UniTuple(int64, 2)(int64[:,:,::1], int64[:,:,:,::1], int64[::1], int64[::1], float32[::1], int64, int64,"
    " float32[::1], float32[::1], int64[::1], int64[::1], uint32[::1], float32[::1])"
)
def top_or(
    segments: np.ndarray,
    rows: np.ndarray,
    slots: np.ndarray,
    kinds: np.ndarray,
    weights: np.ndarray,
    count_to: int,
    short_limit: int,
    bounds: np.ndarray,
    scores: np.ndarray,
    keys: np.ndarray,
    state: np.ndarray,
    docs_out: np.ndarray,
    scores_out: np.ndarray,
) -> tuple[int, int]:
    """The best documents with any of the terms ``rows[slots]`` (their classes ``kinds[slots]``).

    ``weights``: float32[terms], positive; ``count_to``: count matches exactly up to this many (0: none);
    terms of at most ``short_limit`` postings are decoded even where they have ranges; ``bounds``: float32[ranges
    of all segments] and ``scores``: float32[65536], all zero, to work in (zero again afterwards).
    Returns (hits kept, matches counted: exact unless above ``count_to``).
    """
    terms = slots.size
    parts = segments.shape[0]
    infos = np.zeros((parts, terms, INFO), np.int64)
    room = 0
    any_ranged = False
    for s in range(parts):
        for t in range(terms):
            infos[s, t, FIRST] = room
            room += describe_term(segments[s], rows[slots[t], s], infos[s, t], short_limit)
            any_ranged |= infos[s, t, KIND] == RANGED
    docs, values = np.empty(room, np.uint32), np.empty(room, np.float32)
    tables_at = np.empty((parts, terms), np.int64)
    for s in range(parts):
        for t in range(terms):
            column = tables.PER_CLASS + kinds[slots[t]] * tables.CLASS_COLUMNS
            tables_at[s, t] = segments[s, 0, column + tables.TABLE]
            info = infos[s, t]
            info[CURSOR] = info[FIRST]
            if info[KIND] == SHORT:
                decode_short(segments[s], info[IDS], info[SIZE], tables_at[s, t], weights[t], docs, values, info[FIRST])
    total = 0
    if not any_ranged:
        for s in range(parts):
            total += sparse_segment(segments[s], infos[s], docs, values, scores, keys, state)
        return finish(keys, state, docs_out, scores_out), total

    bits = scores.view(np.uint32)
    impacts = np.zeros((parts, terms, 256), np.float32)
    limit = np.zeros(256, np.float32)
    at = 0
    for s in range(parts):
        segment = segments[s]
        ranges = (segment[0, tables.DOCUMENTS] + 127) >> 7
        mine = bounds[at : at + ranges]
        mine[:] = 0
        at += ranges
        for t in range(terms):
            info = infos[s, t]
            if info[KIND] == RANGED:
                column = tables.PER_CLASS + kinds[slots[t]] * tables.CLASS_COLUMNS
                table = view_f32(tables_at[s, t], segment[0, tables.CODES])
                for c in range(min(255, segment[0, tables.CODES])):
                    impacts[s, t, c] = weights[t] * table[c]
                above = view_f32(segment[0, column + tables.LIMITS], 256)
                for q in range(256):
                    limit[q] = weights[t] * above[q] * _SLACK
                best = view_u8(info[MAXIMA], ranges)
                for r in range(ranges):
                    mine[r] += limit[best[r]]
            elif info[KIND] == SHORT:
                for i in range(info[FIRST], info[FIRST] + info[SIZE]):
                    mine[docs[i] >> 7] += values[i] * _SLACK
    everything = bounds[:at]

    if count_to == 0:
        high = seed_bound(everything, 32 + (state[1] >> 2))
        at = 0
        for s in range(parts):
            segment = segments[s]
            documents = segment[0, tables.DOCUMENTS]
            for r in range((documents + 127) >> 7):
                if everything[at + r] >= high:
                    score_range(segment, infos[s], impacts[s], weights, tables_at[s], docs, values, r, scores)
                    offer(segment, r << 7, bits, min(128, documents - (r << 7)), keys, state)
                    everything[at + r] = -1
            at += (documents + 127) >> 7
            for t in range(terms):
                infos[s, t, CURSOR] = infos[s, t, FIRST]
        scores[:128] = 0

    at = 0
    threshold = np.zeros(1, np.float32)
    threshold_bits = threshold.view(np.uint32)
    for s in range(parts):
        segment = segments[s]
        documents = segment[0, tables.DOCUMENTS]
        postings = 0
        for t in range(terms):
            postings += infos[s, t, SIZE]
        per_range = postings * 128 // documents
        for chunk in range((documents + 65535) >> 16):
            start = chunk << 16
            ranges = min(512, (documents - start + 127) >> 7)
            mine = everything[at : at + ranges]
            at += ranges
            threshold_bits[0] = np.uint32(state[2] >> 32)
            left = 0
            for r in range(ranges):
                left += mine[r] >= threshold[0]
            counting = total <= count_to and count_to > 0
            if left == 0 and not counting:
                continue
            # nanoseconds: a range costs its overhead and its postings, a chunk its scan and its postings
            by_range = left * (25 + 7 * terms + per_range * 5 // 4)
            by_chunk = ranges * (per_range + 24)
            if counting or by_range > by_chunk:
                score_chunk(segment, infos[s], impacts[s], weights, tables_at[s], docs, values, chunk, scores)
                if counting:
                    total += mask_and_count(segment, start, min(65536, documents - start), bits)
                for r in range(ranges):
                    if mine[r] >= 0 and largest(bits, r << 7) >= np.uint32(state[2] >> 32):
                        offer(
                            segment,
                            start + (r << 7),
                            bits[r << 7 : (r << 7) + 128],
                            min(128, documents - start - (r << 7)),
                            keys,
                            state,
                        )
                scores[:] = 0
                continue
            for r in range(ranges):
                if mine[r] >= threshold[0]:
                    score_range(
                        segment, infos[s], impacts[s], weights, tables_at[s], docs, values, (start >> 7) + r, scores
                    )
                    if largest(bits, 0) >= threshold_bits[0]:
                        base = start + (r << 7)
                        offer(segment, base, bits, min(128, documents - base), keys, state)
                        threshold_bits[0] = np.uint32(state[2] >> 32)
            scores[:128] = 0
    return finish(keys, state, docs_out, scores_out), total
