"""BERT encoders: multilingual-e5-small from a package, or a local folder in Hugging Face layout."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from embeddings import e5
from embeddings.artifacts import ensure_built
from embeddings.base import Vectors
from embeddings.bert_graph import GRAPH_VERSION, build_graph
from embeddings.e5_file import E5File
from embeddings.session import EncoderSession
from embeddings.unigram import UnigramTokenizer, build_unigram

Pooling = Literal["mean", "cls"]
RUN_TOKENS = 512  # tokens of one run at most: more gains no speed, and the runtime's arena keeps its largest


class SubwordTokenizer(Protocol):
    """Texts to vocabulary ids with the model's special tokens."""

    def encode(self, texts: Sequence[str], limit: int) -> list[NDArray[np.int64]]:
        """One int64 array for each text, truncated to ``limit`` ids."""


@dataclass(frozen=True)
class BertEncoder:
    """A BERT encoder with mean or [CLS] pooling and L2 normalisation.

    Texts longer than ``limit`` tokens are cut. Texts are encoded in the order of their length, those
    of equal length together, never padded: a text's vector is the same alone and in any company.
    """

    name: str
    dimension: int
    fingerprint: str
    session: EncoderSession
    tokenizer: SubwordTokenizer
    limit: int
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
        ids = self.tokenizer.encode([text.strip() for text in texts], self.limit)
        runs = list(_runs([len(i) for i in ids]))
        states = self.session.run_all([np.stack([ids[i] for i in run]) for run in runs])
        for run, hidden in zip(runs, states, strict=True):
            pooled = hidden[:, 0] if self.pooling == "cls" else hidden.mean(axis=1)
            vectors[run] = pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-12)
        return vectors


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
        tokenizer=UnigramTokenizer(folder),
        limit=e5.POSITIONS,
        query_prefix=e5.QUERY_PREFIX,
        passage_prefix=e5.PASSAGE_PREFIX,
    )


def _build_e5(folder: Path) -> None:
    file = E5File(e5.weights_file())
    build_unigram(file.unigram, folder)
    build_graph(e5.bert_weights(file), folder)
