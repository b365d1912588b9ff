"""Terms that spell two others, one after the other, as the pairs of Han characters do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from indexer.segment.dictionary import fill_table, find_term, table_size
from indexer.segment.kernels import inline, int64, kernel, view_u8, view_u32
from indexer.segment.vocabulary import Vocabulary

MARKED = 62  # of the tokens at a position, so many can be marked as bits of a number
LOOSE = 2  # marks a term that spells two others, but somewhere without them; 1 is one that does so, or may


@inline
def spells(blob: np.ndarray, bounds: np.ndarray, whole: int, first: int, second: int) -> bool:
    """Whether one term is two others, one after the other."""
    start, a, b = int64(bounds[whole]), int64(bounds[first]), int64(bounds[second])
    left, right = int64(bounds[first + 1]) - a, int64(bounds[second + 1]) - b
    if int64(bounds[whole + 1]) - start != left + right:
        return False
    for i in range(left):
        if blob[start + i] != blob[a + i]:
            return False
    for i in range(right):  # noqa: SIM110  (compiled)
        if blob[start + left + i] != blob[b + i]:
            return False
    return True


@inline
def mark_loose(tokens: np.ndarray, joined: np.ndarray, start: int, middle: int, spelled: int) -> None:
    """Of the tokens at a position, those that ``joined`` marks (uint8, not zero) become LOOSE but for the ``spelled``,
    bits of a number."""
    for at in range(start, middle):
        known = at - start < MARKED and spelled >> (at - start) & 1
        if joined[tokens[at]] and not known:
            joined[tokens[at]] = LOOSE


@kernel("int64(int64, int64, int64, uint8[::1], uint32[::1], uint32[::1], int64, int64[:,::1])")
def _list_joined(
    text: int,
    ends: int,
    terms: int,
    blob: np.ndarray,
    bounds: np.ndarray,
    table: np.ndarray,
    longest: int,
    out: np.ndarray,
) -> int:
    """Fill ``out`` with (term, first part, second part); returns how many there are, also where they are more than fit.
    ``text``, ``ends``: addresses of the terms' bytes and bounds; ``blob``, ``bounds``, ``table``: the parts, of at most
    ``longest`` bytes."""
    edges = view_u32(ends, terms + 1)
    letters = view_u8(text, 1 << 40)
    parts, limits, slots = int64(blob.ctypes.data), int64(bounds.ctypes.data), int64(table.ctypes.data)
    count = 0
    for term in range(terms):
        start, end = int64(edges[term]), int64(edges[term + 1])
        for middle in range(max(start + 1, end - longest), min(end, start + longest + 1)):
            first = find_term(parts, limits, slots, table.size, letters, start, middle)
            if first < 0:
                continue
            second = find_term(parts, limits, slots, table.size, letters, middle, end)
            if second >= 0:
                if count < out.shape[0]:
                    out[count, 0], out[count, 1], out[count, 2] = term, first, second
                count += 1
    return count


def find_joined(blob: int, bounds: int, terms: int, parts: Sequence[bytes]) -> np.ndarray:
    """int64[n, 3]: (term, first, second) for each way that a term spells two of some ``parts``, which are numbered in
    their order. ``blob``, ``bounds``: where the terms' bytes (uint8) and bounds (uint32[terms + 1]) lie in memory."""
    ends = np.zeros(len(parts) + 1, np.uint32)
    np.cumsum([len(part) for part in parts], out=ends[1:])
    letters = np.frombuffer(bytearray(b"".join(parts)), np.uint8)
    table = np.zeros(max(1, table_size(len(parts))), np.uint32)
    fill_table(letters, ends, table)
    longest = max((len(part) for part in parts), default=0)
    out = np.empty((max(1024, terms // 2), 3), np.int64)
    while True:
        count = _list_joined(blob, bounds, terms, letters, ends, table, longest, out)
        if count <= len(out):
            return out[:count]
        out = np.empty((count, 3), np.int64)


def loose_in_some(
    fields: Sequence[Vocabulary], ordinals: Sequence[np.ndarray], frequent: np.ndarray, terms: int
) -> np.ndarray:
    """Terms of a merged field, of so many ``terms``, that spell two of its ``frequent`` ones, but in some source
    without these. ``fields``: the sources; ``ordinals``: see :func:`indexer.segment.pairs.shared_terms`."""
    names: list[bytes] = [b""] * frequent.size
    has = np.zeros((len(fields), frequent.size), bool)
    for row, field, numbers in zip(has, fields, ordinals, strict=True):
        place = np.full(terms + 1, -1, np.int16)
        place[frequent] = np.arange(frequent.size)
        theirs = place[np.minimum(numbers, terms)]
        for ordinal in np.flatnonzero(theirs >= 0).tolist():
            names[theirs[ordinal]] = field.term(ordinal)
        row[theirs[theirs >= 0]] = True
    loose = [np.empty(0, np.int64)]
    for row, field, numbers in zip(has, fields, ordinals, strict=True):
        if not row.all():
            whole, first, second = find_joined(*field.addresses[:2], field.terms, names).T
            loose.append(numbers[whole[~(row[first] & row[second])]].astype(np.int64))
    return np.concatenate(loose)
