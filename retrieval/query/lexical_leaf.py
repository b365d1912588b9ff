"""A word or phrase query of the kernels as a node of the tree."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..context import SearchContext, TimedOut
from ..expansion import Dictionaries
from ..lexical import WordQuery
from .base import Highlight, Matches, Query, Words


@dataclass(frozen=True)
class Lexical(Query):
    """Scored by the kernels. `marks`: what to highlight."""

    type: ClassVar[str] = "words"
    query: Words
    marks: tuple[Highlight, ...] = ()

    def words(self, ctx: SearchContext) -> Words:
        return self.query

    def matches(self, ctx: SearchContext) -> Matches:
        ctx.check_time()
        return Matches(*ctx.reader.matches(self.query))

    def mask(self, ctx: SearchContext) -> np.ndarray:
        ctx.check_time()
        if isinstance(self.query, WordQuery) and self.query.minimum <= 1:
            return holders(ctx, self.query.fields, self.query.terms)
        out = np.zeros(ctx.documents, bool)
        out[ctx.reader.matches(self.query)[0]] = True
        return out

    def highlights(self, ctx: SearchContext) -> Iterator[Highlight]:
        return iter(self.marks)


def dictionaries(ctx: SearchContext, field: str) -> Dictionaries:
    """The term dictionaries of a text or keyword field in the request's view."""
    return Dictionaries(ctx.view.segments, ctx.view.tombstones, field, _clock(ctx.deadline))


def _clock(deadline: float | None) -> Callable[[], None]:
    """What raises TimedOut after a deadline. It knows no context, which remembers what was found with it."""

    def check() -> None:
        if deadline is not None and time.monotonic() > deadline:
            raise TimedOut

    return check


def holders(ctx: SearchContext, fields: tuple[str, ...], terms: Sequence[str | bytes]) -> np.ndarray:
    """bool[documents]: live documents that hold any of the terms in any of the fields; nothing is scored."""
    out = np.zeros(ctx.documents, bool)
    for field in fields:
        out |= dictionaries(ctx, field).exact(terms).mask()
    return out
