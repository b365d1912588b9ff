"""Small random models as GGUF files, written here by hand so that the reader has an independent opposite."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

TYPES = {"F32": 0, "F16": 1, "Q4_0": 2, "Q4_1": 3, "Q8_0": 8, "Q4_K": 12, "Q6_K": 14, "BF16": 30}
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>'"
    " + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def byte_letters() -> list[str]:
    """GPT-2's letter of each byte, by the rule of its paper's code."""
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    shifted = iter(range(256, 512))
    return [chr(b) if b in keep else chr(next(shifted)) for b in range(256)]


def vocabulary() -> tuple[list[str], list[int], list[str]]:
    """Tokens, their types, merges: three control tokens, 256 bytes, some English and Chinese merges."""
    tokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *byte_letters()]
    merges = ["t h", "th e", "Ġ the", "i n", "Ġ a", "e r", "o n", "ä ½", "å ¥"]
    tokens += [merge.replace(" ", "") for merge in merges]
    tokens += [f"<unused{i}>" for i in range(288 - len(tokens))]  # a multiple of 32
    types = [3, 3, 3] + [1] * (len(tokens) - 3)
    return tokens, types, merges


@dataclass
class Tiny:
    """What to write; weights are drawn from ``seed``."""

    format: str = "F32"  # of the matrices; norms are F32
    seed: int = 0
    layers: int = 2
    hidden: int = 64
    feed_forward: int = 96
    heads: int = 4
    kv_heads: int = 2
    context: int = 512
    tied: bool = True
    architecture: str = "llama"
    value_format: str | None = None  # of the value matrices, when another
    rope_factors: bool = False
    metadata: dict[str, Any] = field(default_factory=dict)


def write(path: Path, tiny: Tiny) -> dict[str, np.ndarray]:
    """Writes the model and returns its weights as any reader must see them, float32 by tensor name."""
    rng = np.random.default_rng(tiny.seed)
    tokens, types, merges = vocabulary()
    h, f, kv = tiny.hidden, tiny.feed_forward, tiny.hidden // tiny.heads * tiny.kv_heads
    shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (len(tokens), h), "output_norm.weight": (h,)}
    if not tiny.tied:
        shapes["output.weight"] = (len(tokens), h)
    for i in range(tiny.layers):
        p = f"blk.{i}"
        shapes |= {f"{p}.attn_norm.weight": (h,), f"{p}.ffn_norm.weight": (h,)}
        shapes |= {f"{p}.attn_q.weight": (h, h), f"{p}.attn_k.weight": (kv, h), f"{p}.attn_v.weight": (kv, h)}
        shapes |= {f"{p}.attn_output.weight": (h, h), f"{p}.ffn_gate.weight": (f, h)}
        shapes |= {f"{p}.ffn_up.weight": (f, h), f"{p}.ffn_down.weight": (h, f)}
        if tiny.architecture == "qwen2":
            shapes |= {f"{p}.attn_q.bias": (h,), f"{p}.attn_k.bias": (kv,), f"{p}.attn_v.bias": (kv,)}
    if tiny.rope_factors:
        shapes["rope_freqs.weight"] = (h // tiny.heads // 2,)
    weights, stored = {}, {}
    for name, shape in shapes.items():
        values = rng.standard_normal(shape).astype(np.float32) * (1.0 if len(shape) == 1 else shape[-1] ** -0.5)
        if "norm" in name or name == "rope_freqs.weight":
            values = np.abs(values) + 0.5
        format_ = "F32" if len(shape) == 1 else tiny.format
        if "attn_v.weight" in name and tiny.value_format:
            format_ = tiny.value_format
        stored[name] = (format_, *encode(values, format_))
        weights[name] = stored[name][2]
    a = tiny.architecture
    metadata = {
        "general.architecture": a,
        f"{a}.block_count": tiny.layers,
        f"{a}.context_length": tiny.context,
        f"{a}.embedding_length": h,
        f"{a}.feed_forward_length": f,
        f"{a}.attention.head_count": tiny.heads,
        f"{a}.attention.head_count_kv": tiny.kv_heads,
        f"{a}.attention.layer_norm_rms_epsilon": 1e-5,
        f"{a}.rope.freq_base": 10000.0,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": types,
        "tokenizer.ggml.merges": merges,
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.chat_template": CHATML,
        **tiny.metadata,
    }
    path.write_bytes(gguf({k: v for k, v in metadata.items() if v is not None}, stored))
    return weights


def encode(values: np.ndarray, format_: str) -> tuple[bytes, np.ndarray]:
    """The bytes of a tensor in a format, and the values they stand for (quantized plainly, not cleverly)."""
    if format_ == "F32":
        return values.tobytes(), values
    if format_ == "F16":
        return values.astype(np.float16).tobytes(), values.astype(np.float16).astype(np.float32)
    if format_ == "BF16":
        upper = values.view(np.uint32) >> 16
        return upper.astype(np.uint16).tobytes(), (upper << 16).view(np.float32)
    if format_ in ("Q4_K", "Q6_K"):
        return _encode_k(values.reshape(-1, 256), values.shape, format_)
    x = values.reshape(*values.shape[:-1], -1, 32)
    if format_ == "Q8_0":
        d = (np.abs(x).max(-1, keepdims=True) / 127).astype(np.float16)
        q = np.rint(x / d.astype(np.float32)).astype(np.int8)
        return _interleave(d, q), (q * d.astype(np.float32)).reshape(values.shape)
    if format_ == "Q4_0":
        d = (np.abs(x).max(-1, keepdims=True) / 7).astype(np.float16)
        q = (np.clip(np.rint(x / d.astype(np.float32)), -8, 7) + 8).astype(np.uint8)
        return _interleave(d, _nibbles(q)), ((q - 8.0) * d.astype(np.float32)).astype(np.float32).reshape(values.shape)
    if format_ == "Q4_1":
        m = x.min(-1, keepdims=True).astype(np.float16)
        d = ((x.max(-1, keepdims=True) - m.astype(np.float32)) / 15).astype(np.float16)
        q = np.clip(np.rint((x - m.astype(np.float32)) / d.astype(np.float32)), 0, 15).astype(np.uint8)
        w = q * d.astype(np.float32) + m.astype(np.float32)
        return _interleave(d, m, _nibbles(q)), w.astype(np.float32).reshape(values.shape)
    raise ValueError(format_)


def _encode_k(x: np.ndarray, shape: tuple[int, ...], format_: str) -> tuple[bytes, np.ndarray]:
    """Super-blocks of 256 with one scale (and minimum) for all their blocks: the integer scales are 1."""
    if format_ == "Q4_K":
        m = -x.min(-1, keepdims=True).astype(np.float16)
        d = ((x.max(-1, keepdims=True) + m.astype(np.float32)) / 15).astype(np.float16)
        q = np.clip(np.rint((x + m.astype(np.float32)) / d.astype(np.float32)), 0, 15).astype(np.uint8)
        ones = np.tile(np.array([1] * 8 + [0x11] * 4, np.uint8), (len(x), 1))
        pairs = q.reshape(-1, 4, 2, 32)
        w = q * d.astype(np.float32) - m.astype(np.float32)
        return _interleave(d, m, ones, (pairs[:, :, 0] | pairs[:, :, 1] << 4).reshape(-1, 128)), w.reshape(shape)
    d = (np.abs(x).max(-1, keepdims=True) / 31).astype(np.float16)
    q = (np.clip(np.rint(x / d.astype(np.float32)), -32, 31) + 32).astype(np.uint8)
    rows = q.reshape(-1, 2, 4, 32)
    low = (rows & 15)[:, :, :2] | (rows & 15)[:, :, 2:] << 4
    high = sum((rows >> 4)[:, :, i] << 2 * i for i in range(4))
    ones = np.ones((len(x), 16), np.int8)
    raw = _interleave(low.reshape(-1, 128), np.asarray(high).reshape(-1, 64), ones, d)
    return raw, ((q - 32.0) * d.astype(np.float32)).astype(np.float32).reshape(shape)


def gguf(metadata: dict[str, Any], tensors: dict[str, tuple[str, bytes, np.ndarray]], version: int = 3) -> bytes:
    """A GGUF file: format, bytes and values of each tensor by name."""
    out = bytearray(b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(metadata)))
    for key, value in metadata.items():
        out += _string(key) + _value(value)
    offset, data = 0, bytearray()
    for name, (format_, raw, values) in tensors.items():
        out += _string(name) + struct.pack("<I", values.ndim)
        out += struct.pack(f"<{values.ndim}Q", *reversed(values.shape)) + struct.pack("<IQ", TYPES[format_], offset)
        data += raw + b"\0" * (-len(raw) % 32)
        offset = len(data)
    return bytes(out + b"\0" * (-len(out) % 32) + data)


def _value(value: Any) -> bytes:
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    if isinstance(value, str):
        return struct.pack("<I", 8) + _string(value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    if isinstance(value[0], str):
        return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(_string, value))
    return struct.pack(f"<IIQ{len(value)}i", 9, 5, len(value), *value)


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _nibbles(q: np.ndarray) -> np.ndarray:
    return q[..., :16] | q[..., 16:] << 4


def _interleave(*parts: np.ndarray) -> bytes:
    """Each block's parts one after another."""
    raw = [np.ascontiguousarray(p).view(np.uint8).reshape(*p.shape[:-1], -1) for p in parts]
    return np.concatenate(raw, axis=-1).tobytes()
