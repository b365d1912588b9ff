"""Top-k of a conjunction: the rarest term leads, the others are searched for its documents.

Where all terms have ranges the leader goes range by range, and a range whose stored maxima cannot reach the
threshold is passed over; elsewhere each of its documents is tested against the others' maxima first.
"""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int64, kernel, view_f32, view_u8, view_u16
from retrieval.lexical import tables
from retrieval.lexical.collecting import finish, make_key, push
from retrieval.lexical.probing import code_of, find_posting
from retrieval.lexical.term_info import (
    ABSENT,
    CODES,
    IDS,
    INFO,
    KIND,
    MAXIMA,
    RANGED,
    SIZE,
    decode_short,
    describe_term,
    escaped_code,
    range_postings,
)

_SLACK = np.float32(1.00001)


@inline
def posting_in_range(info: np.ndarray, doc: int, documents: int) -> int:
    """A ranged term's posting of a document, or -1, by a search without branches."""
    low, high = range_postings(info, doc >> 7, documents)
    size = high - low
    if size == 0:
        return -1
    ids = view_u16(info[IDS], high)
    want = doc & 65535
    while size > 1:
        half = size >> 1
        low += half if int64(ids[low + half]) <= want else 0
        size -= half
    return low if int64(ids[low]) == want else -1


@inline
def value_of(segment: np.ndarray, row: np.ndarray, info: np.ndarray, table: np.ndarray, doc: int) -> np.float32:
    """A term's table entry for a document, 0 when it does not hold the term."""
    documents = segment[0, tables.DOCUMENTS]
    if info[KIND] == RANGED:
        posting = posting_in_range(info, doc, documents)
        if posting < 0:
            return np.float32(0)
        code = int64(view_u8(info[CODES] + posting, 1)[0])
        if code == 255:
            code = escaped_code(info, posting)
        return table[code]
    positional = segment[0, tables.POSITIONAL]
    posting = find_posting(row[0, 0], row[0, 1], documents, positional, doc)
    if posting < 0:
        return np.float32(0)
    return table[code_of(row[0, 0], row[0, 1], documents, positional, posting)]


@kernel(
    "UniTuple(int64, 2)(int64[:,:,::1], int64[:,:,:,::1], int64[::1], int64[::1], float32[::1], int64,"
    " int64[::1], int64[::1], uint32[::1], float32[::1])"
)
def top_and(
    segments: np.ndarray,
    rows: np.ndarray,
    slots: np.ndarray,
    kinds: np.ndarray,
    weights: np.ndarray,
    count_to: int,
    keys: np.ndarray,
    state: np.ndarray,
    docs_out: np.ndarray,
    scores_out: np.ndarray,
) -> tuple[int, int]:
    """The best documents with all of the terms; parameters and result as :func:`retrieval.lexical.ranges.top_or`."""
    terms = slots.size
    infos = np.zeros((terms, INFO), np.int64)
    order = np.empty(terms, np.int64)
    impacts = np.empty(terms, np.float32)
    tables_at = np.empty(terms, np.int64)
    limits = np.empty((terms, 256), np.float32)
    score = np.zeros(1, np.float32)
    bits = score.view(np.uint32)
    threshold = np.zeros(1, np.float32)
    threshold_bits = threshold.view(np.uint32)
    total = 0
    for s in range(segments.shape[0]):
        segment = segments[s]
        documents = segment[0, tables.DOCUMENTS]
        allowed_at = segment[0, tables.ALLOWED]
        missing = False
        for t in range(terms):
            describe_term(segment, rows[slots[t], s], infos[t], 0)
            missing |= infos[t, KIND] == ABSENT
            column = tables.PER_CLASS + kinds[slots[t]] * tables.CLASS_COLUMNS
            tables_at[t] = segment[0, column + tables.TABLE]
            above = view_f32(segment[0, column + tables.LIMITS], 256)
            for q in range(256):
                limits[t, q] = weights[t] * above[q] * _SLACK
            at = t
            while at > 0 and infos[order[at - 1], SIZE] > infos[t, SIZE]:
                order[at] = order[at - 1]
                at -= 1
            order[at] = t
        if missing:
            continue
        lead = order[0]
        size = infos[lead, SIZE]
        ranged = infos[lead, KIND] == RANGED
        docs = np.empty(0 if ranged else size, np.uint32)
        values = np.empty(docs.size, np.float32)
        if not ranged:
            decode_short(segment, infos[lead, IDS], size, tables_at[lead], weights[lead], docs, values, 0)
        steps = (documents + 127) >> 7 if ranged else size
        for step in range(steps):
            threshold_bits[0] = np.uint32(state[2] >> 32)
            pruning = total > count_to or count_to == 0
            first, last = step, step + 1
            r = step
            if not ranged:
                r = int64(docs[step]) >> 7
                impacts[lead] = values[step]
            bound = np.float32(0) if ranged else values[step] * _SLACK
            empty = False
            for i in range(0 if ranged else 1, terms):
                t = order[i]
                q = 255
                if infos[t, KIND] == RANGED:
                    q = int64(view_u8(infos[t, MAXIMA] + r, 1)[0])
                    if q == 0:
                        empty = True
                        break
                bound += limits[t, q]
            if empty or (pruning and bound < threshold[0]):
                continue
            if ranged:
                first, last = range_postings(infos[lead], r, documents)
            for p in range(first, last):
                if ranged:
                    doc = ((step >> 9) << 16) | int64(view_u16(infos[lead, IDS] + 2 * p, 1)[0])
                else:
                    doc = int64(docs[p])
                if allowed_at and view_u8(allowed_at + doc, 1)[0] == 0:
                    continue
                holds = True
                for i in range(1, terms):
                    t = order[i]
                    table = view_f32(tables_at[t], segment[0, tables.CODES])
                    value = value_of(segment, rows[slots[t], s], infos[t], table, doc)
                    if value == 0:
                        holds = False
                        break
                    impacts[t] = weights[t] * value
                if not holds:
                    continue
                if ranged:
                    code = int64(view_u8(infos[lead, CODES] + p, 1)[0])
                    if code == 255:
                        code = escaped_code(infos[lead], p)
                    impacts[lead] = weights[lead] * view_f32(tables_at[lead], code + 1)[code]
                total += 1
                score[0] = 0
                for t in range(terms):
                    score[0] += impacts[t]
                key = make_key(bits[0], segment[0, tables.BASE] + doc)
                if key > state[2]:
                    push(keys, state, key)
    return finish(keys, state, docs_out, scores_out), total
