"""Scrolling: all matches of a search, page by page, over a point in time that the search opens itself.

A scroll's id holds its point, the request and the last hit's `sort`: like the point it means the same in every
worker process.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from indexer import InvalidRequest, Node

from .identifiers import packed, unpacked
from .parameters import from_parameters
from .points import close_point, open_point
from .search import search
from .sorting import BY_SCORE, parse_sort

_REFUSED = ("pit", "search_after", "collapse", "rescore", "mode", "retriever")
_ONCE = ("aggs", "aggregations", "suggest")  # what the first page alone brings
_LONGEST = 1 << 24  # bytes of a request
_KIND = "scroll"  # how the tokens of scrolls' points begin


@dataclass(frozen=True)
class Scroll:
    """One scroll as it stands before a page: `after` is the `sort` of the hit before it."""

    point: str
    body: dict[str, Any]
    params: dict[str, Any]
    after: list[Any] | None = None

    @classmethod
    def of(cls, identifier: str) -> Scroll:
        """What an id stands for; InvalidRequest when it is none."""
        try:
            found = orjson.loads(zlib.decompressobj().decompress(unpacked(identifier), _LONGEST))
            point, body, params, after = found
            if isinstance(point, str) and isinstance(body, dict) and isinstance(params, dict):
                return cls(point, body, params, after)
        except (zlib.error, ValueError, TypeError):
            pass
        raise InvalidRequest(f"Cannot parse scroll id [{identifier[:100]}]")

    @property
    def id(self) -> str:
        return packed(zlib.compress(orjson.dumps([self.point, self.body, self.params, self.after])))

    @property
    def asked(self) -> int:
        """How many keys to sort by the request has; none for the score alone, which every hit has."""
        keys = parse_sort(from_parameters(self.params, ("sort",)).get("sort", self.body.get("sort")))
        return 0 if keys == (BY_SCORE,) else len(keys)

    def page(self, node: Node, keep_alive: float | None) -> dict[str, Any]:
        """This page in the shape of a search's answer, with the id of what follows it."""
        pit: dict[str, Any] = {"id": self.point}
        if keep_alive is not None:
            pit["keep_alive"] = f"{round(keep_alive * 1000)}ms"
        body = {**self.body, "pit": pit}
        if self.after is not None:
            body["search_after"] = self.after
        answer = search(node, [], body, self.params)
        del answer["pit_id"]
        hits = answer["hits"]["hits"]
        body, params = _without(self.body, _ONCE), _without(self.params, _ONCE)
        following = Scroll(self.point, body, params, hits[-1]["sort"] if hits else self.after)
        asked = self.asked
        for hit in hits:  # the order of pages needs a key that nobody may have asked for
            hit["sort"] = hit["sort"][:asked]
            if not hit["sort"]:
                del hit["sort"]
        return {"_scroll_id": following.id, **answer}


def open_scroll(
    node: Node, indices: Sequence[str], body: Mapping[str, Any], params: Mapping[str, Any], keep_alive: float
) -> dict[str, Any]:
    """The first page of a search over the indices as of their last refresh. InvalidRequest, ParsingError."""
    given = {**body, **params}
    for key in _REFUSED:
        if given.get(key) is not None:
            raise InvalidRequest(f"[{key}] cannot be used in a scroll context")
    if given.get("from"):
        raise InvalidRequest("using [from] is not allowed in a scroll context")
    if given.get("size") == 0:
        raise InvalidRequest("[size] cannot be [0] in a scroll context")
    if given.setdefault("track_total_hits", True) in (False, "false"):
        raise InvalidRequest("disabling [track_total_hits] is not allowed in a scroll context")
    point = open_point(node, indices, keep_alive, _KIND)
    try:
        return Scroll(point, {"track_total_hits": True, **body}, dict(params)).page(node, None)
    except BaseException:
        close_point(node, point)
        raise


def next_page(node: Node, identifier: str, keep_alive: float | None) -> dict[str, Any]:
    """The page that follows; ``keep_alive``: for how long to keep the scroll from now on. InvalidRequest,
    PointMissing."""
    return Scroll.of(identifier).page(node, keep_alive)


def close_scroll(node: Node, identifier: str) -> int:
    """How many views were released."""
    return close_point(node, Scroll.of(identifier).point)


def close_scrolls(node: Node) -> int:
    """Close the scrolls of all indices; how many views were released."""
    return sum(node.index(name).points.close_all(_KIND) for name in node.names())


def _without(given: dict[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key not in keys}
