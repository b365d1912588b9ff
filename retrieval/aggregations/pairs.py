"""Which document is in which bucket, as arrays; and the arithmetic that splits buckets further."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

_DENSE = 1 << 20  # cells that may be counted in one array whatever the number of entries


@dataclass(frozen=True)
class Pairs:
    """Documents in buckets: `docs[i]` is in bucket `owners[i]`, a pair at most once. int64[n] each."""

    docs: np.ndarray
    owners: np.ndarray | None  # None: all in bucket 0
    buckets: int

    def __len__(self) -> int:
        return len(self.docs)

    @cached_property
    def bucket_of(self) -> np.ndarray:
        """int64[n]: the bucket of each pair."""
        return np.zeros(len(self.docs), np.int64) if self.owners is None else self.owners

    @cached_property
    def sizes(self) -> np.ndarray:
        """int64[buckets]: documents in each bucket."""
        if self.owners is None:
            return np.array([len(self.docs)] + [0] * (self.buckets - 1), np.int64)[: self.buckets]
        return np.bincount(self.owners, minlength=self.buckets)

    def where(self, keep: np.ndarray) -> Pairs:
        """The pairs that a bool[n] keeps, in the same buckets."""
        return Pairs(self.docs[keep], None if self.owners is None else self.owners[keep], self.buckets)


@dataclass(frozen=True)
class Groups:
    """Pairs split by a key within each bucket. Groups ascend by owner, then key.

    owners, keys, counts: int64[g], each group's parent bucket, key number and documents.
    """

    owners: np.ndarray
    keys: np.ndarray
    counts: np.ndarray
    _docs: np.ndarray
    _cells: np.ndarray  # of each entry: owner * cardinality + key
    _cardinality: int

    @classmethod
    def of(cls, pairs: Pairs, rows: np.ndarray, keys: np.ndarray, cardinality: int) -> Groups:
        """Split by one key an entry: the entry's pair is `rows[i]`, its key `keys[i]` < `cardinality`.

        Entries of a pair must have different keys (see :func:`distinct_entries`).
        """
        cells = keys.astype(np.int64) if pairs.owners is None else pairs.owners[rows] * cardinality + keys
        size = pairs.buckets * cardinality
        if size <= max(_DENSE, 4 * len(cells)):
            counted = np.bincount(cells, minlength=size)
            present = np.flatnonzero(counted)
            counts = counted[present]
        else:
            present, counts = np.unique(cells, return_counts=True)
        owners, numbers = np.divmod(present, max(cardinality, 1))
        return cls(owners, numbers, counts, pairs.docs[rows], cells, cardinality)

    def __len__(self) -> int:
        return len(self.counts)

    def pairs(self, chosen_owners: np.ndarray, chosen_keys: np.ndarray) -> Pairs:
        """The documents of some groups, group `chosen[i]` as bucket i; a key of -1 is an empty bucket."""
        buckets = len(chosen_keys)
        number_of = np.flatnonzero(chosen_keys >= 0)
        wanted = (chosen_owners * self._cardinality + chosen_keys)[number_of]
        if len(wanted) == 0:
            return Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64), buckets)
        size = max(int(wanted.max()), int(self._cells.max(initial=0))) + 1
        if size <= max(_DENSE, len(self._cells)):
            table = np.full(size, -1, np.int64)
            table[wanted] = number_of
            number = table[self._cells]
            hit = number >= 0
            return Pairs(self._docs[hit], number[hit], buckets)
        order = np.argsort(wanted)
        ordered = wanted[order]
        at = np.minimum(np.searchsorted(ordered, self._cells), len(ordered) - 1)
        hit = ordered[at] == self._cells
        return Pairs(self._docs[hit], number_of[order[at[hit]]], buckets)


def distinct_entries(rows: np.ndarray, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Entries without repeats of a (row, key); both ascend, keys within a row."""
    if len(rows) < 2:
        return rows, keys
    keep = np.ones(len(rows), bool)
    keep[1:] = (rows[1:] != rows[:-1]) | (keys[1:] != keys[:-1])
    return (rows, keys) if keep.all() else (rows[keep], keys[keep])


def rank_within(owners: np.ndarray) -> np.ndarray:
    """int64[n]: each entry's place among the entries of its owner; owners ascend."""
    if len(owners) == 0:
        return np.zeros(0, np.int64)
    starts = np.flatnonzero(np.concatenate([[True], owners[1:] != owners[:-1]]))
    lengths = np.diff(np.append(starts, len(owners)))
    return np.arange(len(owners)) - np.repeat(starts, lengths)
