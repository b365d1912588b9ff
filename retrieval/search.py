"""Searching: a request over one or several indices, answered in Elasticsearch's shape."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson

from indexer import InvalidRequest, Node, Row, values_at

from .context import SearchContext, TimedOut
from .highlight import Highlighter
from .legs import DenseLeg
from .modes import run_mode
from .query.base import Highlight, Matches, Query
from .query.bool import Bool
from .query.match_all import MatchAll
from .ranking import Ranked, rank_query
from .request import SearchRequest, parse_request
from .retrievers import Fused, FusionRetriever
from .sorting import sort_column


@dataclass
class IndexHits:
    """What one index found: ranked documents and how to show them."""

    ctx: SearchContext
    ranked: Ranked
    fused: Fused | None = None
    query: Query | None = None
    dense: DenseLeg | None = None
    sort: list[tuple[Any, ...]] | None = None  # keys to merge indices by, per document
    sort_shown: list[list[Any]] | None = None
    warnings: tuple[str, ...] = ()
    highlights: list[Highlight] = field(default_factory=list)


def search(
    node: Node, indices: Sequence[str], body: Mapping[str, Any] | None, params: Mapping[str, Any]
) -> dict[str, Any]:
    """Run a request over the named indices.

    Returns Elasticsearch's response: took, timed_out, _shards, hits. Beside it: `_legs` in a hit found by
    a fusion (each leg's rank, score and contribution; the contributions add up to `_score`), `_passage`
    (the best sentence) where a semantic space took part, and `_warnings` when a leg could not.
    """
    began = time.monotonic()
    request = parse_request(body, params, node.settings)
    deadline = began + request.timeout if request.timeout is not None and request.timeout > 0 else None
    found, timed_out = [], False
    for name in indices:
        ctx = SearchContext(node, node.index(name), deadline)
        try:
            found.append(run(ctx, request))
        except TimedOut:
            timed_out = True
    return _response(request, found, timed_out, began, len(indices))


def count(node: Node, indices: Sequence[str], body: Mapping[str, Any] | None, params: Mapping[str, Any]) -> int:
    """How many documents match the request's query."""
    request = parse_request(body, params, node.settings)
    total = 0
    for name in indices:
        ctx = SearchContext(node, node.index(name))
        query = request.query or MatchAll()
        total += int(query.mask(ctx).sum())
    return total


def run(ctx: SearchContext, request: SearchRequest) -> IndexHits:
    """The hits of one index, enough of them for the request's page."""
    accept = _accepted(ctx, request.filters)
    k = request.start + request.size
    if request.mode is not None:
        return _by_mode(ctx, request, accept)
    if request.retriever is not None:
        return _by_retriever(ctx, request, accept, k)
    query = request.query
    if request.knn:
        parts = (query, *request.knn) if query is not None else request.knn
        query = parts[0] if len(parts) == 1 else Bool(should=parts)
    query = query or MatchAll()
    post = request.post_filter
    if post is not None:
        mask = post.mask(ctx)
        accept = mask if accept is None else accept & mask
    highlights = list(query.highlights(ctx))
    if request.sort and request.sort[0].field != "_score":
        return _sorted(ctx, request, query, accept, k, highlights)
    if request.sort and len(request.sort) > 1:
        return _sorted(ctx, request, query, accept, k, highlights)
    ranked = rank_query(ctx, query, k, accept, request.count_to or 0, request.min_score)
    return IndexHits(ctx, ranked, query=query, highlights=highlights)


def _accepted(ctx: SearchContext, filters: Sequence[Query]) -> np.ndarray | None:
    accept = None
    for query in filters:
        ctx.check_time()
        mask = query.mask(ctx)
        accept = mask if accept is None else accept & mask
    return accept


def _by_mode(ctx: SearchContext, request: SearchRequest, accept: np.ndarray | None) -> IndexHits:
    if request.sort:
        raise InvalidRequest("[sort] cannot be combined with [mode]; use [query] to sort by fields")
    if request.post_filter is not None:
        raise InvalidRequest("[post_filter] cannot be combined with [mode]; use [filter], which every leg applies")
    assert request.mode is not None
    window = request.window if request.mode == "hybrid" else max(request.window, request.start + request.size)
    found = run_mode(ctx, request.mode, request.text, accept, window, request.weights, request.fusion)
    marks = [Highlight(f.path, request.text) for f in ctx.text_fields()]
    ranked = _at_least(found.fused.ranked, request.min_score)
    return IndexHits(ctx, ranked, found.fused, dense=found.dense, warnings=found.warnings, highlights=marks)


def _by_retriever(ctx: SearchContext, request: SearchRequest, accept: np.ndarray | None, k: int) -> IndexHits:
    if request.sort:
        raise InvalidRequest("[retriever] cannot be combined with [sort]")
    assert request.retriever is not None
    if request.post_filter is not None:
        mask = request.post_filter.mask(ctx)
        accept = mask if accept is None else accept & mask
    marks = [h for query in _queries(request.retriever) for h in query.highlights(ctx)]
    if isinstance(request.retriever, FusionRetriever):
        fused = request.retriever.fused(ctx, accept)
        return IndexHits(ctx, _at_least(fused.ranked, request.min_score), fused, highlights=marks)
    leg = request.retriever.leg(ctx, accept, k, "retriever")
    ranked = _at_least(leg.search(k), request.min_score)
    return IndexHits(ctx, ranked, query=request.retriever.query, highlights=marks)


def _queries(retriever: Any) -> list[Query]:
    if isinstance(retriever, FusionRetriever):
        return [query for part, _, _ in retriever.parts for query in _queries(part)]
    return [retriever.query]


def _at_least(ranked: Ranked, min_score: float | None) -> Ranked:
    if min_score is None:
        return ranked
    keep = ranked.scores >= min_score
    return Ranked(ranked.docs[keep], ranked.scores[keep], int(keep.sum()))


def _sorted(
    ctx: SearchContext, request: SearchRequest, query: Query, accept: np.ndarray | None, k: int, marks: list[Highlight]
) -> IndexHits:
    scoring = any(key.field == "_score" for key in request.sort) or request.min_score is not None
    found = query.matches(ctx) if scoring else Matches.of_mask(query.mask(ctx), 0.0)
    docs, scores = found.docs, found.scores
    keep = np.ones(len(docs), bool) if accept is None else accept[docs]
    if request.min_score is not None:
        keep &= scores >= request.min_score
    docs, scores = docs[keep], scores[keep]
    columns = [sort_column(ctx, key, docs, scores) for key in request.sort]
    order = np.lexsort((docs, *(c.order for c in reversed(columns))))[:k]
    ranked = Ranked(docs[order], scores[order], len(docs))
    shown = [[c.shown[i] for c in columns] for i in order]
    if not scoring:
        ranked = Ranked(ranked.docs, np.full(len(order), np.nan, np.float32), ranked.total)
    keys = [tuple(_merge_key(v, key.descending) for v, key in zip(row, request.sort, strict=True)) for row in shown]
    return IndexHits(ctx, ranked, query=query, sort=keys, sort_shown=shown, highlights=marks)


class _Reversed:
    """Turns the order of a value around, to merge descending keys of several indices."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _Reversed) -> bool:
        return bool(other.value < self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reversed) and bool(self.value == other.value)

    __hash__ = None  # type: ignore[assignment]


def _merge_key(value: Any, descending: bool) -> Any:
    if value is None:
        return (1, 0)
    return (0, _Reversed(value) if descending else value)


# --- the response -------------------------------------------------------------------------------


def _response(
    request: SearchRequest, found: Sequence[IndexHits], timed_out: bool, began: float, indices: int
) -> dict[str, Any]:
    merged: list[tuple[Any, int, int]] = []
    for number, part in enumerate(found):
        for at in range(len(part.ranked.docs)):
            key = part.sort[at] if part.sort is not None else (-float(part.ranked.scores[at]),)
            merged.append((key, number, at))
    merged.sort()
    page = merged[request.start : request.start + request.size]
    hits = _hits(request, found, page)
    total = sum(p.ranked.total for p in found)
    exact = all(p.ranked.relation == "eq" for p in found)
    best = [float(p.ranked.scores[0]) for p in found if len(p.ranked.docs) and p.sort is None]
    inner: dict[str, Any] = {}
    if request.count_to is not None:
        over = total > request.count_to
        shown = request.count_to if over else total
        inner["total"] = {"value": shown, "relation": "gte" if over or not exact else "eq"}
    inner["max_score"] = max(best) if best else None
    inner["hits"] = hits
    shards = {"total": indices, "successful": indices, "skipped": 0, "failed": 0}
    out: dict[str, Any] = {
        "took": int((time.monotonic() - began) * 1000),
        "timed_out": timed_out,
        "_shards": shards,
        "hits": inner,
    }
    warnings = [w for p in found for w in p.warnings]
    if warnings:
        out["_warnings"] = warnings
    return out


def _hits(
    request: SearchRequest, found: Sequence[IndexHits], page: Sequence[tuple[Any, int, int]]
) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = [{}] * len(page)
    for number, part in enumerate(found):
        places = [i for i, (_, n, _) in enumerate(page) if n == number]
        if not places:
            continue
        ats = [page[i][2] for i in places]
        docs = part.ranked.docs[ats]
        rows = part.ctx.view.fetch([int(d) for d in docs])
        marker = Highlighter(part.ctx, part.highlights, request.highlight) if request.highlight else None
        spans = part.dense.best_spans(docs) if part.dense is not None else None
        for i, at, row, j in zip(places, ats, rows, range(len(ats)), strict=True):
            hit = _hit(request, part, row, at, marker)
            if spans is not None and spans[j][1] > 0 and part.dense is not None:
                hit["_passage"] = _passage(part.dense, row, int(spans[j][0]), int(spans[j][1]))
            out[i] = hit
    return out


def _hit(request: SearchRequest, part: IndexHits, row: Row, at: int, marker: Highlighter | None) -> dict[str, Any]:
    score = float(part.ranked.scores[at])
    hit: dict[str, Any] = {"_index": part.ctx.index.name, "_id": row.id, "_score": None if np.isnan(score) else score}
    if request.version:
        hit["_version"] = row.version
    if request.seq_no:
        hit["_seq_no"], hit["_primary_term"] = row.seq, 1
    assert row.body is not None
    source = orjson.loads(row.body)
    if request.source.any:
        hit["_source"] = request.source.chosen(source)
    if marker is not None:
        marks = marker.highlight(source)
        if marks:
            hit["highlight"] = marks
    if part.fused is not None:
        position = int(np.flatnonzero(part.fused.ranked.docs == part.ranked.docs[at])[0])
        hit["_legs"] = {leg.leg.name: leg.to_dict(position) for leg in part.fused.legs}
        if request.explain:
            hit["_explanation"] = part.fused.explain(position).to_dict()
    elif request.explain and part.query is not None:
        hit["_explanation"] = part.query.explain(part.ctx, int(part.ranked.docs[at])).to_dict()
    if part.sort_shown is not None:
        hit["sort"] = part.sort_shown[at]
    names = _matched_names(part, at)
    if names:
        hit["matched_queries"] = names
    return hit


def _passage(leg: DenseLeg, row: Row, start: int, end: int) -> dict[str, Any]:
    assert row.body is not None
    body = "\n".join(str(v) for v in values_at(orjson.loads(row.body), leg.space.body) if v is not None)
    return {"field": leg.space.body, "start": start, "end": end, "text": body[start:end]}


def _matched_names(part: IndexHits, at: int) -> list[str]:
    if part.query is None:
        return []
    doc = np.array([part.ranked.docs[at]])
    return [q.name for q in _named(part.query) if q.name and bool(q.mask(part.ctx)[doc][0])]


def _named(query: Query) -> list[Query]:
    own = [query] if query.name else []
    return own + [named for child in query.children() for named in _named(child)]
