"""Writing one inverted field's sections; the builder and the merger both end here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from indexer.segment.codes import CodeTable
from indexer.segment.container import SectionFileWriter
from indexer.segment.dictionary import enter_terms, hash_terms, table_size
from indexer.segment.encoding import encode_terms

_BUFFER = 4 << 20


@dataclass(frozen=True, slots=True)
class FieldShape:
    """What a field's bytes depend on beside its postings."""

    documents: int
    positional: bool
    norms: bool
    table: CodeTable
    sums: np.ndarray  # int64[classes]: tokens
    counts: np.ndarray  # int64[classes]: documents with any

    @property
    def averages(self) -> np.ndarray:
        """float64[classes]: mean length of the documents that have any token of the class."""
        return self.sums / np.maximum(self.counts, 1)

    @property
    def tokens(self) -> int:
        """Of all documents and classes."""
        return int(self.sums.sum())


def typical_length(sums: np.ndarray, counts: np.ndarray) -> float:
    """Mean length of the documents that have tokens of the class with most (int64[classes]: tokens, documents)."""
    most = int(np.argmax(sums))
    return float(sums[most] / max(1, counts[most]))


@dataclass(slots=True)
class FieldWriter:
    """Appends runs of terms, in byte order, to the sections of the field with this prefix."""

    out: SectionFileWriter
    prefix: str
    shape: FieldShape
    terms: int = 0
    _offset: int = 0
    _text: int = 0
    _hashes: list[np.ndarray] = field(default_factory=list)  # four bytes a term, where the dictionary has many
    _quantised: np.ndarray = field(init=False)
    _buffer: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self._quantised = self.shape.table.quantised(self.shape.averages, self.shape.norms)
        self._buffer = np.empty(_BUFFER, np.uint8)
        for name, dtype in (("blob", np.uint8), ("classes", np.uint8), ("df", np.uint32), ("postings", np.uint8)):
            self.out.append(self.prefix + name, np.empty(0, dtype))
        self.out.append(self.prefix + "bounds", np.zeros(1, np.uint32))
        self.out.append(self.prefix + "starts", np.zeros(1, np.uint64))

    def dictionary(self, blob: np.ndarray, bounds: np.ndarray, classes: np.ndarray) -> None:
        """Append terms: their bytes, their bounds (uint32[t + 1] from 0) and classes."""
        self.out.append(self.prefix + "blob", blob)
        self.out.append(self.prefix + "bounds", (bounds[1:].astype(np.int64) + self._text).astype(np.uint32))
        self.out.append(self.prefix + "classes", classes)
        self._hashes.append(hash_terms(blob, bounds))
        self._text += int(bounds[-1])
        self.terms += classes.size
        if self._text >= 1 << 32:
            raise OverflowError("a segment's dictionary is limited to 4 GiB of terms")

    def postings(
        self,
        starts: np.ndarray,
        docs: np.ndarray,
        codes: np.ndarray,
        positions: np.ndarray,
        places: np.ndarray,
        classes: np.ndarray,
    ) -> None:
        """Append the same terms' postings: see :func:`indexer.segment.encoding.encode_terms`."""
        df = np.diff(starts)
        sizes = np.zeros(df.size, np.uint64)
        term = 0
        while term < df.size:
            nxt = encode_terms(
                self.shape.documents, self.shape.positional, term, starts, docs, codes, positions, places,
                classes, self._quantised, self.shape.table.freqs, self._buffer, sizes,
            )  # fmt: skip
            if nxt == term:
                self._buffer = np.empty(self._buffer.size * 2, np.uint8)
                continue
            self.out.append(self.prefix + "postings", self._buffer[: int(sizes[term:nxt].sum())])
            term = nxt
        self.out.append(self.prefix + "df", df.astype(np.uint32))
        ends = np.cumsum(sizes, dtype=np.uint64) + np.uint64(self._offset)
        self.out.append(self.prefix + "starts", ends)
        if ends.size:
            self._offset = int(ends[-1])

    def finish(self) -> dict[str, Any]:
        """Write the hash table and code tables; returns the field's attributes."""
        table = np.zeros(table_size(self.terms), np.uint32)
        first = 0
        for hashes in self._hashes:
            enter_terms(hashes, first, table)
            first += hashes.size
        codes = self.shape.table
        self.out.append(self.prefix + "hash", table)
        self.out.append(self.prefix + "code_freqs", codes.freqs)
        self.out.append(self.prefix + "code_bytes", codes.bytes)
        self.out.append(self.prefix + "code_counts", codes.counts)
        self.out.append(self.prefix + "code_quantised", self._quantised.reshape(-1))
        return {
            "terms": self.terms,
            "positional": self.shape.positional,
            "norms": self.shape.norms,
            "sums": self.shape.sums.tolist(),
            "counts": self.shape.counts.tolist(),
        }
