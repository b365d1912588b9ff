"""Compiled walks over the dictionary of a completion field."""

from __future__ import annotations

import numpy as np

from indexer.completion import WEIGHT_DIGITS
from indexer.segment.kernels import int64, kernel, view_u8, view_u32

_DIGITS = WEIGHT_DIGITS


@kernel("int64(int64, int64, int64[::1])")
def read_weights(blob: int, limits_at: int, out: np.ndarray) -> int:
    """The weights of the entries 0 .. out.size - 1: hexadecimal digits at the end of each."""
    letters = view_u8(blob, 1 << 40)
    limits = view_u32(limits_at, out.size + 1)
    for ordinal in range(out.size):
        end = int64(limits[ordinal + 1])
        value = int64(0)
        for at in range(end - _DIGITS, end):
            digit = int64(letters[at])
            value = value * 16 + (digit - 87 if digit >= 97 else digit - 48)
        out[ordinal] = value
    return out.size


@kernel("int64(int64, int64, int64, int64, int32[::1], int64, boolean, int64[::1], uint8[::1])")
def walk_beginnings(
    blob: int,
    limits_at: int,
    first: int,
    last: int,
    wanted: np.ndarray,
    edits: int,
    swaps: bool,
    out: np.ndarray,
    distances: np.ndarray,
) -> int:
    """Entries in ``first .. last - 1`` whose key has a beginning at most ``edits`` from ``wanted`` (code points).

    Optimal string alignment, row by row of its table, until no beginning can be near enough. Writes ordinals and
    the fewest edits; returns their number.
    """
    letters = view_u8(blob, 1 << 40)
    limits = view_u32(limits_at, last + 1)
    size = wanted.size
    rows = np.zeros((3, size + 1), np.int32)  # this row and the two before it, in turns
    found = 0
    for ordinal in range(first, last):
        at, end = int64(limits[ordinal]), int64(limits[ordinal + 1])
        best = int64(size)
        for j in range(size + 1):
            rows[0, j] = j
        depth = 0
        before = int64(-1)
        while at < end and depth < size + edits:
            byte = int64(letters[at])
            if byte == 0:
                break
            if byte < 0x80:
                code = byte
                at += 1
            elif byte < 0xE0:
                code = (byte & 31) << 6 | (int64(letters[at + 1]) & 63)
                at += 2
            elif byte < 0xF0:
                code = (byte & 15) << 12 | (int64(letters[at + 1]) & 63) << 6 | (int64(letters[at + 2]) & 63)
                at += 3
            else:
                code = (
                    (byte & 7) << 18
                    | (int64(letters[at + 1]) & 63) << 12
                    | (int64(letters[at + 2]) & 63) << 6
                    | (int64(letters[at + 3]) & 63)
                )
                at += 4
            depth += 1
            row, above, above2 = depth % 3, (depth + 2) % 3, (depth + 1) % 3
            rows[row, 0] = depth
            smallest = int64(depth)
            for j in range(1, size + 1):
                value = int64(rows[above, j - 1]) + (0 if wanted[j - 1] == code else 1)
                value = min(value, int64(rows[row, j - 1]) + 1, int64(rows[above, j]) + 1)
                if swaps and depth > 1 and j > 1 and wanted[j - 1] == before and wanted[j - 2] == code:
                    value = min(value, int64(rows[above2, j - 2]) + 1)
                rows[row, j] = value
                smallest = min(smallest, value)
            best = min(best, int64(rows[row, size]))
            before = code
            if best == 0 or smallest > edits + 1:
                break
        if best <= edits:
            out[found] = ordinal
            distances[found] = best
            found += 1
    return found
