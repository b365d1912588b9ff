"""bool: must, should, must_not and filter clauses."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from indexer import ParsingError

from ..context import SearchContext
from ..filters import accepted
from ..lexical import Accepted
from ..words import minimum_of
from .base import Explanation, Highlight, Matches, Parser, Query, options, query_type
from .options import boost_of, flag, minimum_rule
from .rewriting import remembered


@query_type
@dataclass(frozen=True)
class Bool(Query):
    """The score is the sum of the matching must and should clauses, times `boost`."""

    type: ClassVar[str] = "bool"
    must: tuple[Query, ...] = ()
    should: tuple[Query, ...] = ()
    must_not: tuple[Query, ...] = ()
    filter: tuple[Query, ...] = ()
    minimum: str | int | None = None
    boost: float = 1.0
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> Bool:
        allowed = {"must", "should", "must_not", "filter", "minimum_should_match", "adjust_pure_negative"}
        found = options(cls.type, body, allowed)
        if not flag(cls.type, found, "adjust_pure_negative", True):
            raise ParsingError("[bool] [adjust_pure_negative] must be true: must_not alone matches all others")
        return cls(
            parser.queries(found.get("must", [])),
            parser.queries(found.get("should", [])),
            parser.queries(found.get("must_not", [])),
            parser.queries(found.get("filter", [])),
            minimum_rule(cls.type, found),
            boost_of(found),
            found.get("_name"),
        )

    def _needed(self) -> int:
        """How many of `should` must match, as in Lucene: at least one where nothing else is required, whatever the
        rule says, and nothing matches where it asks for more than there are."""
        optional = len(self.should)
        if not (optional or self.must or self.filter or self.must_not):
            return 0
        least = 1 if optional and not (self.must or self.filter) else 0
        return max(least, minimum_of(self.minimum, optional, least))

    def accepted(self, ctx: SearchContext) -> Accepted | None:
        """What filter and must_not let through; None when there are none."""
        return accepted(ctx, self.filter, self.must_not)

    def filter_key(self, ctx: SearchContext) -> Hashable | None:
        parts = (self.must, self.should, self.must_not, self.filter)
        keys = tuple(tuple(query.filter_key(ctx) for query in part) for part in parts)
        return None if any(None in part for part in keys) else (self.type, keys, self._needed())

    @property
    def _unscored(self) -> float:
        """The score of what matches without any scoring clause: an empty bool matches all like match_all."""
        return 0.0 if self.filter or self.must_not else self.boost

    def matches(self, ctx: SearchContext) -> Matches:
        scoring = [*self.must, *self.should]
        if not scoring:
            return Matches.of_mask(self.mask(ctx), self._unscored)
        accept = self.accepted(ctx)
        found = []
        for query in scoring:
            ctx.check_time()
            words = query.words(ctx)
            found.append(query.matches(ctx) if words is None else Matches(*ctx.reader.matches(words, accept)))
        required = np.zeros(ctx.documents, np.int32)
        optional = np.zeros(ctx.documents, np.int32)
        total = np.zeros(ctx.documents, np.float32)
        for number, part in enumerate(found):
            (required if number < len(self.must) else optional)[part.docs] += 1
            total[part.docs] += part.scores
        mask = (required == len(self.must)) & (optional >= self._needed())
        mask &= ctx.live if accept is None else accept.mask
        docs = np.flatnonzero(mask)
        return Matches(docs, total[docs] * np.float32(self.boost))

    def mask(self, ctx: SearchContext) -> np.ndarray:
        accept = self.accepted(ctx)
        out = ctx.live.copy() if accept is None else accept.mask.copy()
        for query in self.must:
            ctx.check_time()
            out &= query.mask(ctx)
        needed = self._needed()
        if needed == 1:
            some = np.zeros(ctx.documents, bool)
            for query in self.should:
                ctx.check_time()
                some |= query.mask(ctx)
            out &= some
        elif needed:
            count = np.zeros(ctx.documents, np.int32)
            for query in self.should:
                ctx.check_time()
                count += query.mask(ctx)
            out &= count >= needed
        return out

    def score(self, ctx: SearchContext, docs: np.ndarray) -> np.ndarray:
        mask = remembered(ctx, self, "mask", lambda: self.mask(ctx))
        if not self.must and not self.should:
            return np.where(mask[docs], np.float32(self._unscored), np.float32(0.0))
        total = np.zeros(len(docs), np.float32)
        for query in (*self.must, *self.should):
            total += query.score(ctx, docs)
        return np.where(mask[docs], total * np.float32(self.boost), np.float32(0.0))

    def explain(self, ctx: SearchContext, doc: int) -> Explanation:
        if not remembered(ctx, self, "mask", lambda: self.mask(ctx))[doc]:
            return Explanation(0.0, "no match on a required or prohibited clause")
        if not self.must and not self.should:
            return Explanation(self._unscored, "match on required clauses, none of which scores")
        parts = (q.explain(ctx, doc) for q in (*self.must, *self.should))
        return Explanation.total("", (p for p in parts if p.value > 0)).times(self.boost)

    def highlights(self, ctx: SearchContext) -> Iterator[Highlight]:
        for query in (*self.must, *self.should, *self.filter):
            yield from query.highlights(ctx)

    def children(self) -> Iterator[Query]:
        yield from (*self.must, *self.should, *self.must_not, *self.filter)
