"""Compiled walks over a sorted dictionary, and over the postings of many terms.

A walk keeps what it knew after each character of the last term, so that a beginning that many terms share
is looked at once.
"""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int64, kernel, view_i64, view_u8, view_u16, view_u32
from indexer.segment.layout import chunk_count, is_wide, wide_places

_KEPT = 512  # bytes of a term whose states are kept for the next one


@inline
def _shared(letters: np.ndarray, a: int, a_end: int, b: int, b_end: int) -> int:
    """Bytes that two runs begin with in common."""
    size = min(a_end - a, b_end - b)
    for i in range(size):
        if letters[a + i] != letters[b + i]:
            return i
    return size


@inline
def _width(byte: int) -> int:
    """Bytes of the UTF-8 character that starts with a byte."""
    if byte < 0x80:
        return 1
    if byte < 0xE0:
        return 2
    return 3 if byte < 0xF0 else 4


@inline
def _code(letters: np.ndarray, at: int, width: int) -> int:
    """The code point of a UTF-8 character."""
    first = int64(letters[at])
    if width == 1:
        return first
    if width == 2:
        return (first & 31) << 6 | int64(letters[at + 1]) & 63
    if width == 3:
        return (first & 15) << 12 | (int64(letters[at + 1]) & 63) << 6 | int64(letters[at + 2]) & 63
    return (
        (first & 7) << 18
        | (int64(letters[at + 1]) & 63) << 12
        | (int64(letters[at + 2]) & 63) << 6
        | int64(letters[at + 3]) & 63
    )


@inline
def _kind(code: int, bounds: np.ndarray, kinds: np.ndarray) -> int:
    """The class of a code point."""
    low, high = 0, bounds.size
    while low + 1 < high:
        middle = (low + high) >> 1
        if bounds[middle] <= code:
            low = middle
        else:
            high = middle
    return kinds[low]


@kernel(
    "int64(int64, int64, int64, int64, int32[:,::1], int32[::1], int32[::1], int32[:,::1], uint8[::1], int64, "
    "int64[::1])"
)
def walk_pattern(
    blob: int,
    limits_at: int,
    first: int,
    last: int,
    ascii_moves: np.ndarray,
    bounds: np.ndarray,
    kinds: np.ndarray,
    moves: np.ndarray,
    accepts: np.ndarray,
    shortest: int,
    out: np.ndarray,
) -> int:
    """Ordinals in ``first .. last - 1`` whose terms an automaton accepts, into ``out``; returns their number.

    See :class:`.automaton.Pattern` for its tables. Terms of fewer than ``shortest`` bytes are not looked at.
    """
    letters = view_u8(blob, 1 << 40)
    limits = view_u32(limits_at, last + 1)
    states = np.full(_KEPT + 4, -1, np.int32)  # after so many bytes; -2 inside a character
    states[0] = 0
    found = 0
    known = 0  # bytes of the last term whose states hold; the last of them may be dead
    before, before_end = int64(0), int64(0)
    for ordinal in range(first, last):
        start, end = int64(limits[ordinal]), int64(limits[ordinal + 1])
        size = end - start
        if size < shortest:
            continue
        at = min(known, _shared(letters, before, before_end, start, end))
        while at > 0 and states[at] == -2:
            at -= 1
        state = int64(states[at])
        known = at
        while state >= 0 and at < size and accepts[state] < 2:
            byte = int64(letters[start + at])
            if byte < 128:
                state = int64(ascii_moves[state, byte])
                at += 1
                if at <= _KEPT:
                    states[at] = state
                    known = at
                continue
            width = _width(byte)
            state = int64(moves[state, _kind(_code(letters, start + at, width), bounds, kinds)])
            at += width
            if at <= _KEPT:
                for inside in range(at - width + 1, at):
                    states[inside] = -2
                states[at] = state
                known = at
        if state >= 0 and accepts[state]:
            out[found] = ordinal
            found += 1
        before, before_end = start, end
    return found


@kernel("int64(int64, int64, int64, int64, int32[::1], int64, boolean, int64[::1], uint8[::1])")
def walk_similar(
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
    """Ordinals in ``first .. last - 1`` at most ``edits`` from ``wanted`` (code points), and their distances.

    Optimal string alignment: insertions, deletions, substitutions and, with ``swaps``, transpositions of
    neighbours count one each. Returns the number found.
    """
    letters = view_u8(blob, 1 << 40)
    limits = view_u32(limits_at, last + 1)
    size = wanted.size
    deep = size + edits + 2
    far = edits + 1
    # bytes of a term: an edit adds one character of at most four bytes, or takes one of the widest
    bytes_, widest = 0, 1
    for j in range(size):
        wide = 1 if wanted[j] < 0x80 else 2 if wanted[j] < 0x800 else 3 if wanted[j] < 0x10000 else 4
        bytes_ += wide
        widest = max(widest, wide)
    shortest, longest = bytes_ - edits * widest, bytes_ + edits * 4
    rows = np.full((deep + 1, size + 1), far, np.int32)  # after so many characters of the term
    least = np.full(deep + 1, far, np.int32)
    ends = np.zeros(deep + 1, np.int64)  # bytes of those characters
    codes = np.zeros(deep + 1, np.int32)
    for j in range(min(size, edits) + 1):
        rows[0, j] = j
    least[0] = 0
    found = 0
    depth = 0
    before, before_end = int64(0), int64(0)
    for ordinal in range(first, last):
        start, end = int64(limits[ordinal]), int64(limits[ordinal + 1])
        if end - start < shortest or end - start > longest:
            continue
        shared = _shared(letters, before, before_end, start, end)
        before, before_end = start, end
        while depth > 0 and ends[depth] > shared:
            depth -= 1
        at = ends[depth]
        length = end - start
        dead = depth > 0 and least[depth] > edits and (not swaps or least[depth - 1] + 1 > edits)
        while not dead and at < length:
            if depth == deep - 1:
                dead = True
                break
            width = _width(int64(letters[start + at]))
            code = _code(letters, start + at, width)
            depth += 1
            at += width
            ends[depth] = at
            codes[depth] = code
            low = max(1, depth - edits)
            high = min(size, depth + edits)
            rows[depth, 0] = min(depth, far)
            smallest = rows[depth, 0]
            if low > 1:
                rows[depth, low - 1] = far
                smallest = np.int32(far)
            for j in range(low, high + 1):
                value = rows[depth - 1, j - 1] + (0 if wanted[j - 1] == code else 1)
                value = min(value, rows[depth, j - 1] + 1)
                if j < depth + edits:
                    value = min(value, rows[depth - 1, j] + 1)
                if swaps and depth > 1 and j > 1 and wanted[j - 1] == codes[depth - 1] and wanted[j - 2] == code:
                    value = min(value, rows[depth - 2, j - 2] + 1)
                value = min(value, far)
                rows[depth, j] = value
                smallest = min(smallest, value)
            if high < size:
                rows[depth, high + 1] = far
            least[depth] = smallest
            dead = smallest > edits and (not swaps or least[depth - 1] + 1 > edits)
        if not dead and at == length and abs(depth - size) <= edits and rows[depth, size] <= edits:
            out[found] = ordinal
            distances[found] = rows[depth, size]
            found += 1
    return found


@inline
def _mark(address: int, df: int, documents: int, positional: int, out: np.ndarray) -> None:
    """Set ``out`` for the documents of a term."""
    if not is_wide(df, documents):
        for doc in view_u32(address, df):
            out[doc] = 1
        return
    ids = view_u16(wide_places(address, df, documents, positional)[0], df)
    first = view_u32(address + 4, chunk_count(documents) + 1)
    for chunk in range(first.size - 1):
        base = chunk << 16
        for i in range(int64(first[chunk]), int64(first[chunk + 1])):
            out[base | int64(ids[i])] = 1


@kernel("int64(int64, int64, int64, int64[::1], int64, int64, int64, int64, uint8[::1])")
def mark_postings(
    postings: int,
    starts_at: int,
    df_at: int,
    ordinals: np.ndarray,
    at: int,
    budget: int,
    documents: int,
    positional: int,
    out: np.ndarray,
) -> int:
    """Set ``out`` (uint8[documents]) for the documents of the terms ``ordinals[at:]``; stops after about
    ``budget`` postings. Returns the next ``at``."""
    starts, frequencies = view_i64(starts_at, 1 << 40), view_u32(df_at, 1 << 40)
    while at < ordinals.size and budget > 0:
        ordinal = ordinals[at]
        df = int64(frequencies[ordinal])
        _mark(postings + starts[ordinal], df, documents, positional, out)
        budget -= df + 8
        at += 1
    return at
