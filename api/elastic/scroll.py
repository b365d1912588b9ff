"""Scrolling: `GET`, `POST` and `DELETE /_search/scroll`; a search begins it with `?scroll=1m`."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from api.call import Call
from api.elastic.multi_search import totals_as_numbers
from api.parameters import Parameter, boolean
from api.render import Reply
from api.routing import Route
from api.shapes import Shape
from indexer.errors import InvalidRequest
from retrieval.context import parse_duration
from retrieval.scrolling import close_scroll, close_scrolls, next_page


class ScrollRequest(Shape):
    """Which scroll to go on with."""

    scroll_id: str | None = Field(default=None, description="the `_scroll_id` of the page before")
    scroll: str | None = Field(default=None, description="how long to keep it from now on, for example 1m")


class ClearScrollRequest(Shape):
    """The scrolls to close; `_all`: every one."""

    scroll_id: str | list[str] | None = None


def scroll(call: Call) -> dict[str, Any]:
    body = call.shape(ScrollRequest)
    identifier = body.scroll_id or call["scroll_id"] or call.path.get("scroll_id")
    if identifier is None:
        raise InvalidRequest("scrollId is missing")
    keep_alive = call["scroll"] if body.scroll is None else parse_duration(body.scroll)
    answer = next_page(call.node, identifier, keep_alive)
    return totals_as_numbers(answer) if call["rest_total_hits_as_int"] else answer


def clear_scroll(call: Call) -> Reply:
    given = call.shape(ClearScrollRequest).scroll_id or call["scroll_id"] or call.path.get("scroll_id")
    if not given:
        raise InvalidRequest("no scroll ids specified")
    names = given.split(",") if isinstance(given, str) else given
    freed = close_scrolls(call.node) if "_all" in names else sum(close_scroll(call.node, one) for one in names)
    return Reply({"succeeded": True, "num_freed": freed}, 200 if freed else 404)


_ID = Parameter("scroll_id", "string", "the `_scroll_id` of the page before; better in the body")
_NEXT = (
    _ID,
    Parameter("scroll", "duration", "how long to keep the scroll from now on, for example 1m"),
    boolean("rest_total_hits_as_int", "give hits.total as a number", False),
)
_RULES = ("/_search/scroll", "/_search/scroll/<scroll_id>")
ROUTES = (
    *(Route(("GET", "POST"), r, scroll, "The next page of a scroll", "search", _NEXT, ScrollRequest) for r in _RULES),
    *(Route(("DELETE",), r, clear_scroll, "Close scrolls", "search", (_ID,), ClearScrollRequest) for r in _RULES),
)
