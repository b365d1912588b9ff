"""The graph computes the model in the file, whatever its format, and the same however it is called."""

from __future__ import annotations

from pathlib import Path

import llama_reference
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import Tiny, write

from generator.config import read_config
from generator.decoder import Decoder, KeyValues
from generator.gguf import GGUF
from generator.graph import build_graph

TOKENS = np.random.default_rng(7).integers(3, 280, 40).tolist()


def load(folder: Path, tiny: Tiny) -> tuple[Decoder, dict[str, np.ndarray]]:
    weights = write(folder / "tiny.gguf", tiny)
    file = GGUF(folder / "tiny.gguf")
    config = read_config(file)
    build_graph(file, config, folder / "model.onnx")
    return Decoder(folder / "model.onnx", config, threads=1), weights


@pytest.mark.parametrize(
    "tiny",
    [
        Tiny("F32"),
        Tiny("F32", tied=False, heads=4, kv_heads=4),
        Tiny("F16", heads=4, kv_heads=1),
        Tiny("BF16"),
        Tiny("F32", architecture="qwen2"),
        Tiny("F32", rope_factors=True),
    ],
    ids=lambda tiny: f"{tiny.format}-{tiny.architecture}-{tiny.kv_heads}of{tiny.heads}",
)
def test_floating_point_models_equal_the_reference(tmp_path: Path, tiny: Tiny):
    decoder, weights = load(tmp_path, tiny)
    ours = decoder.forward(KeyValues(decoder, 64), TOKENS, list(range(len(TOKENS))))
    np.testing.assert_allclose(ours, llama_reference.logits(weights, tiny, TOKENS), atol=2e-4)


@pytest.mark.parametrize(
    "tiny",
    [
        Tiny("Q4_0"),
        Tiny("Q4_1"),
        Tiny("Q8_0"),
        Tiny("Q4_1", tied=False),
        Tiny("Q4_1", value_format="Q8_0"),  # mixed within one attention
        Tiny("Q8_0", value_format="F16", architecture="qwen2"),
        Tiny("Q4_K", value_format="Q6_K", hidden=256, feed_forward=256),  # as "Q4_K_M" files are
        Tiny("Q6_K", hidden=256, feed_forward=256, tied=False),
    ],
    ids=lambda tiny: f"{tiny.format}-{tiny.value_format}-{'tied' if tiny.tied else 'untied'}",
)
def test_quantized_models_equal_the_reference_but_for_rounded_activations(tmp_path: Path, tiny: Tiny):
    decoder, weights = load(tmp_path, tiny)
    ours = decoder.forward(KeyValues(decoder, 64), TOKENS, list(range(len(TOKENS))))
    exact = llama_reference.logits(weights, tiny, TOKENS)
    # rounded activations are a few per cent off; a wrong offset or order is off by the logits' own size
    assert np.abs(ours - exact).mean() < 0.05 * np.abs(exact).mean()
    assert np.corrcoef(ours.ravel(), exact.ravel())[0, 1] > 0.998


@pytest.fixture(scope="module", params=["F32", "Q4_1", "Q8_0"])
def decoder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Decoder:
    return load(tmp_path_factory.mktemp("tiny"), Tiny(request.param))[0]


def alike() -> bool:
    """Whether onnxruntime's 8-bit kernels are known to round one row and several alike on this processor."""
    cpuinfo = Path("/proc/cpuinfo")
    return cpuinfo.is_file() and "avx512_vnni" in cpuinfo.read_text()


@settings(max_examples=25, deadline=None)
@given(parts=st.lists(st.integers(1, 12), min_size=1, max_size=12))
def test_logits_are_the_same_to_the_bit_however_tokens_are_divided(decoder: Decoder, parts: list[int]):
    tokens = (TOKENS * 4)[: sum(parts)]
    together = decoder.forward(KeyValues(decoder, 256), tokens, list(range(len(tokens))))
    kv = KeyValues(decoder, 256)
    rows = [decoder.forward(kv, tokens[kv.length : kv.length + n], list(range(n))) for n in parts]
    if alike():
        assert np.array_equal(np.concatenate(rows), together)
    else:
        assert np.corrcoef(np.concatenate(rows).ravel(), together.ravel())[0, 1] > 0.999


def test_truncated_and_copied_keys_go_on_like_fresh_ones(decoder: Decoder):
    kv = KeyValues(decoder, 64)
    decoder.forward(kv, TOKENS[:30], [0])
    kv.truncate(11)
    copy = kv.copy(7, 128)
    expected = decoder.forward(KeyValues(decoder, 64), TOKENS[:20], [19])
    for logits in (decoder.forward(kv, TOKENS[11:20], [8]), decoder.forward(copy, TOKENS[7:20], [12])):
        assert np.corrcoef(logits.ravel(), expected.ravel())[0, 1] > 0.999


def test_a_batch_gives_each_sequence_its_own_logits(decoder: Decoder):
    kv = KeyValues(decoder, 32)
    decoder.forward(kv, TOKENS[:10], [9])
    batch = kv.repeat(3, 32)
    first = decoder.run(batch, np.array([[5], [6], [7]]), 10, [0, 1, 2])
    batch.reorder(np.array([2, 0, 0]), 10, 11)
    second = decoder.run(batch, np.array([[8], [9], [10]]), 11, [0, 1, 2])
    for row, path in zip([*first, *second], [[5], [6], [7], [7, 8], [5, 9], [5, 10]], strict=True):
        alone = decoder.forward(KeyValues(decoder, 32), TOKENS[:10] + path, [9 + len(path)])[0]
        assert np.corrcoef(row, alone)[0, 1] > 0.999  # a single row rounds otherwise, see graph.py
