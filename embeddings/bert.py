"""BERT encoders: multilingual-e5-small from a package, or a local folder in Hugging Face layout."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from embeddings import e5
from embeddings.artifacts import ensure_built
from embeddings.base import Vectors
from embeddings.bert_graph import GRAPH_VERSION, Precision, build_graph
from embeddings.e5_file import E5File
from embeddings.hf_folder import HuggingFaceFolder, HuggingFaceTokenizer, Pooling
from embeddings.session import EncoderSession
from embeddings.unigram import UnigramTokenizer, build_unigram

RUN_TOKENS = 512  # the tokens of one run at most: the longest text, and no gain above


class SubwordTokenizer(Protocol):
    """Texts to vocabulary ids with the model's special tokens."""

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        """One int64 array for each text, never longer than the model takes."""


@dataclass(frozen=True)
class BertEncoder:
    """A BERT encoder with mean or [CLS] pooling and L2 normalisation.

    Texts longer than the model takes are cut. Texts are encoded in the order of their length, those
    of equal length together, never padded: a text's vector is the same alone and in any company.
    """

    name: str
    dimension: int
    fingerprint: str
    session: EncoderSession
    tokenizer: SubwordTokenizer
    pooling: Pooling = "mean"
    query_prefix: str = ""
    passage_prefix: str = ""

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """float32[len(texts), dimension], L2-normalised."""
        return self._encode([self.passage_prefix + text for text in texts])

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """float32[len(texts), dimension], L2-normalised."""
        return self._encode([self.query_prefix + text for text in texts])

    def warm(self) -> None:
        """Open the model in this process now instead of at the first text."""
        self.encode_queries([""])

    def _encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), np.float32)
        ids = self.tokenizer.encode([_well_formed(text.strip()) for text in texts])
        runs = list(_runs([len(i) for i in ids]))
        states = self.session.run_all([np.stack([ids[i] for i in run]) for run in runs])
        for run, hidden in zip(runs, states, strict=True):
            pooled = hidden[:, 0] if self.pooling == "cls" else hidden.mean(axis=1)
            vectors[run] = pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-12)
        return vectors


def _well_formed(text: str) -> str:
    """Surrogate pairs joined, lone surrogates replaced by U+FFFD."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _runs(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indices of texts of equal length, at most RUN_TOKENS tokens together, longest first.

    Longest first so that the runtime's arena reaches its size at once, and parallel runs end together.
    """
    run: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if run and (lengths[i] != lengths[run[0]] or (len(run) + 1) * lengths[i] > RUN_TOKENS):
            yield run
            run = []
        run.append(i)
    if run:
        yield run


def load_e5(cache: Path, threads: int) -> BertEncoder:
    """multilingual-e5-small, built into ``cache/models`` once. ModelNotInstalled when its package is absent."""
    folder = cache / "models" / f"{e5.NAME}-{e5.SHA256[:12]}-v{GRAPH_VERSION}"
    ensure_built(folder, _build_e5)
    return BertEncoder(
        name=e5.NAME,
        dimension=e5.HIDDEN,
        fingerprint=f"{e5.NAME}/{e5.SHA256[:12]}/int8-v{GRAPH_VERSION}",
        session=EncoderSession(folder / "model.onnx", threads),
        tokenizer=UnigramTokenizer(folder, e5.POSITIONS),
        query_prefix=e5.QUERY_PREFIX,
        passage_prefix=e5.PASSAGE_PREFIX,
    )


def _build_e5(folder: Path) -> None:
    file = E5File(e5.weights_file())
    build_unigram(file.unigram, folder)
    build_graph(e5.bert_weights(file), folder)


@dataclass(frozen=True)
class FolderOptions:
    """Answers to what a Hugging Face folder may leave open; None takes the folder's own answer.

    ``precision`` is that of a graph built from model.safetensors; an ONNX export runs as it is.
    """

    pooling: Pooling | None = None
    query_prefix: str | None = None
    passage_prefix: str | None = None
    precision: Precision = "int8"


def load_folder(path: Path, cache: Path, threads: int, options: FolderOptions | None = None) -> BertEncoder:
    """A local folder in Hugging Face layout; ValueError, with what to do, when it cannot be run."""
    options = options or FolderOptions()
    folder = HuggingFaceFolder(path)
    prefixes = folder.prefixes
    query = prefixes[0] if options.query_prefix is None else options.query_prefix
    passage = prefixes[1] if options.passage_prefix is None else options.passage_prefix
    pooling = options.pooling or folder.pooling
    with folder.weights_path.open("rb") as file:
        weights = hashlib.file_digest(file, "sha256").hexdigest()[:12]
    model, graph = folder.weights_path, "onnx"
    if model.suffix == ".safetensors":
        graph = f"{options.precision}-v{GRAPH_VERSION}"
        built = cache / "models" / f"{path.resolve().name}-{weights}-{graph}"
        ensure_built(built, lambda target: build_graph(folder.bert_weights(), target, options.precision))
        model = built / "model.onnx"
    tokenizer = hashlib.sha256((path / "tokenizer.json").read_bytes()).hexdigest()[:12]
    settings = hashlib.sha256(repr((pooling, query, passage, folder.limit)).encode()).hexdigest()[:12]
    return BertEncoder(
        name=str(path),
        dimension=folder.hidden,
        fingerprint=f"{weights}/{tokenizer}/{settings}/{graph}",
        session=EncoderSession(model, threads),
        tokenizer=HuggingFaceTokenizer(path / "tokenizer.json", folder.limit),
        pooling=pooling,
        query_prefix=query,
        passage_prefix=passage,
    )
