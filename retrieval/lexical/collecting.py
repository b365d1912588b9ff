"""Keeping the k best of a stream: a heap for small k, a buffer cut by quickselect for large.

A *key* is the score's float32 bits above the complement of the document's number, so that a greater key is
a better hit and ties go to the smaller number. Scores are not negative.

``state``: int64[3], the number of keys held, k, and the lowest key that may still enter (as its signed
bits; 0 until k are held).
"""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import inline, int64

#: Up to this k the keys are a heap.
HEAP_LIMIT = 64


def buffer_size(k: int) -> int:
    """Keys that must be allocated."""
    return k if k <= HEAP_LIMIT else 2 * k + 64


@inline
def score_of_key(key: int, score: np.ndarray) -> np.float32:
    """The score that a key was made of; ``score``: float32, the first is worked in."""
    score.view(np.uint32)[0] = np.uint32(key >> 32)
    return score[0]


@inline
def make_key(bits: int, doc: int) -> int:
    """Key of a score's bits and a global document number."""
    return (int64(bits) << 32) | (int64(0xFFFFFFFF) - int64(doc))


@inline
def _sift(keys: np.ndarray, at: int, size: int) -> None:
    value = keys[at]
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= value:
            break
        keys[at] = keys[child]
        at = child
    keys[at] = value


@inline
def _cut(keys: np.ndarray, size: int, k: int) -> int:
    """Move the k greatest of ``size`` keys to the front; returns the k-th greatest."""
    low, high = 0, size - 1
    while low < high:
        a, b, c = keys[low], keys[(low + high) >> 1], keys[high]
        pivot = max(min(a, b), min(max(a, b), c))
        i, j = low, high
        while i <= j:
            while keys[i] > pivot:
                i += 1
            while keys[j] < pivot:
                j -= 1
            if i <= j:
                keys[i], keys[j] = keys[j], keys[i]
                i += 1
                j -= 1
        if k - 1 <= j:
            high = j
        elif k - 1 >= i:
            low = i
        else:
            break
    return keys[k - 1]


@inline
def nth(keys: np.ndarray, size: int, n: int) -> int:
    """The n-th greatest of ``size`` keys in a buffer (not a heap), which are moved about."""
    return _cut(keys, size, n)


@inline
def push(keys: np.ndarray, state: np.ndarray, key: int) -> None:
    """Offer a key that is not below the threshold; keys are all different."""
    size, k = state[0], state[1]
    if k <= 64:
        if size < k:
            keys[size] = key
            state[0] = size + 1
            if size + 1 == k:
                for at in range(k // 2 - 1, -1, -1):
                    _sift(keys, at, k)
                state[2] = keys[0]
        elif key > keys[0]:
            keys[0] = key
            _sift(keys, 0, k)
            state[2] = keys[0]
        return
    keys[size] = key
    size += 1
    if size == keys.size:
        state[2] = _cut(keys, size, k)
        size = k
    state[0] = size


@inline
def offer(value: np.float32, doc: int, keys: np.ndarray, state: np.ndarray, score: np.ndarray) -> None:
    """Offer the score of a global document number; ``score``: float32, the first is worked in."""
    score[0] = value
    key = make_key(score.view(np.uint32)[0], doc)
    if key > state[2]:
        push(keys, state, key)


@inline
def finish(keys: np.ndarray, state: np.ndarray, docs: np.ndarray, scores: np.ndarray) -> int:
    """Leave the best keys at the front, and for a heap write their documents and scores, best first.

    Returns their number. Keys of a buffer (k above HEAP_LIMIT) are left unsorted for :func:`decode`.
    """
    size, k = state[0], state[1]
    if k > 64:
        if size > k:
            _cut(keys, size, k)
            size = k
        return size
    if size < k:
        for at in range(size // 2 - 1, -1, -1):
            _sift(keys, at, size)
    bits = scores.view(np.uint32)
    for last in range(size - 1, -1, -1):
        key = keys[0]
        keys[0] = keys[last]
        _sift(keys, 0, last)
        docs[last] = int64(0xFFFFFFFF) - (key & 0xFFFFFFFF)
        bits[last] = key >> 32
    return size


def decode(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(docs uint32, scores float32) of keys, best first."""
    ordered = np.sort(keys)[::-1]
    docs = (0xFFFFFFFF - (ordered & 0xFFFFFFFF)).astype(np.uint32)
    return docs, (ordered >> 32).astype(np.uint32).view(np.float32)
