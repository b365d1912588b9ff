"""Finding by a plain question's mode or by a retriever: their own ranking, cut and grouped as a search asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .collapse import GroupField, firsts
from .context import SearchContext
from .fetching import Account
from .found import Candidates, IndexHits
from .legs import WordLeg
from .lexical import Accepted
from .modes import run_mode
from .query.base import Explanation, Highlight, Matches, scores_at
from .ranking import Ranked
from .request import SearchRequest
from .retrievers import Fused, FusionRetriever


def by_mode(ctx: SearchContext, request: SearchRequest, accept: Accepted | None, hits: Accepted | None) -> IndexHits:
    mode, boost = request.mode, request.boost_of(ctx.index.name)
    assert mode is not None
    window = request.window if mode == "hybrid" else max(request.window, request.start + request.size)

    def ask(allowed: Accepted | None) -> Any:
        return run_mode(ctx, mode, request.text, allowed, window, request.weights, request.fusion)

    found = ask(hits)

    def matched() -> np.ndarray:
        # what holds any of the words, and what was found by meaning within the window
        fused = found.fused if request.post_filter is None else ask(accept).fused
        out = np.zeros(ctx.documents, bool)
        out[fused.ranked.docs] = True
        for part in fused.legs:
            if isinstance(part.leg, WordLeg):
                out |= part.leg.matched()
        return np.flatnonzero(out)

    marks = tuple(Highlight(f.path, request.text) for f in ctx.text_fields())
    account = Account(ctx, request.filters, marks, dense=found.dense)
    return _fused(ctx, request, found.fused, boost, account, matched, found.warnings)


def by_retriever(
    ctx: SearchContext, request: SearchRequest, accept: Accepted | None, hits: Accepted | None
) -> IndexHits:
    retriever, boost = request.retriever, request.boost_of(ctx.index.name)
    assert retriever is not None
    queries = tuple(retriever.queries())
    marks = tuple(h for query in queries for h in query.highlights(ctx))
    account = Account(ctx, (*queries, *request.filters), marks)

    def matched() -> np.ndarray:
        return np.flatnonzero(retriever.matched(ctx, accept))

    if isinstance(retriever, FusionRetriever):
        return _fused(ctx, request, retriever.fused(ctx, hits), boost, account, matched)
    k = request.start + request.size if request.collapse is None else max(ctx.documents, 1)
    leg = retriever.leg(ctx, hits, k, "retriever")
    return _fused(ctx, request, Fused(leg.search(k)), boost, account, matched, explain=leg.explain)


def _fused(
    ctx: SearchContext,
    request: SearchRequest,
    fused: Fused,
    boost: float,
    account: Account,
    matched: Callable[[], np.ndarray],
    warnings: tuple[str, ...] = (),
    explain: Callable[[int], Explanation] | None = None,
) -> IndexHits:
    """The hits of a ranking that is already made: least score and collapsing are applied to it."""
    found = fused.ranked
    ranked = Ranked(found.docs, found.scores * np.float32(boost), found.total, found.relation)
    ascending = np.argsort(found.docs)
    every = Matches(found.docs[ascending], ranked.scores[ascending])

    def account_of(doc: int) -> Explanation:
        inner = fused.explain(fused.place(doc)) if explain is None else explain(doc)
        return inner if boost == 1.0 else Explanation.product("", (inner, Explanation(boost, "indices_boost")))

    def legs(doc: int) -> dict[str, Any]:
        at = fused.place(doc)
        return {leg.leg.name: leg.to_dict(at) for leg in fused.legs}

    account = Account(
        ctx, account.queries, account.highlights, account_of, legs if explain is None else None, account.dense
    )
    if request.min_score is not None:
        ranked = ranked.at_least(request.min_score)
    part = IndexHits(
        ctx, ranked, account, matched, lambda docs: scores_at(every, docs), warnings=warnings, partial=fused.partial
    )
    if request.collapse is not None:
        order = np.argsort(ranked.docs)
        part.candidates = Candidates(ranked.docs[order], ranked.scores[order])
        part.group_field = GroupField(ctx, request.collapse.field)
        groups = part.group_field.groups(ranked.docs)
        keep = firsts(groups)
        part.groups = groups[keep]
        part.ranked = Ranked(ranked.docs[keep], ranked.scores[keep], ranked.total, ranked.relation)
    return part
