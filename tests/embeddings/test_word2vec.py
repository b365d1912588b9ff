"""word2vec: what it learns, and that the same text always gives the same vectors."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from word_topics import TOPICS, topical_sentences

from embeddings import vocabulary
from embeddings.vocabulary import encode
from embeddings.word2vec import Word2VecConfig, adaptive_epochs, train_word2vec
from embeddings.word_vectors import EmptyCorpus

ROOT = Path(__file__).resolve().parents[2]
FAST = Word2VecConfig(dimension=20, epochs=15)


@pytest.mark.parametrize("architecture", ["cbow", "skip-gram"])
@pytest.mark.parametrize("output", ["negative", "hierarchical"])
def test_words_of_a_topic_are_neighbours(architecture, output):
    config = dataclasses.replace(FAST, architecture=architecture, output=output, learning_rate=0.05)
    vectors = train_word2vec(topical_sentences(1500), config)
    for topic in TOPICS:
        for word in topic:
            assert {near for near, _ in vectors.nearest(word, 3)} <= set(topic), word


def test_the_vocabulary_is_ordered_and_counted():
    vectors = train_word2vec(iter([["b", "a", "词"], ["词", "a"], ["词"]]), FAST)
    assert vectors.words == ["词", "a", "b"]
    assert vectors.counts.tolist() == [3, 2, 1]
    assert vectors.vectors.shape == (3, 20)
    assert vectors.vectors.dtype == np.float32


def test_progress_hears_of_each_epoch_and_the_loss_falls():
    heard = []
    vectors = train_word2vec(topical_sentences(600), FAST, lambda *report: heard.append(report))
    assert [report[:2] for report in heard] == [(epoch, 15) for epoch in range(1, 16)]
    losses = [report[2] for report in heard]
    assert list(vectors.losses) == losses
    assert losses[-1] < losses[0]
    heard.clear()
    config = dataclasses.replace(FAST, output="hierarchical", epochs=2)
    assert train_word2vec(topical_sentences(50), config, lambda *r: heard.append(r)).losses == ()
    assert heard == [(1, 2, None), (2, 2, None)]


DIGEST = """
import hashlib
from embeddings.word2vec import Word2VecConfig, train_word2vec
from word_topics import topical_sentences
vectors = train_word2vec(topical_sentences(200), Word2VecConfig(dimension=20, epochs=3))
print(hashlib.sha256(vectors.vectors.tobytes() + " ".join(vectors.words).encode()).hexdigest())
"""


def test_other_processes_make_the_same_vectors():
    digests = set()
    for seed in ("0", "12345"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": f"{ROOT}:{Path(__file__).parent}"}
        run = subprocess.run(
            [sys.executable, "-c", DIGEST], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
        )
        digests.add(run.stdout.strip())
    vectors = train_word2vec(topical_sentences(200), Word2VecConfig(dimension=20, epochs=3))
    digests.add(hashlib.sha256(vectors.vectors.tobytes() + " ".join(vectors.words).encode()).hexdigest())
    assert len(digests) == 1
    other = train_word2vec(topical_sentences(200), Word2VecConfig(dimension=20, epochs=3, seed=2))
    assert not np.array_equal(other.vectors, vectors.vectors)


def test_a_long_sentence_is_not_cut():
    sentence = ["的", "a"] * 6000 + ["末"]  # gensim alone would drop the last word
    vectors = train_word2vec([sentence], dataclasses.replace(FAST, epochs=1))
    assert vectors.counts.tolist() == [6000, 6000, 1]
    corpus = encode([sentence], 1)
    assert [len(piece) for piece in corpus.sentences(10_000)] == [10_000, 2001]
    assert [word for piece in corpus.sentences(10_000) for word in piece] == sentence


@pytest.mark.parametrize("sentences", [[], [[]], [[], []]])
def test_an_empty_corpus_is_refused(sentences):
    with pytest.raises(EmptyCorpus, match="no word"):
        train_word2vec(sentences)


@pytest.mark.parametrize("output", ["negative", "hierarchical"])
def test_a_text_of_one_word_is_refused(output):
    with pytest.raises(EmptyCorpus, match="'词' is the only word"):
        train_word2vec([["词", "词"], ["词"]], Word2VecConfig(output=output))


def test_a_failure_in_the_training_thread_is_raised(monkeypatch):
    def fail(self, *arguments):
        raise OSError("no more memory")

    monkeypatch.setattr("gensim.models.word2vec.Word2Vec._do_train_job", fail)
    with pytest.raises(OSError, match="no more memory"):
        train_word2vec(topical_sentences(5), FAST)


def test_too_rare_words_and_strings_are_refused():
    with pytest.raises(EmptyCorpus, match="min_count"):
        train_word2vec([["a", "b"]], Word2VecConfig(min_count=2))
    with pytest.raises(TypeError, match="list of words"):
        train_word2vec(["a sentence"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"architecture": "bert"},
        {"output": "softmax"},
        {"dimension": 0},
        {"window": 0},
        {"negative": 0},
        {"workers": 0},
        {"min_count": 0},
        {"max_words": 0},
        {"epochs": 0},
        {"subsample": 1.0},
        {"learning_rate": 0.0},
    ],
)
def test_a_wrong_configuration_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Word2VecConfig(**wrong)


def test_small_texts_get_more_epochs():
    assert adaptive_epochs(0) == adaptive_epochs(60_000) > adaptive_epochs(1_000_000) > adaptive_epochs(10**9) >= 5


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(["a", "b", "c", "的", "北京", "𠮷"]), max_size=6), max_size=12),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(1, 7),
)
def test_encoding_keeps_the_frequent_words_in_order(sentences, min_count, max_words, flush):
    counts = {}
    for sentence in sentences:
        for word in sentence:
            counts[word] = counts.get(word, 0) + 1
    kept = sorted((w for w in counts if counts[w] >= min_count), key=lambda w: (-counts[w], w))[:max_words]
    original, vocabulary._FLUSH = vocabulary._FLUSH, flush
    try:
        corpus = encode(iter(sentences), min_count, max_words)
    except EmptyCorpus:
        assert not kept
        return
    finally:
        vocabulary._FLUSH = original
    assert corpus.words == kept
    assert corpus.counts.tolist() == [counts[word] for word in kept]
    expected = [[w for w in sentence if w in kept] for sentence in sentences]
    assert list(corpus.sentences(100)) == [sentence for sentence in expected if sentence]
