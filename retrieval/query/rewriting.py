"""Queries that are another query in disguise, and what is worked out once a request."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np

from ..context import SearchContext
from .base import Explanation, Highlight, Matches, Query, Words

T = TypeVar("T")


def remembered(ctx: SearchContext, owner: object, what: str, make: Callable[[], T]) -> T:
    """What `make` gave for this object in this request, made once."""
    found = _known(ctx).get((id(owner), what))
    if found is None:
        return remember(ctx, owner, what, make())
    value: T = found[1]
    return value


def remember(ctx: SearchContext, owner: object, what: str, value: T) -> T:
    """Let `remembered` give this value for the rest of the request."""
    _known(ctx)[id(owner), what] = (owner, value)  # the object is kept, so that its id is not used again
    return value


def _known(ctx: SearchContext) -> dict[tuple[int, str], tuple[object, Any]]:
    known: dict[tuple[int, str], tuple[object, Any]] = vars(ctx).setdefault("_remembered", {})
    return known


class Rewritten(Query):
    """A query that is run as the query it is rewritten to, in an index."""

    @abstractmethod
    def rewrite(self, ctx: SearchContext) -> Query:
        """The query to run, boost included."""

    def rewritten(self, ctx: SearchContext) -> Query:
        """`rewrite`, done once a request."""
        return remembered(ctx, self, "rewritten", lambda: self.rewrite(ctx))

    def simplified(self, ctx: SearchContext) -> Query:
        return self.rewritten(ctx).simplified(ctx)

    def matches(self, ctx: SearchContext) -> Matches:
        return self.rewritten(ctx).matches(ctx)

    def mask(self, ctx: SearchContext) -> np.ndarray:
        return self.rewritten(ctx).mask(ctx)

    def words(self, ctx: SearchContext) -> Words | None:
        return self.rewritten(ctx).words(ctx)

    def score(self, ctx: SearchContext, docs: np.ndarray) -> np.ndarray:
        return self.rewritten(ctx).score(ctx, docs)

    def explain(self, ctx: SearchContext, doc: int) -> Explanation:
        return self.rewritten(ctx).explain(ctx, doc)

    def highlights(self, ctx: SearchContext) -> Iterator[Highlight]:
        return self.rewritten(ctx).highlights(ctx)
