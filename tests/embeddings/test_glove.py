"""GloVe: against a plain NumPy twin, and on texts whose answer is known."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
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
    shape = (2, len(index), config.dimension)
    w, b = random.uniform(-0.5, 0.5, shape) / config.dimension, np.zeros((2, len(index)))
    w_squares, b_squares = np.ones_like(w), np.ones_like(b)
    losses = []
    for _ in range(config.epochs or 0):
        random.shuffle(entries)
        total = 0.0
        for i, j, x in entries:
            difference = w[0, i] @ w[1, j] + b[0, i] + b[1, j] - np.log(x)
            f = min(1.0, (x / x_max) ** config.alpha)
            total += 0.5 * f * difference**2
            step = f * difference
            w_gradients = np.array([step * w[1, j], step * w[0, i]])
            for side, row, gradient in ((0, i, w_gradients[0]), (1, j, w_gradients[1])):
                w[side, row] -= config.learning_rate * gradient / np.sqrt(w_squares[side, row])
                w_squares[side, row] += gradient**2
                b[side, row] -= config.learning_rate * step / np.sqrt(b_squares[side, row])
                b_squares[side, row] += step**2
        losses.append(total / len(entries))
    return losses


@pytest.mark.parametrize("x_max", [3.0, 100.0])
def test_losses_are_those_of_a_plain_numpy_implementation(x_max):
    sentences = topical_sentences(150)
    config = dataclasses.replace(FAST, x_max=x_max, epochs=25)
    losses = train_glove(sentences, config).losses
    expected = plain_glove(sentences, config, x_max, seed=99)
    assert all(later < earlier for earlier, later in pairwise(losses))
    assert losses[-1] == pytest.approx(expected[-1], rel=0.02)
    assert losses[4] == pytest.approx(expected[4], rel=0.02)


@pytest.mark.parametrize("sentences", [3, 40, 400])
def test_the_loss_falls_in_every_epoch_of_the_default_training(sentences):
    losses = train_glove(topical_sentences(sentences)).losses
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


def test_little_memory_and_small_buckets_change_the_order_only(monkeypatch):
    roomy = train_glove(topical_sentences(300), FAST)
    monkeypatch.setattr(cooccurrence, "_OBSERVATIONS", 500)
    monkeypatch.setattr(glove, "_BUCKET", 100)
    tight = train_glove(topical_sentences(300), dataclasses.replace(FAST, memory=1))
    assert tight.words == roomy.words
    assert tight.losses[-1] == pytest.approx(roomy.losses[-1], rel=0.02)
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
    assert 1 == adaptive_x_max(1000) < adaptive_x_max(10**7) < adaptive_x_max(10**9) == 100
