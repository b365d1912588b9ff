"""Counting which words stand near each other, in bounded memory: sort, then merge."""

from __future__ import annotations

import tempfile

import numpy as np

from embeddings import glove_kernels as kernels
from embeddings.vocabulary import Corpus

_OBSERVATIONS = 4 << 20  # sorted at a time (32 MB)
Run = tuple[np.ndarray, np.ndarray]
"""Different pairs, ascending (uint64[n]; see glove_kernels), and their weights (float32[n])."""


class Workspace:
    """Arrays that live in memory up to a budget, and beyond it in unnamed temporary files.

    The files are memory maps that are read and written front to back, so that the system keeps in
    memory what fits and the algorithm need not care which kind it got.
    """

    def __init__(self, memory: int) -> None:
        self._memory = memory

    def empty(self, shape: int | tuple[int, ...], dtype: type[np.generic]) -> np.ndarray:
        """An uninitialised array, mapped from a file when it is larger than an eighth of the budget."""
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if size <= self._memory // 8:
            return np.empty(shape, dtype)
        with tempfile.TemporaryFile() as file:  # the map outlives its file, and the space is freed with it
            mapped: np.ndarray = np.memmap(file, dtype, "w+", shape=shape)
        return mapped.view(np.ndarray)


def count(corpus: Corpus, window: int, workspace: Workspace) -> Run:
    """The co-occurrences of ``corpus``, symmetric: pair (low, high) stands for (high, low) as well.

    A pair's weight is the sum of 1 / distance over its meetings at most ``window`` words apart within
    one sentence (Pennington et al. 2014, section 4.2). The corpus is read once; at most
    ``_OBSERVATIONS`` meetings are held at a time.
    """
    observations = np.empty(min(_OBSERVATIONS, (len(corpus.ids) + 1) * window), np.uint64)
    runs: list[Run | None] = []  # runs[i] holds about 2**i blocks: each weight is copied log2(blocks) times
    sentence = token = 0
    while sentence < len(corpus.bounds) - 1:
        n, sentence, token = kernels.observe(corpus.ids, corpus.bounds, window, sentence, token, observations)
        block = observations[:n]
        block.sort()
        size = kernels.count_pairs(block)
        run = (workspace.empty(size, np.uint64), workspace.empty(size, np.float32))
        kernels.sum_pairs(block, *run)
        level = 0
        while level < len(runs) and (other := runs[level]) is not None:
            runs[level] = None
            run = _merge(other, run, workspace)
            level += 1
        if level == len(runs):
            runs.append(None)
        runs[level] = run
    result: Run = (np.empty(0, np.uint64), np.empty(0, np.float32))
    for level, stored in enumerate(runs):
        if stored is not None:
            result = _merge(stored, result, workspace) if len(result[0]) else stored
            runs[level] = None
    return result


def _merge(first: Run, second: Run, workspace: Workspace) -> Run:
    size = len(first[0]) + len(second[0])
    pairs, weights = workspace.empty(size, np.uint64), workspace.empty(size, np.float32)
    n = kernels.merge_pairs(*first, *second, pairs, weights)
    return pairs[:n], weights[:n]
