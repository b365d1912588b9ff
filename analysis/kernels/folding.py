"""The fold of ``analysis.fold`` on UTF-8 bytes."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.kernels.compiled import kernel


@kernel()
def decode(text: Any, at: Any) -> Any:
    """(code point, bytes) of the character that begins at ``at``; the text is valid UTF-8."""
    first = np.int64(text[at])
    if first < 0x80:
        return first, 1
    if first < 0xE0:
        return (first & 0x1F) << 6 | np.int64(text[at + 1]) & 0x3F, 2
    if first < 0xF0:
        return (first & 0x0F) << 12 | (np.int64(text[at + 1]) & 0x3F) << 6 | np.int64(text[at + 2]) & 0x3F, 3
    return (
        (first & 0x07) << 18
        | (np.int64(text[at + 1]) & 0x3F) << 12
        | (np.int64(text[at + 2]) & 0x3F) << 6
        | np.int64(text[at + 3]) & 0x3F
    ), 4


@kernel()
def lower(byte: Any) -> Any:
    """The lower case of an ASCII character."""
    upper = np.uint8(byte - np.uint8(65)) < np.uint8(26)
    return np.uint8(byte | np.uint8(32)) if upper else byte


@kernel("void(u1[::1],i8[::1],u2[::1],u1[::1],i4[::1],u1[::1],i8[::1],u1[::1])")
def fold_texts(
    text: Any, ends: Any, rows: Any, pieces: Any, piece_bounds: Any, out: Any, out_ends: Any, refused: Any
) -> None:
    """Fold texts, each followed by a zero byte, into ``out``, each followed by a zero byte.

    Args:
        text, ends: text v is text[ends[v-1]+1:ends[v]].
        rows: of each code point, 0: folds to itself, 1: needs its neighbours, else its row.
        pieces, piece_bounds: row r is pieces[piece_bounds[r]:piece_bounds[r+1]].
        out, out_ends: the folded texts; ``out`` has twice the bytes of ``text`` and 80 more.
        refused: set to 1 for a text that needs neighbours or grows too much; it is left empty.
    """
    at = start = 0
    for v in range(ends.size):
        end = ends[v]
        mixed = np.uint8(0)
        for i in range(start, end):
            mixed = np.uint8(mixed | text[i])
        first = at
        if mixed < 0x80:
            for i in range(start, end):
                out[first + i - start] = lower(text[i])
            at += end - start
        else:
            i = start
            while i < end:
                byte = text[i]
                if byte < 0x80:
                    out[at] = lower(byte)
                    at += 1
                    i += 1
                    continue
                code, size = decode(text, i)
                row = rows[code]
                if row == 0:
                    for j in range(size):
                        out[at + j] = text[i + j]
                    at += size
                elif row == 1 or at + piece_bounds[row + 1] - piece_bounds[row] > 2 * (i + size) + 64:
                    at = first
                    refused[v] = 1
                    break
                else:
                    for j in range(piece_bounds[row], piece_bounds[row + 1]):
                        out[at] = pieces[j]
                        at += 1
                i += size
        out[at] = 0
        out_ends[v] = at
        at += 1
        start = end + 1
