"""Tokens in document order to postings in term order.

A direct placement misses the cache several times a token. Instead tokens are first dealt, in order, into a
few hundred buckets of neighbouring terms (sequential writes); then each bucket, which fits the cache, is put in
the order of its terms and read through once. Places are made unsigned where numba would not see that they are not
counted from an array's end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from indexer.segment.kernels import int64, kernel

_BUCKETS = 512
_SMALLEST = 256
_RECORD = 64  # bits of a token on its way: its term in the bucket, its document, its position


@dataclass(slots=True)
class Inverted:
    """Postings of one field: term t's are ``[starts[t], starts[t + 1])``, the bytes of their positions
    ``[places[t], places[t + 1])``."""

    starts: np.ndarray  # int64[terms + 1]
    docs: np.ndarray  # uint32[postings], ascending within a term
    freqs: np.ndarray  # uint32[postings]
    positions: np.ndarray  # uint8[bytes]: base-128 differences, see :mod:`indexer.segment.layout`
    places: np.ndarray  # int64[terms + 1]


@kernel("void(uint32[::1], int64[::1])")
def _count(terms: np.ndarray, counts: np.ndarray) -> None:
    for i in range(terms.size):
        counts[terms[i]] += 1


def count_terms(terms: list[np.ndarray], size: int) -> np.ndarray:
    """int64[size]: how often each of the terms, which batches of uint32 numbers name, occurs."""
    counts = np.zeros(size, np.int64)
    for part in terms:
        _count(part, counts)
    return counts


@kernel("int64(uint32[::1], uint32[::1], int64[::1], int64, uint32[::1], int64, int64, int64, int64[::1], uint64[::1])")
def _deal(
    terms: np.ndarray,
    positions: np.ndarray,
    counts: np.ndarray,
    doc: int,
    rank: np.ndarray,
    shift: int,
    place_bits: int,
    doc_bits: int,
    cursors: np.ndarray,
    out: np.ndarray,
) -> int:
    """Append a batch's tokens to their buckets; ``counts``: tokens of each document, from number ``doc`` on.
    ``out``: from the highest bit on, term in its bucket, document, position. Returns the number after the batch's last
    document."""
    mask = (int64(1) << shift) - 1
    above = place_bits + doc_bits
    i = 0
    keep = positions.size > 0
    for d in range(counts.size):
        owner = (doc + d) << place_bits
        for _ in range(counts[d]):
            term = int64(rank[terms[np.uint64(i)]])
            bucket = np.uint64(term >> shift)
            at = cursors[bucket]
            cursors[bucket] = at + 1
            record = (term & mask) << above | owner
            if keep:
                record |= int64(positions[np.uint64(i)])
            out[np.uint64(at)] = record
            i += 1
    return doc + counts.size


@kernel(
    "int64(int64[::1], int64, int64, int64, int64[::1], uint64[::1], uint64[::1], uint32[::1], uint32[::1],"
    " int64[::1], uint8[::1], int64[::1])"
)
def _place(
    buckets: np.ndarray,
    shift: int,
    place_bits: int,
    doc_bits: int,
    tokens: np.ndarray,
    dealt: np.ndarray,
    ordered: np.ndarray,
    docs: np.ndarray,
    freqs: np.ndarray,
    starts: np.ndarray,
    out: np.ndarray,
    places: np.ndarray,
) -> int:
    """Postings of every bucket; returns the bytes of their positions.

    ``buckets``, ``tokens``: where the tokens of each bucket and of each term start. ``docs`` may be the memory of
    ``dealt``, and ``freqs`` that of ``ordered``: no posting comes before its tokens were read. ``starts`` and
    ``places`` are filled, and ``out`` unless it is empty.
    """
    above = np.uint64(place_bits + doc_bits)
    low = (np.uint64(1) << above) - np.uint64(1)
    shorter, mask = np.uint64(place_bits), (np.uint64(1) << np.uint64(place_bits)) - np.uint64(1)
    width = int64(1) << shift
    cursors = np.empty(width, np.int64)
    keep = out.size > 0
    posting = int64(-1)
    at = int64(0)
    for bucket in range(buckets.size - 1):
        first = bucket << shift
        here = min(width, tokens.size - 1 - first)
        for term in range(here):
            cursors[term] = tokens[first + term]
        for i in range(buckets[bucket], buckets[bucket + 1]):
            term = int64(dealt[i] >> above)
            ordered[np.uint64(cursors[term])] = dealt[i] & low
            cursors[term] += 1
        for term in range(first, first + here):
            last, before, since = int64(-1), int64(0), int64(0)
            for i in range(tokens[term], tokens[term + 1]):
                token = ordered[np.uint64(i)]
                doc, place = int64(token >> shorter), int64(token & mask)
                new = int64(doc != last)  # without a branch: it is hard to foresee
                posting += new
                since += (i - since) * new
                before *= 1 - new
                last = doc
                docs[np.uint64(posting)] = doc
                freqs[np.uint64(posting)] = i - since + 1
                if keep:
                    value = place - before
                    before = place
                    while value >= 128:
                        out[np.uint64(at)] = value & 127 | 128
                        value >>= 7
                        at += 1
                    out[np.uint64(at)] = value
                    at += 1
            starts[term + 1] = posting + 1
            places[term + 1] = at
    return at


def invert(
    terms: list[np.ndarray],
    positions: list[np.ndarray],
    counts: list[np.ndarray],
    rank: np.ndarray,
    positional: bool,
    often: np.ndarray | None = None,
) -> Inverted:
    """Postings of batches of tokens, three parallel lists, which are emptied.

    ``terms``: uint32 numbers that ``rank`` (uint32[terms]) turns into ordinals; ``positions``: uint32,
    ascending within a document (empty arrays when not ``positional``); ``counts``: int64, the number of
    tokens of each document; ``often``: :func:`count_terms` of the terms, where the caller has it.
    """
    often = count_terms(terms, rank.size) if often is None else often
    tokens = np.zeros(rank.size + 1, np.int64)
    tokens[1 + rank.astype(np.int64)] = often
    np.cumsum(tokens, out=tokens)
    total = int(tokens[-1])
    doc_bits = max(1, sum(part.size for part in counts)).bit_length()
    place_bits = max((int(part.max(initial=0)) for part in positions), default=0).bit_length() if positional else 0
    size = max(_SMALLEST, -(-rank.size // _BUCKETS))
    shift = min(16, (size - 1).bit_length(), _RECORD - doc_bits - place_bits)
    buckets = tokens[np.minimum(np.arange((rank.size >> shift) + 2) << shift, rank.size)]
    cursors = buckets[:-1].copy()
    dealt = np.empty(total, np.uint64)
    doc = 0
    for numbers, at, sizes in zip(terms, positions, counts, strict=True):
        doc = _deal(numbers, at, sizes, doc, rank, shift, place_bits, doc_bits, cursors, dealt)
    terms.clear()
    positions.clear()
    counts.clear()
    starts, places = np.zeros(rank.size + 1, np.int64), np.zeros(rank.size + 1, np.int64)
    ordered = np.empty(total, np.uint64)
    docs, freqs = dealt.view(np.uint32), ordered.view(np.uint32)
    out = np.empty(5 * total if positional else 0, np.uint8)
    used = _place(buckets, shift, place_bits, doc_bits, tokens, dealt, ordered, docs, freqs, starts, out, places)
    return Inverted(starts, docs[: starts[-1]], freqs[: starts[-1]], out[:used], places)
