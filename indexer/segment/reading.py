"""Opening a segment: views of its mapped file, nothing decoded before it is asked for."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

import numpy as np

from indexer.segment.codes import CodeTable
from indexer.segment.columns import Column
from indexer.segment.container import FILE_NAME, SectionFile
from indexer.segment.decoding import decode_one, decode_positions
from indexer.segment.kernels import touch_pages
from indexer.segment.vocabulary import Vocabulary

_WORTH_WARMING = 1 << 20  # bytes


class TextField(Vocabulary):
    """One inverted field of a segment: a text field, or a keyword column's inverted side."""

    def __init__(self, file: SectionFile, attributes: dict[str, Any], documents: int) -> None:
        super().__init__(file, attributes["prefix"], attributes["terms"])
        self.documents = documents
        self.positional: bool = attributes["positional"]
        self.norms: bool = attributes["norms"]
        self.sums = np.array(attributes["sums"], np.int64)
        self.counts = np.array(attributes["counts"], np.int64)
        self._file, self._prefix = file, attributes["prefix"]
        self.df: np.ndarray = file.array(self._prefix + "df")
        self.classes: np.ndarray = file.array(self._prefix + "classes")
        self.starts: np.ndarray = file.array(self._prefix + "starts")
        self.code_freqs: np.ndarray = file.array(self._prefix + "code_freqs")
        self.code_bytes: np.ndarray = file.array(self._prefix + "code_bytes")
        self.code_quantised: np.ndarray = file.array(self._prefix + "code_quantised").reshape(
            self.sums.size, self.code_freqs.size
        )
        self.postings_address = file.at(self._prefix + "postings")
        pairs = attributes.get("pairs")
        #: of its frequent terms, None where it keeps none
        self.pairs = None if pairs is None else PairField(file, pairs, documents)

    def section_address(self, name: str) -> int:
        """Where one of the field's sections lies in memory (for kernels)."""
        return self._file.at(self._prefix + name)

    @property
    def code_table(self) -> CodeTable:
        """The meaning of the postings' codes."""
        return CodeTable(self.code_freqs, self.code_bytes, self._file.array(self._prefix + "code_counts"))

    def length(self, statistics_class: int) -> np.ndarray:
        """Exact length of each document in tokens of a class: unsigned, of some width, [documents]."""
        name = f"{self._prefix}lengths{statistics_class}"
        if name in self._file:
            return self._file.array(name)
        return np.zeros(self.documents, np.uint8)

    @property
    def lengths(self) -> np.ndarray:
        """uint32[documents, classes]: exact lengths (a copy)."""
        return np.stack([self.length(c).astype(np.uint32) for c in range(self.sums.size)], axis=1)

    def term_address(self, ordinal: int) -> int:
        """Where a term's postings lie in memory (for kernels)."""
        return self.postings_address + int(self.starts[ordinal])

    def coded_postings(self, ordinal: int) -> tuple[np.ndarray, np.ndarray, int]:
        """(documents, codes, address of the positions) of a term; uint32[df] each."""
        df = int(self.df[ordinal])
        docs, codes = np.empty(df, np.uint32), np.empty(df, np.uint32)
        after = decode_one(self.term_address(ordinal), df, self.documents, self.positional, docs, codes)
        return docs, codes, after

    def postings(self, ordinal: int) -> tuple[np.ndarray, np.ndarray]:
        """(documents, frequencies) of a term, uint32[df] each, dead documents included."""
        docs, codes, _ = self.coded_postings(ordinal)
        return docs, self.code_freqs[codes]

    def positions(self, ordinal: int) -> tuple[np.ndarray, np.ndarray]:
        """(offsets int64[df + 1], positions uint32[n]) of a term's postings, in their order.

        Raises ValueError for a field without positions.
        """
        if not self.positional:
            raise ValueError("this field has no positions; phrases need a text field")
        _, codes, address = self.coded_postings(ordinal)
        freqs = self.code_freqs[codes]
        offsets = np.zeros(freqs.size + 1, np.int64)
        np.cumsum(freqs, out=offsets[1:])
        positions = np.empty(offsets[-1], np.uint32)
        decode_positions(address, freqs, positions)
        return offsets, positions


SEPARATOR = b"\xff"  # between the terms in a pair's name; no byte of UTF-8


def pair_name(first: bytes, second: bytes) -> bytes:
    """What a pair is called in the dictionary of pairs."""
    return first + SEPARATOR + second


class PairField(TextField):
    """The pairs of a text field's frequent terms (:mod:`indexer.segment.pairs`), named by
    :func:`pair_name`. Lengths and statistics are the text field's.

    ``frequent``: uint32, ordinals of the text field's terms; ``members``: uint32[pairs, 2], those of each pair;
    ``whole``: no pair was left to a term that spells both; ``loose``: uint32, ordinals of
    the text field's terms that spell two of the frequent ones, but somewhere without these; None where not known.
    """

    def __init__(self, file: SectionFile, attributes: dict[str, Any], documents: int) -> None:
        super().__init__(file, attributes, documents)
        self.whole: bool = attributes["whole"]
        loose = self._prefix + "loose"
        self.loose: np.ndarray | None = file.array(loose) if loose in file else None
        self.frequent: np.ndarray = file.array(self._prefix + "frequent")
        self.members: np.ndarray = file.array(self._prefix + "members").reshape(-1, 2)


class Derived:
    """Values that readers computed from one segment alone, kept while it is open, and not too many."""

    def __init__(self, limit: int = 64) -> None:
        self._values: dict[Hashable, Any] = {}
        self._limit = limit

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The value of a key, made when it is not there. Two threads may both make it."""
        value = self._values.get(key)
        if value is None:
            value = make()
            if len(self._values) >= self._limit:
                self._values.clear()
            self._values[key] = value
        return value


class Segment:
    """A run of documents, open for reading; see :mod:`indexer.segment` for the members."""

    def __init__(self, path: Path, file: SectionFile) -> None:
        self.path = path
        self.name = path.name
        self.size = file.size
        self.documents: int = file.attributes["documents"]
        self.first_seq: int = file.attributes["first_seq"]
        self.text_fields: tuple[str, ...] = tuple(file.attributes["fields"])
        self.column_fields: tuple[str, ...] = tuple(file.attributes["columns"])
        self.derived = Derived()
        self._file = file
        self._text: dict[str, TextField] = {}
        self._columns: dict[str, Column] = {}
        self._lock = threading.Lock()
        self._warm = False

    @classmethod
    def open(cls, path: Path) -> Segment:
        """Map a segment's directory. Raises ForeignSegment or DamagedSegment (see :class:`SectionFile`)."""
        return cls(Path(path), SectionFile(Path(path) / FILE_NAME))

    @property
    def seqs(self) -> np.ndarray:
        """int64[documents]: sequence numbers, ascending (a new array)."""
        if "seqs" not in self._file:
            return np.arange(self.first_seq, self.first_seq + self.documents)
        return self._file.array("seqs").astype(np.int64) + self.first_seq

    def text(self, field: str) -> TextField | None:
        """An inverted field, or None when no document of the segment has it."""
        found = self._text.get(field)
        if found is None and field in self._file.attributes["fields"]:
            with self._lock:
                attributes = self._file.attributes["fields"][field]
                found = self._text.setdefault(field, TextField(self._file, attributes, self.documents))
        return found

    def column(self, field: str) -> Column | None:
        """A column, or None when no document of the segment has it."""
        found = self._columns.get(field)
        if found is None and field in self._file.attributes["columns"]:
            with self._lock:
                attributes = self._file.attributes["columns"][field]
                terms = self._file.attributes["fields"].get(field, {}).get("terms", 0)
                column = Column(self._file, attributes["prefix"], attributes["kind"], self.documents, terms)
                found = self._columns.setdefault(field, column)
        return found

    def warm(self) -> None:
        """Map the file's pages into this process in the background, once, so that queries meet few page faults.

        Nothing is done for a small file, nor for one of more than a quarter of the machine's memory.
        """
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        if self._warm or not _WORTH_WARMING <= self.size <= memory // 4:
            return
        self._warm = True
        threading.Thread(target=self._touch, name=f"warm-{self.name}", daemon=True).start()

    def _touch(self) -> None:
        touch_pages(self._file.address, self._file.size)

    def release(self) -> None:
        """Give the pages that were read back to the system, as a long run over the whole file should."""
        self._file.release()

    def verify(self) -> list[str]:
        """Damaged sections as ``file:section``; empty when every checksum holds."""
        return [f"{FILE_NAME}:{name}" for name in self._file.verify()]

    def close(self) -> None:
        """Drop the views; the mapping goes when the last array over it does."""
        self._text.clear()
        self._columns.clear()
