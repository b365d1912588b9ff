"""The terms of several dictionaries in one order, with the live postings of each, a run at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from indexer.segment.appending import (
    BLOB,
    BOUNDS,
    CLASSES,
    COLUMNS,
    DEAD,
    DF,
    KEPT,
    ORDINALS,
    STARTS,
    TERMS,
    append,
)
from indexer.segment.dictionary import head_word, less_bytes, same_bytes
from indexer.segment.kernels import copy_bytes, inline, int64, kernel, view_i64, view_u8, view_u32, view_u64
from indexer.segment.reading import TextField

_RUN_POSTINGS = 1 << 20
_NONE = np.uint64(0xFFFFFFFFFFFFFFFF)  # the head of a field without terms left, not of such fields alone


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive terms of the merged field; arrays as :class:`indexer.segment.fields.FieldWriter` takes them."""

    blob: np.ndarray
    bounds: np.ndarray
    classes: np.ndarray
    starts: np.ndarray
    docs: np.ndarray
    codes: np.ndarray
    positions: np.ndarray
    places: np.ndarray


@inline
def _enter(row: np.ndarray, ordinal: int, f: int, heads: np.ndarray, sizes: np.ndarray) -> None:
    """Make a term the next one of field f."""
    limits = view_u32(row[BOUNDS] + 4 * ordinal, 2)
    start, size = int64(limits[0]), int64(limits[1]) - int64(limits[0])
    heads[f] = head_word(view_u64(row[BLOB] + start), size)
    sizes[f] = size


@inline
def _compare(a: np.ndarray, i: int, b: np.ndarray, j: int) -> int:
    """-1, 0 or 1 as term i of field a sorts before, with or after term j of field b."""
    x, y = view_u32(a[BOUNDS] + 4 * i, 2), view_u32(b[BOUNDS] + 4 * j, 2)
    p, q = view_u8(a[BLOB], int64(x[1])), view_u8(b[BLOB], int64(y[1]))
    x0, x1, y0, y1 = int64(x[0]), int64(x[1]), int64(y[0]), int64(y[1])
    if same_bytes(p, x0, x1, q, y0, y1):
        return 0
    return -1 if less_bytes(p, x0, x1, q, y0, y1) else 1


@inline
def _find_least(
    fields: np.ndarray, cursors: np.ndarray, heads: np.ndarray, sizes: np.ndarray, found: np.ndarray
) -> int:
    """Put the fields whose next term is the least one of all into ``found``, ascending; returns how many they are."""
    low = _NONE
    for f in range(cursors.size):
        low = min(low, heads[f])
    count = 0
    for f in range(cursors.size):
        found[count] = f
        count += (heads[f] == low) & (cursors[f] < fields[f, TERMS])
    alike = True  # same heads, and no more than them
    for i in range(count):
        alike &= (sizes[found[i]] == sizes[found[0]]) & (sizes[found[i]] <= 8)
    if alike:
        return count
    least = found[0]
    for i in range(1, count):
        f = found[i]
        if _compare(fields[f], cursors[f], fields[least], cursors[least]) < 0:
            least = f
    kept = 0
    for i in range(count):
        f = found[i]
        if f == least or _compare(fields[f], cursors[f], fields[least], cursors[least]) == 0:
            found[kept] = f
            kept += 1
    return kept


@inline
def _next_kept(row: np.ndarray, ordinal: int) -> int:
    """The first of a field's terms, from one on, that is not left out."""
    if row[KEPT] == 0:
        return ordinal
    kept = view_u8(row[KEPT], row[TERMS])
    while ordinal < row[TERMS] and kept[ordinal] == 0:
        ordinal += 1
    return ordinal


@inline
def _term_size(row: np.ndarray, ordinal: int) -> int:
    ends = view_i64(row[STARTS] + 8 * ordinal, 2)
    return ends[1] - ends[0]


@inline
def _merge_terms(
    fields: np.ndarray,
    cursors: np.ndarray,
    heads: np.ndarray,
    sizes: np.ndarray,
    found: np.ndarray,
    positional: int,
    first: int,
    freq_of: np.ndarray,
    blob: np.ndarray,
    bounds: np.ndarray,
    classes: np.ndarray,
    starts: np.ndarray,
    docs: np.ndarray,
    codes: np.ndarray,
    positions: np.ndarray,
    places: np.ndarray,
) -> tuple[int, int, int, int]:
    """:func:`_gather`, with arrays of the fields' size: ``heads``, ``sizes`` of their next terms and ``found``."""
    term = 0
    for f in range(cursors.size):
        heads[f] = _NONE
        if cursors[f] < fields[f, TERMS]:
            _enter(fields[f], cursors[f], f, heads, sizes)
    starts[0] = 0
    places[0] = 0
    bounds[0] = 0
    while term < classes.size:
        count = _find_least(fields, cursors, heads, sizes, found)
        if count == 0:
            return term, 0, 0, 0
        postings = 0
        size = 0
        for i in range(count):
            f = found[i]
            postings += int64(view_u32(fields[f, DF], cursors[f] + 1)[cursors[f]])
            size += _term_size(fields[f], cursors[f])
        least = found[0]
        lead = cursors[least]
        letters = sizes[least]
        text = int64(bounds[term])
        if starts[term] + postings > docs.size or places[term] + size > positions.size or text + letters > blob.size:
            return term, postings, size + letters, 1
        copy_bytes(fields[least, BLOB] + int64(view_u32(fields[least, BOUNDS], lead + 1)[lead]), letters, blob, text)
        classes[term] = view_u8(fields[least, CLASSES], lead + 1)[lead]
        at = starts[term]
        place = places[term]
        for i in range(count):
            f = found[i]
            at, place = append(fields[f], cursors[f], positional, freq_of, docs, codes, at, positions, place)
        for i in range(count):
            f = found[i]
            ordinal = cursors[f]
            view_u32(fields[f, ORDINALS], ordinal + 1)[ordinal] = first + term if at > starts[term] else DEAD
            cursors[f] = _next_kept(fields[f], ordinal + 1)
            if cursors[f] < fields[f, TERMS]:
                _enter(fields[f], cursors[f], f, heads, sizes)
            else:
                heads[f] = _NONE
        if at > starts[term]:
            term += 1
            starts[term] = at
            places[term] = place
            bounds[term] = text + letters
    return term, 0, 0, 1


@kernel(
    "UniTuple(int64, 4)(int64[:,::1], int64[::1], int64, int64, uint32[::1], uint8[::1],"
    " uint32[::1], uint8[::1], int64[::1], uint32[::1], uint32[::1], uint8[::1], int64[::1])"
)
def _gather(
    fields: np.ndarray,
    cursors: np.ndarray,
    positional: int,
    first: int,
    freq_of: np.ndarray,
    blob: np.ndarray,
    bounds: np.ndarray,
    classes: np.ndarray,
    starts: np.ndarray,
    docs: np.ndarray,
    codes: np.ndarray,
    positions: np.ndarray,
    places: np.ndarray,
) -> tuple[int, int, int, int]:
    """Merge terms from ``cursors`` on until an output might be full.

    ``first``: ordinal of the run's first term in the merged field. Returns (terms, postings wanted by the
    next term, its bytes, terms left over or not): zero terms with work left means larger outputs are needed.
    """
    heads, sizes = np.empty(cursors.size, np.uint64), np.empty(cursors.size, np.int64)
    found = np.empty(cursors.size + 1, np.int64)
    return _merge_terms(
        fields, cursors, heads, sizes, found, positional, first, freq_of,
        blob, bounds, classes, starts, docs, codes, positions, places,
    )  # fmt: skip


def _first(kept: np.ndarray | None) -> int:
    if kept is None:
        return 0
    found = np.flatnonzero(kept)
    return int(found[0]) if found.size else kept.size


def _buffers(postings: int, size: int, terms: int) -> tuple[np.ndarray, ...]:
    """A run's arrays, in its order."""
    return (
        np.empty(size, np.uint8),
        np.empty(terms + 1, np.uint32),
        np.empty(terms, np.uint8),
        np.empty(terms + 1, np.int64),
        np.empty(postings, np.uint32),
        np.empty(postings, np.uint32),
        np.empty(size, np.uint8),
        np.empty(terms + 1, np.int64),
    )


class Gatherer:
    """Iterates over :class:`Run`, each good until the next one; then ``ordinals[f]`` (uint32[terms]) are field f's
    terms in the result.

    ``renumber[f]``: uint32[documents] new numbers (2**32 - 1: dead), or that of the first document where none
    is dead; ``codes[f]``: uint32 new codes; ``freq_of``: uint32 frequency of each new code; ``kept[f]``:
    uint8[terms], 0 for terms to leave out (None: none).
    A term without live postings is left out too. The ``ordinals`` of what is left out are 2**32 - 1.
    """

    def __init__(
        self,
        fields: Sequence[TextField],
        renumber: Sequence[np.ndarray | int],
        codes: Sequence[np.ndarray],
        freq_of: np.ndarray,
        kept: Sequence[np.ndarray | None] | None = None,
    ) -> None:
        self.ordinals = [np.full(f.terms, DEAD, np.uint32) for f in fields]
        kept = kept or [None] * len(fields)
        self._positional = fields[0].positional
        self._freq_of = freq_of
        self._keep = (list(fields), list(renumber), list(codes), list(kept))
        self._table = np.empty((len(fields), COLUMNS), np.int64)
        for row, field, numbers, translation, ordinals, chosen in zip(
            self._table, fields, renumber, codes, self.ordinals, kept, strict=True
        ):
            row[:] = (
                field.section_address("blob"),
                field.section_address("bounds"),
                field.section_address("classes"),
                field.section_address("df"),
                field.section_address("starts"),
                field.postings_address,
                field.documents,
                numbers if isinstance(numbers, int) else numbers.ctypes.data,
                translation.ctypes.data,
                ordinals.ctypes.data,
                field.terms,
                isinstance(numbers, int),
                0 if chosen is None else chosen.ctypes.data,
            )
        self._first = np.array([_first(chosen) for chosen in kept], np.int64)

    def __iter__(self) -> Iterator[Run]:
        postings, size, terms = _RUN_POSTINGS, 4 * _RUN_POSTINGS, _RUN_POSTINGS // 4
        cursors = self._first.copy()
        first = 0
        more = 1
        buffers = _buffers(postings, size, terms)
        while more:
            blob, bounds, classes, starts, docs, codes, positions, places = buffers
            count, want, room, more = _gather(
                self._table, cursors, self._positional, first, self._freq_of,
                blob, bounds, classes, starts, docs, codes, positions, places,
            )  # fmt: skip
            if count:
                yield Run(
                    blob[: int(bounds[count])],
                    bounds[: count + 1],
                    classes[:count],
                    starts[: count + 1],
                    docs[: int(starts[count])],
                    codes[: int(starts[count])],
                    positions[: int(places[count])],
                    places[: count + 1],
                )
            first += count
            if want > postings or room > size:
                postings, size = max(postings, want), max(size, room)
                buffers = _buffers(postings, size, terms)
