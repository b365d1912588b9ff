"""Tokens in document order to postings in term order.

A direct placement misses the cache several times a token. Instead tokens are first dealt, in order, into a
few hundred buckets of neighbouring terms (sequential writes), then each bucket, which fits the cache, is
counted and placed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from indexer.segment.kernels import int64, kernel

_BUCKETS = 512
_SMALLEST = 256


@dataclass(slots=True)
class Inverted:
    """Postings of one field: term t's are ``[starts[t], starts[t + 1])``, its tokens ``[tokens[t], tokens[t + 1])``."""

    starts: np.ndarray  # int64[terms + 1]
    tokens: np.ndarray  # int64[terms + 1]
    docs: np.ndarray  # uint32[postings], ascending within a term
    freqs: np.ndarray  # uint32[postings]
    positions: np.ndarray  # uint32[tokens], in document order within a term


@kernel("void(uint32[::1], uint32[::1], int64, int64[::1])")
def _count_buckets(terms: np.ndarray, rank: np.ndarray, shift: int, counts: np.ndarray) -> None:
    for i in range(terms.size):
        counts[rank[terms[i]] >> shift] += 1


@kernel("int64(uint32[::1], uint32[::1], int64[::1], int64, uint32[::1], int64, int64[::1], uint32[:,::1])")
def _deal(
    terms: np.ndarray,
    positions: np.ndarray,
    counts: np.ndarray,
    doc: int,
    rank: np.ndarray,
    shift: int,
    cursors: np.ndarray,
    out: np.ndarray,
) -> int:
    """Append a batch's tokens to their buckets; ``counts``: tokens of each document, from number ``doc`` on.
    ``out``: rows of term in its bucket, document, position. Returns the number after the batch's last
    document."""
    mask = (int64(1) << shift) - 1
    i = 0
    keep = positions.size > 0
    for d in range(counts.size):
        for _ in range(counts[d]):
            term = int64(rank[terms[i]])
            at = cursors[term >> shift]
            cursors[term >> shift] = at + 1
            out[at, 0] = term & mask
            out[at, 1] = doc + d
            if keep:
                out[at, 2] = positions[i]
            i += 1
    return doc + counts.size


@kernel("void(int64[::1], int64, uint32[:,::1], int64[::1], int64[::1], uint32[::1], uint32[::1], uint32[::1])")
def _place(
    buckets: np.ndarray,
    shift: int,
    dealt: np.ndarray,
    starts: np.ndarray,
    tokens: np.ndarray,
    docs: np.ndarray,
    freqs: np.ndarray,
    out: np.ndarray,
) -> None:
    """Postings of every bucket; ``buckets``: where each starts. ``starts`` and ``tokens`` are filled."""
    width = int64(1) << shift
    count = starts.size - 1
    last = np.empty(width, np.int64)
    df = np.empty(width, np.int64)
    cf = np.empty(width, np.int64)
    keep = out.size > 0
    for bucket in range(buckets.size - 1):
        low = bucket << shift
        here = min(width, count - low)
        last[:here] = -1
        df[:here] = 0
        cf[:here] = 0
        for i in range(buckets[bucket], buckets[bucket + 1]):
            term, doc = dealt[i, 0], dealt[i, 1]
            cf[term] += 1
            df[term] += last[term] != doc
            last[term] = doc
        posting, token = starts[low], tokens[low]
        for term in range(here):
            posting += df[term]
            token += cf[term]
            starts[low + term + 1] = posting
            tokens[low + term + 1] = token
            df[term] = posting - df[term]
            cf[term] = token - cf[term]
        last[:here] = -1
        for i in range(buckets[bucket], buckets[bucket + 1]):
            term, doc = dealt[i, 0], dealt[i, 1]
            if last[term] != doc:
                last[term] = doc
                docs[df[term]] = doc
                freqs[df[term]] = 1
                df[term] += 1
            else:
                freqs[df[term] - 1] += 1
            if keep:
                out[cf[term]] = dealt[i, 2]
                cf[term] += 1


def invert(
    terms: list[np.ndarray],
    positions: list[np.ndarray],
    counts: list[np.ndarray],
    rank: np.ndarray,
    positional: bool,
) -> Inverted:
    """Postings of batches of tokens, three parallel lists, which are emptied.

    ``terms``: uint32 numbers that ``rank`` (uint32[terms]) turns into ordinals; ``positions``: uint32,
    ascending within a document (empty arrays when not ``positional``); ``counts``: int64, the number of
    tokens of each document.
    """
    size = max(_SMALLEST, -(-rank.size // _BUCKETS))
    shift = min(16, (size - 1).bit_length())
    bucket_counts = np.zeros((rank.size >> shift) + 1, np.int64)
    for part in terms:
        _count_buckets(part, rank, shift, bucket_counts)
    buckets = np.zeros(bucket_counts.size + 1, np.int64)
    np.cumsum(bucket_counts, out=buckets[1:])
    total = int(buckets[-1])
    cursors = buckets[:-1].copy()
    dealt = np.empty((total, 3), np.uint32)
    doc = 0
    for numbers, at, sizes in zip(terms, positions, counts, strict=True):
        doc = _deal(numbers, at, sizes, doc, rank, shift, cursors, dealt)
    terms.clear()
    positions.clear()
    counts.clear()
    starts, tokens = np.zeros(rank.size + 1, np.int64), np.zeros(rank.size + 1, np.int64)
    docs, freqs = np.empty(total, np.uint32), np.empty(total, np.uint32)
    out = np.empty(total if positional else 0, np.uint32)
    _place(buckets, shift, dealt, starts, tokens, docs, freqs, out)
    return Inverted(starts, tokens, docs[: starts[-1]], freqs[: starts[-1]], out)
