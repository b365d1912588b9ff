"""Llama in plain NumPy, in float64 and one token after another: what the graph's logits must be.

Rotary pairs are taken as the file orders them: neighbours (2i, 2i+1) for Llama, half a head apart for
Qwen2 (Su et al. 2021, and the two conventions of its implementations).
"""

from __future__ import annotations

import numpy as np
from tiny_models import Tiny


def logits(weights: dict[str, np.ndarray], tiny: Tiny, tokens: list[int]) -> np.ndarray:
    """float64[len(tokens), V]: row i scores the token after tokens[: i + 1]."""
    w = {name: values.astype(np.float64) for name, values in weights.items()}
    d, group = tiny.hidden // tiny.heads, tiny.heads // tiny.kv_heads
    keys: list[list[np.ndarray]] = [[] for _ in range(tiny.layers)]
    values: list[list[np.ndarray]] = [[] for _ in range(tiny.layers)]
    rows = []
    for position, token in enumerate(tokens):
        x = w["token_embd.weight"][token]
        for i in range(tiny.layers):
            p = f"blk.{i}."
            n = norm(x, w[p + "attn_norm.weight"])
            q, k, v = (n @ w[f"{p}attn_{c}.weight"].T + w.get(f"{p}attn_{c}.bias", 0.0) for c in "qkv")
            keys[i].append(rotate(k.reshape(-1, d), position, tiny, w))
            values[i].append(v.reshape(-1, d))
            heads = []
            for h, query in enumerate(rotate(q.reshape(-1, d), position, tiny, w)):
                k_h = np.stack(keys[i])[:, h // group]
                v_h = np.stack(values[i])[:, h // group]
                heads.append(softmax(k_h @ query / np.sqrt(d)) @ v_h)
            x = x + np.concatenate(heads) @ w[p + "attn_output.weight"].T
            n = norm(x, w[p + "ffn_norm.weight"])
            gate, up = n @ w[p + "ffn_gate.weight"].T, n @ w[p + "ffn_up.weight"].T
            x = x + (gate / (1 + np.exp(-gate)) * up) @ w[p + "ffn_down.weight"].T
        head = w.get("output.weight", w["token_embd.weight"])
        rows.append(norm(x, w["output_norm.weight"]) @ head.T)
    return np.stack(rows)


def norm(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return x / np.sqrt((x * x).mean() + 1e-5) * weight


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max())
    return e / e.sum()


def rotate(x: np.ndarray, position: int, tiny: Tiny, w: dict[str, np.ndarray]) -> np.ndarray:
    """Each head's pairs turned by the position's angles, as complex numbers."""
    half = x.shape[1] // 2
    angles = position * 10000.0 ** (-np.arange(half) / half) / w.get("rope_freqs.weight", 1.0)
    if tiny.architecture == "llama":
        z = (x[:, 0::2] + 1j * x[:, 1::2]) * np.exp(1j * angles)
        return np.stack([z.real, z.imag], axis=-1).reshape(x.shape)
    z = (x[:, :half] + 1j * x[:, half:]) * np.exp(1j * angles)
    return np.concatenate([z.real, z.imag], axis=1)
