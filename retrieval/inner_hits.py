"""The hits inside a collapsed hit: members of its group, found among all matches of the request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .collapse import InnerHits
from .found import IndexHits
from .tops import Members, top_hits


def inner_hits(found: Sequence[IndexHits], groups: Sequence[Any], wanted: InnerHits) -> list[dict[str, Any]]:
    """`{"hits": …}` of each group (the collapsed field's value) over all indices."""
    members = []
    for number, part in enumerate(found):
        if part.candidates is None or part.group_field is None:
            continue
        of_all = part.group_field.groups(part.candidates.docs)
        table = np.full(int(of_all.max(initial=0)) + 2, -1, np.int64)  # the last one is that of group -1
        for place, value in enumerate(groups):
            group = part.group_field.group_of(value)
            if group is not None and group < len(table) - 1:
                table[group] = place
        owners = table[of_all]
        rows = np.flatnonzero(owners >= 0)
        docs, scores = part.candidates.docs[rows], part.candidates.scores[rows]
        if np.isnan(scores).any():  # sorted by fields: nothing was scored yet
            scores = part.scores_of(docs)
        members.append(Members(part.account, number, docs, owners[rows], scores))
    return top_hits(
        members, len(groups), wanted.sort, wanted.start, wanted.size, wanted.fetch, wanted.collapse, wanted.track_scores
    )
