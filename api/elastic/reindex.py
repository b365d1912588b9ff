"""Copying, rewriting and deleting by query; and a new index behind an alias."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from api.call import Call
from api.elastic.documents import make_visible
from api.elastic.shapes import ByQueryRequest, RebuildRequest, ReindexRequest
from api.elastic.targets import checked, resolve, targets
from api.elastic.tasks import run_or_start
from api.parameters import TARGETS, Parameter, boolean, hints
from api.render import Reply
from api.routing import Route
from indexer.errors import InvalidRequest, ParsingError
from indexer.reindex import Reindexing, Switched
from indexer.tasks import Task
from retrieval import by_query
from retrieval.by_query import Outcome, Selection
from retrieval.source import SourceFilter

_REASONS = {
    "script": "documents are copied as they are; change them in the client and send them by [_bulk]",
    "remote": "copy from another cluster with the official client's [helpers.reindex]",
    "slice": "a copy runs in one thread; leave it out",
    "sort": "documents are copied in the order of their writes; leave it out",
    "runtime_mappings": "map the field and refresh the documents with [_update_by_query]",
    "pipeline": "there are no ingest pipelines; leave it out",
    "routing": "an index is one shard; leave it out",
}


def _refuse(part: Any, *names: str) -> None:
    for name in names:
        if getattr(part, name) is not None:
            raise InvalidRequest(f"[{name}] is not supported: {_REASONS[name]}")


def reindex(call: Call) -> Any:
    request = call.shape(ReindexRequest)
    _refuse(request, "script")
    _refuse(request.source, "remote", "slice", "sort", "runtime_mappings")
    _refuse(request.dest, "pipeline", "routing")
    if request.max_docs is not None and request.size is not None and request.max_docs != request.size:
        raise InvalidRequest(f"[max_docs] set to two different values [{request.max_docs}] and [{request.size}]")
    expression = request.source.index
    names = resolve(call.node, expression if isinstance(expression, str) else ",".join(expression))
    source = SourceFilter.of(request.source.source)
    if not source.any:
        raise InvalidRequest("[_source: false] leaves nothing to copy")
    selection = Selection(
        names, request.source.query, _most(call, request.max_docs or request.size), request.source.size
    )
    destination = checked(request.dest.index)

    def work(task: Task) -> Outcome:
        return by_query.copy(
            call.node,
            selection,
            destination,
            kind=request.dest.op_type,
            source=source,
            proceed=request.conflicts == "proceed",
            require_alias=call["require_alias"],
            report=lambda status: task.report(**status),
        )

    described = f"reindex from [{', '.join(names)}] to [{destination}]"
    return _answer(call, "indices:data/write/reindex", described, work, ("created", "updated", "deleted"))


def delete_by_query(call: Call) -> Any:
    request, selection = _selected(call)
    if selection.query is None:
        raise ParsingError("query is missing: name the documents to delete, all of them with [match_all]")

    def work(task: Task) -> Outcome:
        return by_query.delete(
            call.node, selection, proceed=_proceeds(call, request), report=lambda status: task.report(**status)
        )

    described = f"delete-by-query [{call.path['index']}]"
    return _answer(call, "indices:data/write/delete/byquery", described, work, ("deleted",))


def update_by_query(call: Call) -> Any:
    """Write documents again as they are, so that fields that were mapped since are indexed."""
    request, selection = _selected(call)

    def work(task: Task) -> Outcome:
        return by_query.refresh(
            call.node, selection, proceed=_proceeds(call, request), report=lambda status: task.report(**status)
        )

    described = f"update-by-query [{call.path['index']}]"
    return _answer(call, "indices:data/write/update/byquery", described, work, ("updated", "deleted"))


def _selected(call: Call) -> tuple[ByQueryRequest, Selection]:
    request = call.shape(ByQueryRequest)
    _refuse(request, "script", "slice")
    query = request.query
    if call["q"] is not None:
        if query is not None:
            raise InvalidRequest("give the query in the body or as [q], not both")
        query = {"query_string": {"query": call["q"]}}
    most = _most(call, request.max_docs)
    return request, Selection(targets(call), query, most, call["scroll_size"])


def _proceeds(call: Call, request: ByQueryRequest) -> bool:
    return (call["conflicts"] or request.conflicts) == "proceed"


def _most(call: Call, given: int | None) -> int | None:
    most: int | None = call["max_docs"] if call["max_docs"] is not None else given
    if most is not None and most < 1:
        raise InvalidRequest(f"[max_docs] should be >= 1, not [{most}]")
    if not 1 <= call["scroll_size"] <= 10_000:
        raise InvalidRequest(f"[scroll_size] should be from 1 to 10000, not [{call['scroll_size']}]")
    if call["slices"] not in ("1", "auto"):
        raise InvalidRequest(f"[slices={call['slices']}] is not supported: {_REASONS['slice']}")
    if call["requests_per_second"] not in (None, -1.0):
        raise InvalidRequest("[requests_per_second] is not supported: a copy is not throttled; leave it out")
    return most


def _answer(call: Call, action: str, described: str, work: Any, counts: Sequence[str]) -> Any:
    """The outcome of the work in Elasticsearch's shape, or its task's id."""
    began = time.monotonic()
    status = 200

    def whole(task: Task) -> dict[str, Any]:
        nonlocal status
        outcome: Outcome = work(task)
        for name, seq in outcome.last.items():
            make_visible(call, call.node.index(name), seq)
        status = outcome.status
        task.report(**outcome.to_dict())
        return outcome.response(began, counts)

    body = run_or_start(call, action, described, whole)
    return Reply(body, status)


# --- a new index behind an alias --------------------------------------------------------------------


def rebuild(call: Call) -> Any:
    """Fill a new index, with other mappings or settings, and move the alias to it in one step."""
    request = call.shape(RebuildRequest)
    alias = checked(call.path["index"])
    call.node.index(alias)  # what is not there is refused at once, also when nobody waits

    def work(task: Task) -> dict[str, Any]:
        road = Reindexing(call.node, alias, _following(task))
        return _switched(road.run(request.mappings, request.settings, vectors=call["vectors"]))

    return run_or_start(call, "indices:admin/reindex", f"reindex [{alias}] behind its alias", work)


def rollback(call: Call) -> Any:
    """Give the alias back to the index that it had before."""
    alias = checked(call.path["index"])
    call.node.index(alias)

    def work(task: Task) -> dict[str, Any]:
        return _switched(Reindexing(call.node, alias, _following(task)).rollback())

    return run_or_start(call, "indices:admin/reindex/rollback", f"roll the reindexing of [{alias}] back", work)


def _following(task: Task) -> Any:
    return lambda phase, done, total: task.report(phase=phase, done=done, total=total)


def _switched(switched: Switched) -> dict[str, Any]:
    return {"acknowledged": True, **switched.to_dict()}


_WAIT = boolean("wait_for_completion", "answer when it is done; false: answer with a task's id", True)
_REFRESH = Parameter("refresh", "string", "true: searchable at the end", "false", ("true", "false"), bare="true")
_HOW = (
    _REFRESH,
    _WAIT,
    Parameter("max_docs", "integer", "how many documents at most"),
    Parameter("scroll_size", "integer", "documents of a batch", 1000),
    Parameter("slices", "string", "accepted when 1 or auto", "1"),
    Parameter("requests_per_second", "number", "accepted when -1"),
    *hints("timeout", "wait_for_active_shards", "scroll"),
)
_WHICH = (
    *_HOW,
    *TARGETS,
    Parameter("q", "string", "the query, in Elasticsearch's query-string syntax"),
    Parameter("conflicts", "string", "of documents that change meanwhile", choices=("abort", "proceed")),
    *hints("preference", "search_timeout", "request_cache", "search_type"),
)
_BEHIND = (_WAIT, boolean("vectors", "make the vectors before the alias is moved", True), *hints("timeout"))


def _route(rule: str, handler: Any, summary: str, parameters: Any, body: Any) -> Route:
    return Route(("POST",), rule, handler, summary, "reindexing", parameters, body)


ROUTES = (
    _route(
        "/_reindex",
        reindex,
        "Copy documents into another index",
        (*_HOW, boolean("require_alias", "refuse to write but through an alias", False)),
        ReindexRequest,
    ),
    _route("/<index>/_delete_by_query", delete_by_query, "Delete all documents of a query", _WHICH, ByQueryRequest),
    _route("/<index>/_update_by_query", update_by_query, "Index documents again", _WHICH, ByQueryRequest),
    _route("/<index>/_reindex", rebuild, "Put a new index behind an alias", _BEHIND, RebuildRequest),
    _route("/<index>/_reindex/_rollback", rollback, "Give an alias back its old index", _BEHIND, None),
)
