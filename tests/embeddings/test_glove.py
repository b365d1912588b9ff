"""GloVe: against a plain NumPy twin, and on texts whose answer is known."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from gensim.test.utils import datapath
from word_topics import TOPICS, topical_sentences

from embeddings import cooccurrence, glove, glove_kernels
from embeddings.glove import GloVeConfig, adaptive_epochs, adaptive_x_max, train_glove
from embeddings.word_vectors import EmptyCorpus

ROOT = Path(__file__).resolve().parents[2]
FAST = GloVeConfig(dimension=20, window=5, epochs=15)


def plain_cooccurrences(sentences: list[list[str]], window: int) -> dict[tuple[str, str], float]:
    """X_ij by the definition: 1 / distance for each word j in the window of each word i."""
    counts: dict[tuple[str, str], float] = {}
    for sentence in sentences:
        for i, word in enumerate(sentence):
            for j, context in enumerate(sentence):
                if 0 < abs(i - j) <= window:
                    counts[word, context] = counts.get((word, context), 0.0) + 1 / abs(i - j)
    return counts


def plain_glove(sentences: list[list[str]], config: GloVeConfig, x_max: float, seed: int) -> list[float]:
    """Losses of equations 8 and 9 of the paper by AdaGrad, an entry at a time, in double precision."""
    counts = plain_cooccurrences(sentences, config.window)
    index = {word: i for i, word in enumerate(sorted({word for word, _ in counts}))}
    entries = [(index[i], index[j], x) for (i, j), x in counts.items()]
    random = np.random.RandomState(seed)
    d = config.dimension
    w, c = random.uniform(-0.5, 0.5, (2, len(index), d + 1)) / d  # the last column is the bias
    w_squares, c_squares = np.ones_like(w), np.ones_like(c)
    losses = []
    for _ in range(config.epochs or 0):
        random.shuffle(entries)
        total = 0.0
        for i, j, x in entries:
            difference = w[i, :d] @ c[j, :d] + w[i, d] + c[j, d] - np.log(x)
            f = min(1.0, (x / x_max) ** config.alpha)
            total += 0.5 * f * difference**2
            w_gradient, c_gradient = f * difference * c[j], f * difference * w[i]
            w_gradient[d] = c_gradient[d] = f * difference
            w[i] -= config.learning_rate * w_gradient / np.sqrt(w_squares[i])
            c[j] -= config.learning_rate * c_gradient / np.sqrt(c_squares[j])
            w_squares[i] += w_gradient**2
            c_squares[j] += c_gradient**2
        losses.append(total / len(entries))
    return losses


@pytest.fixture(scope="module")
def bilingual() -> list[list[str]]:
    """Some 700 words of news in English, and made-up sentences with Chinese words among them."""
    lines = Path(datapath("lee_background.cor")).read_text("utf-8").splitlines()[:4]
    news = [re.findall(r"[a-z]+", sentence) for line in lines for sentence in line.lower().split(".")]
    return news + topical_sentences(30)


def test_losses_are_those_of_a_plain_numpy_implementation(bilingual):
    """Other random numbers, so the mean of three trainings each; one training varies by about 1 %."""
    config = GloVeConfig(dimension=10, window=4, epochs=12, x_max=3.0, learning_rate=0.05)
    trained = [train_glove(bilingual, dataclasses.replace(config, seed=seed)).losses for seed in range(3)]
    expected = [plain_glove(bilingual, config, 3.0, seed) for seed in range(3)]
    for losses in trained:
        assert all(later < earlier for earlier, later in pairwise(losses))
    np.testing.assert_allclose(np.mean(trained, axis=0), np.mean(expected, axis=0), rtol=0.02)


def test_one_pass_makes_the_steps_of_the_paper():
    """From the same start and in the same order, parameters agree to single precision."""
    d, v, stride = 7, 9, 8
    random = np.random.default_rng(5)
    words = random.integers(0, v, (200, 2)).astype(np.int32)
    logs = random.normal(1, 2, 200).astype(np.float32)
    parameters = random.normal(0, 0.3, (2 * v, 2 * stride)).astype(np.float32)
    parameters[:, stride:] = 1
    w, c = parameters[:v, : d + 1].astype(float), parameters[v:, : d + 1].astype(float)
    w_squares, c_squares = np.ones_like(w), np.ones_like(c)
    expected = 0.0
    for (i, j), log in zip(words, logs.astype(float), strict=True):
        difference = w[i, :d] @ c[j, :d] + w[i, d] + c[j, d] - log
        f = min(1.0, (np.exp(log) / 20) ** 0.75)
        expected += 0.5 * f * difference**2
        w_gradient, c_gradient = f * difference * c[j], f * difference * w[i]
        w_gradient[d] = c_gradient[d] = f * difference
        w[i] -= 0.1 * w_gradient / np.sqrt(w_squares[i])
        c[j] -= 0.1 * c_gradient / np.sqrt(c_squares[j])
        w_squares[i] += w_gradient**2
        c_squares[j] += c_gradient**2
    cost = glove_kernels.adagrad(words, logs, parameters, d, np.log(20), 0.75, 0.1)
    assert cost == pytest.approx(expected, rel=1e-4)
    for block, wanted in ((parameters[:v], (w, w_squares)), (parameters[v:], (c, c_squares))):
        np.testing.assert_allclose(block[:, : d + 1], wanted[0], atol=2e-4)
        np.testing.assert_allclose(block[:, stride : stride + d + 1], wanted[1], rtol=2e-3)


def test_the_loss_falls_in_every_epoch_of_the_default_training(bilingual):
    losses = train_glove(bilingual).losses
    assert all(later < earlier for earlier, later in pairwise(losses))
    assert len(losses) >= 15


def test_words_of_a_topic_are_neighbours():
    vectors = train_glove(topical_sentences(1500), FAST)
    for topic in TOPICS:
        for word in topic:
            assert {near for near, _ in vectors.nearest(word, 3)} <= set(topic), word


def test_progress_hears_of_each_epoch():
    heard = []
    vectors = train_glove(iter(topical_sentences(50)), FAST, lambda *report: heard.append(report))
    assert heard == [(epoch, 15, vectors.losses[epoch - 1]) for epoch in range(1, 16)]
    assert vectors.words[0] in ("the", "的", "of", "了", "and")
    assert vectors.name == "glove"


DIGEST = """
import hashlib
from embeddings.glove import GloVeConfig, train_glove
from word_topics import topical_sentences
vectors = train_glove(topical_sentences(100), GloVeConfig(dimension=20, epochs=3))
print(hashlib.sha256(vectors.vectors.tobytes() + " ".join(vectors.words).encode()).hexdigest())
"""


def test_other_processes_make_the_same_vectors():
    config = GloVeConfig(dimension=20, epochs=3)
    environment = os.environ | {"PYTHONHASHSEED": "12345", "PYTHONPATH": f"{ROOT}:{Path(__file__).parent}"}
    run = subprocess.run(
        [sys.executable, "-c", DIGEST], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    vectors = train_glove(topical_sentences(100), config)
    digest = hashlib.sha256(vectors.vectors.tobytes() + " ".join(vectors.words).encode()).hexdigest()
    assert run.stdout.strip() == digest
    other = train_glove(topical_sentences(100), dataclasses.replace(config, seed=2))
    assert not np.array_equal(other.vectors, vectors.vectors)


def test_little_memory_and_small_buckets_change_the_order_only(bilingual, monkeypatch):
    config = GloVeConfig(dimension=10, epochs=12, learning_rate=0.05)
    roomy = train_glove(bilingual, config)
    monkeypatch.setattr(cooccurrence, "_OBSERVATIONS", 500)
    monkeypatch.setattr(glove, "_BUCKET", 100)
    tight = train_glove(bilingual, dataclasses.replace(config, memory=1))
    assert tight.words == roomy.words
    np.testing.assert_allclose(tight.losses, roomy.losses, rtol=0.03)
    assert not np.array_equal(tight.vectors, roomy.vectors)


def test_other_threads_run_while_it_trains():
    heard = threading.Event()
    trained = threading.Thread(
        target=train_glove, args=(topical_sentences(300), FAST, lambda *report: heard.set()), daemon=True
    )
    trained.start()
    assert heard.wait(60)
    trained.join(60)
    for kernel in (glove_kernels.observe, glove_kernels.merge_pairs, glove_kernels.shuffle, glove_kernels.adagrad):
        assert kernel.targetoptions["nogil"]


@pytest.mark.parametrize(("sentences", "message"), [([], "no word"), ([["a"], ["词"]], "stand together")])
def test_a_corpus_without_pairs_is_refused(sentences, message):
    with pytest.raises(EmptyCorpus, match=message):
        train_glove(sentences)


def test_a_diverging_training_is_an_error():
    with pytest.raises(FloatingPointError, match="learning_rate"):
        train_glove(topical_sentences(100), dataclasses.replace(FAST, learning_rate=50.0))


@pytest.mark.parametrize(
    "wrong",
    [
        {"dimension": 0},
        {"window": 0},
        {"window": 256},
        {"min_count": 0},
        {"max_words": 0},
        {"epochs": 0},
        {"x_max": 0.0},
        {"learning_rate": 0.0},
        {"memory": 0},
    ],
)
def test_a_wrong_configuration_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        GloVeConfig(**wrong)


def test_the_defaults_follow_the_size():
    assert adaptive_epochs(1) > adaptive_epochs(10**9) >= 15
    assert 0 < adaptive_x_max(0) < adaptive_x_max(10**6) < 1 < adaptive_x_max(10**8) < adaptive_x_max(10**10) == 100
