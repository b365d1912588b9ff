"""A request's `slice`: one of several equal parts of the documents, so that several readers share a scroll."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from indexer import InvalidRequest, ParsingError

from ..checks import count, known
from ..context import SearchContext
from .base import Matches, Query

_MOST = 1024


@dataclass(frozen=True)
class Slice(Query):
    """The documents whose sequence number divided by `parts` leaves `part`: the same ones as long as a view is kept."""

    type: ClassVar[str] = "slice"
    part: int
    parts: int

    def matches(self, ctx: SearchContext) -> Matches:
        return Matches.of_mask(ctx.live & (ctx.view.seqs % self.parts == self.part), 1.0)


def parse_slice(body: Any, kept: bool) -> tuple[Slice, ...]:
    """None or the one slice of a request; ParsingError, InvalidRequest. `kept`: its view is that of a point in time."""
    if body is None:
        return ()
    known("slice", body, {"id", "max"})
    if "id" not in body or "max" not in body:
        raise ParsingError("[slice] takes the [id] of a part and [max], the number of parts")
    part, parts = count(body, "id", 0), count(body, "max", 0)
    if not 2 <= parts <= _MOST:
        raise InvalidRequest(f"[slice] [max] must be from 2 to {_MOST}, not [{parts}]")
    if part >= parts:
        raise InvalidRequest(f"[slice] [id] must be less than [max], [{parts}], not [{part}]")
    if not kept:
        raise InvalidRequest("[slice] can only be used with [scroll] or [point-in-time] requests")
    return (Slice(part, parts),)
