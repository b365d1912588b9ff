"""Doc values: one array of values a field, readable by numpy."""

from __future__ import annotations

from typing import Any

import numpy as np

from indexer.segment.container import SectionFile
from indexer.segment.vocabulary import Vocabulary


class Column:
    """A field's values, documents in order, each document's values ascending.

    ``kind``: "keyword" (``values``: uint32 ordinals of the dictionary, distinct within a document), "long"
    and "date" (int64), "double" (float64), "boolean" (uint8). ``offsets``: uint32[documents + 1], document
    d's values being ``values[offsets[d]:offsets[d + 1]]``; None when every document has exactly one value.
    """

    def __init__(self, file: SectionFile, prefix: str, kind: str, documents: int, terms: int) -> None:
        self.kind = kind
        self.documents = documents
        self.values: np.ndarray = file.array(prefix + "values")
        self.offsets: np.ndarray | None = file.array(prefix + "offsets") if prefix + "offsets" in file else None
        self.dictionary: Vocabulary | None = Vocabulary(file, prefix, terms) if kind == "keyword" else None

    @property
    def counts(self) -> np.ndarray:
        """int64[documents]: number of values of each document."""
        if self.offsets is None:
            return np.ones(self.documents, np.int64)
        return np.diff(self.offsets.astype(np.int64))

    @property
    def exists(self) -> np.ndarray:
        """bool[documents]: which documents have a value."""
        return self.counts > 0

    def first(self, missing: Any) -> np.ndarray:
        """The smallest value of each document, ``missing`` where it has none."""
        return self._edge(missing, 0)

    def last(self, missing: Any) -> np.ndarray:
        """The greatest value of each document, ``missing`` where it has none."""
        return self._edge(missing, -1)

    def _edge(self, missing: Any, end: int) -> np.ndarray:
        if self.offsets is None:
            return self.values
        dtype = np.result_type(self.values.dtype, np.int64) if self.kind == "keyword" else self.values.dtype
        out = np.full(self.documents, missing, dtype)
        has = self.exists
        at = self.offsets[:-1][has] if end == 0 else self.offsets[1:][has] - 1
        out[has] = self.values[at]
        return out

    def owners(self) -> np.ndarray:
        """int64[values]: the document of each value."""
        if self.offsets is None:
            return np.arange(self.documents)
        return np.repeat(np.arange(self.documents), self.counts)

    def lookup(self, value: bytes) -> int:
        """Ordinal of a keyword, or -1."""
        return self._words().lookup(value)

    def term(self, ordinal: int) -> bytes:
        """A keyword's bytes."""
        return self._words().term(ordinal)

    def ordinals(self, low: bytes | None, high: bytes | None) -> range:
        """Ordinals of keywords with ``low <= keyword < high``."""
        return self._words().ordinals(low, high)

    def vocabulary(self, start: int = 0, stop: int | None = None) -> list[bytes]:
        """Keywords in order."""
        return self._words().vocabulary(start, stop)

    def _words(self) -> Vocabulary:
        if self.dictionary is None:
            raise TypeError(f"a {self.kind} column has no dictionary")
        return self.dictionary
