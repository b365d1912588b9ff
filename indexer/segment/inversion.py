"""Tokens in document order to postings in term order, in two passes (count, then place)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from indexer.segment.kernels import kernel


@dataclass(slots=True)
class Inverted:
    """Postings of one field: term t's are ``[starts[t], starts[t + 1])``, its tokens ``[tokens[t], tokens[t + 1])``."""

    starts: np.ndarray  # int64[terms + 1]
    tokens: np.ndarray  # int64[terms + 1]
    docs: np.ndarray  # uint32[postings], ascending within a term
    freqs: np.ndarray  # uint32[postings]
    positions: np.ndarray  # uint32[tokens], in document order within a term


@kernel("void(uint32[::1], int64[::1], uint32[::1], int64[::1], int64[::1])")
def _count(terms: np.ndarray, documents: np.ndarray, rank: np.ndarray, df: np.ndarray, cf: np.ndarray) -> None:
    last = np.full(df.size, -1, np.int64)
    for doc in range(documents.size - 1):
        for i in range(documents[doc], documents[doc + 1]):
            term = np.int64(rank[terms[i]])
            cf[term] += 1
            if last[term] != doc:
                last[term] = doc
                df[term] += 1


@kernel(
    "void(uint32[::1], uint32[::1], int64[::1], uint32[::1], int64[::1], int64[::1], uint32[::1], uint32[::1], uint32[::1])"
)
def _place(
    terms: np.ndarray,
    positions: np.ndarray,
    documents: np.ndarray,
    rank: np.ndarray,
    posting: np.ndarray,
    token: np.ndarray,
    docs: np.ndarray,
    freqs: np.ndarray,
    out: np.ndarray,
) -> None:
    last = np.full(posting.size, -1, np.int64)
    keep = out.size > 0
    for doc in range(documents.size - 1):
        for i in range(documents[doc], documents[doc + 1]):
            term = np.int64(rank[terms[i]])
            if last[term] != doc:
                last[term] = doc
                docs[posting[term]] = doc
                freqs[posting[term]] = 1
                posting[term] += 1
            else:
                freqs[posting[term] - 1] += 1
            if keep:
                out[token[term]] = positions[i]
                token[term] += 1


def invert(
    terms: np.ndarray, positions: np.ndarray, documents: np.ndarray, rank: np.ndarray, positional: bool
) -> Inverted:
    """Postings of tokens ``terms`` (uint32[n], numbers that ``rank`` turns into ordinals) at ``positions``
    (uint32[n], ascending within a document), document j's being ``[documents[j], documents[j + 1])``."""
    df = np.zeros(rank.size, np.int64)
    cf = np.zeros(rank.size, np.int64)
    _count(terms, documents, rank, df, cf)
    starts = np.zeros(rank.size + 1, np.int64)
    tokens = np.zeros(rank.size + 1, np.int64)
    np.cumsum(df, out=starts[1:])
    np.cumsum(cf, out=tokens[1:])
    docs = np.empty(starts[-1], np.uint32)
    freqs = np.empty(starts[-1], np.uint32)
    out = np.empty(tokens[-1] if positional else 0, np.uint32)
    _place(terms, positions, documents, rank, starts[:-1].copy(), tokens[:-1].copy(), docs, freqs, out)
    return Inverted(starts, tokens, docs, freqs, out)
