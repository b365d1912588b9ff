"""Choosing tokens: distributions equal plain ones written from the papers, frequencies follow them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from generator import InvalidSampling, Sampling
from generator.sampling import Sampler, distribution, penalize

# whole numbers and few of them, so that ties come up
LOGITS = hnp.arrays(np.float32, st.integers(1, 40), elements=st.integers(-6, 6).map(float))


def reference(logits: np.ndarray, s: Sampling) -> np.ndarray:
    """The definition, token by token, as a distribution over the whole vocabulary; ties by the lower id."""
    p = np.exp(np.array([float(x) / s.temperature for x in logits]))
    if s.top_k:
        kth = sorted(logits, reverse=True)[min(s.top_k, len(logits)) - 1]
        p = np.where(logits >= kth, p, 0)
    p = p / p.sum()
    mass, nucleus = 0.0, []
    for i in sorted(range(len(p)), key=lambda i: (-p[i], i)):
        if mass < s.top_p - 1e-12 and p[i] > 0:
            nucleus.append(i)
        mass += p[i]
    p = np.array([x if i in nucleus else 0.0 for i, x in enumerate(p)])
    p = np.where(p >= s.min_p * p.max() * (1 - 1e-12), p, 0)
    return p / p.sum()


@given(
    logits=LOGITS,
    temperature=st.sampled_from([0.3, 0.7, 1.0, 2.0]),
    top_k=st.integers(0, 45),
    top_p=st.sampled_from([0.05, 0.333, 0.9, 0.99, 1.0]),
    min_p=st.sampled_from([0.0, 0.04, 0.5, 1.0]),
)
def test_distributions_equal_the_definition(
    logits: np.ndarray, temperature: float, top_k: int, top_p: float, min_p: float
):
    sampling = Sampling(temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p)
    ids, p = distribution(logits, sampling)
    ours = np.zeros(len(logits))
    ours[ids] = p
    np.testing.assert_allclose(ours, reference(logits, sampling), atol=1e-9)
    assert (np.diff(p) <= 1e-12).all()


@given(logits=LOGITS, penalty=st.sampled_from([0.5, 1.1, 1.8]), data=st.data())
def test_the_penalty_is_ctrls_and_never_helps_a_seen_token(logits: np.ndarray, penalty: float, data: st.DataObject):
    seen = np.array(sorted(data.draw(st.sets(st.integers(0, len(logits) - 1)))), np.int64)
    before = logits.copy()
    after = penalize(logits, seen, penalty)
    assert np.array_equal(logits, before)  # the caller's row is untouched
    for i, (old, new) in enumerate(zip(before, after, strict=True)):
        expected = old if i not in seen else old / penalty if old > 0 else old * penalty
        assert new == pytest.approx(expected)
        assert penalty < 1 or new <= old


@given(logits=LOGITS)
def test_greedy_takes_the_likeliest_and_the_lowest_of_equals(logits: np.ndarray):
    assert Sampler(Sampling(), [], len(logits)).next(logits) == int(np.flatnonzero(logits == logits.max())[0])


def test_frequencies_follow_the_distribution():
    logits = np.log(np.array([0.5, 0.25, 0.15, 0.1], np.float32))
    sampler = Sampler(Sampling(temperature=1.0, seed=5), [], 4)
    counts = np.bincount([sampler.next(logits) for _ in range(20_000)], minlength=4)
    expected = np.array([0.5, 0.25, 0.15, 0.1]) * 20_000
    assert ((counts - expected) ** 2 / expected).sum() < 16.3  # chi-square, 3 degrees of freedom, p = .001


def test_a_seed_repeats_and_no_seed_does_not():
    logits = np.zeros(1000, np.float32)

    def draw(seed: int | None) -> list[int]:
        sampler = Sampler(Sampling(temperature=1.0, seed=seed), [], 1000)
        return [sampler.next(logits) for _ in range(20)]

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)
    assert draw(None) != draw(None)


def test_the_penalty_covers_prompt_and_text():
    logits = np.array([2.0, 1.9, 1.8], np.float32)
    sampler = Sampler(Sampling(repetition_penalty=1.5), [0], 3)
    assert [sampler.next(logits) for _ in range(3)] == [1, 2, 0]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"max_tokens": 0}, "max_tokens is 0: it must be at least 1"),
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"top_k": -1}, "top_k"),
        ({"top_p": 0.0}, "top_p is 0.0: it must be above 0 and at most 1"),
        ({"min_p": 1.5}, "min_p"),
        ({"repetition_penalty": 0.0}, "repetition_penalty"),
        ({"seed": -1}, "seed"),
        ({"num_beams": 17}, "num_beams"),
        ({"num_beams": 2, "temperature": 0.5}, "set temperature to 0"),
        ({"stop": "word"}, "tuple of strings"),
        ({"stop": ("",)}, "not empty"),
    ],
)
def test_values_out_of_range_are_refused(values: dict, sentence: str):
    with pytest.raises(InvalidSampling, match=sentence):
        Sampling(**values)
