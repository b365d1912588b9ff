"""What aggregations look at: the documents of all searched indices, one behind the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from indexer import InvalidRequest, QuarryError
from indexer.dates import DEFAULT_FORMAT
from indexer.fields import FLOATS, INTEGERS, Field, parse_date, parse_number

from ..columns import DocValues, doc_values, joined
from ..context import SearchContext
from ..fetching import Account
from ..query.base import Query
from .pairs import Pairs

MAX_BUCKETS = 65_536


class TooManyBuckets(QuarryError):
    """An aggregation that would make more buckets than a response may have."""

    type = "too_many_buckets_exception"
    status = 400


@dataclass(frozen=True)
class Part:
    """One index's share: its matching documents (int64[n], ascending), how they score, how they are shown.

    visible: bool[documents] of all that the request may see there; None: every live document.
    """

    account: Account
    docs: np.ndarray
    scores: Callable[[np.ndarray], np.ndarray]
    visible: np.ndarray | None = None

    @property
    def ctx(self) -> SearchContext:
        return self.account.ctx


class Scope:
    """The documents of several indices numbered 0 … documents-1, and their values."""

    def __init__(self, parts: Sequence[Part], typed_keys: bool = False, max_buckets: int = MAX_BUCKETS) -> None:
        self.parts = list(parts)
        self.typed_keys = typed_keys
        self.max_buckets = max_buckets
        self.bases = np.zeros(len(self.parts) + 1, np.int64)
        np.cumsum([p.ctx.documents for p in self.parts], out=self.bases[1:])
        self.documents = int(self.bases[-1])
        self._made = 0
        self._values: dict[tuple[str, str, str | None], DocValues | None] = {}
        self._masks: dict[int, tuple[Query, np.ndarray]] = {}

    @property
    def now_ms(self) -> int:
        """The request's `now`, for date math."""
        return self.parts[0].ctx.now_ms if self.parts else 0

    def check_time(self) -> None:
        """TimedOut when the request's deadline has passed."""
        for part in self.parts[:1]:
            part.ctx.check_time()

    def make_buckets(self, count: int) -> None:
        """Account for buckets of the response; TooManyBuckets when there are more than allowed."""
        self.check_buckets(count)
        self._made += int(count)

    def check_buckets(self, count: int) -> None:
        """TooManyBuckets when `count` more would be more than allowed."""
        wanted = self._made + int(count)
        if wanted > self.max_buckets:
            raise TooManyBuckets(
                f"Trying to create too many buckets. Must be less than or equal to: [{self.max_buckets}] but was "
                f"[{wanted}]. Ask for fewer buckets, or narrow the query.",
                max_buckets=self.max_buckets,
            )

    # --- documents ------------------------------------------------------------------------------

    def matched(self) -> Pairs:
        """All matching documents in one bucket."""
        docs = [p.docs + base for p, base in zip(self.parts, self.bases, strict=False)]
        return Pairs(docs[0] if len(docs) == 1 else np.concatenate(docs or [np.zeros(0, np.int64)]), None, 1)

    @cached_property
    def live(self) -> np.ndarray:
        """bool[documents]: the documents that are not deleted and may be seen, whether they match or not."""
        return _end_to_end([p.ctx.live if p.visible is None else p.visible for p in self.parts], bool)

    def mask(self, query: Query) -> np.ndarray:
        """bool[documents]: which documents a query matches."""
        known = self._masks.get(id(query))
        if known is None:
            known = self._masks[id(query)] = query, _end_to_end([query.mask(p.ctx) for p in self.parts], bool)
        return known[1]

    @cached_property
    def scores(self) -> np.ndarray:
        """float32[documents]: scores of the matching documents, 0 elsewhere."""
        out = np.zeros(self.documents, np.float32)
        for part, base in zip(self.parts, self.bases, strict=False):
            out[part.docs + base] = part.scores(part.docs)
        return out

    # --- fields ---------------------------------------------------------------------------------

    def field(self, path: str) -> Field | None:
        """How a field is mapped where it is; None when no index maps it. InvalidRequest for text."""
        if path == "_index":
            return Field("_index", "keyword")
        if path == "_id":
            raise InvalidRequest("Fielddata access on the _id field is disallowed; aggregate on a field of your own")
        found = None
        for part in self.parts:
            spec = part.ctx.field(path)
            if spec is None:
                continue
            if spec.is_text:
                sub = _keyword_below(part.ctx, path)
                raise InvalidRequest(
                    f"Fielddata is disabled on [{path}] in [{part.ctx.index.name}]. Text fields are not optimised for "
                    "operations that require per-document field data like aggregations and sorting, so these "
                    "operations are disabled by default. Please use a keyword field instead"
                    + (f", such as [{sub}]." if sub else ".")
                )
            if not spec.has_values:
                raise InvalidRequest(f"Field [{path}] of type [{spec.type}] is not supported for aggregations")
            found = found or spec
        return found

    def values(self, path: str, missing: Any = None, pattern: str | None = None) -> DocValues | None:
        """A field's values over all documents; with `missing` (a date in `pattern`), of those that have none too."""
        spec = self.field(path)
        key = (path, repr(missing), pattern)
        if key in self._values:
            return self._values[key]
        found = self._index_names() if path == "_index" else self._joined(path) if spec is not None else None
        if missing is not None:
            found = with_missing(found, converted(missing, spec, path, pattern), self.documents, spec)
        self._values[key] = found
        return found

    def _joined(self, path: str) -> DocValues | None:
        parts = [doc_values(p.ctx.view, path) if p.ctx.field(path) is not None else None for p in self.parts]
        return joined(parts, [p.ctx.documents for p in self.parts], path)

    def _index_names(self) -> DocValues:
        names = [p.ctx.index.name.encode() for p in self.parts]
        terms = sorted(set(names))
        sizes = [p.ctx.documents for p in self.parts]
        return DocValues("keyword", self.documents, None, np.repeat([terms.index(n) for n in names], sizes), terms)


def _end_to_end(parts: Sequence[np.ndarray], dtype: Any) -> np.ndarray:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.zeros(0, dtype)


def _keyword_below(ctx: SearchContext, path: str) -> str | None:
    """The keyword multi-field of a text field."""
    return next((f.path for f in ctx.mapping.fields.values() if f.parent == path and f.type == "keyword"), None)


def kind_of(spec: Field) -> str:
    """The kind of doc values that a field type has."""
    if spec.type in INTEGERS:
        return "long"
    return "double" if spec.type in FLOATS else spec.type


def converted(value: Any, spec: Field | None, path: str, pattern: str | None = None) -> Any:
    """A `missing` value as the field's own kind of value; InvalidRequest."""
    try:
        if spec is None or spec.type == "keyword":
            if spec is None and not isinstance(value, str):
                return exact_number(value)
            text = str(value).lower() if isinstance(value, bool) else str(value)
            return text.encode("utf-8", "surrogatepass")
        if spec.type == "date":
            return parse_date(value, date_formats(spec, pattern))
        if spec.type == "boolean":
            return int(value) if value in (0, 1) else int(spec.convert(value))
        number = exact_number(value)
        whole = spec.type in INTEGERS and isinstance(number, float) and number.is_integer()
        return exact_number(int(number)) if whole else number
    except (ValueError, OverflowError, TypeError):
        raise InvalidRequest(f"[missing] of [{path}] cannot be [{value}]: the field's type is another") from None


def date_formats(spec: Field | None, pattern: str | None) -> str | None:
    """What dates of a request are read by: the aggregation's format and the field's own."""
    own = DEFAULT_FORMAT if spec is None else spec.params.get("format", DEFAULT_FORMAT)
    return f"{pattern}||{own}" if pattern else str(own)


def exact_number(value: Any) -> int | float:
    """A number of a request, or one written as a text: whole ones exactly. ValueError when it fits no column."""
    number = parse_number(value) if isinstance(value, str) else value
    if isinstance(number, float) and np.isfinite(number):
        return number
    if not isinstance(number, int) or not -(1 << 63) <= number < 1 << 63:
        raise ValueError(f"[{value}] is out of range")
    return int(number)


def with_missing(found: DocValues | None, value: Any, documents: int, spec: Field | None) -> DocValues:
    """The same values, and `value` as that of the documents without one."""
    keyword = isinstance(value, bytes)
    if found is None:
        kind = (
            kind_of(spec)
            if spec is not None
            else "keyword"
            if keyword
            else "double"
            if isinstance(value, float)
            else "long"
        )
        if keyword:
            return DocValues(kind, documents, None, np.zeros(documents, np.int64), [value])
        return DocValues(kind, documents, None, np.full(documents, value), None)
    if found.starts is None:
        return found
    values, terms = found.values, found.terms
    if keyword:
        place, there = found.place(value)
        assert terms is not None
        if not there:
            words = [terms[i] for i in range(len(terms))]
            terms, values = [*words[:place], value, *words[place:]], values + (values >= place)
        value = place
    elif isinstance(value, float) and values.dtype.kind != "f" and not value.is_integer():
        values, found = values.astype(np.float64), replace(found, kind="double")
    counts = np.maximum(found.counts, 1)
    starts = np.concatenate([[0], np.cumsum(counts)])
    out = np.full(int(starts[-1]), value, values.dtype if not keyword else np.int64)
    filled = np.repeat(found.exists, counts)
    out[filled] = values
    return DocValues(found.kind, documents, starts, out, terms)
