"""Standard files of word vectors: read as gensim writes and reads them; damaged ones refused by line."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import struct

import numpy as np
import pytest
from gensim.models import KeyedVectors
from gensim.test.utils import datapath
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.word_vector_files import load_word_vectors
from embeddings.word_vector_table import MalformedVectors

WORDS = ["the", "的", "北京", "New_York", "𠮷", "naïve", "C++", "3.14", "12"]

CELLS = st.text(st.characters(exclude_characters=" \n\t\r", exclude_categories=["Cs"]), min_size=1)


def matrix(words: int, dimension: int = 7) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(words, dimension)).astype(np.float32)


@pytest.fixture
def keyed():
    vectors = KeyedVectors(7)
    vectors.add_vectors(WORDS, matrix(len(WORDS)))
    return vectors


@pytest.mark.parametrize(("binary", "header"), [(False, True), (False, False), (True, True)])
def test_reads_what_gensim_writes(tmp_path, keyed, binary, header):
    path = tmp_path / "vectors.any"
    keyed.save_word2vec_format(str(path), binary=binary, write_header=header)
    vectors = load_word_vectors(path)
    assert vectors.words == WORDS
    np.testing.assert_array_equal(vectors.vectors, keyed.vectors)
    assert (np.diff(vectors.counts) <= 0).all()
    assert vectors.counts[-1] >= 1
    few = load_word_vectors(path, limit=3)
    assert few.words == WORDS[:3]
    np.testing.assert_array_equal(few.vectors, keyed.vectors[:3])


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("binary", [False, True])
def test_compressed_files_are_known_by_content(tmp_path, keyed, compress, binary):
    path = tmp_path / "vectors"
    keyed.save_word2vec_format(str(path), binary=binary)
    data = compress(path.read_bytes())
    path.write_bytes(data)
    np.testing.assert_array_equal(load_word_vectors(path).vectors, keyed.vectors)
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(MalformedVectors, match="cut short"):
        load_word_vectors(path)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # gensim leaves a file open
def test_reads_the_files_that_gensim_carries():
    vectors = load_word_vectors(datapath("test_glove.txt"))
    expected = KeyedVectors.load_word2vec_format(datapath("test_glove.txt"), no_header=True)
    assert vectors.words == expected.index_to_key
    np.testing.assert_array_equal(vectors.vectors, expected.vectors)
    vectors = load_word_vectors(datapath("euclidean_vectors.bin"))
    expected = KeyedVectors.load_word2vec_format(datapath("euclidean_vectors.bin"), binary=True)
    assert vectors.words == expected.index_to_key
    np.testing.assert_array_equal(vectors.vectors, expected.vectors)


@settings(max_examples=30)
@given(st.lists(CELLS, min_size=1, unique=True), st.integers(1, 5))
def test_binary_words_of_any_characters(tmp_path_factory, words, dimension):
    path = tmp_path_factory.mktemp("binary") / "v.bin"
    values = matrix(len(words), dimension)
    records = [word.encode() + b" " + row.tobytes() for word, row in zip(words, values, strict=True)]
    for ending in (b"", b"\n"):  # gensim's and the original tool's
        path.write_bytes(f"{len(words)} {dimension}\n".encode() + b"".join(r + ending for r in records))
        vectors = load_word_vectors(path)
        assert vectors.words == words
        np.testing.assert_array_equal(vectors.vectors, values)


def test_words_with_spaces_and_odd_white_space(tmp_path):
    path = tmp_path / "glove.txt"
    path.write_text(
        "the 1 2 3\n. . . 4 5 6\nnew york 7 8 9\n北京\u3000大学 1 1 1\n12 30 2 2 2\n\u00a0 3 3 3\n", "utf-8"
    )
    vectors = load_word_vectors(path)
    assert vectors.words == ["the", ". . .", "new york", "北京\u3000大学", "12 30", "\u00a0"]
    assert vectors.vectors[4].tolist() == [2, 2, 2]
    path.write_text("2 3\nnew york 7 8 9 \r\n的\t1\t2\t3\r\n", "utf-8")
    assert load_word_vectors(path).words == ["new york", "的"]


def test_the_first_of_equal_words_counts(tmp_path, caplog):
    path = tmp_path / "v.txt"
    path.write_text("3 1\n词 1\n词 2\nb 3\n", "utf-8")
    vectors = load_word_vectors(path)
    assert vectors.words == ["词", "b"]
    assert vectors.vectors.tolist() == [[1], [3]]
    assert "1 repeated" in caplog.text


def test_words_cut_inside_a_character_are_kept_but_not_a_wrong_encoding(tmp_path):
    path = tmp_path / "v.txt"
    path.write_bytes(b"a 1\n" + "汉".encode()[:2] + b" 2\n")
    assert load_word_vectors(path).words == ["a", "\ufffd"]
    words = [chr(0x4E00 + i) for i in range(200)]
    path.write_bytes("".join(f"{word} {i}\n" for i, word in enumerate(words)).encode("gb18030"))
    with pytest.raises(MalformedVectors, match="UTF-8"):
        load_word_vectors(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"word\n", "line 1"),
        (b"3 2\na 1 2\nb 1 2\n", "only 2 of the 3"),
        (b"1 2\na 1 2\nb 1 2\n", "more than the 1 words"),
        (b"2 3\na 1 2 3\nb 1 2\n", "line 3.*3 numbers"),
        (b"a 1 2 3\nb 1 2 3\nc 1 2\nd 1 2 3\n", "line 3.*3 numbers"),
        (b"a 1 2\nb 1 x\nc 1 2\n", "line 2.*'x'"),
        (b"a 1 2\nb 1 nan\n", "line 2.*not a number"),
        (b"a 1 2\nb 1 1e999\n", "line 2.*infinite"),
        (b"a 1 2\nb 1 1e300\n", "line 2.*infinite"),
        (b"a 1 2\n 1 2\n", "line 2.*no word"),
        (b"2 0\n", "line 1.*0 dimensions"),
        (b"99999999999999 300\na 1\n", "line 2"),
        (b"5 99999999\n", "line 1"),
        (b"2 2\na " + struct.pack("<2f", 1, 2) + b"b " + struct.pack("<f", 1), "record 2.*ends inside"),
        (b"99999999999 2\na " + struct.pack("<2f", 1, 2), "only 1 of the 99999999999"),
        (b"1 2\na " + struct.pack("<2f", 1, 2) + b"b " + struct.pack("<2f", 1, 2), "more than"),
        (b"2 2\na " + struct.pack("<2f", 1, np.inf) + b"b " + struct.pack("<2f", 1, 2), "record 1.*infinite"),
        (b"2 3\n" + b"\x01" * 5000, "record 1.*dimension"),
    ],
)
def test_malformed_files_are_refused_with_the_place(tmp_path, content, message):
    path = tmp_path / "bad"
    path.write_bytes(content)
    with pytest.raises(MalformedVectors, match=message) as raised:
        load_word_vectors(path)
    assert str(path) in str(raised.value)


def test_a_missing_file_and_a_senseless_limit(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_word_vectors(tmp_path / "absent.bin")
    with pytest.raises(ValueError, match="limit"):
        load_word_vectors(tmp_path / "absent.bin", limit=0)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("m.txt", "the\n的\n"),
        ("vocab.txt", "the\n的"),
        ("m.json", json.dumps(["the", "的"])),
        ("words.json", json.dumps({"的": 1, "the": 0})),
    ],
)
def test_a_matrix_with_its_vocabulary(tmp_path, name, content):
    np.save(tmp_path / "m.npy", matrix(2).astype(np.float16))
    (tmp_path / name).write_text(content, "utf-8")
    for vectors in (
        load_word_vectors(tmp_path / "m.npy"),
        load_word_vectors(tmp_path / "m.npy", vocabulary=tmp_path / name),
    ):
        assert vectors.words == ["the", "的"]
        np.testing.assert_array_equal(vectors.vectors, matrix(2).astype(np.float16).astype(np.float32))
    assert load_word_vectors(tmp_path / "m.npy", limit=1).words == ["the"]


def test_a_matrix_that_does_not_fit_its_vocabulary(tmp_path):
    path = tmp_path / "m.npy"
    np.save(path, matrix(3))
    with pytest.raises(FileNotFoundError, match="vocabulary"):
        load_word_vectors(path)
    (tmp_path / "m.txt").write_text("a\nb\n")
    with pytest.raises(MalformedVectors, match="2 words for the 3 rows"):
        load_word_vectors(path)
    (tmp_path / "m.txt").write_text("a\nb\na\n")
    vectors = load_word_vectors(path)
    assert vectors.words == ["a", "b"]
    np.testing.assert_array_equal(vectors.vectors, matrix(3)[:2])
    (tmp_path / "bad.json").write_text('{"a": 1, "b": 5}')
    with pytest.raises(MalformedVectors, match="neither"):
        load_word_vectors(path, vocabulary=tmp_path / "bad.json")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(MalformedVectors, match="not a vocabulary"):
        load_word_vectors(path, vocabulary=tmp_path / "bad.json")
    np.save(path, np.array([[1.0, np.nan]]))
    (tmp_path / "m.txt").write_text("a")
    with pytest.raises(MalformedVectors, match="row 0"):
        load_word_vectors(path)
    np.save(path, np.array([{}], object), allow_pickle=True)
    with pytest.raises(MalformedVectors, match="not a NumPy matrix"):
        load_word_vectors(path)
    np.save(path, np.array([1, 2]))
    with pytest.raises(MalformedVectors, match="shape"):
        load_word_vectors(path)


def test_reads_its_own_format(tmp_path, keyed):
    keyed.save_word2vec_format(str(tmp_path / "v.txt"))
    load_word_vectors(tmp_path / "v.txt").save(tmp_path / "v.safetensors")
    vectors = load_word_vectors(tmp_path / "v.safetensors", limit=4)
    assert vectors.words == WORDS[:4]
    np.testing.assert_array_equal(vectors.vectors, keyed.vectors[:4])
