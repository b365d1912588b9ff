"""Passage vectors from word vectors by smooth inverse frequency.

Arora, Liang and Ma 2017, "A simple but tough-to-beat baseline for sentence embeddings", algorithm 1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, islice
from pathlib import Path

import numpy as np

from embeddings.array_file import DamagedFile, load_arrays, save_arrays
from embeddings.word_vectors import WordVectors

Words = Callable[[str], list[str]]
"""Splits a text into the words that the vocabulary was built from."""

_FORMAT = "sif encoder 1"
_BLOCK = 2048  # words whose vectors are gathered at a time: 0.8 MB at 100 dimensions
_FEWEST = 10  # passages from which a common component is estimated
_TEXTS = 1024  # passages of the fit that are held at a time


class SifEncoder:
    """A ``TextEncoder`` over word vectors.

    A text's vector is the mean over its known words of a / (a + p(w)) · v(w), p(w) the word's share of
    the vocabulary's counts, less its projections on the common components (the first singular vectors
    of the fitted passages' vectors), scaled to unit length. Passages and questions are treated alike.

    **A text without a known word has the zero vector**: its similarity to everything is 0, and
    retrieval must take it as no match. So has a text that lies wholly in the common components.

    ``vectors``: the word vectors. ``words``: how text becomes words; not saved, give it again to
    ``load``. ``components``: float32[r, d], orthonormal rows; r = 0 removes nothing. ``a``: Arora's
    a, 1e-3 in the paper.

    Measured on two English and two Chinese collections, word vectors trained on their own text
    (nDCG@10): of 1e-2, 1e-3 and 3e-4 each is the best a somewhere, and 1e-3 within .03 of it everywhere;
    1e-4 and less lose. Removing one component gains .01 on abstracts and nothing elsewhere; three lose.
    For Chinese, unknown words split into characters lose .01; characters beside the words gain on 120
    paragraphs (.86 to .88) and lose on 848 (.81 to .76).
    """

    def __init__(
        self, vectors: WordVectors, words: Words, components: np.ndarray, a: float = 1e-3, name: str | None = None
    ) -> None:
        if components.ndim != 2 or components.shape[1] != vectors.dimension:
            raise ValueError(f"components must be [r, {vectors.dimension}], not {components.shape}")
        if not a > 0:
            raise ValueError(f"a must be above 0, not {a}")
        self.vectors = vectors
        self.components = np.ascontiguousarray(components, np.float32)
        self.a = float(a)
        self.name = name or vectors.name
        self._words = words
        share = vectors.counts / max(int(vectors.counts.sum()), 1)
        self._weights = (a / (a + share)).astype(np.float32)

    @classmethod
    def fit(
        cls,
        vectors: WordVectors,
        words: Words,
        passages: Iterable[str],
        *,
        a: float = 1e-3,
        components: int = 1,
        name: str | None = None,
    ) -> SifEncoder:
        """Find the common components in ``passages`` (read once, a block at a time).

        They are the first ``components`` right singular vectors of the matrix of passage vectors, taken
        from its d × d Gram matrix. Fewer when the passages do not span as many; none when fewer than 10
        passages have a known word, for what is common to so few is what they say.
        """
        encoder = cls(vectors, words, np.empty((0, vectors.dimension), np.float32), a, name)
        gram = np.zeros((vectors.dimension, vectors.dimension))
        seen = 0
        for block in _blocks(passages, _TEXTS):
            means = encoder._means(block)
            gram += means.T @ means
            seen += int(means.any(axis=1).sum())
        if seen < _FEWEST:
            return encoder
        values, directions = np.linalg.eigh(gram)  # ascending
        largest = directions[:, ::-1][:, :components].T
        kept = values[::-1][:components] > 1e-12 * max(values[-1], 1e-300)
        return cls(vectors, words, largest[kept], a, name)

    @property
    def dimension(self) -> int:
        return self.vectors.dimension

    @cached_property
    def fingerprint(self) -> str:
        """32 hexadecimal digits of all that decides a vector, except the code of ``words``."""
        digest = hashlib.blake2b(digest_size=16)
        digest.update(f"{_FORMAT} {self.vectors.fingerprint} {self.a!r}".encode())
        digest.update(self.components.data)
        return digest.hexdigest()

    def encode_passages(self, texts: Sequence[str]) -> np.ndarray:
        """float32[len(texts), dimension]: row i is the unit vector of ``texts[i]``, or zero (see the class)."""
        means = self._means(texts)
        scale = np.linalg.norm(means, axis=1, keepdims=True)
        means -= (means @ self.components.T) @ self.components
        norms = np.linalg.norm(means, axis=1, keepdims=True)
        # What rounding (of the components, to float32) leaves of a vector in their span is no direction.
        known = norms > 1e-6 * scale
        return np.where(known, means / np.where(known, norms, 1), 0).astype(np.float32)

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        """The same as ``encode_passages``."""
        return self.encode_passages(texts)

    def known(self, text: str) -> list[int]:
        """Rows of the word vectors that stand for the text's words, in order."""
        get = self.vectors.index.get
        return [row for word in self._words(text) if (row := get(word)) is not None]

    def _means(self, texts: Sequence[str]) -> np.ndarray:
        """float64[len(texts), d]: weighted mean of each text's known words, zero without any.

        In double precision, so that the order of summation, and with it the batch, does not matter.
        """
        known = [self.known(text) for text in texts]
        lengths = np.fromiter(map(len, known), np.int64, len(known))
        rows = np.fromiter(chain.from_iterable(known), np.int64, int(lengths.sum()))
        ends = np.cumsum(lengths)
        means = np.zeros((len(known), self.dimension))
        # Blocks of words, whatever text they are of, so that the gathered vectors stay in the cache.
        for begin in range(0, len(rows), _BLOCK):
            block = rows[begin : begin + _BLOCK]
            first, last = np.searchsorted(ends, [begin, begin + len(block) - 1], side="right")
            owners = first + np.flatnonzero(lengths[first : last + 1])
            starts = np.maximum(ends[owners] - lengths[owners] - begin, 0)
            weighted = self.vectors.vectors[block] * self._weights[block, None]
            means[owners] += np.add.reduceat(weighted, starts, axis=0, dtype=np.float64)
        return means / np.maximum(lengths, 1)[:, None]

    def save(self, path: Path) -> None:
        """Write word vectors and components to one file at ``path`` (safetensors format), atomically."""
        arrays, metadata = self.vectors.to_arrays()
        arrays["components"] = self.components
        metadata |= {"format": _FORMAT, "a": self.a, "encoder": self.name, "fingerprint": self.fingerprint}
        save_arrays(Path(path), arrays, metadata)

    @classmethod
    def load(cls, path: Path, words: Words) -> SifEncoder:
        """Open what ``save`` wrote, the vectors by memory map; ``words`` as it was when fitted.

        Raises FileNotFoundError and DamagedFile.
        """
        arrays, metadata = load_arrays(Path(path))
        if metadata.get("format") != _FORMAT:
            raise DamagedFile(f"{path} does not hold a passage encoder of this version: fit it again")
        vectors = WordVectors.from_arrays(arrays, metadata)
        encoder = cls(vectors, words, arrays["components"], metadata["a"], metadata["encoder"])
        encoder.__dict__["fingerprint"] = metadata["fingerprint"]  # spares reading all of the file
        return encoder


def _blocks(items: Iterable[str], size: int) -> Iterator[list[str]]:
    iterator = iter(items)
    while block := list(islice(iterator, size)):
        yield block
