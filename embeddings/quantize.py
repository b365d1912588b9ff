"""Weights as int8 by column, safe for every CPU's 8-bit multiply.

x86 CPUs without VNNI multiply unsigned by signed bytes with ``vpmaddubsw``, which adds each pair of
neighbouring products (rows 2j and 2j + 1 of a column) in a *saturating* int16. With activations up to
255 a pair cannot saturate when its weights' magnitudes sum to at most 128, since 255 * 128 = 32,640 <
32,767. Plain int8 breaks that bound and such CPUs then return other vectors; 7-bit weights keep it but
throw away half of the resolution. So each column's scale is chosen by its largest *pair* instead of its
largest weight: the bound holds everywhere, the integers are the same on every CPU, and little
resolution is lost because two large weights are rarely neighbours. (onnxruntime's kernels pair rows in
this way: on an emulated Haswell, products at the bound's worst case are exact, and those of plain int8
weights wrong.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PAIR_LIMIT = 128


def quantize_columns(weights: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """int8[k, n] and scales float32[n] with ``weights ≈ integers * scales``, for float32[k, n].

    For every column and even i, ``|q[i]| + |q[i + 1]| <= 128`` and every ``|q| <= 127``.
    """
    magnitudes = np.abs(weights)
    if len(weights) % 2:
        magnitudes = np.vstack([magnitudes, np.zeros_like(magnitudes[:1])])
    pairs = (magnitudes[0::2] + magnitudes[1::2]).max(axis=0)
    scales = np.maximum(np.maximum(pairs / PAIR_LIMIT, magnitudes.max(axis=0) / 127), np.float32(1e-12))
    integers = np.rint(weights / scales)
    _shave(integers)
    return integers.astype(np.int8), scales.astype(np.float32)


def _shave(integers: NDArray[np.float32]) -> None:
    """Rounding can push a pair one above the limit: take one off its larger member, in place."""
    even, odd = integers[0 : len(integers) // 2 * 2 : 2], integers[1::2]
    over = np.abs(even) + np.abs(odd) > PAIR_LIMIT
    larger = np.abs(even) >= np.abs(odd)
    even -= np.sign(even) * (over & larger)
    odd -= np.sign(odd) * (over & ~larger)
