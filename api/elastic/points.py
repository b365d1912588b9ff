"""Points in time: `POST /{index}/_pit` and `DELETE /_pit`."""

from __future__ import annotations

from typing import Any

from api.call import Call
from api.elastic.maintenance import shards
from api.elastic.targets import targets
from api.parameters import TARGETS, Parameter, boolean, hints
from api.render import Reply
from api.routing import Route
from api.shapes import Shape
from indexer.errors import InvalidRequest
from retrieval.points import close_point, open_point


class ClosePointRequest(Shape):
    """The point to close."""

    id: str


class OpenPointRequest(Shape):
    """Nothing: a point is of all documents of its indices."""


def open_pit(call: Call) -> dict[str, Any]:
    call.shape(OpenPointRequest)
    keep_alive = call["keep_alive"]
    if keep_alive is None:
        raise InvalidRequest("[keep_alive] is missing: how long is the point kept, for example 1m")
    names = targets(call)
    return {"id": open_point(call.node, names, keep_alive), "_shards": shards(len(names))}


def close_pit(call: Call) -> Reply:
    freed = close_point(call.node, call.shape(ClosePointRequest).id)
    return Reply({"succeeded": True, "num_freed": freed}, 200 if freed else 404)


_OPEN = (
    *TARGETS,
    Parameter("keep_alive", "duration", "how long the point is kept, for example 1m; a search may extend it"),
    boolean("allow_partial_search_results", "accepted", False),
    *hints("preference", "routing", "max_concurrent_shard_requests"),
)
ROUTES = (
    Route(("POST",), "/<index>/_pit", open_pit, "Open a point in time", "search", _OPEN, OpenPointRequest),
    Route(("DELETE",), "/_pit", close_pit, "Close a point in time", "search", (), ClosePointRequest),
)
