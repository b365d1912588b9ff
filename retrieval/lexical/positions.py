"""Where a posting's positions are, and how often a phrase occurs among them."""

from __future__ import annotations

import numpy as np

from indexer.segment.decoding import read_position
from indexer.segment.kernels import inline, int64, view_u8, view_u32
from indexer.segment.layout import is_wide, narrow_escapes, skip_positions, wide_places
from retrieval.lexical import tables
from retrieval.lexical.probing import code_of
from retrieval.lexical.sloppy import sloppy_frequency


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
    start = block << 5
    if start <= cursor[0] <= posting:
        start, here = cursor[0], cursor[1]
    codes = view_u8(codes_at + start, posting - start)
    before = 0
    for i in range(posting - start):
        code = int64(codes[i])
        if code == 255:
            code = code_of(address, df, documents, 1, start + i)
        before += int64(freqs[code])
    return skip_positions(here, before)


@inline
def read_places(here: int, size: int, offset: int, places: np.ndarray) -> int:
    """Where a phrase begins if ``size`` positions at an address are those of its term at ``offset``: distinct and
    ascending to ``places``; returns their number."""
    count = 0
    position = last = int64(-1)
    for _ in range(size):
        value, here = read_position(here)
        position = value if position < 0 else position + value
        if position != last:
            places[count] = position - offset
            count += 1
            last = position
    return count


@inline
def meet_places(here: int, size: int, offset: int, places: np.ndarray) -> int:
    """Keep those of the ``places``, as :func:`read_places` gives them, where another of its terms stands as well;
    returns their number."""
    kept = at = 0
    position = int64(0)
    for _ in range(size):
        value, here = read_position(here)
        position += value
        place = position - offset
        while at < places.size and places[at] < place:
            at += 1
        if at == places.size:
            break
        if places[at] == place:
            places[kept] = place
            kept += 1
            at += 1
    return kept


@inline
def phrase_frequency(
    segment: np.ndarray,
    rows: np.ndarray,
    s: int,
    slots: np.ndarray,
    postings: np.ndarray,
    offsets: np.ndarray,
    repeats: np.ndarray,
    slop: int,
    starts: np.ndarray,
    buffer: np.ndarray,
    work: np.ndarray,
    cursors: np.ndarray,
) -> float:
    """How often the phrase occurs where these postings meet; ``starts``: term t has ``starts[t + 1] - starts[t]``
    positions there; ``buffer`` holds all of them. ``cursors``: int64[terms, 2], see
    :func:`retrieval.lexical.positions.positions_address`."""
    documents = segment[tables.DOCUMENTS]
    freqs = view_u32(segment[tables.FREQS], segment[tables.CODES])
    if slop == 0:
        fewest = 0
        for t in range(1, offsets.size):
            if starts[t + 1] - starts[t] < starts[fewest + 1] - starts[fewest]:
                fewest = t
        places = 0
        for i in range(offsets.size):
            t = fewest if i == 0 else i - (i <= fewest)
            row = rows[slots[t], s, 0]
            here = positions_address(row[0], row[1], documents, postings[t], freqs, cursors[t])
            cursors[t, 0] = postings[t]
            cursors[t, 1] = here
            size = starts[t + 1] - starts[t]
            places = (
                read_places(here, size, offsets[t], buffer)
                if i == 0
                else meet_places(here, size, offsets[t], buffer[:places])
            )
            if places == 0:
                break
        return float(places)
    for t in range(offsets.size):
        row = rows[slots[t], s, 0]
        here = positions_address(row[0], row[1], documents, postings[t], freqs, cursors[t])
        position = 0
        for i in range(starts[t], starts[t + 1]):
            value, here = read_position(here)
            position += value
            buffer[i] = position
        cursors[t, 0] = postings[t] + 1
        cursors[t, 1] = here
    return sloppy_frequency(buffer, starts, offsets, repeats, slop, work[0], work[1])
