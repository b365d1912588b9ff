"""Searching: a request over one or several indices, answered in Elasticsearch's shape."""

from __future__ import annotations

import importlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from indexer import InvalidRequest, Node, result_window
from settings import Settings

from .aggregations import Aggregations, Part, Scope
from .collapse import shown_value
from .context import SearchContext, TimedOut, without_damaged
from .fetching import fetch
from .finding import run, see
from .found import IndexHits
from .inner_hits import inner_hits
from .points import filter_of
from .query.base import Query
from .query.knn import nearest_of_all
from .request import ALL, SearchRequest, parse_request
from .tops import merge_sorted

_SUGGESTERS = ("term", "phrase", "completion")


@dataclass(frozen=True)
class _Place:
    """A hit before it is read: what orders it among all indices' hits, and where it stands."""

    key: tuple[Any, ...]
    number: int
    at: int


def search(
    node: Node, indices: Sequence[str], body: Mapping[str, Any] | None, params: Mapping[str, Any]
) -> dict[str, Any]:
    """Run a request over the named indices, or over the point in time that its `pit` names.

    A name may be a :class:`indexer.resolution.Target`, whose filter everything has to match.

    Returns Elasticsearch's response: took, timed_out, _shards, hits, and what was asked for beside them. In a
    hit found by a fusion stand `_legs` (each leg's rank, score and contribution; the contributions add up to
    `_score`) and, where a semantic space took part, `_passage` (the best sentence); `_warnings` says when a
    leg could not, and which documents were left out because they are damaged in the store.

    Aggregations are over all documents that the request matches before its post_filter: those of the query
    and filters; of a retriever, all that any of its queries matches (of a vector search its k nearest); of a
    plain question, all that hold any of its words and those found by meaning within the window.

    When the timeout is over, the answer holds what was found until then, with `timed_out` true: indices,
    legs of a fusion and aggregations that were not reached are left out.
    """
    began = time.monotonic()
    request = parse_request(body, params, _limits(node, indices))
    deadline = began + request.timeout if request.timeout is not None and request.timeout > 0 else None
    contexts = _contexts(node, indices, request, deadline)
    out = without_damaged([ctx for ctx, _ in contexts], lambda: _answered(request, contexts))
    head = {"pit_id": request.point.id} if request.point is not None else {}
    return {**head, "took": int((time.monotonic() - began) * 1000), **out}


def _limits(node: Node, indices: Sequence[str]) -> Settings:
    """The service's settings, with the least `index.max_result_window` of the indices that have one."""
    own = [result_window(node.index(name).settings) for name in indices]
    given = [window for window in own if window is not None]
    if not given:
        return node.settings
    return node.settings.model_copy(update={"max_result_window": min(given)})


def _answered(request: SearchRequest, contexts: Sequence[tuple[SearchContext, Query | None]]) -> dict[str, Any]:
    found, timed_out = [], False
    try:
        _share_nearest(request, contexts)
        for number, (ctx, visible) in enumerate(contexts):
            try:
                found.append(run(ctx, request, number, visible))
            except TimedOut:
                timed_out = True
    except TimedOut:
        timed_out = True
    timed_out |= any(part.partial for part in found)
    out = _response(request, found, len(contexts))
    if request.aggregations:
        out["aggregations"], late = _aggregated(request, found)
        timed_out |= late
    if request.suggest is not None:
        out["suggest"] = _suggested(contexts, request)
    warnings = [w for part in found for w in part.warnings]
    if warnings:
        out["_warnings"] = warnings
    return {"timed_out": timed_out, **out}


def _share_nearest(request: SearchRequest, contexts: Sequence[tuple[SearchContext, Query | None]]) -> None:
    """Let a vector search over several indices find its k nearest documents of all together. TimedOut."""
    if len(contexts) > 1 and request.nearest:
        for ctx, visible in contexts:
            see(ctx, visible)
        for knn in request.nearest:
            nearest_of_all(knn, [ctx for ctx, _ in contexts])


def count(node: Node, indices: Sequence[str], body: Mapping[str, Any] | None, params: Mapping[str, Any]) -> int:
    """How many documents match the request's query."""
    request = parse_request(body, params, node.settings)
    request = replace(request, start=0, size=0, sort=(), count_to=ALL, rescore=(), collapse=None, search_after=None)
    contexts = _contexts(node, indices, request, None)
    return sum(run(ctx, request, number, visible).ranked.total for number, (ctx, visible) in enumerate(contexts))


def _contexts(
    node: Node, indices: Sequence[str], request: SearchRequest, deadline: float | None
) -> list[tuple[SearchContext, Query | None]]:
    """What is searched: the view of each index, and the alias's filter through which it is seen."""
    if request.point is not None:
        if indices:
            raise InvalidRequest(
                "[indices] cannot be used with point in time. Do not specify any index with point in time."
            )
        return request.point.contexts(node, deadline)
    return [(SearchContext(node, node.index(name), deadline), filter_of(node, name)) for name in indices]


# --- hits ---------------------------------------------------------------------------------------


def _response(request: SearchRequest, found: Sequence[IndexHits], indices: int) -> dict[str, Any]:
    page = _page(request, found)
    total = sum(part.ranked.total for part in found)
    exact = all(part.ranked.relation == "eq" for part in found)
    inner: dict[str, Any] = {}
    if request.count_to is not None:
        over = total > request.count_to
        inner["total"] = {
            "value": request.count_to if over else total,
            "relation": "gte" if over or not exact else "eq",
        }
    inner["max_score"] = _best(request, found)
    inner["hits"] = _hits(request, found, page)
    out: dict[str, Any] = {}
    if request.terminate_after:
        out["terminated_early"] = any(part.terminated for part in found)
    out["_shards"] = {"total": indices, "successful": indices, "skipped": 0, "failed": 0}
    out["hits"] = inner
    return out


def _best(request: SearchRequest, found: Sequence[IndexHits]) -> float | None:
    """The best score: of the page where it comes first, of all matches where they are scored but sorted."""
    if request.size == 0 or not (request.by_score or request.track_scores):
        return None
    scores: list[float] = []
    for part in found:
        known = part.ranked.scores if request.by_score or part.candidates is None else part.candidates.scores
        scores += [float(known[:1].max() if request.by_score else known.max())] if len(known) else []
    return max(scores) if scores else None


def _page(request: SearchRequest, found: Sequence[IndexHits]) -> list[_Place]:
    """The hits of the page in order, of all indices."""
    places: list[_Place] = []
    for number, part in enumerate(found):
        for at in range(len(part.ranked.docs)):
            if part.columns:
                key = tuple(column.merge_key(int(part.places[at])) for column in part.columns)
            else:
                key = (-float(part.ranked.scores[at]),)
            places.append(_Place(key, number, at))
    if len(found) > 1:
        merge_sorted(places, lambda place: (place.key, place.number, place.at))
        if request.collapse is not None:
            seen: set[Any] = set()
            kept = []
            for place in places:
                group = found[place.number].group(place.at)
                if group not in seen:
                    seen.add(group)
                    kept.append(place)
            places = kept
    return places[request.start : request.start + request.size]


def _hits(request: SearchRequest, found: Sequence[IndexHits], page: Sequence[_Place]) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = [{}] * len(page)
    for number, part in enumerate(found):
        own = [(i, place.at) for i, place in enumerate(page) if place.number == number]
        ats = [at for _, at in own]
        for (i, at), hit in zip(
            own, fetch(part.account, part.ranked.docs[ats], part.ranked.scores[ats], request.fetch), strict=True
        ):
            if request.collapse is not None:
                hit.setdefault("fields", {})[request.collapse.field] = [shown_value(part.group(at))]
            if part.columns:
                hit["sort"] = [column.shown(int(part.places[at])) for column in part.columns]
            out[i] = hit
    for inner in request.collapse.inner if request.collapse is not None else ():
        groups = [found[place.number].group(place.at) for place in page]
        for hit, below in zip(out, inner_hits(found, groups, inner), strict=True):
            hit.setdefault("inner_hits", {})[inner.name] = below
    return out


# --- beside the hits ----------------------------------------------------------------------------


def _aggregated(request: SearchRequest, found: Sequence[IndexHits]) -> tuple[dict[str, Any], bool]:
    """(the aggregations that were reached in time, whether some were not)."""
    out: dict[str, Any] = {}
    try:
        parts = [Part(p.account, p.matched(), p.scores_of, p.visible) for p in found]
        scope = Scope(parts, request.typed_keys)
        for one in request.aggregations:
            out.update(Aggregations((one,)).run(scope, scope.matched())[0])
    except TimedOut:
        return out, True
    return out, False


def _suggested(contexts: Sequence[tuple[SearchContext, Query | None]], request: SearchRequest) -> dict[str, Any]:
    if any(visible is not None for _, visible in contexts):
        raise InvalidRequest(
            "[suggest] looks into whole dictionaries, it cannot be used through an alias with a filter; name the index"
        )
    body = request.suggest or {}
    suggest = importlib.import_module("retrieval.suggest")  # loaded when it is first asked for
    found: dict[str, Any] = suggest.run([ctx for ctx, _ in contexts], body, request.fetch.source)
    if not request.typed_keys:
        return found
    kinds = {name: next((k for k in part if k in _SUGGESTERS), "term") for name, part in body.items() if name in found}
    return {f"{kinds[name]}#{name}": value for name, value in found.items()}
