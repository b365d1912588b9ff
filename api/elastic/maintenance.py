"""Upkeep: refresh, flush, merge, and figures of indices."""

from __future__ import annotations

import time
from typing import Any

from api.call import Call
from api.elastic.targets import targets
from api.parameters import TARGETS, Parameter, boolean
from api.render import Reply
from api.routing import Route
from indexer.engine import Index, IndexStats
from indexer.errors import InvalidRequest, SpaceUnavailable

_POLL = 0.1
_PATIENCE = 5.0  # seconds without a new vector after which a known reason is told


def shards(count: int) -> dict[str, int]:
    """Elasticsearch's account of shards; an index is one."""
    return {"total": count, "successful": count, "failed": 0}


def refresh(call: Call) -> Reply:
    """Make all writes searchable by their words; with `wait_for=vectors`, by their vectors too."""
    indices = [call.node.index(name) for name in targets(call)]
    for index in indices:
        index.refresh()
        call.services.metrics.refreshes.inc()
    body: dict[str, Any] = {"_shards": shards(len(indices))}
    if call["wait_for"] == "vectors":
        pending = _wait_for_vectors(indices, call["timeout"])
        body["timed_out"] = bool(pending)
        body["pending"] = pending
    return Reply(body)


def _wait_for_vectors(indices: list[Index], timeout: float | None) -> dict[str, dict[str, int]]:
    """Wait until every vector is searchable; what is still to come, by index and space, at the end.

    SpaceUnavailable with the reason when nothing more comes because a model cannot be had.
    """
    deadline = None if timeout is None or timeout < 0 else time.monotonic() + timeout
    before: dict[str, dict[str, int]] = {}
    moved = time.monotonic()
    while True:
        waiting = {}
        for index in indices:
            left = {space: count for space, count in index.pending().items() if count}
            if left:
                waiting[index.name] = left
        if not waiting or (deadline is not None and time.monotonic() >= deadline):
            return waiting
        if waiting != before:
            before, moved = waiting, time.monotonic()
        elif time.monotonic() - moved > _PATIENCE:
            reason = next((i.space_error for i in indices if i.name in waiting and i.space_error), None)
            if reason is not None:
                raise SpaceUnavailable(reason)
        time.sleep(_POLL)


def flush(call: Call) -> dict[str, Any]:
    """Every acknowledged write is durable already; a flush also makes all of it searchable."""
    names = targets(call)
    for name in names:
        call.node.index(name).refresh()
    return {"_shards": shards(len(names))}


def force_merge(call: Call) -> dict[str, Any]:
    """Merge each index's segments into one."""
    names = targets(call)
    for name in names:
        index = call.node.index(name)
        if call["flush"]:
            index.refresh()
        index.merge(to_one=True)
    return {"_shards": shards(len(names))}


def stats(call: Call) -> dict[str, Any]:
    wanted = call.path.get("metric", "_all").split(",")
    for metric in wanted:
        if metric not in ("_all", *_METRICS):
            raise InvalidRequest(
                f"request [{call.request.path}] contains unrecognized metric: [{metric}]; there are {list(_METRICS)}"
            )
    chosen = set(_METRICS if "_all" in wanted else wanted)
    opened = {name: call.node.index(name) for name in targets(call)}
    found = {name: _figures(index.stats(), chosen) for name, index in opened.items()}
    every = list(found.values())
    total = {"primaries": _summed(every), "total": _summed(every)}
    return {
        "_shards": shards(len(found)),
        "_all": total,
        "indices": {
            name: {
                "uuid": opened[name].uuid,
                "health": "green",
                "status": "open",
                "primaries": figures,
                "total": figures,
            }
            for name, figures in found.items()
        },
    }


_METRICS = ("docs", "store", "segments", "refresh", "dense_vector")


def _figures(one: IndexStats, chosen: set[str]) -> dict[str, Any]:
    every = {
        "docs": {"count": one.documents, "deleted": one.deleted},
        "store": {"size_in_bytes": one.store_bytes + one.index_bytes},
        "segments": {"count": one.segments},
        "refresh": {"external_total_pending": one.unrefreshed},
        "dense_vector": {"pending": sum(one.pending.values())},
    }
    return {metric: every[metric] for metric in _METRICS if metric in chosen}


def _summed(every: list[dict[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for figures in every:
        for group, values in figures.items():
            known = out.setdefault(group, {})
            for key, value in values.items():
                known[key] = known.get(key, 0) + value
    return out


_REFRESH = (
    *TARGETS,
    Parameter("wait_for", "string", "vectors: answer when all vectors are searchable", choices=("vectors",)),
    Parameter("timeout", "duration", "how long to wait for vectors at most"),
)
_FLUSH = (*TARGETS, boolean("force", "accepted", False), boolean("wait_if_ongoing", "accepted", True))
_MERGE = (
    *TARGETS,
    Parameter("max_num_segments", "integer", "accepted; an index is merged into one segment", 1),
    boolean("only_expunge_deletes", "accepted when false", False),
    boolean("flush", "make all writes searchable first", True),
    boolean("wait_for_completion", "accepted when true", True),
)
_STATS = (*TARGETS, Parameter("level", "string", "accepted", choices=("cluster", "indices")))


def _both(methods: tuple[str, ...], last: str, handler: Any, summary: str, parameters: Any) -> tuple[Route, ...]:
    rules = (f"/{last}", f"/<index>/{last}")
    return tuple(Route(methods, rule, handler, summary, "indices", parameters) for rule in rules)


ROUTES = (
    *_both(("POST", "GET"), "_refresh", refresh, "Make all writes searchable", _REFRESH),
    *_both(("POST", "GET"), "_flush", flush, "Make all writes durable and searchable", _FLUSH),
    *_both(("POST",), "_forcemerge", force_merge, "Merge segments into one", _MERGE),
    *_both(("GET",), "_stats", stats, "Figures of indices", _STATS),
    *_both(("GET",), "_stats/<metric>", stats, "Figures of indices, of some kinds", _STATS),
)
