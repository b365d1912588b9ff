"""Document lengths of one field, or of several taken as one, and the factors made of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from indexer.segment import Segment
from indexer.segment.decoding import decode_term
from indexer.segment.kernels import int64, kernel, view_i64, view_u32
from indexer.segment.norms import length_bytes
from indexer.segment.reading import TextField

_SMALL = length_bytes(np.arange(1 << 16))


def to_bytes(lengths: np.ndarray) -> np.ndarray:
    """uint8 length bytes of lengths, which are rounded down; by a table where they are small."""
    lengths = lengths.astype(np.int64, copy=False)
    if lengths.size and int(lengths.max()) >= 1 << 16:
        return length_bytes(lengths)
    return _SMALL[lengths]


def lengths_of(
    segment: Segment, fields: Sequence[str], weights: Sequence[float], statistics_class: int, at: np.ndarray | slice
) -> np.ndarray:
    """Weighted lengths of documents in a class, summed over fields: int64, float64 where a weight is no integer."""
    whole = all(w == int(w) for w in weights)
    total: np.ndarray | None = None
    for name, weight in zip(fields, weights, strict=True):
        field = segment.text(name)
        if field is None or statistics_class >= field.sums.size:
            continue
        part = field.length(statistics_class)[at]
        scaled = part.astype(np.int64) * int(weight) if whole else part * weight
        total = scaled if total is None else total + scaled
    if total is None:
        size = np.empty(segment.documents, np.uint8)[at].size
        return np.zeros(size, np.int64)
    return total


class CombinedLengths:
    """Of one segment, class and set of weighted fields: ``bytes`` uint8[documents], and the number of
    documents with any token."""

    def __init__(self, segment: Segment, fields: Sequence[str], weights: Sequence[float], row: int) -> None:
        lengths = lengths_of(segment, fields, weights, row, slice(None))
        self.bytes = to_bytes(lengths)
        self.documents = int(np.count_nonzero(lengths))


@kernel("void(int64, int64, int64, int64, int64, int64, uint32[::1], float64[::1], float64[::1])")
def _add_squares(
    postings: int,
    starts: int,
    df: int,
    terms: int,
    documents: int,
    positional: int,
    largest: np.ndarray,
    squares: np.ndarray,
    out: np.ndarray,
) -> None:
    """Add ``squares`` of each posting's code to its document's sum; ``largest``: uint32[2 * greatest df]."""
    frequencies = view_u32(df, terms)
    places = view_i64(starts, terms)
    half = largest.size // 2
    docs, codes = largest[:half], largest[half:]
    for term in range(terms):
        size = int64(frequencies[term])
        decode_term(postings + places[term], size, documents, positional, docs, codes, 0)
        for i in range(size):
            out[docs[i]] += squares[codes[i]]


def vector_norms(field: TextField, squares: np.ndarray) -> np.ndarray:
    """float64[documents]: sums over a document's terms of ``squares`` (float64 over codes). One pass over
    the postings."""
    out = np.zeros(field.documents)
    if field.terms:
        room = np.empty(2 * int(field.df.max()), np.uint32)
        _add_squares(
            field.postings_address,
            field.section_address("starts"),
            field.section_address("df"),
            field.terms,
            field.documents,
            field.positional,
            room,
            squares,
            out,
        )
    return out
