"""Reading GGUF: what is written is read; what is no model is refused with a sentence."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tiny_models import Tiny, encode, gguf, write

from generator import DamagedModel, UnsupportedModel
from generator.blocks import Blocks, stack
from generator.config import read_config
from generator.ggml import weights
from generator.gguf import GGUF, TENSOR_TYPES, Tensor


def test_metadata_and_tensors_are_read_as_written(tmp_path: Path):
    path = tmp_path / "m.gguf"
    expected = write(path, Tiny("F16", metadata={"note": "中文 und English", "flag": True, "numbers": [1, -2, 3]}))
    file = GGUF(path)
    assert file.metadata["note"] == "中文 und English"
    assert file.metadata["flag"] is True
    assert file.metadata["numbers"].tolist() == [1, -2, 3]
    assert file.metadata["tokenizer.ggml.tokens"][:2] == ["<|endoftext|>", "<|im_start|>"]
    assert file.tensors.keys() == expected.keys()
    for name, tensor in file.tensors.items():
        assert np.array_equal(weights(tensor), expected[name])


@pytest.mark.parametrize("version", [2, 3])
def test_both_versions_open(tmp_path: Path, version: int):
    (tmp_path / "m.gguf").write_bytes(gguf({"a": 1}, {}, version))
    assert GGUF(tmp_path / "m.gguf").metadata == {"a": 1}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "not a GGUF file"),
        (b"PK\3\4 something else", "not a GGUF file"),
        (gguf({}, {}, version=1), "version 1"),
        (b"GGUF" + struct.pack(">I", 3) + bytes(16), "little-endian"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, sentence: str):
    (tmp_path / "m.gguf").write_bytes(content)
    with pytest.raises(UnsupportedModel, match=sentence):
        GGUF(tmp_path / "m.gguf")


@given(cut=st.floats(0.0001, 0.9999))
def test_a_file_cut_anywhere_is_damaged(tmp_path_factory: pytest.TempPathFactory, cut: float):
    folder = tmp_path_factory.mktemp("cut", numbered=True)
    write(folder / "m.gguf", Tiny(layers=1))
    content = (folder / "m.gguf").read_bytes()
    (folder / "m.gguf").write_bytes(content[: max(4, int(cut * len(content)))])
    with pytest.raises(DamagedModel, match="copy the file again"):
        GGUF(folder / "m.gguf")


@given(
    format_=st.sampled_from(["Q4_0", "Q4_1", "Q8_0"]),
    values=hnp.arrays(np.float32, (3, 64), elements=st.floats(-8, 8, width=16)),
)
def test_blocks_stand_for_the_stored_weights(format_: str, values: np.ndarray):
    values = values + np.linspace(-1, 1, 64, dtype=np.float32)  # no block of zeros, whose scale is 0
    raw, expected = encode(values, format_)
    type_ = next(t for t in TENSOR_TYPES.values() if t.name == format_)
    blocks = weights(Tensor("w", values.shape, type_, np.frombuffer(raw, np.uint8)))
    assert isinstance(blocks, Blocks)
    np.testing.assert_allclose(blocks.dequantize(), expected, rtol=1e-6, atol=1e-6)


# Of 256 weights in each format: bytes a block, blocks, where its float16 scales are; then the sum of the
# weights, the sum weighted by place, and weights 0, 17, 100, 255, all computed with the package gguf 0.19.
@pytest.mark.parametrize(
    ("format_", "size", "blocks", "scales", "total", "moment", "some"),
    [
        ("Q5_0", 22, 8, [0], -260.0, -34985.0, [-2.0, -16.0, -13.0, -4.0]),
        ("Q5_1", 24, 8, [0, 2], 3980.3125, 511271.34375, [13.33325, 21.33325, 16.33325, 18.33325]),
        ("Q4_K", 144, 1, [0, 2], 53576.625, 6339331.4375, [185.00366, 165.00366, 70.66895, -6.66382]),
        ("Q5_K", 176, 1, [0, 2], 113838.61719, 14001879.4375, [45.00366, 345.00366, 166.66895, 128.33618]),
        ("Q6_K", 210, 1, [208], -6259.5, -394723.5, [0.0, 847.5, -282.0, 1333.5]),
    ],
)
def test_other_formats_agree_with_the_gguf_package(
    format_: str, size: int, blocks: int, scales: list[int], total: float, moment: float, some: list[float]
):
    raw = (np.arange(size * blocks) * 37 % 251).astype(np.uint8).reshape(blocks, size)
    for place in scales:
        raw[:, place : place + 2] = np.frombuffer(np.float16(1 / (1 + place % 3)).tobytes(), np.uint8)
    type_ = next(t for t in TENSOR_TYPES.values() if t.name == format_)
    matrix = weights(Tensor("w", (1, 256), type_, raw.reshape(-1)))
    assert isinstance(matrix, Blocks)
    w = matrix.dequantize()[0].astype(np.float64)
    assert w.sum() == pytest.approx(total, rel=1e-6)
    assert (w * np.arange(256)).sum() == pytest.approx(moment, rel=1e-6)
    assert w[[0, 17, 100, 255]] == pytest.approx(some, rel=1e-5)


def test_matrices_of_one_format_stack_and_others_do_not():
    rng = np.random.default_rng(0)

    def part(format_: str) -> Blocks | np.ndarray:
        raw, _ = encode(rng.standard_normal((2, 32)).astype(np.float32), format_)
        type_ = next(t for t in TENSOR_TYPES.values() if t.name == format_)
        return weights(Tensor("w", (2, 32), type_, np.frombuffer(raw, np.uint8)))

    parts = [part("Q4_1"), part("Q4_1")]
    stacked = stack(parts)
    assert isinstance(stacked, Blocks)
    assert np.array_equal(stacked.dequantize(), np.concatenate([p.dequantize() for p in parts]))
    assert stack([part("Q4_1"), part("Q4_0")]) is None
    assert stack([part("Q8_0"), part("F32")]) is None


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        ({"general.architecture": "gemma3"}, "'gemma3'.*llama"),
        ({"llama.block_count": None}, "lacks llama.block_count"),
        ({"llama.expert_count": 8}, "mixture of experts"),
        ({"llama.rope.scaling.type": "yarn"}, "'yarn'"),
        ({"llama.rope.dimension_count": 8}, "part of each head"),
    ],
)
def test_models_that_cannot_run_are_refused(tmp_path: Path, metadata: dict, sentence: str):
    write(tmp_path / "m.gguf", Tiny(metadata=metadata))
    with pytest.raises(UnsupportedModel, match=sentence):
        read_config(GGUF(tmp_path / "m.gguf"))


def test_a_format_that_cannot_run_is_named(tmp_path: Path):
    type_ = next(t for t in TENSOR_TYPES.values() if t.name == "Q3_K")
    with pytest.raises(UnsupportedModel, match=r"blk\.0\.ffn_up\.weight is stored as Q3_K.*Q4_0, Q4_1"):
        weights(Tensor("blk.0.ffn_up.weight", (1, 256), type_, np.zeros(110, np.uint8)))
    content = gguf({"general.alignment": 32}, {"odd": ("F32", bytes(128), np.zeros(32, np.float32))})
    (tmp_path / "m.gguf").write_bytes(content.replace(struct.pack("<QIQ", 32, 0, 0), struct.pack("<QIQ", 32, 99, 0)))
    with pytest.raises(UnsupportedModel, match="odd in ggml type 99"):
        GGUF(tmp_path / "m.gguf")
