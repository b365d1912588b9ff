"""A BERT encoder's configuration and weights, whatever file they came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Norm:
    """A layer norm's gain and bias, float32[hidden] each."""

    gain: Floats
    bias: Floats


@dataclass(frozen=True, slots=True)
class Dense:
    """``y = x @ weights + bias``: float32[inputs, outputs] and float32[outputs]."""

    weights: Floats
    bias: Floats


@dataclass(frozen=True, slots=True)
class Layer:
    """One Transformer block with the norm after each residual (Devlin et al. 2019)."""

    query: Dense
    key: Dense
    value: Dense
    attention_output: Dense
    attention_norm: Norm
    intermediate: Dense
    output: Dense
    output_norm: Norm


@dataclass(frozen=True, slots=True)
class BlockTable:
    """An embedding table in 4-bit blocks of 32: value = (nibble - 8) * scale."""

    packed: NDArray[np.uint8]  # uint8[vocabulary, hidden / 2], byte i = w[2i] | w[2i + 1] << 4
    scales: NDArray[np.float32]  # float32[vocabulary, hidden / 32]


@dataclass(frozen=True, slots=True)
class BertWeights:
    """Everything that a graph needs.

    ``positions`` starts at the model's first real position and has the first token type added, since
    a text is always one segment. ``layer(i)`` builds block i's matrices when they are wanted, so that
    a large model is never in memory twice.
    """

    hidden: int
    heads: int
    layers: int
    epsilon: float
    activation: str  # "gelu" (by erf) or "gelu_new" (by tanh)
    words: BlockTable | NDArray  # 4-bit blocks, or float[vocabulary, hidden]
    positions: Floats  # float32[positions, hidden]
    embedding_norm: Norm
    layer: Callable[[int], Layer]
