"""Many documents by id in one request."""

from __future__ import annotations

from typing import Any

from api.call import Call
from api.elastic.documents import READ, found_body
from api.elastic.targets import checked
from api.routing import Route
from api.shapes import MultiGetItem, MultiGetRequest
from indexer.errors import ParsingError, QuarryError
from retrieval.source import SourceFilter


def multi_get(call: Call) -> dict[str, Any]:
    request = call.shape(MultiGetRequest)
    index = call.path.get("index")
    if (request.docs is None) == (request.ids is None):
        raise ParsingError("Validation Failed: 1: no documents to get; give either [docs] or [ids]")
    items = request.docs
    if items is None:
        items = [MultiGetItem(_id=doc_id) for doc_id in request.ids or ()]
    default = SourceFilter.of_parameters(
        call["_source"], call["_source_includes"], call["_source_excludes"], default=True
    )
    return {"docs": [_one(call, item, item.index or index, default) for item in items]}


def _one(call: Call, item: MultiGetItem, name: str | None, default: SourceFilter) -> dict[str, Any]:
    doc_id = str(item.id)
    if name is None:
        raise ParsingError(f"Validation Failed: 1: index is missing for doc [{doc_id}]")
    try:
        index = call.node.index(checked(name))
        if call["refresh"]:
            index.refresh()
        chosen = default if item.source is None else SourceFilter.of(item.source)
        return found_body(index.name, index.get(doc_id), doc_id, chosen)
    except QuarryError as error:
        cause = error.to_dict()
        return {"_index": name, "_id": doc_id, "error": {"root_cause": [cause], **cause}}


ROUTES = tuple(
    Route(("GET", "POST"), rule, multi_get, "Get many documents by their ids", "documents", READ, MultiGetRequest)
    for rule in ("/_mget", "/<index>/_mget")
)
