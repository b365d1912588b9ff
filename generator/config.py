"""The sizes of a Llama-architecture model, from its file's metadata.

Symbols follow Touvron et al. 2023 ("LLaMA") and, for grouped key-value heads, Ainslie et al. 2023
("GQA"). Keys: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from generator.errors import UnsupportedModel
from generator.gguf import GGUF


@dataclass(frozen=True, slots=True)
class LlamaConfig:
    """One model's sizes.

    ``interleaved``: the file orders each head's query and key rows so that rotary pairs are neighbours
    (2i, 2i+1), as Llama's GGUF files do; otherwise pairs are half a head apart (i, i + head_size/2).
    """

    layers: int
    hidden: int
    feed_forward: int
    heads: int
    kv_heads: int
    head_size: int
    context_length: int
    vocabulary: int
    norm_epsilon: float
    rope_base: float
    rope_scale: float  # positions are divided by it (linear scaling); 1 for none
    interleaved: bool

    @property
    def kv_bytes(self) -> int:
        """Bytes of keys and values kept for one token, in float32."""
        return self.layers * 2 * self.kv_heads * self.head_size * 4

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


# Architectures that are Llama's but for what `read_config` and `graph` treat by name:
# "qwen2" adds biases to Q, K and V, and keeps rotary pairs half a head apart.
_INTERLEAVED = {"llama": True, "qwen2": False}


def read_config(file: GGUF) -> LlamaConfig:
    """The configuration in a file's metadata; ``UnsupportedModel`` names what cannot be run."""
    meta = file.metadata
    architecture = meta.get("general.architecture")
    if architecture not in _INTERLEAVED:
        raise UnsupportedModel(
            f"{file.path} holds a model of architecture {architecture!r}: "
            f"architectures that run here are {', '.join(_INTERLEAVED)}"
        )

    def get(key: str, default: Any = None) -> Any:
        value = meta.get(f"{architecture}.{key}", default)
        if value is None:
            raise UnsupportedModel(f"{file.path} lacks {architecture}.{key}: convert the model again")
        return value

    if get("expert_count", 0):
        raise UnsupportedModel(f"{file.path} is a mixture of experts: use a dense Llama model")
    scaling = get("rope.scaling.type", "none")
    if scaling not in ("none", "linear"):
        raise UnsupportedModel(f"{file.path} scales rotary positions by {scaling!r}: only linear is known here")
    heads, hidden = int(get("attention.head_count")), int(get("embedding_length"))
    head_size = int(get("attention.key_length", hidden // heads))
    if int(get("rope.dimension_count", head_size)) != head_size:
        raise UnsupportedModel(f"{file.path} rotates a part of each head only, which cannot be run here")
    return LlamaConfig(
        layers=int(get("block_count")),
        hidden=hidden,
        feed_forward=int(get("feed_forward_length")),
        heads=heads,
        kv_heads=int(get("attention.head_count_kv", heads)),
        head_size=head_size,
        context_length=int(get("context_length")),
        vocabulary=len(meta["tokenizer.ggml.tokens"]),
        norm_epsilon=float(get("attention.layer_norm_rms_epsilon")),
        rope_base=float(get("rope.freq_base", 10000.0)),
        rope_scale=float(get("rope.scaling.factor", 1.0)) if scaling == "linear" else 1.0,
        interleaved=_INTERLEAVED[architecture],
    )


def rotary_tables(config: LlamaConfig, factors: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """cos and sin of every position's angles, float32[context, head_size/2] each.

    Angle of position p and pair i: p · base^(−2i/head_size) / scale / factors[i] (Su et al. 2021,
    "RoFormer", eq. 15; ``factors`` are Llama 3's, stored as the tensor ``rope_freqs.weight``).
    """
    i = np.arange(config.head_size // 2)
    frequencies = config.rope_base ** (-2.0 * i / config.head_size) / config.rope_scale
    if factors is not None:
        frequencies = frequencies / factors
    angles = np.arange(config.context_length)[:, None] * frequencies
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
