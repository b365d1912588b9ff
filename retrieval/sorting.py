"""Sorting hits by fields, score and document order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from indexer import InvalidRequest, ParsingError
from indexer.fields import FLOATS

from .context import SearchContext


@dataclass(frozen=True)
class SortKey:
    """One criterion. `field` may be `_score` or `_doc`."""

    field: str
    descending: bool = False
    missing: Any = "_last"
    mode: str | None = None
    unmapped: bool = False  # a field that is not mapped sorts as missing instead of being an error


def parse_sort(body: Any) -> tuple[SortKey, ...]:
    """Elasticsearch's `sort`: names, {field: "desc"}, {field: {order, missing, mode, unmapped_type}}."""
    if body is None:
        return ()
    out = []
    for item in body if isinstance(body, list) else [body]:
        if isinstance(item, str):
            field, _, order = item.partition(":")
            item = {field: {"order": order}} if order else {field: {}}
        if not isinstance(item, dict) or len(item) != 1:
            raise ParsingError("[sort] takes field names or objects with one field each")
        ((field, spec),) = item.items()
        if isinstance(spec, str):
            spec = {"order": spec}
        if not isinstance(spec, dict):
            raise ParsingError(f"[sort] the options of [{field}] must be an object")
        for key in spec:
            if key not in ("order", "missing", "mode", "unmapped_type", "format", "numeric_type"):
                raise ParsingError(f"[sort] unknown option [{key}] for field [{field}]")
        order = spec.get("order", "desc" if field == "_score" else "asc")
        if order not in ("asc", "desc"):
            raise ParsingError(f"[sort] order of [{field}] must be asc or desc, not [{order}]")
        mode = spec.get("mode")
        if mode not in (None, "min", "max"):
            raise ParsingError(f"[sort] mode of [{field}] must be min or max, not [{mode}]")
        out.append(SortKey(field, order == "desc", spec.get("missing", "_last"), mode, "unmapped_type" in spec))
    return tuple(out)


@dataclass(frozen=True)
class SortColumn:
    """One criterion's values of n documents: `order` float64 or int64[n] to sort by, `shown` for the hits."""

    order: np.ndarray
    shown: list[Any]


def sort_column(ctx: SearchContext, key: SortKey, docs: np.ndarray, scores: np.ndarray) -> SortColumn:
    """The values that `docs` are sorted by; InvalidRequest for a field that cannot be sorted."""
    if key.field == "_score":
        return SortColumn(_signed(key, scores.astype(np.float64)), [float(s) for s in scores])
    if key.field == "_doc":
        return SortColumn(_signed(key, docs), [int(d) for d in docs])
    field = ctx.field(key.field)
    if field is None:
        if key.unmapped:
            return SortColumn(np.zeros(len(docs), np.int64), [None] * len(docs))
        raise InvalidRequest(f"No mapping found for [{key.field}] in order to sort on")
    if field.is_text:
        raise InvalidRequest(
            f"Fielddata is disabled on [{key.field}]: text fields cannot be sorted on; use a keyword field such as "
            f"[{key.field}.keyword]"
        )
    values, known = _values(ctx, key, docs)
    if field.type == "keyword":
        rank = {v: i for i, v in enumerate(sorted({v for v, k in zip(values, known, strict=True) if k}))}
        order = np.array([rank.get(v, 0) for v in values], np.float64)
        shown = [v.decode() if k else None for v, k in zip(values, known, strict=True)]
    else:
        order = np.array(values, np.float64 if field.type in FLOATS else np.int64)
        shown = [
            (float(v) if field.type in FLOATS else int(v)) if k else None for v, k in zip(values, known, strict=True)
        ]
    order = _signed(key, order)
    if not known.all():
        order, shown = _with_missing(key, order, known, shown)
    return SortColumn(order, shown)


def _signed(key: SortKey, order: np.ndarray) -> np.ndarray:
    return -order if key.descending else order


def _with_missing(key: SortKey, order: np.ndarray, known: np.ndarray, shown: list[Any]) -> tuple[np.ndarray, list[Any]]:
    order = order.astype(np.float64)
    if key.missing in ("_last", "_first"):
        order[~known] = np.inf if key.missing == "_last" else -np.inf
        return order, shown
    try:
        fill = float(key.missing)
    except (TypeError, ValueError):
        raise InvalidRequest(f"[sort] missing of [{key.field}] must be _first, _last or a number") from None
    order[~known] = -fill if key.descending else fill
    return order, [fill if s is None else s for s in shown]


def _values(ctx: SearchContext, key: SortKey, docs: np.ndarray) -> tuple[list[Any], np.ndarray]:
    """One value of each document (the least, or the greatest when descending or by mode), and which have one."""
    greatest = key.mode == "max" or (key.mode is None and key.descending)
    out: list[Any] = [0] * len(docs)
    known = np.zeros(len(docs), bool)
    segment_of, local = ctx.reader.locate(docs)
    for number, segment in enumerate(ctx.view.segments):
        at = np.flatnonzero(segment_of == number)
        column = segment.column(key.field) if len(at) else None
        if column is None:
            continue
        values = (column.last(0) if greatest else column.first(0))[local[at]]
        exists = column.exists[local[at]]
        for i, value, has in zip(at, values, exists, strict=True):
            if has:
                out[i] = column.term(int(value)) if column.kind == "keyword" else value
        known[at] = exists
    return out, known
