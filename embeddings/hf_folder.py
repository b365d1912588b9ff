"""A local folder in Hugging Face layout, read for what a BERT encoder needs to know.

Used files: ``config.json``, ``tokenizer.json``, ``model.safetensors`` or an ONNX export; when there,
sentence-transformers' ``modules.json``, ``1_Pooling/config.json``, ``sentence_bert_config.json`` and
``config_sentence_transformers.json`` (the prompts).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from embeddings.bert_weights import BertWeights, Dense, Layer, Norm
from embeddings.safetensors import SafetensorsFile

Pooling = Literal["mean", "cls"]

# Families whose blocks are BERT's, and how many entries of the position table come before the first
# real position (RoBERTa counts from the padding id + 1).
_BERT, _ROBERTA = ("bert",), ("roberta", "xlm-roberta", "camembert")
_ACTIVATIONS = {"gelu": "gelu", "gelu_new": "gelu_new", "gelu_pytorch_tanh": "gelu_new"}
_ONNX = ("model.onnx", "onnx/model.onnx", "onnx/model_quantized.onnx", "onnx/model_int8.onnx")
_CHARACTERS_PER_TOKEN = 100  # WordPiece makes one token of any longer word


class HuggingFaceFolder:
    """The folder's configuration; ValueError, with what to do, when this encoder cannot run it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = self._json("config.json")
        self.hidden = int(self.config.get("hidden_size", 0))
        if not self.hidden or not (path / "tokenizer.json").is_file():
            raise ValueError(
                f"{path} is not an encoder in Hugging Face layout: it needs config.json with hidden_size, "
                "tokenizer.json, and model.safetensors or model.onnx"
            )
        self.weights_path = self._weights_path()

    def _json(self, name: str) -> dict[str, Any]:
        path = self.path / name
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    def _weights_path(self) -> Path:
        onnx = [self.path / name for name in _ONNX if (self.path / name).is_file()]
        tensors = self.path / "model.safetensors"
        family = self.config.get("model_type")
        if tensors.is_file() and self._is_bert():
            return tensors
        if onnx:
            return onnx[0]
        if tensors.is_file():
            raise ValueError(
                f"{self.path}: model_type {family!r} with {self.config.get('hidden_act')!r} and "
                f"{self.config.get('position_embedding_type', 'absolute')} positions is not built from "
                f"weights (only {', '.join(_BERT + _ROBERTA)} with GELU and absolute positions); "
                "export it to onnx/model.onnx"
            )
        raise ValueError(f"{self.path} has neither model.safetensors nor any of {', '.join(_ONNX)}")

    def _is_bert(self) -> bool:
        return (
            self.config.get("model_type") in _BERT + _ROBERTA
            and self.config.get("hidden_act") in _ACTIVATIONS
            and self.config.get("position_embedding_type", "absolute") == "absolute"
        )

    @property
    def _first_position(self) -> int:
        return int(self.config.get("pad_token_id", 1)) + 1 if self.config.get("model_type") in _ROBERTA else 0

    @property
    def limit(self) -> int:
        """Longest text in tokens."""
        positions = int(self.config.get("max_position_embeddings", 512)) - self._first_position
        return min(positions, int(self._json("sentence_bert_config.json").get("max_seq_length") or positions))

    @property
    def pooling(self) -> Pooling:
        """How token vectors become a text's vector; the mean where the folder does not say."""
        for module in self._json_list("modules.json"):
            kind = str(module.get("type", "")).rsplit(".", 1)[-1]
            if kind not in ("Transformer", "Pooling", "Normalize"):
                raise ValueError(f"{self.path}: modules.json has a {kind} layer, which this encoder does not run")
        pooling = self._json("1_Pooling/config.json")
        modes = {key.removeprefix("pooling_mode_") for key, on in pooling.items() if on is True}
        modes &= {"cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"}
        mode = pooling.get("pooling_mode") or (modes.pop() if len(modes) == 1 else None)
        if not pooling or mode in ("mean", "mean_tokens"):
            return "mean"
        if mode in ("cls", "cls_token"):
            return "cls"
        raise ValueError(f"{self.path}: this encoder pools by mean or cls only, 1_Pooling/config.json asks for else")

    def _json_list(self, name: str) -> list[dict[str, Any]]:
        path = self.path / name
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []

    @property
    def prefixes(self) -> tuple[str, str]:
        """What goes before a question and before a passage: the folder's prompts, or E5's for an E5 model."""
        prompts = self._json("config_sentence_transformers.json").get("prompts") or {}
        passage = prompts.get("passage") or prompts.get("document") or ""
        if prompts.get("query") or passage:
            return prompts.get("query") or "", passage
        names = f"{self.path.name} {self.config.get('_name_or_path', '')}"
        if re.search(r"(^|[ /_-])e5-(small|base|large)\b", names) and "instruct" not in names:
            return "query: ", "passage: "
        return "", ""

    def bert_weights(self) -> BertWeights:
        """The weights of ``model.safetensors``."""
        config, file = self.config, SafetensorsFile(self.weights_path)
        root = next(n for n in file.names if n.endswith("embeddings.word_embeddings.weight"))
        root = root.removesuffix("embeddings.word_embeddings.weight")

        def dense(name: str) -> Dense:
            return Dense(file.tensor(f"{root}{name}.weight").T, file.tensor(f"{root}{name}.bias"))

        def norm(name: str) -> Norm:
            old = f"{root}{name}.gamma" in file.names  # checkpoints converted from TensorFlow
            gain, bias = ("gamma", "beta") if old else ("weight", "bias")
            return Norm(file.tensor(f"{root}{name}.{gain}"), file.tensor(f"{root}{name}.{bias}"))

        def layer(i: int) -> Layer:
            block = f"encoder.layer.{i}"
            return Layer(
                query=dense(f"{block}.attention.self.query"),
                key=dense(f"{block}.attention.self.key"),
                value=dense(f"{block}.attention.self.value"),
                attention_output=dense(f"{block}.attention.output.dense"),
                attention_norm=norm(f"{block}.attention.output.LayerNorm"),
                intermediate=dense(f"{block}.intermediate.dense"),
                output=dense(f"{block}.output.dense"),
                output_norm=norm(f"{block}.output.LayerNorm"),
            )

        positions = file.tensor(f"{root}embeddings.position_embeddings.weight")[self._first_position :]
        first_type = file.tensor(f"{root}embeddings.token_type_embeddings.weight")[0]
        return BertWeights(
            hidden=self.hidden,
            heads=int(config["num_attention_heads"]),
            layers=int(config["num_hidden_layers"]),
            epsilon=float(config.get("layer_norm_eps", 1e-12)),
            activation=_ACTIVATIONS[config["hidden_act"]],
            words=file.tensor(f"{root}embeddings.word_embeddings.weight"),
            positions=positions + first_type,
            embedding_norm=norm("embeddings.LayerNorm"),
            layer=layer,
        )


class HuggingFaceTokenizer:
    """A ``tokenizer.json`` with this encoder's limit instead of the padding and truncation stored in it."""

    def __init__(self, path: Path, limit: int) -> None:
        self._longest = limit * _CHARACTERS_PER_TOKEN
        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(limit)

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        """The ids of each text with its special tokens, at most ``limit`` together."""
        # One at a time: encode_batch starts threads that do not survive a fork.
        encodings = (self._tokenizer.encode(text[: self._longest]) for text in texts)
        return [np.array(encoding.ids, np.int64) for encoding in encodings]
