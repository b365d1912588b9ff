"""The bytes of :mod:`indexer.segment.layout` to postings and positions."""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int64, kernel, view_u8, view_u16, view_u32
from indexer.segment.layout import chunk_count, is_wide, narrow_escapes, wide_places


@inline
def decode_term(
    address: int, df: int, documents: int, positional: int, docs: np.ndarray, codes: np.ndarray, at: int
) -> int:
    """Documents and codes of a term into ``docs[at:]`` and ``codes[at:]``; returns the address of its
    positions (of what follows the codes and escapes, in a field without)."""
    docs_out, codes_out = docs[at : at + df], codes[at : at + df]
    if not is_wide(df, documents):
        ids = view_u32(address, df)
        small = view_u8(address + 4 * df, df)
        extra = narrow_escapes(address, df)
        count = 0
        for i in range(df):
            docs_out[i] = ids[i]
            code = np.uint32(small[i])
            if code == 255:
                code = view_u32(extra + 4 * count, 1)[0]
                count += 1
            codes_out[i] = code
        return extra + 4 * count
    ids_at, codes_at, _, _, places, _ = wide_places(address, df, documents, positional)
    chunks = chunk_count(documents)
    first = view_u32(address + 4, chunks + 1)
    narrow = view_u16(ids_at, df)
    bytes_ = view_u8(codes_at, df)
    for chunk in range(chunks):
        base = chunk << 16
        for i in range(int64(first[chunk]), int64(first[chunk + 1])):
            docs_out[i] = base | narrow[i]
            codes_out[i] = bytes_[i]
    escapes = int64(view_u32(address, 1)[0])
    where = view_u32(places, escapes)
    what = view_u32(places + 4 * escapes, escapes)
    for i in range(escapes):
        codes_out[where[i]] = what[i]
    return codes_at + df


@kernel("int64(int64, int64, int64, int64, uint32[::1], uint32[::1])")
def decode_one(address: int, df: int, documents: int, positional: int, docs: np.ndarray, codes: np.ndarray) -> int:
    """:func:`decode_term` into arrays of exactly ``df``."""
    return decode_term(address, df, documents, positional, docs, codes, 0)


@inline
def read_position(address: int) -> tuple[int, int]:
    """A position difference and the address after it."""
    value = 0
    shift = 0
    while True:
        byte = int64(view_u8(address, 1)[0])
        address += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, address
        shift += 7


@kernel("void(int64, uint32[::1], uint32[::1])")
def decode_positions(address: int, freqs: np.ndarray, out: np.ndarray) -> None:
    """All positions of a term whose postings have these frequencies."""
    at = 0
    for i in range(freqs.size):
        position = 0
        for _ in range(freqs[i]):
            value, address = read_position(address)
            position += value
            out[at] = position
            at += 1
