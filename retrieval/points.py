"""Points in time: pages of one frozen view of the indices, however much is written meanwhile.

A point's id says where its views are; it means the same in every worker process, and whoever has it can
search it until its time is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from indexer import Index, IndexNotFound, InvalidRequest, Node, ParsingError
from indexer.errors import PointMissing

from .context import SearchContext, parse_duration
from .identifiers import packed, unpacked
from .query.base import Parser, Query

MAX_KEEP_ALIVE = 86_400.0  # seconds: a point keeps superseded documents and merged segments on disk


@dataclass(frozen=True)
class Member:
    """One index of a point: its name and uuid, its own token, the filter of the alias it was seen through."""

    index: str
    uuid: str
    token: str
    filter: dict[str, Any] | None = None

    def current(self, node: Node) -> Index | None:
        """The index, None when it is gone or another one has its name."""
        try:
            found = node.index(self.index)
        except IndexNotFound:
            return None
        return found if found.uuid == self.uuid else None


@dataclass(frozen=True)
class Point:
    """A request's `pit`: the id as it was given, the indices in it, and for how long to keep them from now on."""

    id: str
    members: tuple[Member, ...]
    keep_alive: float | None = None

    def contexts(self, node: Node, deadline: float | None) -> list[tuple[SearchContext, Query | None]]:
        """The frozen views and their filters; PointMissing when one of them is no longer there."""
        out = []
        for member in self.members:
            index = member.current(node)
            if index is None:
                raise PointMissing(member.token)
            view = index.point_view(member.token, self.keep_alive)
            out.append((SearchContext(node, index, deadline, view), _parsed(node, member.filter)))
        return out


def open_point(node: Node, indices: Sequence[str], keep_alive: float, kind: str = "") -> str:
    """A new point over the indices as of their last refresh; its id. `kind` begins the tokens of its members."""
    _check_keep_alive(keep_alive)
    members = []
    for name in indices:
        index = node.index(name)
        members.append([index.name, index.uuid, index.open_point(keep_alive, kind), getattr(name, "filter", None)])
    return packed(orjson.dumps(members))


def close_point(node: Node, identifier: str) -> int:
    """How many views were released; those that were gone already do not count."""
    freed = 0
    for member in _members_of(identifier):
        index = member.current(node)
        freed += index is not None and index.close_point(member.token)
    return freed


def parse_point(body: Any) -> Point | None:
    """The request's `pit`: {id, keep_alive}; ParsingError, InvalidRequest."""
    if body is None:
        return None
    if not isinstance(body, dict) or not isinstance(body.get("id"), str):
        raise ParsingError("[pit] must be an object with the [id] of a point in time")
    for key in body:
        if key not in ("id", "keep_alive"):
            raise ParsingError(f"[pit] unknown field [{key}]")
    keep = None if body.get("keep_alive") is None else parse_duration(body["keep_alive"])
    if keep is not None:
        _check_keep_alive(keep)
    return Point(body["id"], _members_of(body["id"]), keep)


def _check_keep_alive(seconds: float) -> None:
    if seconds <= 0:
        raise InvalidRequest("[keep_alive] must be a time above 0, such as 1m")
    if seconds > MAX_KEEP_ALIVE:
        raise InvalidRequest(f"Keep alive for request ({seconds:g}s) is too large. It must be less than (24h).")


def filter_of(node: Node, name: str) -> Query | None:
    """The filter of the alias that an index was named by; None when all of it may be seen."""
    return _parsed(node, getattr(name, "filter", None))


def _parsed(node: Node, body: dict[str, Any] | None) -> Query | None:
    if body is None:
        return None
    return Parser(node.settings.max_clauses, node.settings.max_depth).query(body)


def _members_of(identifier: str) -> tuple[Member, ...]:
    """What an id stands for; InvalidRequest when it is none."""
    try:
        found = orjson.loads(unpacked(identifier))
        if all(all(isinstance(part, str) for part in m[:3]) and isinstance(m[3], dict | None) for m in found):
            return tuple(Member(*m) for m in found)
    except (ValueError, TypeError, IndexError):
        pass
    raise InvalidRequest(f"invalid id: [{identifier[:100]}] is not the id of a point in time")
