"""Weights as onnxruntime multiplies them, from the blocks in which ggml stores them.

Every format here is, exactly, w = s · (q − z) + o for the weights of one block: a scale s, integers q of
4 or 8 bits around the middle z (8 or 128), and an offset o. onnxruntime's MatMulNBits computes the first
part; ``graph`` adds the offset. Nothing is rounded on the way: these are the file's own weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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


def stack(parts: list[Blocks | np.ndarray]) -> Blocks | np.ndarray | None:
    """Matrices of the same inputs, below one another; None when their formats differ."""
    blocks = [p for p in parts if isinstance(p, Blocks)]
    if not blocks:
        return np.concatenate(parts)  # type: ignore[arg-type]
    formats = {(p.bits, p.block, p.offsets is None) for p in blocks}
    if len(formats) > 1 or len(blocks) < len(parts):
        return None
    offsets = [p.offsets for p in blocks if p.offsets is not None]
    return Blocks(
        blocks[0].bits,
        np.concatenate([p.packed for p in blocks]),
        np.concatenate([p.scales for p in blocks]),
        np.concatenate(offsets) if offsets else None,
    )
