"""The live postings of one field's term on their way into a merged field."""

from __future__ import annotations

import numpy as np

from indexer.segment.decoding import decode_term
from indexer.segment.kernels import copy_bytes, copy_words, inline, int64, view_i64, view_u8, view_u32
from indexer.segment.layout import BLOCK, ESCAPE, is_wide, narrow_escapes, skip_positions, wide_blocks

DEAD = 0xFFFFFFFF  # instead of a number: of a document that is dead, of a term that is left out

# Columns of the table that describes the fields being merged, one row each.
BLOB, BOUNDS, CLASSES, DF, STARTS, POSTINGS, DOCUMENTS, RENUMBER, CODES, ORDINALS, TERMS, WHOLE = range(12)
KEPT = 12  # bytes of terms, 0 where one is left out; no address where none is
# RENUMBER: where the documents' new numbers lie, or that of the first one where none is dead (WHOLE)
COLUMNS = 13


@inline
def _append_narrow(
    start: int,
    first: int,
    translate: np.ndarray,
    positional: int,
    freq_of: np.ndarray,
    docs: np.ndarray,
    codes: np.ndarray,
    positions: int,
) -> int:
    """All postings of a narrow term into arrays of their number, its positions to an address; returns their bytes.
    ``first``: the new number of document 0. Up to seven bytes more are written."""
    df = docs.size
    ids, small = view_u32(start, df), view_u8(start + 4 * df, df)
    after = narrow_escapes(start, df)
    tokens = int64(0)
    for i in range(df):
        docs[i] = ids[i] + first
        code = np.uint32(small[i])
        if code == ESCAPE:
            code = view_u32(after, 1)[0]
            after += 4
        code = translate[code]
        codes[i] = code
        tokens += int64(freq_of[code])
    size = int64(0)
    if positional:
        size = skip_positions(after, tokens) - after
        copy_words(after, size, positions)
    return size


@inline
def _append_wide(
    start: int,
    first: int,
    documents: int,
    translate: np.ndarray,
    positional: int,
    freq_of: np.ndarray,
    docs: np.ndarray,
    codes: np.ndarray,
    positions: np.ndarray,
    place: int,
) -> int:
    """:func:`_append_narrow` of a wide term, whose positions go to ``positions[place:]``."""
    df = docs.size
    after = decode_term(start, df, documents, positional, docs, codes, 0)
    for i in range(df):
        docs[i] += first
    for i in range(df):
        codes[i] = translate[codes[i]]
    size = int64(0)
    if positional:  # the last block says where it starts
        block = (df - 1) // BLOCK
        last = codes[block * BLOCK :]
        tokens = int64(0)
        for i in range(last.size):
            tokens += int64(freq_of[last[i]])
        here = after + int64(view_u32(wide_blocks(start, documents), block + 1)[block])
        size = skip_positions(here, tokens) - after
        copy_bytes(after, size, positions, place)
    return size


@inline
def append(
    row: np.ndarray,
    ordinal: int,
    positional: int,
    freq_of: np.ndarray,
    docs: np.ndarray,
    codes: np.ndarray,
    at: int,
    positions: np.ndarray,
    place: int,
) -> tuple[int, int]:
    """Live postings of one field's term after what is there; returns the new ends of postings and positions."""
    documents = row[DOCUMENTS]
    df = int64(view_u32(row[DF], ordinal + 1)[ordinal])
    start = row[POSTINGS] + view_i64(row[STARTS], ordinal + 1)[ordinal]
    translate = view_u32(row[CODES], 1 << 32)
    if row[WHOLE]:
        theirs, those = docs[at : at + df], codes[at : at + df]
        first = row[RENUMBER]
        if is_wide(df, documents):
            size = _append_wide(
                start, first, documents, translate, positional, freq_of, theirs, those, positions, place
            )
        else:
            target = int64(positions.ctypes.data) + place
            size = _append_narrow(start, first, translate, positional, freq_of, theirs, those, target)
        return at + df, place + size
    renumber = view_u32(row[RENUMBER], documents)
    after = decode_term(start, df, documents, positional, docs, codes, at)
    kept = at
    run = after  # start of the positions not yet copied
    here = after
    for i in range(at, at + df):
        code = translate[codes[i]]
        doc = renumber[docs[i]]
        before = here
        if positional:
            here = skip_positions(here, int64(freq_of[code]))
        if doc == DEAD:
            size = before - run
            copy_bytes(run, size, positions, place)
            place += size
            run = here
        else:
            docs[kept] = doc
            codes[kept] = code
            kept += 1
    size = here - run
    copy_bytes(run, size, positions, place)
    return kept, place + size
