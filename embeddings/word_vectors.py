"""Word vectors: a vocabulary, a matrix, and the questions asked of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.array_file import DamagedFile, load_arrays, save_arrays

Progress = Callable[[int, int, float | None], None]
"""Called after each training epoch with (epoch from 1, epochs in all, mean loss of the epoch or None)."""


_FORMAT = "word vectors 1"


class UnknownWord(LookupError):
    """The word is not in the vocabulary; the message names it."""


class EmptyCorpus(ValueError):
    """The sentences hold no word, or none often enough to be kept."""


@dataclass(frozen=True)
class WordVectors:
    """One vector for each word of a vocabulary.

    ``words``: v different strings, the most frequent first where frequencies are known.
    ``vectors``: float32[v, d], as trained (not normalised); may be a read-only memory map.
    ``counts``: int64[v], occurrences in the training text; estimated from the rank (Zipf's law) for
    files that do not give them.
    ``losses``: the mean loss of each training epoch, where it was trained here and the trainer knows it.
    ``name``: the family, "word2vec", "glove", or the file that it came from.
    """

    words: list[str]
    vectors: np.ndarray
    counts: np.ndarray
    losses: tuple[float, ...] = ()
    name: str = field(default="words", compare=False)

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or not len(self.words) == len(self.vectors) == len(self.counts):
            raise ValueError(
                f"{len(self.words)} words need vectors [{len(self.words)}, d] and as many counts, "
                f"not {self.vectors.shape} and {self.counts.shape}"
            )
        if self.vectors.dtype != np.float32 or self.counts.dtype != np.int64:
            raise ValueError("vectors must be float32 and counts int64")

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.index

    @property
    def dimension(self) -> int:
        return int(self.vectors.shape[1])

    @cached_property
    def index(self) -> dict[str, int]:
        """Row of each word."""
        return {word: row for row, word in enumerate(self.words)}

    @cached_property
    def fingerprint(self) -> str:
        """32 hexadecimal digits that change when a word, a count or a vector does."""
        digest = hashlib.blake2b(digest_size=16)
        digest.update(np.ascontiguousarray(self.vectors).data)
        digest.update(np.ascontiguousarray(self.counts).data)
        blob, bounds = _pack(self.words)
        digest.update(blob.data)
        digest.update(bounds.data)
        return digest.hexdigest()

    @cached_property
    def _unit(self) -> np.ndarray:
        norms = np.linalg.norm(self.vectors, axis=1, keepdims=True)
        return self.vectors / np.where(norms > 0, norms, np.float32(1))

    def row(self, word: str) -> int:
        """The word's row; raises UnknownWord."""
        try:
            return self.index[word]
        except KeyError:
            raise UnknownWord(f"'{word}' is not among the {len(self)} words of {self.name}") from None

    def vector(self, word: str) -> np.ndarray:
        """float32[d] of a word; raises UnknownWord."""
        return self.vectors[self.row(word)]

    def similarity(self, first: str, second: str) -> float:
        """Cosine of two words' vectors, in [-1, 1]; raises UnknownWord."""
        return float(self._unit[self.row(first)] @ self._unit[self.row(second)])

    def nearest(self, word: str, k: int = 10, min_count: int = 1) -> list[tuple[str, float]]:
        """The ``k`` other words of highest cosine with it, best first, ties by row; raises UnknownWord.

        ``min_count``: words that occur less often are passed over. Trained on a small text, they lie
        near anything they once stood beside: 5 makes suggestions worth showing.
        """
        row = self.row(word)
        rare = np.flatnonzero(self.counts < min_count).tolist()
        return self._nearest(self._unit[row], k, [row, *rare])

    def analogy(self, a: str, b: str, c: str, k: int = 10) -> list[tuple[str, float]]:
        """``a`` is to ``b`` as ``c`` is to …: the ``k`` best words, the three given ones excluded.

        By 3CosAdd, argmax cos(w, b - a + c) over unit vectors (Mikolov et al. 2013, "Linguistic
        regularities in continuous space word representations"). Raises UnknownWord.
        """
        rows = [self.row(word) for word in (a, b, c)]
        target = self._unit[rows[1]] - self._unit[rows[0]] + self._unit[rows[2]]
        return self._nearest(target / max(float(np.linalg.norm(target)), 1e-12), k, rows)

    def _nearest(self, target: np.ndarray, k: int, excluded: Sequence[int]) -> list[tuple[str, float]]:
        scores = self._unit @ target
        scores[list(excluded)] = -np.inf
        k = min(k, len(self) - len(set(excluded)))
        if k <= 0:
            return []
        best = np.flatnonzero(scores >= np.partition(scores, -k)[-k])
        best = best[np.lexsort((best, -scores[best]))][:k]
        return [(self.words[row], float(scores[row])) for row in best]

    def to_arrays(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """What a file must hold to bring them back by ``from_arrays``: arrays and JSON metadata."""
        blob, bounds = _pack(self.words)
        arrays = {"vectors": self.vectors, "counts": self.counts, "word_bytes": blob, "word_bounds": bounds}
        return arrays, {"name": self.name, "losses": list(self.losses)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> WordVectors:
        """The opposite of ``to_arrays``; KeyError for what is missing."""
        words = _unpack(arrays["word_bytes"], arrays["word_bounds"])
        losses = tuple(metadata["losses"])
        return cls(words, arrays["vectors"], arrays["counts"], losses, metadata["name"])

    def save(self, path: Path) -> None:
        """Write to one file at ``path`` (safetensors format), atomically."""
        arrays, metadata = self.to_arrays()
        save_arrays(Path(path), arrays, metadata | {"format": _FORMAT})

    @classmethod
    def load(cls, path: Path) -> WordVectors:
        """Open what ``save`` wrote, the vectors by memory map. Raises FileNotFoundError and DamagedFile."""
        arrays, metadata = load_arrays(Path(path))
        if metadata.get("format") != _FORMAT:
            raise DamagedFile(f"{path} does not hold word vectors of this version: train or convert them again")
        return cls.from_arrays(arrays, metadata)


def _pack(words: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
    """Words as one uint8 array of UTF-8 and int64[v + 1] byte bounds."""
    encoded = [word.encode("utf-8", "surrogatepass") for word in words]
    bounds = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(word) for word in encoded], out=bounds[1:])
    return np.frombuffer(b"".join(encoded), np.uint8), bounds


def _unpack(blob: np.ndarray, bounds: np.ndarray) -> list[str]:
    data, cuts = blob.tobytes(), bounds.tolist()
    return [data[begin:end].decode("utf-8", "surrogatepass") for begin, end in pairwise(cuts)]
