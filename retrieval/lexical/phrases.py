"""Phrases: documents that hold all terms, then their positions."""

from __future__ import annotations

import numpy as np

from indexer.segment.decoding import decode_term, read_position
from indexer.segment.kernels import inline, int64, kernel, view_f32, view_u8, view_u32
from indexer.segment.layout import is_wide, narrow_escapes, skip_positions, wide_places
from retrieval.lexical import tables
from retrieval.lexical.collecting import finish, make_key, push
from retrieval.lexical.probing import code_of, find_posting
from retrieval.lexical.scanning import blocked, saturate
from retrieval.lexical.sloppy import exact_frequency, sloppy_frequency


@inline
def positions_address(address: int, df: int, documents: int, posting: int, freqs: np.ndarray) -> int:
    """Where the positions of a posting start; ``freqs``: uint32 over codes."""
    if not is_wide(df, documents):
        codes = view_u8(address + 4 * df, df)
        extra = narrow_escapes(address, df)
        escapes = 0
        for i in range(df):
            escapes += codes[i] == 255
        here = extra + 4 * escapes
        for i in range(posting):
            code = int64(codes[i])
            if code == 255:
                code = int64(view_u32(extra, 1)[0])
                extra += 4
            here = skip_positions(here, int64(freqs[code]))
        return here
    _, codes_at, _, _, _, blocks = wide_places(address, df, documents, 1)
    block = posting >> 7
    here = codes_at + df + int64(view_u32(blocks + 4 * block, 1)[0])
    codes = view_u8(codes_at, df)
    for i in range(block << 7, posting):
        code = int64(codes[i])
        if code == 255:
            code = code_of(address, df, documents, 1, i)
        here = skip_positions(here, int64(freqs[code]))
    return here


@kernel(
    "UniTuple(int64, 2)(int64[:,:,::1], int64[:,:,:,::1], int64[::1], int64[::1], int64, int64, float32, boolean,"
    " float32[::1], int64[::1], int64[::1], uint32[::1], float32[::1])"
)
def scan_phrase(
    segments: np.ndarray,
    rows: np.ndarray,
    offsets: np.ndarray,
    repeats: np.ndarray,
    slop: int,
    kind: int,
    weight: np.float32,
    by_table: bool,
    shape: np.ndarray,
    keys: np.ndarray,
    state: np.ndarray,
    docs: np.ndarray,
    scores_out: np.ndarray,
) -> tuple[int, int]:
    """The best documents that hold a phrase; one row a term, in the phrase's order (see
    :mod:`retrieval.lexical.sloppy` for ``offsets`` and ``repeats``). Returns (hits kept, documents that match).
    """
    terms = offsets.size
    postings = np.empty(terms, np.int64)
    starts = np.zeros(terms + 1, np.int64)
    buffer = np.empty(1 << 10, np.int64)
    at, place = np.empty(terms, np.int64), np.empty(terms, np.int64)
    column = tables.PER_CLASS + kind * tables.CLASS_COLUMNS
    score = np.zeros(1, np.float32)
    bits = score.view(np.uint32)
    total = 0
    for s in range(segments.shape[0]):
        segment = segments[s, 0]
        documents = segment[tables.DOCUMENTS]
        driver = 0
        for t in range(terms):
            if rows[t, s, 0, 1] < rows[driver, s, 0, 1]:
                driver = t
        size = rows[driver, s, 0, 1]
        if size == 0 or segment[tables.POSITIONAL] == 0:
            continue
        freqs = view_u32(segment[tables.FREQS], segment[tables.CODES])
        candidates = np.empty(size, np.uint32)
        codes = np.empty(size, np.uint32)
        decode_term(rows[driver, s, 0, 0], size, documents, 1, candidates, codes, 0)
        for c in range(size):
            doc = int64(candidates[c])
            postings[driver] = c
            holds = True
            for t in range(terms):
                if t != driver:
                    postings[t] = find_posting(rows[t, s, 0, 0], rows[t, s, 0, 1], documents, 1, doc)
                    if postings[t] < 0:
                        holds = False
                        break
            if not holds or blocked(segment, doc):
                continue
            first_code = 0
            for t in range(terms):
                code = code_of(rows[t, s, 0, 0], rows[t, s, 0, 1], documents, 1, postings[t])
                starts[t + 1] = starts[t] + int64(freqs[code])
                if t == 0:
                    first_code = code
            if starts[terms] > buffer.size:
                buffer = np.empty(2 * starts[terms], np.int64)
            for t in range(terms):
                here = positions_address(rows[t, s, 0, 0], rows[t, s, 0, 1], documents, postings[t], freqs)
                position = 0
                for i in range(starts[t], starts[t + 1]):
                    value, here = read_position(here)
                    position += value
                    buffer[i] = position
            frequency = np.float32(0)
            if slop == 0:
                frequency = np.float32(exact_frequency(buffer, starts, offsets))
            else:
                frequency = np.float32(sloppy_frequency(buffer, starts, offsets, repeats, slop, at, place))
            if frequency == 0:
                continue
            total += 1
            if by_table:
                length = int64(view_u8(segment[tables.CODE_BYTES], first_code + 1)[first_code])
            else:
                length = doc
            if shape[4] != 0:
                frequency = np.float32(1.0) + np.float32(np.log(frequency))
            factor = view_f32(segment[column + tables.FACTORS], length + 1)[length]
            score[0] = weight * saturate(frequency * factor, shape)
            key = make_key(bits[0], segment[tables.BASE] + doc)
            if key > state[2]:
                push(keys, state, key)
    return finish(keys, state, docs, scores_out), total
