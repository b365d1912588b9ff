"""Where a posting's positions are."""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int64, view_u8, view_u32
from indexer.segment.layout import is_wide, narrow_escapes, skip_positions, wide_places
from retrieval.lexical.probing import code_of


@inline
def positions_address(
    address: int, df: int, documents: int, posting: int, freqs: np.ndarray, cursor: np.ndarray
) -> int:
    """Where the positions of a posting start; ``freqs``: uint32 over codes. ``cursor``: int64[2], a posting before
    (or 0) and where its positions start, from which those of the same block are nearer than from its start."""
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
    block = posting >> 5
    here = codes_at + df + int64(view_u32(blocks + 4 * block, 1)[0])
    codes = view_u8(codes_at, df)
    start = block << 5
    if start <= cursor[0] <= posting:
        start, here = cursor[0], cursor[1]
    before = 0
    for i in range(start, posting):
        code = int64(codes[i])
        if code == 255:
            code = code_of(address, df, documents, 1, i)
        before += int64(freqs[code])
    return skip_positions(here, before)
