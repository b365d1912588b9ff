"""Passage vectors: the paper's algorithm, and what a TextEncoder promises."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings import sif
from embeddings.array_file import DamagedFile
from embeddings.base import TextEncoder
from embeddings.sif import SifEncoder
from embeddings.word2vec import Word2VecConfig, train_word2vec
from embeddings.word_vectors import WordVectors

WORDS = ["the", "的", "北京", "大学", "river", "bank"]


def split(text: str) -> list[str]:
    return re.findall(r"[a-z]+|[\u4e00-\u9fff]{2}|的", text)


@pytest.fixture(scope="module")
def vectors() -> WordVectors:
    random = np.random.default_rng(3)
    values = random.normal(loc=[2, 0, 0, 0], size=(6, 4)).astype(np.float32)
    return WordVectors(WORDS, values, np.array([50, 40, 5, 3, 1, 1]), name="word2vec")


PASSAGES = ["the river bank", "北京的大学", "the bank of the river 北京", "大学 bank", "unknown 未知"] * 3


def by_the_paper(vectors: WordVectors, texts: list[str], fitted: list[str], a: float, r: int) -> np.ndarray:
    """Algorithm 1, word by word, with a singular value decomposition."""

    def mean(text: str) -> np.ndarray:
        known = [vectors.words.index(word) for word in split(text) if word in vectors.words]
        total = np.zeros(vectors.dimension)
        for row in known:
            total += a / (a + vectors.counts[row] / vectors.counts.sum()) * vectors.vectors[row]
        return total / max(len(known), 1)

    directions = np.linalg.svd(np.array([mean(text) for text in fitted]))[2][:r]
    result = []
    for text in texts:
        vector = mean(text)
        vector = vector - directions.T @ (directions @ vector)
        norm = np.linalg.norm(vector)
        result.append(vector / norm if norm > 1e-9 else vector * 0)
    return np.array(result)


@pytest.mark.parametrize("a", [1e-3, 0.1])
@pytest.mark.parametrize("components", [0, 1, 2])
def test_vectors_are_those_of_the_paper(vectors, a, components):
    encoder = SifEncoder.fit(vectors, split, iter(PASSAGES), a=a, components=components)
    expected = by_the_paper(vectors, PASSAGES, PASSAGES, a, components)
    np.testing.assert_allclose(encoder.encode_passages(PASSAGES), expected, atol=1e-5)
    np.testing.assert_array_equal(encoder.encode_queries(PASSAGES), encoder.encode_passages(PASSAGES))
    assert encoder.encode_passages(PASSAGES).dtype == np.float32


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from([*WORDS, "unknown", "未知"]), max_size=9).map(" ".join), max_size=8),
    st.integers(1, 12),
)
def test_a_vector_does_not_depend_on_its_batch(vectors, texts, block):
    encoder = SifEncoder.fit(vectors, split, PASSAGES)
    original, sif._BLOCK = sif._BLOCK, block
    try:
        together = encoder.encode_passages(texts)
    finally:
        sif._BLOCK = original
    assert together.shape == (len(texts), 4)
    for text, vector in zip(texts, together, strict=True):
        np.testing.assert_allclose(encoder.encode_passages([text])[0], vector, atol=1e-5)
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5) or not vector.any()
        assert vector.any() or not (set(split(text)) & set(WORDS)) or len(set(split(text)) & set(WORDS)) == 1


def test_a_text_without_known_words_is_zero(vectors):
    encoder = SifEncoder.fit(vectors, split, PASSAGES)
    assert not encoder.encode_passages(["", "未知", "unknown words", "🙂"]).any()
    assert encoder.known("北京 unknown river") == [2, 4]


def test_a_text_in_the_common_component_is_zero():
    vectors = WordVectors(["a", "乙"], np.array([[1, 0], [0, 1]], np.float32), np.array([1, 1]))
    encoder = SifEncoder.fit(vectors, split, ["a"] * 10)
    assert encoder.encode_passages(["a", "乙乙", "a 乙"])[0].tolist() == [0, 0]


@pytest.mark.parametrize("passages", [[], ["the river bank"], ["北京"] * 9 + ["unknown"] * 9])
def test_fitting_on_few_passages_removes_nothing(vectors, passages):
    encoder = SifEncoder.fit(vectors, split, passages)
    assert encoder.components.shape == (0, 4)
    assert np.linalg.norm(encoder.encode_passages(["the river bank"])) == pytest.approx(1)


def test_it_is_a_text_encoder(vectors):
    encoder = SifEncoder.fit(vectors, split, PASSAGES)
    assert isinstance(encoder, TextEncoder)
    assert encoder.name == "word2vec"
    assert encoder.dimension == 4
    assert encoder.encode_passages([]).shape == (0, 4)


def test_save_and_load_give_the_same(vectors, tmp_path):
    encoder = SifEncoder.fit(vectors, split, PASSAGES, a=0.01, name="space")
    path = tmp_path / "encoder.safetensors"
    encoder.save(path)
    loaded = SifEncoder.load(path, split)
    np.testing.assert_array_equal(loaded.encode_passages(PASSAGES), encoder.encode_passages(PASSAGES))
    assert (loaded.name, loaded.a, loaded.vectors.words) == ("space", 0.01, WORDS)
    assert loaded.fingerprint == encoder.fingerprint
    vectors.save(path)
    with pytest.raises(DamagedFile, match="passage encoder"):
        SifEncoder.load(path, split)


def test_the_fingerprint_changes_when_vectors_would(vectors):
    encoder = SifEncoder.fit(vectors, split, PASSAGES)
    others = [
        SifEncoder.fit(vectors, split, ["river", *PASSAGES]),
        SifEncoder.fit(vectors, split, PASSAGES, a=0.01),
        SifEncoder.fit(vectors, split, PASSAGES, components=0),
        SifEncoder.fit(WordVectors(WORDS, vectors.vectors * 2, vectors.counts), split, PASSAGES),
    ]
    assert len({encoder.fingerprint, *(other.fingerprint for other in others)}) == 5
    assert SifEncoder.fit(vectors, split, PASSAGES).fingerprint == encoder.fingerprint


def test_wrong_shapes_are_refused(vectors):
    with pytest.raises(ValueError, match="components"):
        SifEncoder(vectors, split, np.zeros((1, 3), np.float32))
    with pytest.raises(ValueError, match="a must"):
        SifEncoder(vectors, split, np.zeros((0, 4), np.float32), a=0)


@pytest.mark.parametrize("name", ["xquad-zh", "xquad-en"])
def test_word2vec_of_its_own_text_finds_the_passage(collection, name):
    """120 passages, trained on nothing else: the right one is mostly among the first three."""
    from analysis import sentences, words

    folder = collection(name)
    passages = [json.loads(line) for line in (folder / "corpus.jsonl").read_text("utf-8").splitlines()]
    queries = [json.loads(line) for line in (folder / "queries.jsonl").read_text("utf-8").splitlines()][::4]
    gold = dict(line.split("\t")[:2] for line in (folder / "qrels.tsv").read_text("utf-8").splitlines()[1:])
    texts = [f"{passage['title']}\n{passage['text']}" for passage in passages]
    text_sentences = [words(text[start:end]) for text in texts for start, end in sentences(text)]
    encoder = SifEncoder.fit(train_word2vec(text_sentences, Word2VecConfig(epochs=30)), words, texts)
    scores = encoder.encode_queries([query["text"] for query in queries]) @ encoder.encode_passages(texts).T
    best = np.argsort(-scores, axis=1)[:, :3]
    found = [gold[query["_id"]] in {passages[j]["_id"] for j in row} for query, row in zip(queries, best, strict=True)]
    assert np.mean(found) > 0.7
