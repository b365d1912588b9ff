"""Co-occurrence counts equal their definition, however little memory there is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings import cooccurrence, glove_kernels
from embeddings.cooccurrence import Workspace, count
from embeddings.vocabulary import encode

SENTENCES = st.lists(st.lists(st.sampled_from(["a", "b", "的", "北京", "𠮷"]), max_size=8), min_size=1, max_size=12)


def by_definition(sentences: list[list[str]], window: int) -> dict[tuple[str, str], float]:
    expected: dict[tuple[str, str], float] = {}
    for sentence in sentences:
        for i, word in enumerate(sentence):
            for distance in range(1, window + 1):
                if i + distance < len(sentence):
                    pair = tuple(sorted((word, sentence[i + distance])))
                    expected[pair] = expected.get(pair, 0.0) + 1 / distance
    return expected


@settings(max_examples=80, deadline=None)
@given(SENTENCES, st.integers(1, 9), st.integers(1, 40), st.sampled_from([1, 1 << 30]))
def test_pairs_and_weights(sentences, window, room, memory):
    sentences = [*sentences, ["a"]]
    corpus = encode(sentences, 1)
    original, cooccurrence._OBSERVATIONS = cooccurrence._OBSERVATIONS, window + room
    try:
        pairs, weights = count(corpus, window, Workspace(memory))
    finally:
        cooccurrence._OBSERVATIONS = original
    assert (np.diff(pairs.astype(np.int64)) > 0).all()
    low, high = (pairs >> np.uint64(28)).tolist(), (pairs & np.uint64(2**28 - 1)).tolist()
    found = {
        tuple(sorted((corpus.words[a], corpus.words[b]))): weight
        for a, b, weight in zip(low, high, weights.tolist(), strict=True)
    }
    assert found == pytest.approx(by_definition(sentences, window), rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(SENTENCES, st.integers(1, 5), st.integers(0, 2**64 - 1))
def test_buckets_hold_each_entry_of_the_symmetric_matrix_once(sentences, buckets, seed):
    corpus = encode([*sentences, ["a", "b"]], 1)
    pairs, weights = count(corpus, 3, Workspace(1 << 30))
    sizes = np.zeros(buckets, np.int64)
    state = np.array([seed], np.uint64)
    glove_kernels.count_buckets(pairs, sizes, state.copy())
    ends = np.cumsum(sizes)
    cursors = ends - sizes
    words, logs = np.full((ends[-1], 2), -1, np.int32), np.empty(ends[-1], np.float32)
    glove_kernels.fill_buckets(pairs, weights, cursors, words, logs, state)
    assert cursors.tolist() == ends.tolist()
    glove_kernels.shuffle(words, logs, state)
    expected = {}
    for (a, b), weight in by_definition([*sentences, ["a", "b"]], 3).items():
        i, j = corpus.words.index(a), corpus.words.index(b)
        expected[i, j] = expected[j, i] = np.log(weight if i != j else 2 * weight)
    found = {(i, j): log for (i, j), log in zip(words.tolist(), logs.tolist(), strict=True)}
    assert len(found) == len(words)
    assert found == pytest.approx(expected, abs=1e-5)


def test_shuffling_makes_every_order_about_equally_often():
    state = np.array([7], np.uint64)
    seen: dict[tuple[float, ...], int] = {}
    for _ in range(6000):
        words, logs = np.array([[0, 0], [1, 1], [2, 2]], np.int32), np.arange(3, dtype=np.float32)
        glove_kernels.shuffle(words, logs, state)
        assert words[:, 0].tolist() == logs.tolist()
        seen[tuple(logs.tolist())] = seen.get(tuple(logs.tolist()), 0) + 1
    assert len(seen) == 6
    assert all(850 < times < 1150 for times in seen.values())
