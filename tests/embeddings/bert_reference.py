"""A BERT encoder in plain NumPy (float64), and random BERT folders to run it on."""

from __future__ import annotations

import json
from math import erf
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"abcdefghijklmnopqrstuvwxyz", *(f"##{c}" for c in "aeiou")]
WORDS += ["search", "engine", "vector", "the", "检", "索", "引", "擎", "向", "量"]
HIDDEN, HEADS, INNER, LAYERS, POSITIONS = 32, 4, 64, 2, 24


def random_tensors(seed: int, positions: int = POSITIONS) -> dict[str, np.ndarray]:
    """Float32 tensors of a small BERT under the names that checkpoints use."""
    rng = np.random.default_rng(seed)
    tensors = {
        "embeddings.word_embeddings.weight": rng.normal(0, 1, (len(WORDS), HIDDEN)),
        "embeddings.position_embeddings.weight": rng.normal(0, 0.3, (positions, HIDDEN)),
        "embeddings.token_type_embeddings.weight": rng.normal(0, 0.3, (2, HIDDEN)),
    }
    norms = ["embeddings.LayerNorm"]
    dense = {}
    for i in range(LAYERS):
        block = f"encoder.layer.{i}"
        for name in ("self.query", "self.key", "self.value", "output.dense"):
            dense[f"{block}.attention.{name}"] = (HIDDEN, HIDDEN)
        dense[f"{block}.intermediate.dense"] = (INNER, HIDDEN)
        dense[f"{block}.output.dense"] = (HIDDEN, INNER)
        norms += [f"{block}.attention.output.LayerNorm", f"{block}.output.LayerNorm"]
    for name, shape in dense.items():
        tensors[f"{name}.weight"] = rng.normal(0, shape[1] ** -0.5, shape)
        tensors[f"{name}.bias"] = rng.normal(0, 0.2, shape[0])
    for name in norms:
        tensors[f"{name}.weight"] = rng.normal(1, 0.2, HIDDEN)
        tensors[f"{name}.bias"] = rng.normal(0, 0.2, HIDDEN)
    return {name: tensor.astype(np.float32) for name, tensor in tensors.items()}


def forward(tensors: dict[str, np.ndarray], ids: list[int], first_position: int = 0, tanh: bool = False) -> np.ndarray:
    """Last hidden states float64[tokens, hidden], by Devlin et al. 2019 and Vaswani et al. 2017."""
    t = {name: tensor.astype(np.float64) for name, tensor in tensors.items()}
    heads = HEADS
    n = len(ids)

    def dense(name: str, x: np.ndarray) -> np.ndarray:
        return x @ t[f"{name}.weight"].T + t[f"{name}.bias"]

    def norm(name: str, x: np.ndarray) -> np.ndarray:
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-12)
        return scaled * t[f"{name}.weight"] + t[f"{name}.bias"]

    def gelu(x: np.ndarray) -> np.ndarray:
        if tanh:
            return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
        return 0.5 * x * (1 + np.vectorize(erf)(x / np.sqrt(2)))

    x = t["embeddings.word_embeddings.weight"][ids]
    x = x + t["embeddings.position_embeddings.weight"][first_position : first_position + n]
    x = norm("embeddings.LayerNorm", x + t["embeddings.token_type_embeddings.weight"][0])
    i = 0
    while f"encoder.layer.{i}.output.dense.weight" in t:
        block = f"encoder.layer.{i}"
        split = [dense(f"{block}.attention.self.{part}", x).reshape(n, heads, -1) for part in ("query", "key", "value")]
        query, key, value = split
        logits = np.einsum("ihd,jhd->hij", query, key) / np.sqrt(query.shape[2])
        weights = np.exp(logits - logits.max(axis=2, keepdims=True))
        weights /= weights.sum(axis=2, keepdims=True)
        attended = np.einsum("hij,jhd->ihd", weights, value).reshape(n, -1)
        attended = dense(f"{block}.attention.output.dense", attended)
        x = norm(f"{block}.attention.output.LayerNorm", x + attended)
        inner = gelu(dense(f"{block}.intermediate.dense", x))
        x = norm(f"{block}.output.LayerNorm", x + dense(f"{block}.output.dense", inner))
        i += 1
    return x


def write_safetensors(path: Path, tensors: dict[str, np.ndarray], dtype: str = "F32") -> None:
    """A safetensors file; dtype is F32, F16 or BF16."""
    header, blobs, at = {"__metadata__": {"format": "pt"}}, [], 0
    for name, tensor in tensors.items():
        if dtype == "BF16":
            blob = (tensor.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16).tobytes()
        else:
            blob = tensor.astype({"F32": np.float32, "F16": np.float16}[dtype]).tobytes()
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(blobs))


def write_folder(path: Path, seed: int = 0, dtype: str = "F32", **config: object) -> dict[str, np.ndarray]:
    """A Hugging Face folder with a random BERT and a WordPiece tokenizer; its tensors."""
    path.mkdir(parents=True, exist_ok=True)
    roberta = config.get("model_type", "bert") != "bert"
    settings = {
        "model_type": "bert",
        "hidden_size": HIDDEN,
        "num_attention_heads": HEADS,
        "num_hidden_layers": LAYERS,
        "intermediate_size": INNER,
        "max_position_embeddings": POSITIONS + 2 * roberta,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
        "pad_token_id": 1 if roberta else 0,
    }
    (path / "config.json").write_text(json.dumps(settings | config))
    tensors = random_tensors(seed, POSITIONS + 2 * roberta)
    prefix = "roberta." if roberta else ""
    write_safetensors(path / "model.safetensors", {prefix + name: t for name, t in tensors.items()}, dtype)
    tokenizer = Tokenizer(models.WordPiece({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.enable_padding(length=20)  # as some published tokenizers have it baked in
    tokenizer.enable_truncation(6)
    tokenizer.save(str(path / "tokenizer.json"))
    return tensors
