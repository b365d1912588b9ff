"""Top-k of a phrase, by what each segment knows of its pairs."""

from __future__ import annotations

from types import EllipsisType
from typing import NamedTuple

import numpy as np

from retrieval.lexical import tables
from retrieval.lexical.collecting import HEAP_LIMIT
from retrieval.lexical.conjunction import top_by_positions
from retrieval.lexical.maxscore import top_words
from retrieval.lexical.neighbours import top_by_pairs
from retrieval.lexical.pairs import JOINED, STORED, UNKNOWN
from retrieval.lexical.plan import PhrasePlan
from retrieval.lexical.scratch import Scratch

_Some = np.ndarray | EllipsisType  # bool[segments], or ... where all are meant


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
    plan: PhrasePlan, segments: np.ndarray, count_to: int, plain: bool, scratch: Scratch, best: Best
) -> tuple[int, int]:
    """The best documents with a phrase: (hits kept, matches counted: exact unless above ``count_to``).

    ``segments``: the scorer's table, or a copy with other documents ruled out; ``plain``: none are ruled out nor
    deleted.
    """
    if plan.pair_slots.size == 0:
        return _by_positions(plan, segments, ..., count_to, scratch, best)
    known = (plan.pairs.rows[plan.pair_slots, :, STORED, 1] != UNKNOWN).any(axis=0)
    ways = [known, ~known]
    count = total = 0
    if plan.slots.size == 2 and plan.pairs.kinds[plan.pair_slots[0]] == plan.kinds[plan.slots[0]]:
        alone = known & (plan.pairs.rows[plan.pair_slots[0], :, JOINED, 1] == 0)
        if alone.any():
            count, total = _top_pair(plan, segments, alone, count_to, plain, scratch, best)
            if alone.all():
                return count, total
            best.resume(count)
            ways[0] = known & ~alone
    for by, some in zip((_by_pairs, _by_positions), ways, strict=True):
        if some.all():
            return by(plan, segments, ..., count_to, scratch, best)
        if some.any():
            left_to_count = max(min(1, count_to), count_to - total)
            count, more = by(plan, segments, some, left_to_count, scratch, best)
            best.resume(count)
            total += more
    return count, total


def _part(rows: np.ndarray, some: _Some) -> np.ndarray:
    """What rows over terms or pairs have of ``some`` segments."""
    return rows if some is ... else np.ascontiguousarray(rows[:, some])


def _by_pairs(
    plan: PhrasePlan, segments: np.ndarray, some: _Some, count_to: int, scratch: Scratch, best: Best
) -> tuple[int, int]:
    """:func:`top_phrase` in ``some`` of the segments, which know pairs."""
    scorer, pairs = plan.scorer, plan.pairs
    assert plan.pair_scorer is not None
    return top_by_pairs(
        segments[some], plan.pair_scorer.segments[some], _part(plan.rows, some), plan.slots, plan.kinds,
        plan.weights[0], plan.offsets, _part(pairs.rows, some), plan.pair_slots, pairs.kinds, plan.pair_firsts,
        scorer.shape, plan.scale, count_to, best.keys, best.state, best.docs, best.scores,
    )  # fmt: skip


def _by_positions(
    plan: PhrasePlan, segments: np.ndarray, some: _Some, count_to: int, scratch: Scratch, best: Best
) -> tuple[int, int]:
    """:func:`top_phrase` in ``some`` of the segments, where no pairs are known."""
    scorer = plan.scorer
    return top_by_positions(
        segments[some], _part(plan.rows, some), plan.slots, plan.kinds, plan.weights, count_to, plan.offsets,
        plan.repeats, plan.slop, scorer.by_table, scorer.shape, plan.scale, scratch.bounds, best.keys, best.state,
        best.docs, best.scores,
    )  # fmt: skip


def _top_pair(
    plan: PhrasePlan,
    segments: np.ndarray,
    alone: np.ndarray,
    count_to: int,
    plain: bool,
    scratch: Scratch,
    best: Best,
) -> tuple[int, int]:
    """:func:`top_phrase` of two neighbours in the segments where their stored pair is all: it is a word like others."""
    assert plan.pair_scorer is not None
    pair = plan.pairs.rows[plan.pair_slots[0], alone]
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
        plan.scale, 1, 0 if enough else count_to, short, plan.pair_scorer.largest, scratch.work,
        scratch.bounds, scratch.sums, best.keys, best.state, best.docs, best.scores,
    )  # fmt: skip
    return count, count_to + 1 if enough else total
