"""Sorting hits by fields, score and document order; and where a page after given values begins.

Every criterion becomes one number a document, less meaning earlier, whatever the direction. `_doc` and
`_shard_doc` are the order of writes: their values are sequence numbers (with the place of the index among
those searched), so a page that begins after one goes on rightly even when segments were merged meanwhile.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from indexer import InvalidRequest, ParsingError
from indexer.dates import DEFAULT_FORMAT
from indexer.fields import FLOATS, INTEGERS, TYPES, Field, parse_date

from .columns import DocValues, doc_values
from .context import SearchContext
from .formats import format_date, format_number

MODES = ("min", "max", "sum", "avg", "median")
DOCUMENT_ORDER = ("_doc", "_shard_doc")
_SEQ_BITS = 40  # of a document's order; the bits above number the index
_OPTIONS = ("order", "missing", "mode", "unmapped_type", "format", "numeric_type")
LEAST, MOST = -(1 << 63), (1 << 63) - 1


@dataclass(frozen=True)
class SortKey:
    """One criterion. `field` may be `_score`, `_doc` or `_shard_doc`."""

    field: str
    descending: bool = False
    missing: Any = "_last"
    mode: str | None = None
    unmapped: str | None = None  # the type that a field is taken to have where it is not mapped
    format: str | None = None


BY_SCORE = SortKey("_score", True)
TIE_BREAKER = SortKey("_shard_doc")


def parse_sort(body: Any) -> tuple[SortKey, ...]:
    """Elasticsearch's `sort`: names, {field: "desc"}, {field: {order, missing, mode, unmapped_type, format}}."""
    if body is None:
        return ()
    out = []
    for item in body if isinstance(body, list) else [body]:
        if isinstance(item, str):
            field, _, order = item.partition(":")
            item = {field: {"order": order}} if order else {field: {}}
        if not isinstance(item, dict) or not item:
            raise ParsingError("[sort] takes field names or objects of fields and their options")
        out += [_parse_key(field, spec) for field, spec in item.items()]
    return tuple(out)


def _parse_key(field: str, spec: Any) -> SortKey:
    if isinstance(spec, str):
        spec = {"order": spec}
    if not isinstance(spec, dict):
        raise ParsingError(f"[sort] the options of [{field}] must be an object")
    if field in ("_script", "_geo_distance"):
        raise InvalidRequest(f"[sort] by [{field}] is not supported")
    for key in spec:
        if key not in _OPTIONS:
            raise ParsingError(f"[sort] unknown option [{key}] for field [{field}]")
    order = str(spec.get("order", "desc" if field == "_score" else "asc")).lower()
    if order not in ("asc", "desc"):
        raise ParsingError(f"[sort] order of [{field}] must be asc or desc, not [{order}]")
    mode = None if spec.get("mode") is None else str(spec["mode"]).lower()
    if mode is not None and mode not in MODES:
        raise ParsingError(f"[sort] mode of [{field}] must be one of {', '.join(MODES)}, not [{mode}]")
    unmapped, pattern = spec.get("unmapped_type"), spec.get("format")
    if unmapped is not None and (not isinstance(unmapped, str) or unmapped not in TYPES):
        raise ParsingError(f"No mapper found for type [{unmapped}] in [unmapped_type] of [{field}]")
    if pattern is not None and not isinstance(pattern, str):
        raise ParsingError(f"[sort] format of [{field}] must be a string, not [{pattern}]")
    missing = spec.get("missing", "_last")
    if isinstance(missing, dict | list) or missing is None:
        raise ParsingError(f"[sort] missing of [{field}] must be _first, _last or a value")
    kind = spec.get("numeric_type", "long")
    if kind not in ("long", "double", "date") and not (kind == "date_nanos" and pattern is not None):
        raise ParsingError(
            f"[sort] numeric_type of [{field}] must be long, double or date, or date_nanos beside a [format]: dates "
            "are held in milliseconds"
        )
    return SortKey(field, order == "desc", missing, mode, unmapped, pattern)


class SortColumn(ABC):
    """One criterion over n documents of one index. `order`: int64 or float64[n], less comes first."""

    order: np.ndarray

    @abstractmethod
    def shown(self, at: int) -> Any:
        """The value as it stands in a hit's `sort`, and as `search_after` gives it back."""

    def merge_key(self, at: int) -> Any:
        """What orders hits of several indices by this criterion; less comes first."""
        return self.order[at].item()

    @abstractmethod
    def after(self, value: Any) -> tuple[np.ndarray, np.ndarray]:
        """bool[n] each: which documents come after the given value, and which have it."""


class ScoreColumn(SortColumn):
    """The score."""

    def __init__(self, key: SortKey, scores: np.ndarray) -> None:
        self.scores = scores
        self.order = -scores if key.descending else scores
        self.sign = -1.0 if key.descending else 1.0

    def shown(self, at: int) -> Any:
        return float(self.scores[at])

    def after(self, value: Any) -> tuple[np.ndarray, np.ndarray]:
        bound = np.float32(self.sign * _number("_score", value))
        return self.order > bound, self.order == bound


class OrderColumn(SortColumn):
    """The order of writes; `number` is the index's place among those searched."""

    def __init__(self, ctx: SearchContext, key: SortKey, docs: np.ndarray, number: int) -> None:
        self.places = ctx.view.seqs[docs] + (number << _SEQ_BITS)
        self.sign = -1 if key.descending else 1
        self.order = self.sign * self.places

    def shown(self, at: int) -> Any:
        return int(self.places[at])

    def after(self, value: Any) -> tuple[np.ndarray, np.ndarray]:
        bound = self.sign * int(_number("_shard_doc", value))
        return self.order > bound, self.order == bound


class NumberColumn(SortColumn):
    """A number of each document: one of its values, or what the mode makes of them."""

    def __init__(self, key: SortKey, spec: Field, values: DocValues | None, docs: np.ndarray) -> None:
        self.key, self.spec = key, spec
        self.floats = spec.type in FLOATS
        found, known = _picked(key, values, docs, np.float64 if self.floats else np.int64)
        if not known.all():
            found[~known] = self._absent(known)
        self.values = found
        # the least integer has no negative; complements turn the order around without overflow
        self.order = (-found if self.floats else ~found) if key.descending else found

    def _absent(self, known: np.ndarray) -> Any:
        missing = self.key.missing
        if missing in ("_last", "_first"):
            upper = (missing == "_last") != self.key.descending
            return (np.inf if upper else -np.inf) if self.floats else (MOST if upper else LEAST)
        return self._read(missing, "missing")

    def _read(self, value: Any, where: str) -> Any:
        """A value of the request as one of the field's; InvalidRequest."""
        try:
            if self.spec.type == "date" and not _is_number(value):
                own = self.spec.params.get("format", DEFAULT_FORMAT)
                return parse_date(value, f"{self.key.format}||{own}" if self.key.format else own)
            if self.spec.type == "boolean" and value in (True, False, "true", "false"):
                return int(value in (True, "true"))
            if self.floats:
                return float(str(value).replace("Infinity", "inf"))
            number = int(value) if isinstance(value, int | str) else float(value)
            return min(max(number, LEAST), MOST)
        except (ValueError, OverflowError, TypeError):
            raise InvalidRequest(
                f"Failed to parse [{where}] value [{value}] for field [{self.key.field}] of type [{self.spec.type}]"
            ) from None

    def merge_key(self, at: int) -> Any:
        value = self.values[at].item()
        return -value if self.key.descending else value

    def shown(self, at: int) -> Any:
        value = self.values[at].item()
        if self.floats:
            if np.isinf(value):
                return "Infinity" if value > 0 else "-Infinity"
            return value if self.key.format is None else format_number(value, self.key.format)
        if self.key.format is None or value in (LEAST, MOST):
            return value
        if self.spec.type == "date":
            return format_date(value, self.key.format)
        return format_number(value, self.key.format)

    def after(self, value: Any) -> tuple[np.ndarray, np.ndarray]:
        bound = self._absent(np.zeros(0, bool)) if value is None else self._read(value, "search_after")
        later = self.values < bound if self.key.descending else self.values > bound
        return later, self.values == bound


class KeywordColumn(SortColumn):
    """A keyword of each document; `order` counts the field's dictionary."""

    def __init__(self, key: SortKey, values: DocValues | None, docs: np.ndarray) -> None:
        if key.mode in ("sum", "avg", "median"):
            raise InvalidRequest("we only support min and max sort modes on keyword and text fields")
        self.key, self.dictionary = key, values
        self.ordinals, self.known = _picked(key, values, docs, np.int64)
        self.size = 0 if values is None else values.cardinality
        self.fill = None if key.missing in ("_last", "_first") else str(key.missing).encode("utf-8", "surrogatepass")
        doubled = 2 * self.ordinals.astype(np.int64)  # odd numbers are left for keywords that are not there
        doubled[~self.known] = self._absent()
        self.order = -doubled if key.descending else doubled

    def _absent(self) -> int:
        if self.fill is not None:
            return self._place(self.fill)
        upper = (self.key.missing == "_last") != self.key.descending
        return 2 * self.size + 2 if upper else -2

    def _place(self, term: bytes) -> int:
        if self.dictionary is None:
            return -1
        place, there = self.dictionary.place(term)
        return 2 * place if there else 2 * place - 1

    def _term(self, at: int) -> bytes | None:
        if not self.known[at]:
            return self.fill
        assert self.dictionary is not None
        return bytes(self.dictionary.value(int(self.ordinals[at])))

    def shown(self, at: int) -> Any:
        term = self._term(at)
        return None if term is None else term.decode("utf-8", "replace")

    def merge_key(self, at: int) -> Any:
        term = self._term(at)
        if term is None:
            return (0 if self.key.missing == "_first" else 2, _Reversed(b"") if self.key.descending else b"")
        return (1, _Reversed(term) if self.key.descending else term)

    def after(self, value: Any) -> tuple[np.ndarray, np.ndarray]:
        if value is not None and not isinstance(value, str):
            value = str(value).lower() if isinstance(value, bool) else str(value)
        term = self.fill if value is None else value.encode("utf-8", "surrogatepass")
        place = self._absent() if term is None else self._place(term)
        bound = -place if self.key.descending else place
        later, same = self.order > bound, self.order == bound
        if self.fill is not None and term is not None:  # neither may be in the dictionary: places do not part them
            later[~self.known] = self.fill < term if self.key.descending else self.fill > term
            same[~self.known] = self.fill == term
        return later, same


class _Reversed:
    """Turns the order of a keyword around."""

    __slots__ = ("value",)

    def __init__(self, value: bytes) -> None:
        self.value = value

    def __lt__(self, other: _Reversed) -> bool:
        return other.value < self.value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reversed) and self.value == other.value

    __hash__ = None  # type: ignore[assignment]


def sort_column(ctx: SearchContext, key: SortKey, docs: np.ndarray, scores: np.ndarray, number: int) -> SortColumn:
    """One criterion over documents (int64[n]) of the index at place `number`; InvalidRequest for text fields."""
    if key.field == "_score":
        return ScoreColumn(key, scores)
    if key.field in DOCUMENT_ORDER:
        return OrderColumn(ctx, key, docs, number)
    spec = ctx.field(key.field)
    values = None
    if spec is None:
        if key.unmapped is None:
            raise InvalidRequest(f"No mapping found for [{key.field}] in order to sort on")
        spec = Field(key.field, key.unmapped)
    else:
        if spec.is_text:
            raise InvalidRequest(
                f"Fielddata is disabled on [{key.field}] in [{ctx.index.name}]. Text fields are not optimised for "
                "operations that require per-document field data like aggregations and sorting, so these operations "
                f"are disabled by default. Please use a keyword field instead, such as [{key.field}.keyword]."
            )
        if not spec.has_values:
            raise InvalidRequest(f"can't sort on field [{key.field}] of type [{spec.type}]")
        values = doc_values(ctx.view, key.field)
    if spec.type in INTEGERS or spec.type in FLOATS or spec.type in ("date", "boolean"):
        return NumberColumn(key, spec, values, docs)
    return KeywordColumn(key, values, docs)


def ordered(columns: Sequence[SortColumn], docs: np.ndarray, k: int, some: np.ndarray) -> np.ndarray:
    """Of the positions `some` the first k by the criteria in turn, then by document order."""
    if 0 < k < len(some) // 8:
        first = columns[0].order[some]
        some = some[first <= np.partition(first, k - 1)[k - 1]]
    order = np.lexsort((docs[some], *(c.order[some] for c in reversed(columns))))
    return some[order][:k]


def after(columns: Sequence[SortColumn], values: Sequence[Any]) -> np.ndarray:
    """bool[n]: the documents that come after the hit whose `sort` had these values."""
    out: np.ndarray | None = None
    for column, value in zip(reversed(columns), reversed(values), strict=True):
        later, same = column.after(value)
        out = later if out is None else later | (same & out)
    assert out is not None
    return out


def _picked(key: SortKey, values: DocValues | None, docs: np.ndarray, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
    """One value of each document by the mode (the least, or the greatest when descending), and which have one."""
    out, known = np.zeros(len(docs), dtype), np.zeros(len(docs), bool)
    if values is None:
        return out, known
    stored = values.values
    if values.starts is None:
        return stored[docs].astype(dtype), np.ones(len(docs), bool)
    first, last = values.starts[docs], values.starts[docs + 1] - 1
    known = last >= first
    first, last = first[known], last[known]
    mode = key.mode or ("max" if key.descending else "min")
    if mode in ("min", "max"):
        out[known] = stored[first if mode == "min" else last]
    elif mode == "median":
        low, high = (first + last) // 2, (first + last + 1) // 2
        middle = _rounded((stored[low].astype(np.float64) + stored[high]) / 2, dtype)
        out[known] = np.where(low == high, stored[low], middle)
    elif len(first):
        rows, places = values.expand(docs[known])
        counts, added = last - first + 1, stored[places]
        if dtype == np.int64:
            sums = np.add.reduceat(added.astype(dtype), np.cumsum(counts) - counts)
        else:  # one after the other
            sums = np.bincount(rows, added, len(counts))
        out[known] = sums if mode == "sum" else np.where(counts == 1, sums, _rounded(sums / counts, dtype))
    return out, known


def _rounded(values: np.ndarray, dtype: Any) -> np.ndarray:
    """Means as values of the column: whole ones are rounded, halves up."""
    return np.floor(values + 0.5).astype(dtype) if dtype == np.int64 else values


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(field: str, value: Any) -> float:
    if isinstance(value, str):
        try:
            value = int(value)
        except ValueError:
            try:
                value = float(value)
            except ValueError:
                value = None
    if not _is_number(value) or not abs(value) < 1e300:
        raise InvalidRequest(f"Failed to parse search_after value for field [{field}]: it must be a number")
    return value
