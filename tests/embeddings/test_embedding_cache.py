"""The persistent cache of passage vectors and the encoder over it."""

from __future__ import annotations

import multiprocessing
import sqlite3

import numpy as np
import pytest

from embeddings.base import TextEncoder
from embeddings.cache import EmbeddingCache
from embeddings.cached_encoder import CachedEncoder

TEXTS = ["检索", "search", "", "\ud800 lone", "😀" * 100]


def vectors_of(texts, dimension=8):
    return np.array([np.random.default_rng(abs(hash(t)) % 2**32).normal(size=dimension) for t in texts], np.float32)


class Counting:
    """An encoder that counts the texts it was asked for."""

    name, dimension, fingerprint = "counting", 8, "counting-1"

    def __init__(self):
        self.passages = []
        self.queries = []

    def encode_passages(self, texts):
        self.passages += texts
        return vectors_of(texts)

    def encode_queries(self, texts):
        self.queries += texts
        return -vectors_of(texts)


@pytest.fixture
def cache(tmp_path):
    cache = EmbeddingCache(tmp_path / "folder" / "vectors.sqlite")
    yield cache
    cache.close()


def test_what_was_put_is_got_to_the_last_bit(cache):
    assert cache.get("a", TEXTS) == [None] * len(TEXTS)
    vectors = vectors_of(TEXTS)
    cache.put("a", TEXTS, vectors)
    np.testing.assert_array_equal(cache.get("a", TEXTS), vectors)
    assert cache.get("b", TEXTS) == [None] * len(TEXTS)
    assert cache.get("a", ["Search"]) == [None]


def test_it_outlives_its_process_and_takes_many(cache, tmp_path):
    texts = [f"text {i}" for i in range(1800)]
    cache.put("a", texts, vectors_of(texts))
    cache.close()
    again = EmbeddingCache(tmp_path / "folder" / "vectors.sqlite")
    np.testing.assert_array_equal(again.get("a", texts), vectors_of(texts))
    again.close()


def test_its_size_is_bounded_and_the_newest_stay(tmp_path):
    cache = EmbeddingCache(tmp_path / "vectors.sqlite", max_bytes=400_000)
    for start in range(0, 3000, 100):
        texts = [f"text {i}" for i in range(start, start + 100)]
        cache.put("a", texts, vectors_of(texts, 64))
    cache.close()
    assert (tmp_path / "vectors.sqlite").stat().st_size < 600_000
    assert cache.get("a", ["text 0"]) == [None]
    assert cache.get("a", ["text 2999"])[0] is not None
    cache.close()


def test_a_damaged_file_starts_anew(tmp_path, caplog):
    (tmp_path / "vectors.sqlite").write_bytes(b"this is no database, " * 1000)
    cache = EmbeddingCache(tmp_path / "vectors.sqlite")
    assert cache.get("a", ["x"]) == [None]
    assert "damaged" in caplog.text
    cache.put("a", ["x"], vectors_of(["x"]))
    np.testing.assert_array_equal(cache.get("a", ["x"]), vectors_of(["x"]))
    cache.close()


def test_a_damaged_vector_is_not_returned(cache, tmp_path):
    cache.put("a", ["x", "y"], vectors_of(["x", "y"]))
    cache.close()
    connection = sqlite3.connect(tmp_path / "folder" / "vectors.sqlite")
    with connection:
        connection.execute("UPDATE vectors SET vector = zeroblob(length(vector)) WHERE rowid = 1")
    connection.close()
    damaged, whole = cache.get("a", ["x", "y"])
    assert damaged is None
    np.testing.assert_array_equal(whole, vectors_of(["y"])[0])


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    cache = EmbeddingCache(tmp_path / "file" / "vectors.sqlite")
    cache.put("a", ["x"], vectors_of(["x"]))
    assert cache.get("a", ["x"]) == [None]
    assert "passed over" in caplog.text


def _write(path, worker):
    cache = EmbeddingCache(path)
    for i in range(20):
        texts = [f"{worker} {i} {j}" for j in range(20)]
        cache.put("a", texts, np.full((20, 8), worker, np.float32))
    cache.close()


def test_processes_write_at_once(tmp_path):
    path = tmp_path / "vectors.sqlite"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_write, args=(path, worker)) for worker in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    cache = EmbeddingCache(path)
    for worker in range(4):
        texts = [f"{worker} {i} {j}" for i in range(20) for j in range(20)]
        np.testing.assert_array_equal(cache.get("a", texts), np.full((400, 8), worker))
    cache.close()


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_opens_its_own_connection(cache):
    cache.put("a", ["x"], vectors_of(["x"]))
    process = multiprocessing.get_context("fork").Process(target=cache.put, args=("a", ["y"], vectors_of(["y"])))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    np.testing.assert_array_equal(cache.get("a", ["x", "y"]), vectors_of(["x", "y"]))


def test_the_encoder_over_it_encodes_once(cache):
    inner = Counting()
    encoder = CachedEncoder(inner, cache)
    assert isinstance(encoder, TextEncoder)
    assert (encoder.name, encoder.dimension, encoder.fingerprint) == ("counting", 8, "counting-1")
    np.testing.assert_array_equal(encoder.encode_passages(["a", "检", "a"]), vectors_of(["a", "检", "a"]))
    assert inner.passages == ["a", "检"]
    np.testing.assert_array_equal(encoder.encode_passages(["检", "b"]), vectors_of(["检", "b"]))
    assert inner.passages == ["a", "检", "b"]
    assert encoder.encode_passages([]).shape == (0, 8)
    other = Counting()
    np.testing.assert_array_equal(CachedEncoder(other, cache).encode_passages(["a"]), vectors_of(["a"]))
    assert other.passages == []


def test_recent_questions_are_remembered_apart_from_passages(cache):
    inner = Counting()
    encoder = CachedEncoder(inner, cache, questions=2)
    encoder.encode_passages(["a"])
    for _ in range(2):
        np.testing.assert_array_equal(encoder.encode_queries(["a", "b", "a"]), -vectors_of(["a", "b", "a"]))
    assert inner.queries == ["a", "b"]
    encoder.encode_queries(["c"])
    encoder.encode_queries(["a", "b"])  # c drove out b, which was asked for longer ago than a
    assert inner.queries == ["a", "b", "c", "b"]
    assert encoder.encode_queries([]).shape == (0, 8)
