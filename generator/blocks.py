"""Weights as onnxruntime multiplies them, from the blocks in which ggml stores them.

Every format here is, exactly, w = s · (q − z) + o for the weights of one block: a scale s, integers q of
4 or 8 bits around the middle z (8 or 128), and an offset o. onnxruntime's MatMulNBits computes the first
part; the offset is added by ``graph.linear``. Nothing is rounded on the way, so these are the file's own
weights. Block layouts: ggml/src/ggml-common.h and ggml-quants.c of llama.cpp (``dequantize_row_*``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generator.errors import UnsupportedModel
from generator.gguf import Tensor


@dataclass(frozen=True, slots=True)
class Blocks:
    """A matrix [outputs, inputs] in blocks along its inputs.

    ``packed``: uint8[outputs, inputs/block, block·bits/8]; at 4 bits, byte i holds weight 2i low and
    2i+1 high. ``scales``: float32[outputs, inputs/block]. ``offsets``: the same shape, or None for 0.
    """

    bits: int
    packed: np.ndarray
    scales: np.ndarray
    offsets: np.ndarray | None = None

    @property
    def block(self) -> int:
        """Weights in a block."""
        return self.packed.shape[2] * 8 // self.bits

    def rows(self, order: np.ndarray) -> Blocks:
        """The same matrix with its outputs (rows) in another order."""
        offsets = None if self.offsets is None else self.offsets[order]
        return Blocks(self.bits, self.packed[order], self.scales[order], offsets)

    def dequantize(self) -> np.ndarray:
        """The weights themselves, float32[outputs, inputs]."""
        q = self.packed
        if self.bits == 4:
            q = np.stack([q & 15, q >> 4], axis=-1).reshape(*q.shape[:2], -1)
        w = (q.astype(np.float32) - (1 << (self.bits - 1))) * self.scales[..., None]
        if self.offsets is not None:
            w += self.offsets[..., None]
        return w.reshape(len(w), -1)


def stack(parts: list[Blocks | np.ndarray]) -> Blocks | np.ndarray:
    """Matrices of the same inputs, below one another; of mixed formats they become float32."""
    if all(isinstance(p, np.ndarray) for p in parts):
        return np.concatenate(parts)  # type: ignore[arg-type]
    blocks = [p for p in parts if isinstance(p, Blocks)]
    formats = {(p.bits, p.block, p.offsets is None) for p in blocks}
    if len(formats) > 1 or len(blocks) < len(parts):
        return np.concatenate([p.dequantize() if isinstance(p, Blocks) else p for p in parts])
    offsets = [p.offsets for p in blocks if p.offsets is not None]
    return Blocks(
        blocks[0].bits,
        np.concatenate([p.packed for p in blocks]),
        np.concatenate([p.scales for p in blocks]),
        np.concatenate(offsets) if offsets else None,
    )


def dense(tensor: Tensor) -> np.ndarray:
    """A tensor stored in floating point, float32 in its shape."""
    if tensor.type.name == "F32":
        return tensor.data.view("<f4").astype(np.float32, copy=False).reshape(tensor.shape)
    if tensor.type.name == "F16":
        return tensor.data.view("<f2").astype(np.float32).reshape(tensor.shape)
    if tensor.type.name == "BF16":
        # bfloat16 is the upper half of a float32
        return (tensor.data.view("<u2").astype(np.uint32) << 16).view(np.float32).reshape(tensor.shape)
    raise _unsupported(tensor)


def weights(tensor: Tensor) -> Blocks | np.ndarray:
    """A matrix as ``Blocks``, or as float32[outputs, inputs] when it is stored in floating point.

    Raises ``UnsupportedModel`` for a format that has no exact block form here.
    """
    reader = _READERS.get(tensor.type.name)
    return reader(_blocks_of(tensor)) if reader else dense(tensor)


def _unsupported(tensor: Tensor) -> UnsupportedModel:
    return UnsupportedModel(
        f"the tensor {tensor.name} is stored as {tensor.type.name}, which cannot be run here: "
        f"use a file in {', '.join([*_READERS, 'F16', 'BF16'])} or F32"
    )


def _blocks_of(tensor: Tensor) -> np.ndarray:
    """The raw blocks, uint8[outputs, blocks, bytes]."""
    outputs, inputs = tensor.shape
    if inputs % tensor.type.block:
        raise UnsupportedModel(f"{tensor.name} has {inputs} inputs, no multiple of {tensor.type.block}")
    return tensor.data.reshape(outputs, inputs // tensor.type.block, tensor.type.size)


def _half(raw: np.ndarray) -> np.ndarray:
    """Bytes [..., 2] that hold one float16 -> float32[...]."""
    return np.ascontiguousarray(raw).view("<f2")[..., 0].astype(np.float32)


def _pairs(nibbles: np.ndarray) -> np.ndarray:
    """ggml's nibbles (byte i: weight i low, i + half high) -> pairs (byte i: weights 2i and 2i+1)."""
    q = np.concatenate([nibbles & 15, nibbles >> 4], axis=-1)
    return q[..., 0::2] | q[..., 1::2] << 4


def _q4_0(raw: np.ndarray) -> Blocks:
    return Blocks(4, _pairs(raw[..., 2:]), _half(raw[..., :2]))


def _q4_1(raw: np.ndarray) -> Blocks:
    # w = d·q + m = d·(q − 8) + (m + 8d)
    d, m = _half(raw[..., :2]), _half(raw[..., 2:4])
    return Blocks(4, _pairs(raw[..., 4:]), d, m + 8 * d)


def _q8_0(raw: np.ndarray) -> Blocks:
    # int8 + 128 as uint8 is the same bits with the sign bit flipped
    return Blocks(8, raw[..., 2:] ^ 128, _half(raw[..., :2]))


_READERS = {"Q4_0": _q4_0, "Q4_1": _q4_1, "Q8_0": _q8_0}
