"""Finding: a request run over one index, up to ranked documents that are not read yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from .collapse import GroupField, heads
from .context import SearchContext
from .fetching import Account
from .filters import accepted, both, searched
from .found import Candidates, IndexHits, no_numbers
from .fused import by_mode, by_retriever
from .lexical import Accepted
from .query.base import Explanation, Query
from .ranking import Ranked, rank_query
from .request import SearchRequest
from .rescore import Stage, rescored
from .sorting import BY_SCORE, ScoreColumn, SortColumn, after, ordered, sort_column


def run(ctx: SearchContext, request: SearchRequest, number: int = 0, visible: Query | None = None) -> IndexHits:
    """The hits of one index (the one at place `number`), enough of them for the request's page.

    Nothing is found, counted or aggregated that `visible`, an alias's filter, does not match.
    """
    seen = see(ctx, visible)
    accept = both(seen, accepted(ctx, request.filters))
    hits = both(accept, accepted(ctx, () if request.post_filter is None else (request.post_filter,)))
    if request.mode is not None:
        part = by_mode(ctx, request, accept, hits)
    elif request.retriever is not None:
        part = by_retriever(ctx, request, accept, hits)
    else:
        part = _by_query(ctx, request, accept, hits, number)
    part.visible = None if seen is None else seen.mask
    part.warnings += ctx.damage
    return part


def see(ctx: SearchContext, visible: Query | None) -> Accepted | None:
    """Let a request see no more than an alias's filter lets through, and no damaged document; what it sees."""
    ctx.seen = None  # the filter itself sees all
    ctx.seen = searched(ctx, () if visible is None else (visible,))
    return ctx.seen


# --- by a query ---------------------------------------------------------------------------------


def _by_query(
    ctx: SearchContext, request: SearchRequest, accept: Accepted | None, hits: Accepted | None, number: int
) -> IndexHits:
    query, boost = request.query, request.boost_of(ctx.index.name)
    kept: Candidates | None = None
    known: np.ndarray | None = None
    terminated = False

    def matched() -> np.ndarray:
        if kept is not None:
            return kept.docs
        return _matching(ctx, query, accept) if known is None else known

    if _needs_all(request):
        kept, terminated = _candidates(ctx, request, accept, boost)
        found = kept if request.post_filter is None else kept.where(_at(hits, kept.docs))
        part = _ranked(ctx, request, found, number)
    elif request.size == 0 and request.aggregations:  # no hit is wanted, and the matches are: they are found once
        known = _matching(ctx, query, accept)
        total = len(known) if request.post_filter is None else int(_at(hits, known).sum())
        part = _Part(replace(Ranked.none(), total=total))
    else:
        part = _best(ctx, request, hits, boost, number)
    ranked, stages, late = rescored(ctx, part.ranked, request.rescore)
    if stages:
        part.follow(ranked.docs)
    filters = (*request.filters, *((request.post_filter,) if request.post_filter is not None else ()))
    account = Account(
        ctx, (query, *filters), tuple(query.highlights(ctx)), lambda doc: _explained(ctx, query, boost, stages, doc)
    )
    return IndexHits(
        ctx,
        ranked,
        account,
        matched,
        lambda docs: _scores(ctx, query, docs) * np.float32(boost),
        part.candidates,
        part.columns,
        part.places,
        part.group_field,
        part.groups,
        partial=late,
        terminated=terminated,
    )


def _matching(ctx: SearchContext, query: Query, accept: Accepted | None) -> np.ndarray:
    """int64[n]: the documents that a query matches, ascending."""
    mask = query.mask(ctx)
    return np.flatnonzero(mask if accept is None else mask & accept.mask)


def _scores(ctx: SearchContext, query: Query, docs: np.ndarray) -> np.ndarray:
    return query.score(ctx, docs) if len(docs) else np.zeros(0, np.float32)


def _best(ctx: SearchContext, request: SearchRequest, hits: Accepted | None, boost: float, number: int) -> _Part:
    """The first documents by score, without looking at those that cannot be among them."""
    deepest = max((r.window for r in request.rescore), default=0) if request.size else 0
    k = max(request.start + request.size, deepest)
    ranked = rank_query(ctx, request.query, k, hits, request.count_to or 0)
    if boost != 1.0:
        ranked = replace(ranked, scores=ranked.scores * np.float32(boost))
    columns = [sort_column(ctx, key, ranked.docs, ranked.scores, number) for key in request.sort]
    return _Part(ranked, None, columns, np.arange(len(ranked.docs)))


def _needs_all(request: SearchRequest) -> bool:
    """Whether the page cannot be found by the best scores alone."""
    return (
        not request.by_score
        or request.search_after is not None
        or request.collapse is not None
        or request.min_score is not None
        or request.terminate_after > 0
    )


def _at(accept: Accepted | None, docs: np.ndarray) -> np.ndarray:
    return np.ones(len(docs), bool) if accept is None else accept.mask[docs]


def _candidates(
    ctx: SearchContext, request: SearchRequest, accept: Accepted | None, boost: float
) -> tuple[Candidates, bool]:
    """(everything that matches before the post_filter, whether `terminate_after` cut it off)."""
    if request.scored or request.min_score is not None:
        found = request.query.matches(ctx)
        every = Candidates(found.docs.astype(np.int64), found.scores * np.float32(boost))
    else:
        docs = np.flatnonzero(request.query.mask(ctx))
        every = Candidates(docs, np.full(len(docs), np.nan, np.float32))
    if accept is not None:
        every = every.where(accept.mask[every.docs])
    if request.min_score is not None:
        every = every.where(every.scores >= request.min_score)
    if request.terminate_after and len(every.docs) > request.terminate_after:
        return Candidates(every.docs[: request.terminate_after], every.scores[: request.terminate_after]), True
    return every, False


@dataclass
class _Part:
    """A ranking with the candidates it was made from."""

    ranked: Ranked
    candidates: Candidates | None = None
    columns: Sequence[SortColumn] = ()
    places: np.ndarray = field(default_factory=no_numbers)
    group_field: GroupField | None = None
    groups: np.ndarray = field(default_factory=no_numbers)

    def follow(self, docs: np.ndarray) -> None:
        """Put the groups into a new order of the same documents (sorted rankings are never rescored)."""
        if self.group_field is not None:
            before = np.argsort(self.ranked.docs)
            self.groups = self.groups[before[np.searchsorted(self.ranked.docs[before], docs)]]


def _ranked(ctx: SearchContext, request: SearchRequest, found: Candidates, number: int) -> _Part:
    """The first documents of the candidates by the request's criteria, one of each group when collapsed."""
    total = len(found.docs)
    columns = [sort_column(ctx, key, found.docs, found.scores, number) for key in request.sort]
    criteria = columns or [ScoreColumn(BY_SCORE, found.scores)]
    some = np.arange(total)
    if request.search_after is not None:
        values = request.search_after
        some = np.flatnonzero(after(columns[: len(values)], values))
    k = max(request.start + request.size, *(r.window for r in request.rescore), 0)
    group_field, groups = None, np.zeros(0, np.int64)
    if request.collapse is not None:
        group_field = GroupField(ctx, request.collapse.field)
        groups = group_field.groups(found.docs)
        some = heads(groups, [*(c.order for c in criteria), found.docs], some)
    order = ordered(criteria, found.docs, k, some)
    groups = groups[order] if group_field is not None else groups
    ranked = Ranked(found.docs[order], found.scores[order], total)
    return _Part(ranked, found, columns, order, group_field, groups)


def _explained(ctx: SearchContext, query: Query, boost: float, stages: Sequence[Stage], doc: int) -> Explanation:
    out = query.explain(ctx, doc)
    if boost != 1.0:
        out = Explanation.product("", (out, Explanation(boost, "indices_boost")))
    for stage in stages:
        out = stage.explain(ctx, doc, out)
    return out
