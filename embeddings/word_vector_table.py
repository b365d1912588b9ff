"""Where the readers of word-vector files put what they read."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from embeddings.word_vectors import WordVectors

logger = logging.getLogger(__name__)


class MalformedVectors(ValueError):
    """The file is not in the format it looks like; the message names file, line and what is wrong."""


class Table:
    """Gathers words and vectors; grows with what is read, not with what a header promises."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows: dict[str, int] = {}
        self._matrix = np.empty((0, 0), np.float32)
        self._repeated = self._broken = 0

    def error(self, where: str, what: str) -> MalformedVectors:
        """An exception about a place in the file."""
        return MalformedVectors(f"{self.path}, {where}: {what}")

    def add(self, raw: bytes, vector: np.ndarray, where: str) -> None:
        """Take one word (UTF-8) with its float32[d]; of equal words the first stays."""
        if not np.isfinite(vector).all():
            raise self.error(where, "a number is infinite, or not a number at all")
        try:
            word = raw.decode()
        except UnicodeDecodeError:
            word = raw.decode(errors="replace")  # the original tool cuts long words inside a character
            self._broken += 1
        if not word:
            raise self.error(where, "there is no word before the numbers")
        if word in self._rows:
            self._repeated += 1
            return
        row = self._rows[word] = len(self._rows)
        if row == len(self._matrix):
            size = max(4096, row + row // 2)
            if row:
                self._matrix.resize((size, len(vector)), refcheck=False)  # in place where it can
            else:
                self._matrix = np.empty((size, len(vector)), np.float32)
        self._matrix[row] = vector

    def finish(self) -> WordVectors:
        """All of it; MalformedVectors when nothing came, or when the words are not UTF-8 at all."""
        n = len(self._rows)
        if not n:
            raise MalformedVectors(f"{self.path} holds no word vectors")
        if self._broken > max(10, n // 100):
            raise MalformedVectors(f"{self.path}: {self._broken} of {n} words are not UTF-8: convert the file")
        if self._repeated or self._broken:
            logger.warning(
                "%s: %d repeated words ignored, %d words cut inside a character",
                self.path,
                self._repeated,
                self._broken,
            )
        self._matrix.resize((n, self._matrix.shape[1]), refcheck=False)
        return WordVectors(list(self._rows), self._matrix, zipf_counts(n), name=self.path.name)


def zipf_counts(words: int) -> np.ndarray:
    """int64[words]: plausible counts of words ranked by frequency, the last about once.

    Zipf's law with Mandelbrot's offset, frequency proportional to 1 / (rank + 2.7), rank from 0.
    """
    return np.maximum((words + 2.7) / (np.arange(words) + 2.7), 1).round().astype(np.int64)
