"""WordVectors: neighbours, analogies, files."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.array_file import DamagedFile
from embeddings.word_vectors import UnknownWord, WordVectors


def make(words: list[str], dimension: int = 5, seed: int = 0) -> WordVectors:
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(len(words), dimension)).astype(np.float32)
    return WordVectors(words, vectors, np.arange(len(words), 0, -1, dtype=np.int64), (0.5, 0.25), "toy")


def test_nearest_is_the_order_of_all_cosines():
    vectors = make(["北京", "上海", "paris", "london", "new york", "𠮷野家"])
    for word in vectors.words:
        a = vectors.vector(word)
        expected = []
        for other in vectors.words:
            if other != word:
                b = vectors.vector(other)
                expected.append((other, a @ b / np.linalg.norm(a) / np.linalg.norm(b)))
        expected.sort(key=lambda pair: -pair[1])
        for k in (1, 3, 5, 50):
            found = vectors.nearest(word, k)
            assert [w for w, _ in found] == [w for w, _ in expected[:k]]
            assert [s for _, s in found] == pytest.approx([s for _, s in expected[:k]], abs=1e-6)
    assert vectors.nearest("paris", 0) == []


def test_rare_words_can_be_passed_over():
    vectors = make(["北京", "上海", "paris", "london", "𠮷野家"])  # counts 5, 4, 3, 2, 1
    everything = vectors.nearest("北京", 9)
    assert vectors.nearest("北京", 9, min_count=3) == [p for p in everything if p[0] in ("上海", "paris")]
    assert vectors.nearest("𠮷野家", 9, min_count=6) == []


def test_equal_cosines_come_in_row_order():
    vectors = WordVectors(
        ["a", "b", "c", "d"], np.array([[1, 0], [2, 0], [3, 0], [4, 0]], np.float32), np.ones(4, np.int64)
    )
    assert [word for word, _ in vectors.nearest("b", 2)] == ["a", "c"]


def test_analogy_adds_the_difference():
    rows = {"man": [1, 0, 0], "woman": [1, 1, 0], "国王": [1, 0, 1], "女王": [1, 1, 1], "apple": [-1, 0.1, -1]}
    vectors = WordVectors(list(rows), np.array(list(rows.values()), np.float32), np.ones(5, np.int64))
    assert vectors.analogy("man", "woman", "国王", 1)[0][0] == "女王"
    assert {word for word, _ in vectors.analogy("man", "woman", "国王", 9)} == {"女王", "apple"}


def test_similarity_is_a_cosine_and_zero_for_a_zero_vector():
    vectors = WordVectors(["a", "b", "零"], np.array([[3, 0], [1, 1], [0, 0]], np.float32), np.ones(3, np.int64))
    assert vectors.similarity("a", "b") == pytest.approx(0.5**0.5)
    assert vectors.similarity("a", "零") == 0


def test_unknown_words_are_named():
    vectors = make(["a", "b"])
    for call in (vectors.vector, vectors.nearest, lambda word: vectors.analogy("a", "b", word)):
        with pytest.raises(UnknownWord, match="龙虾"):
            call("龙虾")
    assert "龙虾" not in vectors
    assert "a" in vectors


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="counts"):
        WordVectors(["a"], np.zeros((2, 3), np.float32), np.zeros(1, np.int64))
    with pytest.raises(ValueError, match="float32"):
        WordVectors(["a"], np.zeros((1, 3)), np.zeros(1, np.int64))


@settings(max_examples=25)
@given(st.lists(st.text(), unique=True), st.integers(1, 4))
def test_save_and_load_give_the_same(tmp_path_factory, words, dimension):
    path = tmp_path_factory.mktemp("vectors") / "v.safetensors"
    vectors = make(words, dimension)
    vectors.save(path)
    loaded = WordVectors.load(path)
    assert loaded.words == words
    assert loaded.losses == vectors.losses
    assert loaded.name == "toy"
    np.testing.assert_array_equal(loaded.vectors, vectors.vectors)
    np.testing.assert_array_equal(loaded.counts, vectors.counts)
    assert loaded.fingerprint == vectors.fingerprint


def test_loaded_vectors_are_mapped_not_read(tmp_path):
    make(["甲", "b"]).save(tmp_path / "v")
    loaded = WordVectors.load(tmp_path / "v").vectors
    assert isinstance(loaded.base, np.memmap)
    assert not loaded.flags.writeable
    assert loaded.flags.aligned


def test_saving_again_replaces_while_the_old_stays_open(tmp_path):
    path = tmp_path / "v"
    old, new = make(["a", "b"], seed=1), make(["c"], seed=2)
    old.save(path)
    opened = WordVectors.load(path)
    new.save(path)
    np.testing.assert_array_equal(opened.vectors, old.vectors)
    assert WordVectors.load(path).words == ["c"]
    assert [file.name for file in tmp_path.iterdir()] == ["v"]


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "v"
    make(["a"]).save(path)
    monkeypatch.setattr("os.fsync", lambda descriptor: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        make(["b"]).save(path)
    assert WordVectors.load(path).words == ["a"]
    assert [file.name for file in tmp_path.iterdir()] == ["v"]


def test_every_truncation_is_found(tmp_path):
    path = tmp_path / "v"
    make(["甲", "b"]).save(path)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(DamagedFile, match=path.name):
            WordVectors.load(path)
    path.write_bytes(b"not a header at all, but long enough to have one")
    with pytest.raises(DamagedFile):
        WordVectors.load(path)


def test_the_fingerprint_follows_the_content():
    first = make(["a", "b"])
    others = [make(["a", "c"]), make(["a", "b"], seed=1)]
    others.append(WordVectors(first.words, first.vectors, first.counts + 1))
    assert len({first.fingerprint, *(other.fingerprint for other in others)}) == 4
    assert make(["a", "b"]).fingerprint == first.fingerprint
