"""Top-k of a phrase, by what each segment knows of its pairs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from retrieval.lexical import tables
from retrieval.lexical.candidates import find_candidates
from retrieval.lexical.collecting import HEAP_LIMIT
from retrieval.lexical.conjunction import top_by_positions
from retrieval.lexical.maxscore import top_words
from retrieval.lexical.pairs import JOINED, STORED, UNKNOWN
from retrieval.lexical.plan import PhrasePlan
from retrieval.lexical.scratch import Scratch

NO_CANDIDATES = (np.empty(0, np.uint32), np.empty(0, np.float32), np.empty(0, np.int64))


class Best(NamedTuple):
    """Where the best are kept (see :mod:`retrieval.lexical.collecting`), and written."""

    keys: np.ndarray
    state: np.ndarray
    docs: np.ndarray
    scores: np.ndarray

    def resume(self, count: int) -> None:
        """After a kernel has finished with ``count`` hits: make keys and state so that another goes on."""
        keys, k = self.keys[:count], int(self.state[1])
        if k <= HEAP_LIMIT:
            docs, bits = self.docs[:count].astype(np.int64), self.scores[:count].view(np.uint32).astype(np.int64)
            keys[:] = (bits << 32 | 0xFFFFFFFF - docs)[::-1]  # ascending: a heap
        self.state[0] = count
        self.state[2] = keys.min() if count == k else 0


def top_phrase(
    plan: PhrasePlan, segments: np.ndarray, count_to: int, seeds: int, plain: bool, scratch: Scratch, best: Best
) -> tuple[int, int]:
    """The best documents with a phrase: (hits kept, matches counted: exact unless above ``count_to``).

    ``segments``: the scorer's table, or a copy with other documents ruled out; ``plain``: none are ruled out nor
    deleted; ``seeds``: see :func:`retrieval.lexical.maxscore.top_words`.
    """
    count = total = 0
    rows, slots, kinds, found = plan.rows, plan.slots, plan.kinds, NO_CANDIDATES
    if plan.pairs.size:
        left = np.ones(segments.shape[0], bool)
        if slots.size == 2 and plan.pair_kinds[0] == kinds[slots[0]]:
            alone = (plan.pairs[0, :, STORED, 1] != UNKNOWN) & (plan.pairs[0, :, JOINED, 1] == 0)
            left = ~alone
            count, total = _top_pair(plan, segments, alone, count_to, seeds, plain, scratch, best)
            if alone.all():
                return count, total
            best.resume(count)
        segments, rows = segments[left], np.ascontiguousarray(rows[slots][:, left])
        slots, kinds = np.arange(slots.size), kinds[slots]
        found = _candidates(plan, segments, rows, kinds[0], left)
    scorer = plan.scorer
    left_to_count = max(min(1, count_to), count_to - total)
    count, more = top_by_positions(
        segments, rows, slots, kinds, plan.weights, left_to_count, plan.offsets, plan.repeats, plan.slop,
        scorer.by_table, scorer.shape, plan.scale, *found, scratch.bounds, best.keys, best.state, best.docs,
        best.scores,
    )  # fmt: skip
    return count, total + more


def _candidates(
    plan: PhrasePlan, segments: np.ndarray, rows: np.ndarray, kind: int, left: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What :func:`retrieval.lexical.candidates.find_candidates` finds in the segments that are ``left``."""
    assert plan.pair_scorer is not None
    pairs = np.ascontiguousarray(plan.pairs[:, left])
    stored, joined = pairs[:, :, STORED, 1], pairs[:, :, JOINED, 1]
    rarest = rows[:, :, 0, 1].min(axis=0)
    room = np.minimum(rarest, np.where(stored == UNKNOWN, rarest, stored + joined).min(axis=0))
    docs = np.empty(int(room.sum()), np.uint32)
    limits, ends = np.empty(docs.size, np.float32), np.empty(len(segments), np.int64)
    find_candidates(
        segments, plan.pair_scorer.segments[left], rows, pairs, plan.pair_kinds, kind, plan.weights[0],
        plan.scorer.shape, docs, limits, ends,
    )  # fmt: skip
    return docs, limits, ends


def _top_pair(
    plan: PhrasePlan,
    segments: np.ndarray,
    alone: np.ndarray,
    count_to: int,
    seeds: int,
    plain: bool,
    scratch: Scratch,
    best: Best,
) -> tuple[int, int]:
    """:func:`top_phrase` of two neighbours in the segments where their stored pair is all: it is a word like others."""
    assert plan.pair_scorer is not None
    pair = plan.pairs[0][alone]
    df = int(pair[:, STORED, 1].sum())
    if df == 0:
        return 0, 0
    own = plan.pair_scorer.segments[alone]
    for column in (tables.ALLOWED, tables.ALLOWED_COUNT, tables.ALLOWED_RANGES):
        own[:, 0, column] = segments[alone, 0, column]
    rows = np.zeros((1, len(pair), 1, 3), np.int64)
    rows[0, :, 0, :2] = pair[:, STORED]
    enough = plain and df > count_to
    short = 0 if enough or count_to == 0 or not plain else df
    count, total = top_words(
        own, rows, np.zeros(1, np.int64), plan.kinds[plan.slots[:1]], plan.weights[:1], True, plan.scorer.shape,
        plan.scale, 1, 0 if enough else count_to, short, seeds, plan.pair_scorer.largest, scratch.work,
        scratch.bounds, scratch.sums, best.keys, best.state, best.docs, best.scores,
    )  # fmt: skip
    return count, count_to + 1 if enough else total
