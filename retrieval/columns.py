"""Doc values across the segments of a view: predicates to masks, all values of a field as arrays.

:class:`DocValues` is a field over a whole view (or several views, one behind the other), keywords numbered
by one dictionary. Sorting, collapsing and aggregations work on it.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from indexer import IndexView, InvalidRequest
from indexer.segment import Column

from .context import SearchContext

Predicate = Callable[[Column], np.ndarray]
_KEPT = 64  # fields whose values are kept for a view


def mask_where(ctx: SearchContext, path: str, predicate: Predicate) -> np.ndarray:
    """bool[documents]: live documents with any value of column `path` for which the predicate holds.

    `predicate` gets a segment's column and gives bool[values].
    """
    out = np.zeros(ctx.documents, bool)
    start = 0
    for segment in ctx.view.segments:
        column = segment.column(path)
        if column is not None:
            hit = predicate(column)
            part = out[start : start + segment.documents]
            if column.offsets is None:
                part[:] = hit
            elif hit.any():
                part[column.owners()[hit]] = True
        start += segment.documents
    return out & ctx.live


class Dictionary(Protocol):
    """Distinct keywords in byte order."""

    def __len__(self) -> int: ...

    def __getitem__(self, ordinal: int) -> bytes: ...


class ColumnDictionary:
    """The keywords of one segment's column, decoded when asked for."""

    def __init__(self, column: Column) -> None:
        self.column = column
        assert column.dictionary is not None
        self._size = column.dictionary.terms

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, ordinal: int) -> bytes:
        if ordinal >= self._size:
            raise IndexError(ordinal)
        return self.column.term(ordinal)


@dataclass(frozen=True)
class DocValues:
    """All values of one field, documents in order, each document's values ascending.

    kind: "keyword", "boolean", "long", "date" or "double". starts: int64[documents + 1], document d's values
    being `values[starts[d]:starts[d + 1]]`; None when every document has exactly one. values: int64 or
    float64, or ordinals into `terms`.
    """

    kind: str
    documents: int
    starts: np.ndarray | None
    values: np.ndarray
    terms: Dictionary | None = None

    @property
    def counts(self) -> np.ndarray:
        """int64[documents]: how many values each document has."""
        return np.ones(self.documents, np.int64) if self.starts is None else np.diff(self.starts)

    @cached_property
    def exists(self) -> np.ndarray:
        """bool[documents]: which documents have a value."""
        return self.counts > 0

    @cached_property
    def single(self) -> bool:
        """No document has more than one value."""
        return self.starts is None or bool((self.counts <= 1).all())

    @cached_property
    def _numbered(self) -> tuple[np.ndarray, np.ndarray]:
        return numbered(self.values)

    @property
    def ordinals(self) -> np.ndarray:
        """int[values]: each value's place among the distinct ones, in ascending order of values."""
        return self.values if self.terms is not None else self._numbered[1]

    @property
    def cardinality(self) -> int:
        """How many distinct values there are."""
        return len(self.terms) if self.terms is not None else len(self._numbered[0])

    def value(self, ordinal: int) -> Any:
        """The value of an ordinal: bytes of a keyword, or an int or a float."""
        return self.terms[ordinal] if self.terms is not None else self._numbered[0][ordinal].item()

    def place(self, value: Any) -> tuple[int, bool]:
        """How many distinct values are less than `value`, and whether it is one of them."""
        if self.terms is not None:
            at = bisect_left(self.terms, value)  # type: ignore[type-var]
            return at, at < len(self.terms) and self.terms[at] == value
        distinct = self._numbered[0]
        at = int(np.searchsorted(distinct, value))
        return at, at < len(distinct) and bool(distinct[at] == value)

    def expand(self, docs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The values of documents (int64[n]) as (rows, places), int64[m] each.

        rows[i] is the position in `docs` of the document that has the value at `places[i]` of `values`.
        """
        if self.starts is None:
            return np.arange(len(docs)), docs
        first = self.starts[docs]
        counts = self.starts[docs + 1] - first
        if self.single:
            rows = np.flatnonzero(counts)
            return rows, first[rows]
        rows = np.repeat(np.arange(len(docs)), counts)
        ends = np.cumsum(counts)
        return rows, np.arange(len(rows)) + np.repeat(first - ends + counts, counts)


def numbered(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(distinct values ascending, int64[n] place of each value among them).

    By counting where integers lie close together, by sorting otherwise.
    """
    if values.size and values.dtype.kind in "iu":
        low, high = int(values.min()), int(values.max())
        if high - low < 4 * values.size + 65_536:
            shifted = values.astype(np.int64) - low
            seen = np.zeros(high - low + 1, bool)
            seen[shifted] = True
            return np.flatnonzero(seen) + low, (np.cumsum(seen) - 1)[shifted]
    distinct, inverse = np.unique(values, return_inverse=True)
    return distinct, inverse.reshape(-1)


def joined(parts: Sequence[DocValues | None], documents: Sequence[int], path: str) -> DocValues | None:
    """The values of document sets one behind the other; None parts have none. None when all are None.

    InvalidRequest when one part holds keywords and another numbers.
    """
    known = [p for p in parts if p is not None]
    if not known or len(parts) == 1:
        return parts[0] if parts else None
    kinds = {p.kind for p in known}
    if len(kinds) > 1:
        if kinds - {"long", "double"}:
            raise InvalidRequest(
                f"the field [{path}] has the types {sorted(kinds)} in different indices; they cannot be put together"
            )
        kinds = {"double"}
    terms: Dictionary | None = None
    if known[0].terms is not None:
        terms, values = _one_dictionary(known)
    else:
        values = np.concatenate([p.values for p in known])
    starts = None
    if len(known) < len(parts) or any(p.starts is not None for p in known):
        counts = [np.zeros(n, np.int64) if p is None else p.counts for p, n in zip(parts, documents, strict=True)]
        starts = np.concatenate([[0], np.cumsum(np.concatenate(counts))]).astype(np.int64)
    return DocValues(kinds.pop(), sum(documents), starts, values, terms)


def _one_dictionary(parts: Sequence[DocValues]) -> tuple[list[bytes], np.ndarray]:
    """(all keywords of the parts, the parts' ordinals numbered by them)."""
    vocabularies = [_keywords(p.terms) for p in parts]
    terms = sorted(set(itertools.chain.from_iterable(vocabularies)))
    number = {term: i for i, term in enumerate(terms)}
    values = []
    for part, vocabulary in zip(parts, vocabularies, strict=True):
        table = np.fromiter((number[term] for term in vocabulary), np.int64, len(vocabulary))
        values.append(table[part.values] if len(vocabulary) else np.zeros(0, np.int64))
    return terms, np.concatenate(values)


def _keywords(terms: Dictionary | None) -> list[bytes]:
    assert terms is not None
    if isinstance(terms, list):
        return terms
    if isinstance(terms, ColumnDictionary):
        return terms.column.vocabulary()
    return [terms[i] for i in range(len(terms))]


def _of_column(column: Column | None) -> DocValues | None:
    if column is None:
        return None
    starts = None if column.offsets is None else column.offsets.astype(np.int64)
    if column.kind == "keyword":
        return DocValues("keyword", column.documents, starts, column.values, ColumnDictionary(column))
    values = column.values.astype(np.int64) if column.kind == "boolean" else column.values
    return DocValues(column.kind, column.documents, starts, values)


_UNKNOWN: Any = object()
_lock = threading.Lock()
_of_views: weakref.WeakKeyDictionary[IndexView, dict[str, DocValues | None]] = weakref.WeakKeyDictionary()


def doc_values(view: IndexView, path: str) -> DocValues | None:
    """A field's values in a view; None when no document has any. Kept while the view is."""
    with _lock:
        kept = _of_views.setdefault(view, {})
        found = kept.get(path, _UNKNOWN)
    if found is _UNKNOWN:
        parts = [_of_column(segment.column(path)) for segment in view.segments]
        found = joined(parts, [s.documents for s in view.segments], path)
        with _lock:
            if len(kept) >= _KEPT:
                kept.clear()
            kept[path] = found
    return found
