"""Beam search finds the best text of models whose texts can all be listed."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.beam import Step, beam_search

END = 0


def markov(seed: int, tokens: int) -> np.ndarray:
    """Logits of the next token by the last one, float32[V, V]; row 0 is the start."""
    return (np.random.default_rng(seed).standard_normal((tokens, tokens)) * 2).astype(np.float32)


def stepper(model: np.ndarray) -> Step:
    return lambda parents, tokens: model[tokens]


def best_text(model: np.ndarray, max_tokens: int) -> tuple[list[int], float]:
    """By listing all texts: mean log-probability, the end token counted."""
    logp = model.astype(np.float64) - np.log(np.exp(model.astype(np.float64)).sum(1, keepdims=True))
    best: tuple[list[int], float] = ([], -np.inf)
    for n in range(max_tokens + 1):
        for text in itertools.product(range(1, len(model)), repeat=n):
            path = [*text, END] if n < max_tokens else list(text)
            score = sum(logp[a, b] for a, b in itertools.pairwise([0, *path])) / len(path)
            if score > best[1]:
                best = (list(text), score)
    return best


@given(seed=st.integers(0, 10_000))
def test_a_beam_as_wide_as_all_texts_finds_the_best_one(seed: int):
    model = markov(seed, 4)
    found = beam_search(model[0], stepper(model), 16, {END}, max_tokens=3)
    tokens, score = best_text(model, 3)
    assert found.score == pytest.approx(score)
    assert found.tokens == tokens


@given(seed=st.integers(0, 10_000), beams=st.integers(2, 5))
def test_the_score_is_that_of_the_text(seed: int, beams: int):
    model = markov(seed, 6)
    found = beam_search(model[0], stepper(model), beams, {END}, max_tokens=5)
    logp = model.astype(np.float64) - np.log(np.exp(model.astype(np.float64)).sum(1, keepdims=True))
    path = [0, *found.tokens, *([END] if found.finished else [])]
    assert found.score == pytest.approx(sum(logp[a, b] for a, b in itertools.pairwise(path)) / (len(path) - 1))
    assert END not in found.tokens
    assert len(found.tokens) <= 5


def test_one_beam_is_greedy():
    model = markov(3, 8)
    model[:, END] = -30
    found = beam_search(model[0], stepper(model), 1, {END}, max_tokens=6)
    expected, last = [], 0
    for _ in range(6):
        last = int(model[last].argmax())
        expected.append(last)
    assert found.tokens == expected
    assert not found.finished


def test_parents_say_which_text_each_beam_continues():
    model = markov(5, 5)
    texts: list[list[int]] = [[]]

    def step(parents: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        nonlocal texts
        texts = [[*texts[p], int(t)] for p, t in zip(parents, tokens, strict=True)]
        return np.stack([model[len(text) % 5] + model[text[0]] for text in texts])

    found = beam_search(model[0], step, 3, {END}, max_tokens=4)
    assert found.finished or found.tokens[:-1] in texts


def test_an_adjustment_sees_the_text_of_its_beam():
    model = np.zeros((4, 4), np.float32) + np.array([-9, 3, 2, 1], np.float32)

    def once(logits: np.ndarray, tokens: list[int]) -> np.ndarray:
        logits = logits.copy()
        logits[tokens] = -30
        return logits

    assert beam_search(model[0], stepper(model), 2, {END}, 3, once).tokens == [1, 2, 3]
