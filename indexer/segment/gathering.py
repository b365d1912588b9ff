"""The terms of several dictionaries in one order, with the live postings of each, a run at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from indexer.segment.decoding import decode_term
from indexer.segment.dictionary import less_bytes, same_bytes
from indexer.segment.kernels import copy_bytes, inline, int64, kernel, view_i64, view_u8, view_u32
from indexer.segment.layout import skip_positions
from indexer.segment.reading import TextField

_RUN_POSTINGS = 1 << 20
_DEAD = 0xFFFFFFFF


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


# Columns of the table that describes the fields being merged, one row each.
_BLOB, _BOUNDS, _CLASSES, _DF, _STARTS, _POSTINGS, _DOCUMENTS, _RENUMBER, _CODES, _ORDINALS, _TERMS, _WHOLE = range(12)
_KEPT = 12  # bytes of terms, 0 where one is left out
_COLUMNS = 13


@inline
def _head(row: np.ndarray, ordinal: int) -> np.uint64:
    """First eight bytes of a term, big-endian."""
    limits = view_u32(row[_BOUNDS] + 4 * ordinal, 2)
    start, end = int64(limits[0]), int64(limits[1])
    letters = view_u8(row[_BLOB], end)
    value = np.uint64(0)
    for j in range(8):
        byte = np.uint64(letters[start + j]) if start + j < end else np.uint64(0)
        value = (value << np.uint64(8)) | byte
    return value


@inline
def _compare(a: np.ndarray, i: int, b: np.ndarray, j: int) -> int:
    """-1, 0 or 1 as term i of field a sorts before, with or after term j of field b."""
    x, y = view_u32(a[_BOUNDS] + 4 * i, 2), view_u32(b[_BOUNDS] + 4 * j, 2)
    p, q = view_u8(a[_BLOB], int64(x[1])), view_u8(b[_BLOB], int64(y[1]))
    x0, x1, y0, y1 = int64(x[0]), int64(x[1]), int64(y[0]), int64(y[1])
    if same_bytes(p, x0, x1, q, y0, y1):
        return 0
    return -1 if less_bytes(p, x0, x1, q, y0, y1) else 1


@inline
def _append(
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
    documents = row[_DOCUMENTS]
    df = int64(view_u32(row[_DF], ordinal + 1)[ordinal])
    start = row[_POSTINGS] + view_i64(row[_STARTS], ordinal + 1)[ordinal]
    after = decode_term(start, df, documents, positional, docs, codes, at)
    renumber = view_u32(row[_RENUMBER], documents)
    translate = view_u32(row[_CODES], 1 << 32)
    if row[_WHOLE]:
        first = renumber[0]
        tokens = int64(0)
        for i in range(at, at + df):
            codes[i] = translate[codes[i]]
            tokens += int64(freq_of[codes[i]])
        for i in range(at, at + df):
            docs[i] += first
        size = int64(0)
        if positional:
            size = skip_positions(after, tokens) - after
            copy_bytes(after, size, positions, place)
        return at + df, place + size
    kept = at
    run = after  # start of the positions not yet copied
    here = after
    for i in range(at, at + df):
        code = translate[codes[i]]
        doc = renumber[docs[i]]
        before = here
        if positional:
            here = skip_positions(here, int64(freq_of[code]))
        if doc == _DEAD:
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


@inline
def _next_kept(row: np.ndarray, ordinal: int) -> int:
    """The first of a field's terms, from one on, that is not left out."""
    kept = view_u8(row[_KEPT], row[_TERMS])
    while ordinal < row[_TERMS] and kept[ordinal] == 0:
        ordinal += 1
    return ordinal


@inline
def _term_size(row: np.ndarray, ordinal: int) -> int:
    ends = view_i64(row[_STARTS] + 8 * ordinal, 2)
    return ends[1] - ends[0]


@kernel(
    "UniTuple(int64, 4)(int64[:,::1], int64[::1], uint64[::1], int64, int64, uint32[::1], uint8[::1],"
    " uint32[::1], uint8[::1], int64[::1], uint32[::1], uint32[::1], uint8[::1], int64[::1])"
)
def _gather(
    fields: np.ndarray,
    cursors: np.ndarray,
    heads: np.ndarray,
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
    term = 0
    latest = np.empty(cursors.size, np.int64)  # the term of each field that was taken last
    starts[0] = 0
    places[0] = 0
    bounds[0] = 0
    while term < classes.size:
        least = -1
        for f in range(cursors.size):
            if cursors[f] >= fields[f, _TERMS]:
                continue
            if (
                least < 0
                or heads[f] < heads[least]
                or (heads[f] == heads[least] and _compare(fields[f], cursors[f], fields[least], cursors[least]) < 0)
            ):
                least = f
        if least < 0:
            return term, 0, 0, 0
        postings = 0
        size = 0
        for f in range(least, cursors.size):
            if (
                cursors[f] < fields[f, _TERMS]
                and heads[f] == heads[least]
                and _compare(fields[f], cursors[f], fields[least], cursors[least]) == 0
            ):
                postings += int64(view_u32(fields[f, _DF], cursors[f] + 1)[cursors[f]])
                size += _term_size(fields[f], cursors[f])
        limits = view_u32(fields[least, _BOUNDS] + 4 * cursors[least], 2)
        letters = int64(limits[1]) - int64(limits[0])
        text = int64(bounds[term])
        if starts[term] + postings > docs.size or places[term] + size > positions.size or text + letters > blob.size:
            return term, postings, size + letters, 1
        source = view_u8(fields[least, _BLOB] + int64(limits[0]), letters)
        blob[text : text + letters] = source
        classes[term] = view_u8(fields[least, _CLASSES], cursors[least] + 1)[cursors[least]]
        at = starts[term]
        place = places[term]
        head = heads[least]
        lead = cursors[least]
        latest[:] = -1
        for f in range(least, cursors.size):
            if cursors[f] >= fields[f, _TERMS] or heads[f] != head:
                continue
            ordinal = cursors[f]
            if f != least and _compare(fields[f], ordinal, fields[least], lead) != 0:
                continue
            at, place = _append(fields[f], ordinal, positional, freq_of, docs, codes, at, positions, place)
            view_u32(fields[f, _ORDINALS], ordinal + 1)[ordinal] = first + term
            latest[f] = ordinal
            cursors[f] = _next_kept(fields[f], ordinal + 1)
            if cursors[f] < fields[f, _TERMS]:
                heads[f] = _head(fields[f], cursors[f])
        if at > starts[term]:
            term += 1
            starts[term] = at
            places[term] = place
            bounds[term] = text + letters
        else:
            for f in range(least, cursors.size):
                if latest[f] >= 0:
                    view_u32(fields[f, _ORDINALS], latest[f] + 1)[latest[f]] = _DEAD
    return term, 0, 0, 1


def _whole(numbers: np.ndarray) -> bool:
    """Whether no document is dead: new numbers without a gap."""
    return bool(numbers.size) and int(numbers[-1]) == int(numbers[0]) + numbers.size - 1 < _DEAD


def _first(kept: np.ndarray) -> int:
    found = np.flatnonzero(kept)
    return int(found[0]) if found.size else kept.size


class Gatherer:
    """Iterates over :class:`Run`; ``ordinals[f]`` (uint32[terms]) are then field f's terms in the result.

    ``renumber[f]``: uint32[documents] new numbers (2**32 - 1: dead); ``codes[f]``: uint32 new codes;
    ``freq_of``: uint32 frequency of each new code; ``kept[f]``: uint8[terms], 0 for terms to leave out (None: none).
    A term without live postings is left out too. The ``ordinals`` of what is left out are 2**32 - 1.
    """

    def __init__(
        self,
        fields: Sequence[TextField],
        renumber: Sequence[np.ndarray],
        codes: Sequence[np.ndarray],
        freq_of: np.ndarray,
        kept: Sequence[np.ndarray] | None = None,
    ) -> None:
        self.ordinals = [np.full(f.terms, _DEAD, np.uint32) for f in fields]
        kept = kept or [np.ones(f.terms, np.uint8) for f in fields]
        self._positional = fields[0].positional
        self._freq_of = freq_of
        self._keep = (list(fields), list(renumber), list(codes), list(kept))
        self._table = np.empty((len(fields), _COLUMNS), np.int64)
        self._heads = np.zeros(len(fields), np.uint64)
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
                numbers.ctypes.data,
                translation.ctypes.data,
                ordinals.ctypes.data,
                field.terms,
                _whole(numbers),
                chosen.ctypes.data,
            )
        self._first = np.array([_first(chosen) for chosen in kept], np.int64)
        for i, field in enumerate(fields):
            if self._first[i] < field.terms:
                self._heads[i] = int.from_bytes(field.term(int(self._first[i]))[:8].ljust(8, b"\0"), "big")

    def __iter__(self) -> Iterator[Run]:
        postings, size, terms = _RUN_POSTINGS, 4 * _RUN_POSTINGS, _RUN_POSTINGS // 4
        cursors = self._first.copy()
        first = 0
        more = 1
        while more:
            blob, bounds = np.empty(size, np.uint8), np.empty(terms + 1, np.uint32)
            classes, starts = np.empty(terms, np.uint8), np.empty(terms + 1, np.int64)
            docs, codes = np.empty(postings, np.uint32), np.empty(postings, np.uint32)
            positions, places = np.empty(size, np.uint8), np.empty(terms + 1, np.int64)
            count, want, room, more = _gather(
                self._table, cursors, self._heads, self._positional, first, self._freq_of,
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
            if more:
                postings, size = max(_RUN_POSTINGS, want), max(4 * _RUN_POSTINGS, room)
