"""The first hits of many sets of documents at once: `top_hits` of buckets, `inner_hits` of collapsed groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from indexer import InvalidRequest

from .collapse import GroupField, firsts, shown_value
from .fetching import Account, FetchOptions, fetch
from .sorting import BY_SCORE, SortColumn, SortKey, sort_column


@dataclass(frozen=True)
class Members:
    """One index's documents in sets: `docs[i]` is in set `owners[i]` with `scores[i]`. int64, int64, float32[n]."""

    account: Account
    number: int  # the index's place among those searched
    docs: np.ndarray
    owners: np.ndarray
    scores: np.ndarray


@dataclass(frozen=True)
class _Entry:
    key: tuple[Any, ...]
    number: int
    at: int
    group: Any = None


def merge_sorted(entries: list[Any], key: Any) -> None:
    """Sort hits of several indices in place; InvalidRequest when their values cannot be compared."""
    try:
        entries.sort(key=key)
    except TypeError:
        raise InvalidRequest("Can't sort: the field to sort by has different types in the indices searched") from None


def top_hits(
    parts: Sequence[Members],
    sets: int,
    sort: tuple[SortKey, ...],
    start: int,
    size: int,
    options: FetchOptions,
    collapse: str | None = None,
    track_scores: bool = False,
) -> list[dict[str, Any]]:
    """For each set `{"hits": {total, max_score, hits}}`: its documents by `sort`, from `start`, `size` of them.

    Hits that are not sorted by their score have one only with `track_scores`.
    """
    keys = sort or (BY_SCORE,)
    by_score = track_scores or any(key.field == "_score" for key in keys)
    chosen: list[list[_Entry]] = [[] for _ in range(sets)]
    totals, best = np.zeros(sets, np.int64), np.full(sets, -np.inf)
    columns: list[list[SortColumn]] = []
    for place, part in enumerate(parts):
        ctx = part.account.ctx
        columns.append([sort_column(ctx, key, part.docs, part.scores, part.number) for key in keys])
        totals += np.bincount(part.owners, minlength=sets)
        np.maximum.at(best, part.owners, part.scores)
        order = np.lexsort((part.docs, *(c.order for c in reversed(columns[-1])), part.owners))
        groups = None
        if collapse is not None:
            field = GroupField(ctx, collapse)
            groups = field.groups(part.docs)
            pairs = np.unique(np.stack([part.owners[order], groups[order]]), axis=1, return_inverse=True)[1]
            order = order[firsts(pairs.reshape(-1))]
        owners = part.owners[order]
        begins = np.searchsorted(owners, np.arange(sets))
        for at in order[np.arange(len(order)) - begins[owners] < start + size]:
            key = tuple(c.merge_key(at) for c in columns[-1])
            group = None if groups is None else field.value(int(groups[at]))
            chosen[part.owners[at]].append(_Entry(key, place, int(at), group))
    pages = [_page(entries, len(parts) > 1, collapse is not None, start, size) for entries in chosen]
    hits = _fetched(parts, columns if sort else None, pages, options, collapse, by_score)
    out = []
    for number in range(sets):
        scored = np.isfinite(best[number]) and by_score
        total = {"value": int(totals[number]), "relation": "eq"}
        inner = {"total": total, "max_score": float(best[number]) if scored else None, "hits": hits[number]}
        out.append({"hits": inner})
    return out


def _page(entries: list[_Entry], several: bool, collapsed: bool, start: int, size: int) -> list[_Entry]:
    if several:
        merge_sorted(entries, lambda e: (e.key, e.number, e.at))
    if several and collapsed:
        seen: set[Any] = set()
        entries = [e for e in entries if not (e.group in seen or seen.add(e.group))]  # type: ignore[func-returns-value]
    return entries[start : start + size]


def _fetched(
    parts: Sequence[Members],
    columns: list[list[SortColumn]] | None,
    pages: list[list[_Entry]],
    options: FetchOptions,
    collapse: str | None,
    by_score: bool,
) -> list[list[dict[str, Any]]]:
    """The hits of every page; each index is read once for all of them."""
    out: list[list[dict[str, Any]]] = [[{}] * len(page) for page in pages]
    for place, part in enumerate(parts):
        wanted = [(i, j, e) for i, page in enumerate(pages) for j, e in enumerate(page) if e.number == place]
        ats = [e.at for _, _, e in wanted]
        scores = part.scores[ats] if by_score else np.full(len(ats), np.nan)
        for (i, j, entry), hit in zip(wanted, fetch(part.account, part.docs[ats], scores, options), strict=True):
            if collapse is not None:
                hit.setdefault("fields", {})[collapse] = [shown_value(entry.group)]
            if columns is not None:
                hit["sort"] = [c.shown(entry.at) for c in columns[place]]
            out[i][j] = hit
    return out
