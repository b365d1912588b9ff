"""The bytes of one term's postings, and kernels' access to them.

Everything about a term lies in one run of the ``postings`` section, aligned to 4 bytes; the shape
follows from the term's document frequency ``df`` and the segment's document count ``n`` alone.

*Narrow* (df < 2 * (chunks + 1), chunks of 65,536 documents): ``ids u32[df]``, ``codes u8[df]``, padding,
``escapes u32[number of codes 255]``, positions.

*Wide* otherwise: ``escapes u32`` (their number e), ``chunks u32[chunks + 1]`` (where in the postings each
chunk starts), ``blocks u32[ceil(df / 32)]`` (where in the positions each 32 postings start; absent in a
field without positions), ``escape places u32[e]``, ``escape codes u32[e]``, then, when *ranged*
(df * 128 >= n), ``starts u16[ranges]`` (where in its chunk each range of 128 documents starts), then
``ids u16[df]`` (the document within its chunk), ``maxima u8[ranges]`` when ranged (greatest quantised
impact in the range), ``codes u8[df]``, positions.

A *code* is the number of the posting's pair (term frequency, length byte), see :mod:`indexer.segment.codes`;
the field's tables turn it into both. Code byte 255 is an escape: the true code is 255 or more and kept
beside. Positions are, for each posting, its first position and then the differences, each as
little-endian base-128 digits whose last has the high bit clear.
"""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int64, view_u8, view_u32, view_u64

BLOCK = 32  # postings
ESCAPE = 255


@inline
def chunk_count(documents: int) -> int:
    """Chunks of 65,536 documents."""
    return (documents + 65535) >> 16


@inline
def range_count(documents: int) -> int:
    """Ranges of 128 documents."""
    return (documents + 127) >> 7


@inline
def is_wide(df: int, documents: int) -> bool:
    """Whether a term has chunked 16-bit ids."""
    return df >= 2 * (chunk_count(documents) + 1)


@inline
def is_ranged(df: int, documents: int) -> bool:
    """Whether a wide term has range maxima and range starts."""
    return df * 128 >= documents and df >= 2 * (chunk_count(documents) + 1)


@inline
def wide_places(address: int, df: int, documents: int, positional: int) -> tuple[int, int, int, int, int, int]:
    """Addresses within a wide term: (ids, codes, range starts, range maxima, escape places, blocks).

    The chunk starts are at ``address + 4``. Addresses of absent parts are those of what follows.
    """
    escapes = view_u32(address, 1)[0]
    blocks = address + 4 + 4 * (chunk_count(documents) + 1)
    places = blocks
    if positional:
        places += 4 * ((df + 31) >> 5)
    starts = places + 8 * escapes
    ids = starts
    ranges = 0
    if df * 128 >= documents:
        ranges = range_count(documents)
        ids += 2 * ranges
    maxima = ids + 2 * df
    return ids, maxima + ranges, starts, maxima, places, blocks


@inline
def narrow_escapes(address: int, df: int) -> int:
    """Address of a narrow term's escape codes."""
    return address + 4 * df + ((df + 3) & ~3)


@inline
def skip_positions(address: int, count: int) -> int:
    """The address after ``count`` positions; eight bytes are looked at at once, possibly beyond the last."""
    ends = np.uint64(0x8080808080808080)
    while count >= 8:
        word = ~view_u64(address) & ends
        count -= int64(((word >> np.uint64(7)) * np.uint64(0x0101010101010101)) >> np.uint64(56))
        address += 8
    if count > 0 and view_u64(address) & ends == 0:  # one byte each
        return address + count
    while count > 0:
        count -= view_u8(address, 1)[0] < 128
        address += 1
    return address


@inline
def wide_blocks(address: int, documents: int) -> int:
    """Address of a wide term's position blocks."""
    return address + 4 + 4 * (chunk_count(documents) + 1)


@inline
def term_room(documents: int, df: int, size: int) -> int:
    """The most bytes that a term may need, with ``size`` bytes of positions."""
    room = 16 + df * 9 + size
    if is_wide(df, documents):
        room += 4 * (chunk_count(documents) + 2) + 4 * ((df + 31) >> 5) + df * 2
        if is_ranged(df, documents):
            room += 3 * range_count(documents)
    return room
