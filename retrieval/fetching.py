"""From ranked documents to hits: what is read, filtered, marked and explained for an answer's page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson

from indexer import InvalidRequest, ParsingError, Row, values_at

from .checks import flag
from .context import SearchContext
from .highlight import FieldOptions, Highlighter, parse_highlight
from .legs import DenseLeg
from .query.base import Explanation, Highlight, Query
from .shown import FieldPattern, ShownFields, parse_field_patterns
from .source import SourceFilter

FETCH_KEYS = frozenset({
    "_source", "highlight", "explain", "version", "seq_no_primary_term", "fields", "docvalue_fields", "stored_fields",
})  # fmt: skip
"""The keys that say how hits are shown: of a request, of `inner_hits` and of `top_hits`."""


@dataclass(frozen=True)
class FetchOptions:
    """What each hit carries."""

    source: SourceFilter = field(default_factory=SourceFilter)
    highlight: tuple[tuple[str, FieldOptions], ...] = ()
    explain: bool = False
    version: bool = False
    seq_no: bool = False
    fields: tuple[FieldPattern, ...] = ()
    docvalues: tuple[FieldPattern, ...] = ()
    metadata: bool = True  # false for `stored_fields: _none_`: hits without id and source
    named_scores: bool = False

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> FetchOptions:
        """From the keys of FETCH_KEYS and `include_named_queries_score`; ParsingError."""
        stored = body.get("stored_fields")
        names = [stored] if isinstance(stored, str) else stored
        if names is not None and not (isinstance(names, list) and all(isinstance(n, str) for n in names)):
            raise ParsingError("[stored_fields] takes _none_, a field's name or a list of names")
        none = names == ["_none_"]
        if names is not None and "_none_" in names and not none:
            raise InvalidRequest("cannot combine _none_ with other fields")
        if none and (body.get("version") or body.get("_source") not in (None, False)):
            what = "[version]" if body.get("version") else "[_source]"
            raise InvalidRequest(f"[stored_fields] cannot be disabled if {what} is requested")
        source = body.get("_source")
        if source is None and names is not None:
            source = "_source" in names
        fields = parse_field_patterns("fields", body.get("fields"))
        wanted = [n for n in names or () if n not in ("_none_", "_source", "_id")]
        return cls(
            SourceFilter.of(source),
            parse_highlight(body.get("highlight")),
            flag(body, "explain"),
            flag(body, "version"),
            flag(body, "seq_no_primary_term"),
            (*fields, *(FieldPattern(name) for name in wanted)),
            parse_field_patterns("docvalue_fields", body.get("docvalue_fields")),
            not none,
            flag(body, "include_named_queries_score"),
        )


@dataclass(slots=True)  # not frozen: that takes longer to make
class Account:
    """What one index's search knows about its hits beside their scores."""

    ctx: SearchContext
    queries: tuple[Query, ...] = ()  # all that take part, for their names
    highlights: tuple[Highlight, ...] = ()
    explain: Callable[[int], Explanation | None] | None = None
    legs: Callable[[int], dict[str, Any]] | None = None
    dense: DenseLeg | None = None


def fetch(
    account: Account, docs: np.ndarray, scores: Sequence[float] | np.ndarray, options: FetchOptions
) -> list[dict[str, Any]]:
    """The hits of some documents (int64[n]) with their scores (NaN: not scored), in their order."""
    ctx = account.ctx
    rows = ctx.view.fetch([int(d) for d in docs])
    marker = Highlighter(ctx, account.highlights, options.highlight) if options.highlight else None
    shown = ShownFields(ctx, options.fields, options.docvalues)
    spans = account.dense.best_spans(docs) if account.dense is not None else None
    names = _names(account, docs, options.named_scores)
    out = []
    for number, (doc, score, row) in enumerate(zip(docs.tolist(), scores, rows, strict=True)):
        hit = _hit(ctx, row, float(score), options)
        source = _Lazy(row)
        if options.metadata and options.source.any:
            hit["_source"] = options.source.chosen(source())
        if shown:
            fields = shown.values(doc, source())
            if fields:
                hit["fields"] = fields
        if marker is not None:
            marks = marker.highlight(source())
            if marks:
                hit["highlight"] = marks
        if account.legs is not None:
            hit["_legs"] = account.legs(doc)
        if options.explain and account.explain is not None:
            explanation = account.explain(doc)
            if explanation is not None:
                hit["_explanation"] = explanation.to_dict()
        if names[number]:
            hit["matched_queries"] = names[number] if options.named_scores else list(names[number])
        if spans is not None and spans[number][1] > 0 and account.dense is not None:
            hit["_passage"] = _passage(account.dense, source(), int(spans[number][0]), int(spans[number][1]))
        out.append(hit)
    return out


class _Lazy:
    """A document's JSON, parsed when the first part of a hit needs it."""

    def __init__(self, row: Row) -> None:
        self._row = row
        self._source: dict[str, Any] | None = None

    def __call__(self) -> dict[str, Any]:
        if self._source is None:
            assert self._row.body is not None
            self._source = orjson.loads(self._row.body)
        return self._source


def _hit(ctx: SearchContext, row: Row, score: float, options: FetchOptions) -> dict[str, Any]:
    hit: dict[str, Any] = {"_index": ctx.index.name}
    if options.metadata:
        hit["_id"] = row.id
    if options.version:
        hit["_version"] = row.version
    if options.seq_no:
        hit["_seq_no"], hit["_primary_term"] = row.seq, 1
    hit["_score"] = None if np.isnan(score) else score
    return hit


def _names(account: Account, docs: np.ndarray, scored: bool) -> list[dict[str, float]]:
    """The named queries that each document matches, with its score of each where that is wanted."""
    out: list[dict[str, float]] = [{} for _ in docs]
    for query in dict.fromkeys(q for root in account.queries for q in named(root)):
        matched = query.mask(account.ctx)[docs]
        scores = query.score(account.ctx, docs) if scored else matched
        for number in np.flatnonzero(matched):
            out[number][str(query.name)] = float(scores[number])
    return out


def named(query: Query) -> Iterator[Query]:
    """The queries of a tree that have names."""
    if query.name:
        yield query
    for child in query.children():
        yield from named(child)


def _passage(leg: DenseLeg, source: dict[str, Any], start: int, end: int) -> dict[str, Any]:
    body = "\n".join(str(v) for v in values_at(source, leg.space.body) if v is not None)
    return {"field": leg.space.body, "start": start, "end": end, "text": body[start:end]}
