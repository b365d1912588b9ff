"""top_hits: the first documents of each bucket, as hits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from indexer import InvalidRequest

from ..fetching import FETCH_KEYS, FetchOptions
from ..sorting import SortKey, parse_sort
from ..tops import Members, top_hits
from .base import NO_CHILDREN, Aggregation, Aggregations, Options, Result, aggregation_type
from .pairs import Pairs
from .scope import Scope

MAX_HITS = 100


@aggregation_type
@dataclass(frozen=True)
class TopHits(Aggregation):
    """The bucket's documents by score, or by `sort`; `size` of them from `from` on."""

    type: ClassVar[str] = "top_hits"
    start: int
    size: int
    sort: tuple[SortKey, ...]
    fetch: FetchOptions
    track_scores: bool = False
    children: Aggregations = NO_CHILDREN

    @classmethod
    def parse(cls, options: Options) -> TopHits:
        options.known(*FETCH_KEYS, "from", "size", "sort", "track_scores")
        start, size = options.integer("from", 0, 0), options.integer("size", 3, 0)
        if start + size > MAX_HITS:
            raise InvalidRequest(
                f"Top hits result window is too large, the top hits aggregator [{options.name}]'s from + size must be "
                f"less than or equal to: [{MAX_HITS}] but was [{start + size}]"
            )
        scored = options.flag("track_scores", False)
        return cls(start, size, parse_sort(options.body.get("sort")), FetchOptions.parse(options.body), scored)

    def run(self, scope: Scope, pairs: Pairs) -> list[Result]:
        parts = []
        for number, part in enumerate(scope.parts):
            low, high = scope.bases[number], scope.bases[number + 1]
            rows = np.flatnonzero((pairs.docs >= low) & (pairs.docs < high))
            docs = pairs.docs[rows]
            parts.append(Members(part.account, number, docs - low, pairs.bucket_of[rows], scope.scores[docs]))
        return top_hits(
            parts, pairs.buckets, self.sort, self.start, self.size, self.fetch, track_scores=self.track_scores
        )
