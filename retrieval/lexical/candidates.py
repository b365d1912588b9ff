"""Documents that may hold a phrase, where pairs of its terms are known: fewer than hold its rarest term."""

from __future__ import annotations

import numpy as np

from indexer.segment.decoding import decode_term
from indexer.segment.kernels import inline, int64, view_u8, view_u32
from retrieval.lexical import tables
from retrieval.lexical.collecting import make_key
from retrieval.lexical.fixed import score_of, to_fixed
from retrieval.lexical.pairs import JOINED, STORED, UNKNOWN
from retrieval.lexical.scanning import blocked, saturate

TERM = -2  # a lead that is no pair but the rarest term
NOTHING = -1  # no lead: no pair is known
_ANY = np.float32(1e35)  # a limit that never excludes
_SLACK = np.float32(1.00001)  # large frequencies may be rounded to a little more than greater ones


@inline
def limit_key(
    tf: int, factor: np.float32, weight: np.float32, shape: np.ndarray, scale: float, doc: int, score: np.ndarray
) -> int:
    """What the key of a document, a global number, cannot exceed when the phrase is there at most ``tf`` times: of
    one time it is the key itself. ``factor``: the document's, or 0 where it is not known."""
    limit = score_of(to_fixed(weight * saturate(np.float32(tf), factor, shape), scale), scale)
    score[0] = limit if tf == 1 else limit * _SLACK
    if factor == 0:
        score[0] = _ANY
    return make_key(score.view(np.uint32)[0], doc)


@inline
def choose_lead(pairs: np.ndarray, pair_slots: np.ndarray, rows: np.ndarray, slots: np.ndarray, s: int) -> int:
    """What the fewest documents of a segment hold: the number of a known pair, TERM, or NOTHING."""
    lead = NOTHING
    fewest = int64(0)
    for p in range(pair_slots.size):
        pair = pairs[pair_slots[p], s]
        size = pair[STORED, 1] + pair[JOINED, 1]
        if pair[STORED, 1] != UNKNOWN and (lead == NOTHING or size < fewest):
            lead, fewest = p, size
    if lead == NOTHING:
        return lead
    for t in range(slots.size):
        if rows[slots[t], s, 0, 1] < fewest:
            lead, fewest = TERM, rows[slots[t], s, 0, 1]
    return lead


@inline
def rarest_term(rows: np.ndarray, slots: np.ndarray, s: int) -> int:
    """Which of a phrase's terms the fewest documents of a segment hold."""
    rarest = 0
    for t in range(slots.size):
        if rows[slots[t], s, 0, 1] < rows[slots[rarest], s, 0, 1]:
            rarest = t
    return rarest


@inline
def _count_codes(segment: np.ndarray, first: int, last: int, codes: np.ndarray, lengths: np.ndarray) -> None:
    """Replace codes by frequencies; ``lengths`` (uint8) gets the length bytes."""
    freqs = view_u32(segment[tables.FREQS], segment[tables.CODES])
    bytes_ = view_u8(segment[tables.CODE_BYTES], segment[tables.CODES])
    for i in range(first, last):
        code = int64(codes[i])
        codes[i] = freqs[code]
        lengths[i] = bytes_[code]


@inline
def list_lead(
    segment: np.ndarray,
    pair_segment: np.ndarray,
    pair: np.ndarray,
    row: np.ndarray,
    lead: int,
    factors: np.ndarray,
    weight: np.float32,
    shape: np.ndarray,
    scale: float,
    pruning: bool,
    docs: np.ndarray,
    counts: np.ndarray,
    lengths: np.ndarray,
    keys: np.ndarray,
    frequencies: np.ndarray,
    state: np.ndarray,
    score: np.ndarray,
) -> int:
    """Documents of a lead that may be hits, to ``keys`` as :func:`limit_key` makes them, with how often they hold
    it in ``frequencies`` (uint32); returns their number.

    ``pair``: the segment's row of pairs, ``row``: (address, df) of the rarest term, whichever leads is read;
    ``factors``: float32[256] over length bytes; ``docs``, ``counts`` (uint32), ``lengths`` (uint8): to work in, as
    long as these are.
    """
    documents, positional = segment[tables.DOCUMENTS], segment[tables.POSITIONAL]
    middle = int64(0)
    size = int64(row[1])
    if lead == TERM:
        decode_term(row[0], size, documents, positional, docs, counts, 0)
    else:
        stored, joined = pair[STORED], pair[JOINED]
        middle, size = int64(stored[1]), int64(stored[1] + joined[1])
        decode_term(stored[0], middle, documents, 0, docs, counts, 0)
        _count_codes(pair_segment, 0, middle, counts, lengths)
        decode_term(joined[0], joined[1], documents, positional, docs, counts, middle)
    _count_codes(segment, middle, size, counts, lengths)
    i, j = int64(0), middle
    kept = 0
    while i < middle or j < size:
        at = i if j == size or (i < middle and docs[i] <= docs[j]) else j
        doc, tf = int64(docs[at]), int64(counts[at])
        if at == j:
            j += 1
        else:
            i += 1
            if j < size and int64(docs[j]) == doc:
                tf += int64(counts[j])
                j += 1
        if blocked(segment, doc):
            continue
        key = limit_key(tf, factors[lengths[at]], weight, shape, scale, segment[tables.BASE] + doc, score)
        keys[kept] = key
        frequencies[kept] = tf
        kept += not pruning or key > state[2]
    return kept
