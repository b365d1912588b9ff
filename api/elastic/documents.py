"""Single documents: put, create, get, delete and update."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

from api.call import Call
from api.elastic.targets import checked, one_index
from api.errors import ResourceMissing
from api.parameters import REFRESH, WRITE_HINTS, Parameter, boolean, hints
from api.render import Reply
from api.routing import Route
from api.shapes import Document, UpdateRequest
from indexer.engine import Index
from indexer.errors import InvalidRequest, ParsingError
from indexer.rows import Row
from indexer.writes import Kind, Operation, WriteResult
from retrieval.source import SourceFilter

SHARDS = {"total": 1, "successful": 1, "failed": 0}
CONDITIONS = (
    Parameter("if_seq_no", "integer", "write only when the document's sequence number is this"),
    Parameter("if_primary_term", "integer", "goes with if_seq_no; always 1"),
)
SOURCE = (
    Parameter("_source", "list", "false, true, or the parts of the document to return"),
    Parameter("_source_includes", "list", "parts of the document to return"),
    Parameter("_source_excludes", "list", "parts of the document to leave out"),
)
READ = (
    *SOURCE,
    boolean("realtime", "accepted; a get always sees the last acknowledged write", True),
    boolean("refresh", "refresh the index first", False),
    *hints("preference", "routing"),
)
_OPERATION = Parameter("op_type", "string", "create: only when it is new", "index", ("index", "create"))
_POLL = 0.02


def written(index: str, result: WriteResult) -> dict[str, Any]:
    """The body that answers one write that was taken."""
    return {
        "_index": index,
        "_id": result.id,
        "_version": result.version,
        "result": result.result,
        "_shards": SHARDS,
        "_seq_no": result.seq,
        "_primary_term": 1,
    }


def fill_update(operation: Operation, request: UpdateRequest) -> None:
    """Put what an update is to change into its operation."""
    operation.source = request.doc if request.doc is not None else {}
    operation.upsert = request.upsert
    operation.doc_as_upsert = request.doc_as_upsert
    operation.detect_noop = request.detect_noop


def updated_source(result: WriteResult, chosen: SourceFilter | None) -> dict[str, Any]:
    """The part of an update's answer that shows the document after it; empty when nobody asked."""
    if chosen is None or not chosen.any or result.source is None:
        return {}
    shown = {"_seq_no": result.seq, "_primary_term": 1, "found": True, "_source": chosen.apply(result.source)}
    return {"get": shown}


def status_of(result: WriteResult) -> int:
    """The HTTP status of one write that was taken."""
    return {"created": 201, "not_found": 404}.get(result.result, 200)


def found_body(index: str, row: Row | None, doc_id: str, chosen: SourceFilter) -> dict[str, Any]:
    """The body that answers a get."""
    if row is None or row.body is None:
        return {"_index": index, "_id": doc_id, "found": False}
    body = {
        "_index": index,
        "_id": row.id,
        "_version": row.version,
        "_seq_no": row.seq,
        "_primary_term": 1,
        "found": True,
    }
    if chosen.any:
        body["_source"] = chosen.apply(row.body)
    return body


def make_visible(call: Call, index: Index, seq: int) -> bool:
    """Do what the `refresh` parameter asks for after a write with this sequence number.

    True when it forced a refresh.
    """
    if call["refresh"] == "true":
        index.refresh()
        call.services.metrics.refreshes.inc()
        return True
    if call["refresh"] == "wait_for":
        # The background refresh comes once an interval and serves all that wait for it together.
        deadline = time.monotonic() + 2 * call.settings.refresh_interval
        while index.view().manifest.covered < seq:
            if time.monotonic() > deadline:
                index.refresh()
                break
            time.sleep(_POLL)
    return False


def put_document(call: Call) -> Reply:
    source = call.required_object()
    kind: Kind = "create" if "/_create/" in call.route.rule else call["op_type"]
    operation = Operation(kind, call.path.get("id"), source)
    if "if_seq_no" in call.parameters:
        _set_conditions(call, operation)
    return _write(call, operation, create=True)


def delete_document(call: Call) -> Reply:
    operation = Operation("delete", call.path["id"])
    _set_conditions(call, operation)
    return _write(call, operation)


def update_document(call: Call) -> Reply:
    request = call.shape(UpdateRequest)
    if request.doc is None and request.upsert is None:
        raise ParsingError("Validation Failed: 1: doc is missing; an update needs [doc], or [upsert] for a new one")
    if request.doc_as_upsert and request.doc is None:
        raise ParsingError("Validation Failed: 1: doc must be specified if doc_as_upsert is enabled")
    may_create = request.upsert is not None or request.doc_as_upsert
    operation = Operation("update", call.path["id"])
    fill_update(operation, request)
    _set_conditions(call, operation)
    chosen = SourceFilter.of(request.source) if request.source is not None else chosen_source(call, default=False)
    return _write(call, operation, may_create, chosen)


def get_document(call: Call) -> Reply:
    index = one_index(call)
    if call["refresh"]:
        index.refresh()
    row = index.get(call.path["id"])
    body = found_body(index.name, row, call.path["id"], chosen_source(call, default=True))
    return Reply(body, 200 if body["found"] else 404)


def get_source(call: Call) -> Reply:
    index = one_index(call)
    if call["refresh"]:
        index.refresh()
    row = index.get(call.path["id"])
    if row is None or row.body is None:
        raise ResourceMissing(f"Document not found [{index.name}]/[{call.path['id']}]")
    return Reply(chosen_source(call, default=True).apply(row.body))


def chosen_source(call: Call, default: bool) -> SourceFilter:
    return SourceFilter.of_parameters(call["_source"], call["_source_includes"], call["_source_excludes"], default)


def _set_conditions(call: Call, operation: Operation) -> None:
    seq, term = call["if_seq_no"], call["if_primary_term"]
    if (seq is None) != (term is None):
        raise InvalidRequest("if_seq_no and if_primary_term are given together or not at all")
    operation.if_seq_no, operation.if_primary_term = seq, term


def _write(call: Call, operation: Operation, create: bool = False, chosen: SourceFilter | None = None) -> Reply:
    counted = call.services.metrics.documents
    require_alias = bool(call.parameters.get("require_alias"))
    with call.node.writing(checked(call.path["index"]), create, require_alias) as index:
        result = index.write([operation])[0]
    if result.error is not None:
        counted.labels("failed").inc()
        raise result.error
    counted.labels(result.result).inc()
    body = written(index.name, result)
    if make_visible(call, index, result.seq) and result.result != "noop":
        body["forced_refresh"] = True
    body.update(updated_source(result, chosen))
    status = status_of(result)
    place = {"Location": f"/{index.name}/_doc/{quote(result.id, safe='')}"} if status == 201 else {}
    return Reply(body, status, place)


_WRITE = (REFRESH, *WRITE_HINTS, *hints("routing"))
_NEW = (*_WRITE, boolean("require_alias", "refuse to write but through an alias", False))
ROUTES = (
    Route(
        ("PUT", "POST"),
        "/<index>/_doc/<doc:id>",
        put_document,
        "Write a document, new or in place of the old one",
        "documents",
        (*_NEW, *CONDITIONS, _OPERATION),
        Document,
    ),
    Route(
        ("POST",),
        "/<index>/_doc",
        put_document,
        "Write a document under an id that Quarry makes",
        "documents",
        (*_NEW, _OPERATION),
        Document,
    ),
    Route(
        ("PUT", "POST"),
        "/<index>/_create/<doc:id>",
        put_document,
        "Write a document only when its id is new",
        "documents",
        _NEW,
        Document,
    ),
    Route(("GET",), "/<index>/_doc/<doc:id>", get_document, "Get a document by its id", "documents", READ),
    Route(
        ("DELETE",),
        "/<index>/_doc/<doc:id>",
        delete_document,
        "Delete a document",
        "documents",
        (*_WRITE, *CONDITIONS),
    ),
    Route(("GET",), "/<index>/_source/<doc:id>", get_source, "Get a document's source alone", "documents", READ),
    Route(
        ("POST",),
        "/<index>/_update/<doc:id>",
        update_document,
        "Change some fields of a document",
        "documents",
        (*_NEW, *CONDITIONS, *SOURCE, *hints("retry_on_conflict")),
        UpdateRequest,
    ),
)
