"""ggml's storage formats, read as ``Blocks``.

Layouts: ggml/src/ggml-common.h of llama.cpp; meanings: ``dequantize_row_*`` in ggml-quants.c. In every
format ``d`` is a scale and ``q`` a small unsigned integer; the K formats pack eight or sixteen blocks of
32 or 16 weights into a super-block of 256, with integer scales for the blocks.
"""

from __future__ import annotations

import numpy as np

from generator.blocks import Blocks
from generator.errors import UnsupportedModel
from generator.gguf import Tensor


def weights(tensor: Tensor) -> Blocks | np.ndarray:
    """A matrix as ``Blocks``, or as float32[outputs, inputs] when it is stored in floating point.

    Raises ``UnsupportedModel`` for a format that is not read here.
    """
    reader = _READERS.get(tensor.type.name)
    if reader is None:
        return dense(tensor)
    outputs, inputs = tensor.shape
    if inputs % tensor.type.block:
        raise UnsupportedModel(f"{tensor.name} has {inputs} inputs, no multiple of {tensor.type.block}")
    # raw blocks, uint8[outputs, blocks, bytes]
    return reader(tensor.data.reshape(outputs, inputs // tensor.type.block, tensor.type.size))


def dense(tensor: Tensor) -> np.ndarray:
    """A tensor stored in floating point, float32 in its shape."""
    if tensor.type.name == "F32":
        values = tensor.data.view("<f4").astype(np.float32, copy=False)
    elif tensor.type.name == "F16":
        values = tensor.data.view("<f2").astype(np.float32)
    elif tensor.type.name == "BF16":  # the upper half of a float32
        values = (tensor.data.view("<u2").astype(np.uint32) << 16).view(np.float32)
    else:
        raise UnsupportedModel(
            f"the tensor {tensor.name} is stored as {tensor.type.name}, which cannot be run here: "
            f"use a file in {', '.join(_READERS)}, F16, BF16 or F32"
        )
    return values.reshape(tensor.shape)


def _q4_0(raw: np.ndarray) -> Blocks:
    """w = d · (q − 8)"""
    return Blocks(4, _pairs(_halves(raw[..., 2:])), _float16(raw[..., :2]))


def _q4_1(raw: np.ndarray) -> Blocks:
    """w = d · q + m = d · (q − 8) + (m + 8d)"""
    d, m = _float16(raw[..., :2]), _float16(raw[..., 2:4])
    return Blocks(4, _pairs(_halves(raw[..., 4:])), d, m + 8 * d)


def _q5_0(raw: np.ndarray) -> Blocks:
    """w = d · (q − 16), the fifth bits of q apart"""
    q = _halves(raw[..., 6:]) | _bits(raw[..., 2:6]) << 4
    return Blocks(8, q + np.uint8(128 - 16), _float16(raw[..., :2]))


def _q5_1(raw: np.ndarray) -> Blocks:
    """w = d · q + m"""
    q = _halves(raw[..., 8:]) | _bits(raw[..., 4:8]) << 4
    return Blocks(8, q | 128, _float16(raw[..., :2]), _float16(raw[..., 2:4]))


def _q8_0(raw: np.ndarray) -> Blocks:
    """w = d · q with signed q; plus 128 is the sign bit flipped"""
    return Blocks(8, raw[..., 2:] ^ 128, _float16(raw[..., :2]))


def _q4_k(raw: np.ndarray) -> Blocks:
    """w = d · scale · q − dmin · minimum, for 8 blocks of 32"""
    scales, minima = _k_scales(raw)
    q = _k_nibbles(raw[..., 16:])
    return _merged(Blocks(4, _pairs(q), scales, 8 * scales - minima))


def _q5_k(raw: np.ndarray) -> Blocks:
    """As Q4_K; bit b of the 32 bytes of high bits belongs to block b"""
    scales, minima = _k_scales(raw)
    high = raw[..., 16:48][..., None, :] >> np.arange(8, dtype=np.uint8)[:, None] & 1
    return _merged(Blocks(8, _k_nibbles(raw[..., 48:]) | high << 4 | 128, scales, -minima))


def _q6_k(raw: np.ndarray) -> Blocks:
    """w = d · scale · (q − 32), for 16 blocks of 16; two halves of 128 weights, each in four rows of 32"""
    low = raw[..., :128].reshape(*raw.shape[:2], 2, 2, 32)
    high = raw[..., 128:192].reshape(*raw.shape[:2], 2, 1, 32)
    low = np.concatenate([low & 15, low >> 4], axis=-2)
    q = low | (high >> np.array([[0], [2], [4], [6]], np.uint8) & 3) << 4  # [..., 2, 4, 32]
    scales = _float16(raw[..., 208:])[..., None] * raw[..., 192:208].view(np.int8)
    return _merged(Blocks(8, (q + np.uint8(128 - 32)).reshape(*raw.shape[:2], 16, 16), scales))


_READERS = {
    "Q4_0": _q4_0,
    "Q4_1": _q4_1,
    "Q5_0": _q5_0,
    "Q5_1": _q5_1,
    "Q8_0": _q8_0,
    "Q4_K": _q4_k,
    "Q5_K": _q5_k,
    "Q6_K": _q6_k,
}


def _float16(raw: np.ndarray) -> np.ndarray:
    """Bytes [..., 2] of one float16 -> float32[...]."""
    return np.ascontiguousarray(raw).view("<f2")[..., 0].astype(np.float32)


def _halves(nibbles: np.ndarray) -> np.ndarray:
    """Bytes [..., n], weight i low and weight n + i high -> q [..., 2n]."""
    return np.concatenate([nibbles & 15, nibbles >> 4], axis=-1)


def _pairs(q: np.ndarray) -> np.ndarray:
    """q [..., 2n] of 4 bits -> bytes [..., n], weight 2i low and 2i + 1 high."""
    return q[..., 0::2] | q[..., 1::2] << 4


def _bits(raw: np.ndarray) -> np.ndarray:
    """Bytes [..., n] -> bits [..., 8n], the lowest first."""
    return np.unpackbits(np.ascontiguousarray(raw), axis=-1, bitorder="little")


def _k_nibbles(raw: np.ndarray) -> np.ndarray:
    """128 bytes -> q [..., 8, 32]: each 32 bytes hold one block low and the next one high."""
    rows = raw.reshape(*raw.shape[:2], 4, 1, 32)
    return np.concatenate([rows & 15, rows >> 4], axis=-2).reshape(*raw.shape[:2], 8, 32)


def _k_scales(raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The scales and minima of a super-block's 8 blocks, float32[..., 8] each.

    They are 6 bits each in 12 bytes: blocks 0 to 3 have theirs in bytes 0 to 3 (scales) and 4 to 7
    (minima), whose upper two bits are those of blocks 4 to 7; bytes 8 to 11 hold the lower four bits.
    """
    first, second, third = raw[..., 4:8], raw[..., 8:12], raw[..., 12:16]
    scales = np.concatenate([first & 63, third & 15 | first >> 6 << 4], axis=-1)
    minima = np.concatenate([second & 63, third >> 4 | second >> 6 << 4], axis=-1)
    return _float16(raw[..., :2])[..., None] * scales, _float16(raw[..., 2:4])[..., None] * minima


def _merged(blocks: Blocks) -> Blocks:
    """Super-blocks [outputs, super-blocks, blocks, ...] as plain blocks [outputs, blocks, ...]."""
    outputs = blocks.packed.shape[0]
    offsets = None if blocks.offsets is None else blocks.offsets.reshape(outputs, -1)
    packed = blocks.packed.reshape(outputs, -1, blocks.packed.shape[-1])
    return Blocks(blocks.bits, packed, blocks.scales.reshape(outputs, -1), offsets)
