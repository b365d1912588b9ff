"""Documents that may hold a phrase, where pairs of its terms are kept: fewer than hold its rarest term."""

from __future__ import annotations

import numpy as np

from indexer.segment.decoding import decode_term
from indexer.segment.kernels import inline, int64, kernel, view_f32, view_u8, view_u32
from retrieval.lexical import tables
from retrieval.lexical.pairs import JOINED, STORED, UNKNOWN
from retrieval.lexical.probing import code_of, find_later
from retrieval.lexical.scanning import saturate

_ANY = np.float32(1e35)  # a limit that never excludes
_SLACK = np.float32(1.00001)


@inline
def _union(docs: np.ndarray, middle: int, size: int, out: np.ndarray, at: int) -> int:
    """Merge the ascending ``docs[:middle]`` and ``docs[middle:size]`` into ``out[at:]``; returns the end."""
    i, j = 0, middle
    while i < middle or j < size:
        if j == size or (i < middle and docs[i] <= docs[j]):
            if j < size and docs[j] == docs[i]:
                j += 1
            out[at] = docs[i]
            i += 1
        else:
            out[at] = docs[j]
            j += 1
        at += 1
    return at


@inline
def _smallest(pairs: np.ndarray, s: int) -> int:
    """The pair that the fewest documents of a segment may hold, or -1."""
    best = -1
    for p in range(pairs.shape[0]):
        df = pairs[p, s, STORED, 1]
        if df != UNKNOWN and (
            best < 0 or df + pairs[p, s, JOINED, 1] < pairs[best, s, STORED, 1] + pairs[best, s, JOINED, 1]
        ):
            best = p
    return best


@inline
def _frequency(segment: np.ndarray, row: np.ndarray, doc: int, cursor: np.ndarray, length: np.ndarray) -> int:
    """How often a document, greater than any before, has the term at ``row``; ``length`` gets its length byte."""
    documents, positional = segment[tables.DOCUMENTS], segment[tables.POSITIONAL]
    if row[1] <= 0:
        return 0
    posting = find_later(row, documents, positional, doc, cursor[0])
    if posting < 0:
        cursor[0] = -2 - posting
        return 0
    cursor[0] = posting
    code = code_of(row[0], row[1], documents, positional, posting)
    length[0] = view_u8(segment[tables.CODE_BYTES], code + 1)[code]
    return int64(view_u32(segment[tables.FREQS], code + 1)[code])


@kernel(
    "void(int64[:,:,::1], int64[:,:,::1], int64[:,:,:,::1], int64[:,:,:,::1], int64[::1], int64, float32,"
    " float32[::1], uint32[::1], float32[::1], int64[::1])"
)
def find_candidates(
    segments: np.ndarray,
    pair_segments: np.ndarray,
    rows: np.ndarray,
    pairs: np.ndarray,
    pair_kinds: np.ndarray,
    kind: int,
    weight: np.float32,
    shape: np.ndarray,
    docs: np.ndarray,
    limits: np.ndarray,
    ends: np.ndarray,
) -> None:
    """The documents, ascending, that hold all known pairs of a phrase in each segment, of the rarest term or pair's.

    ``rows``: of the phrase's terms; ``pairs``: see :class:`retrieval.lexical.plan.PhrasePlan`; ``pair_kinds``: the
    classes of their first terms; ``kind`` and ``weight``: the phrase's. Filled are ``docs`` (as many as the rarest
    have), ``limits`` (what a document's score cannot exceed) and ``ends`` (int64[segments]: where a segment's
    documents end, or -1 where no pair is known).
    """
    at = 0
    column = tables.PER_CLASS + kind * tables.CLASS_COLUMNS + tables.FACTORS
    cursors = np.zeros((2, 1), np.int64)
    length = np.zeros(1, np.uint8)
    for s in range(segments.shape[0]):
        ends[s] = -1
        lead = _smallest(pairs, s)
        if lead < 0:
            continue
        segment, pair_segment = segments[s, 0], pair_segments[s, 0]
        documents, positional = segment[tables.DOCUMENTS], segment[tables.POSITIONAL]
        stored, joined = pairs[lead, s, STORED], pairs[lead, s, JOINED]
        rarest = 0
        for t in range(rows.shape[0]):
            if rows[t, s, 0, 1] < rows[rarest, s, 0, 1]:
                rarest = t
        row = rows[rarest, s, 0]
        size = min(row[1], stored[1] + joined[1])
        codes = np.empty(size, np.uint32)
        start = at
        if row[1] <= stored[1] + joined[1]:
            decode_term(row[0], size, documents, positional, docs[start:], codes, 0)
            at = start + size
        else:
            found = np.empty(size, np.uint32)
            decode_term(stored[0], stored[1], documents, 0, found, codes, 0)
            decode_term(joined[0], joined[1], documents, positional, found, codes, stored[1])
            at = _union(found, stored[1], size, docs, start)
        limits[start:at] = _ANY
        factors = view_f32(segment[column], 256)
        for p in range(pairs.shape[0]):
            if pairs[p, s, STORED, 1] == UNKNOWN:
                continue
            cursors[:] = 0
            kept = start
            for i in range(start, at):
                doc = int64(docs[i])
                tf = _frequency(pair_segment, pairs[p, s, STORED], doc, cursors[0], length)
                tf += _frequency(segment, pairs[p, s, JOINED], doc, cursors[1], length)
                if tf == 0:
                    continue
                limit = limits[i]
                if pair_kinds[p] == kind:
                    limit = min(limit, weight * saturate(np.float32(tf), factors[length[0]], shape) * _SLACK)
                docs[kept] = doc
                limits[kept] = limit
                kept += 1
            at = kept
        ends[s] = at
