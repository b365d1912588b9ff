"""The graph against a BERT written in NumPy, and the integers' promises."""

from __future__ import annotations

import numpy as np
import pytest
from bert_reference import WORDS, forward, write_folder
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.bert_graph import build_graph
from embeddings.hf_folder import HuggingFaceFolder
from embeddings.quantize import quantize_columns
from embeddings.session import EncoderSession


def open_graph(folder, target, precision):
    target.mkdir()
    build_graph(HuggingFaceFolder(folder).bert_weights(), target, precision)
    return EncoderSession(target / "model.onnx", 1)


@pytest.mark.parametrize(
    ("family", "activation", "first"),
    [("bert", "gelu", 0), ("bert", "gelu_new", 0), ("xlm-roberta", "gelu", 2)],
)
def test_float_graph_equals_numpy(tmp_path, family, activation, first):
    tensors = write_folder(tmp_path / "model", model_type=family, hidden_act=activation)
    graph = open_graph(tmp_path / "model", tmp_path / "graph", "float32")
    ids = [2, 40, 35, 7, 36, 3]
    expected = forward(tensors, ids, first, tanh=activation == "gelu_new")
    np.testing.assert_allclose(graph.run(np.array([ids]))[0], expected, atol=2e-5)


@pytest.mark.parametrize("seed", range(4))
def test_int8_graph_is_close_to_numpy(tmp_path, seed):
    tensors = write_folder(tmp_path / "model", seed)
    graph = open_graph(tmp_path / "model", tmp_path / "graph", "int8")
    ids = np.random.default_rng(seed).integers(0, len(WORDS), 12)
    expected = forward(tensors, ids.tolist())
    states = graph.run(ids[None])[0]
    cosines = (states * expected).sum(1) / np.linalg.norm(states, axis=1) / np.linalg.norm(expected, axis=1)
    assert cosines.min() > 0.999


def test_texts_of_one_run_do_not_touch_each_other(tmp_path):
    write_folder(tmp_path / "model")
    graph = open_graph(tmp_path / "model", tmp_path / "graph", "int8")
    ids = np.random.default_rng(3).integers(0, len(WORDS), (5, 9))
    together = graph.run(ids)
    for i in range(5):
        np.testing.assert_allclose(graph.run(ids[i : i + 1])[0], together[i], atol=1e-6)


matrices = st.integers(1, 40).flatmap(
    lambda k: st.lists(st.lists(st.floats(-3, 3, width=32), min_size=2, max_size=2), min_size=k, max_size=k).map(
        lambda rows: np.array(rows, np.float32)
    )
)


@given(matrices)
@settings(max_examples=200, deadline=None)
def test_quantized_columns_are_near_and_never_saturate(weights):
    integers, scales = quantize_columns(weights)
    assert integers.dtype == np.int8
    assert scales.dtype == np.float32
    assert np.abs(integers.astype(int)).max() <= 127
    # half a step by rounding; a whole one more where a pair had to be shaved
    assert (np.abs(integers * scales - weights) <= 1.5001 * scales).all()
    padded = np.vstack([integers, np.zeros_like(integers[:1])]) if len(integers) % 2 else integers
    largest = 255 * padded.astype(int)
    for signs in ((1, 1), (1, 0), (0, 1)):  # which activations of a pair are at their largest
        pair = largest[0::2] * signs[0] + largest[1::2] * signs[1]
        assert pair.min() >= -32768
        assert pair.max() <= 32767


def test_all_zero_columns_stay_zero():
    integers, scales = quantize_columns(np.zeros((4, 3), np.float32))
    assert not integers.any()
    assert np.isfinite(scales).all()
