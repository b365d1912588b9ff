"""Building a segment from batches of tokens and values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from indexer.files import sync
from indexer.segment.batches import ColumnBatch, Tokens, column_dtype
from indexer.segment.codes import CodeTable, encode_pairs
from indexer.segment.container import FILE_NAME, SectionFileWriter
from indexer.segment.dictionary import Interner, permute_terms, sorted_order
from indexer.segment.fields import FieldShape, FieldWriter, typical_length
from indexer.segment.inversion import count_terms, invert
from indexer.segment.norms import length_bytes
from indexer.segment.numbering import Numbering, own
from indexer.segment.pairs import find_pairs, write_pairs
from indexer.segment.values import LengthCounter, sort_values, write_lengths, write_offsets, write_seqs


@dataclass(frozen=True, slots=True)
class SegmentInfo:
    """A finished segment: its directory, documents, bytes on disk, first and last sequence number
    (-1 when it has no documents)."""

    path: Path
    documents: int
    size: int
    first_seq: int
    last_seq: int


@dataclass(slots=True)
class _TextBuffer:
    """Tokens of one text field so far."""

    numbering: Numbering = field(default_factory=Numbering)
    tokens: list[np.ndarray] = field(default_factory=list)
    positions: list[np.ndarray] = field(default_factory=list)
    counts: list[np.ndarray] = field(default_factory=list)  # tokens of each document
    documents: int = 0
    size: int = 0

    def pad(self, documents: int) -> None:
        """Empty documents up to a number of them."""
        _pad(self, documents)

    def add(self, batch: Tokens) -> None:
        self.tokens.append(self.numbering.numbers(batch))
        self.positions.append(own(batch.positions, np.uint32))
        self.counts.append(np.diff(batch.documents))
        self.documents += batch.documents.size - 1
        self.size += batch.terms.size


@dataclass(slots=True)
class _ColumnBuffer:
    """Values of one column so far; keywords as numbers of an interner's terms."""

    kind: str
    terms: Interner = field(default_factory=Interner)
    values: list[np.ndarray] = field(default_factory=list)
    counts: list[np.ndarray] = field(default_factory=list)
    documents: int = 0
    size: int = 0

    def pad(self, documents: int) -> None:
        """Empty documents up to a number of them."""
        _pad(self, documents)

    def add(self, batch: ColumnBatch) -> None:
        values = batch.values
        if self.kind == "keyword":
            classes = np.zeros(batch.bounds.size - 1, np.uint8)
            values = self.terms.add(own(batch.blob, np.uint8), own(batch.bounds, np.int64), classes)[values]
        self.values.append(np.asarray(values, column_dtype(self.kind)))
        self.counts.append(np.diff(batch.documents))
        self.documents += batch.documents.size - 1
        self.size += batch.values.size


def _pad(buffer: _TextBuffer | _ColumnBuffer, documents: int) -> None:
    if documents > buffer.documents:
        if isinstance(buffer, _TextBuffer):
            buffer.tokens.append(np.empty(0, np.uint32))
            buffer.positions.append(np.empty(0, np.uint32))
        buffer.counts.append(np.zeros(documents - buffer.documents, np.int64))
        buffer.documents = documents


def _joined(parts: list[np.ndarray], dtype: Any) -> np.ndarray:
    """The parts as one array; the list is emptied, so that both are not held for long."""
    whole = np.concatenate(parts).astype(dtype, copy=False) if parts else np.empty(0, dtype)
    parts.clear()
    return whole


class SegmentWriter:
    """Collects documents in memory and writes them as one segment.

    ``path``: the segment's directory, created by :meth:`finish` (its parent must exist).
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._seqs: list[np.ndarray] = []
        self._last = -1
        self._text: dict[str, _TextBuffer] = {}
        self._columns: dict[str, _ColumnBuffer] = {}
        self.documents = 0

    def add(self, seqs: np.ndarray, text: Mapping[str, Tokens], columns: Mapping[str, ColumnBatch]) -> None:
        """Add d documents. ``seqs``: int64[d], ascending, above all added before.

        Raises ValueError when the sequence numbers do not ascend, a batch has another number of documents,
        a name is both a text field and a column, or a column changes its kind.
        """
        seqs = np.asarray(seqs, np.int64)
        if seqs.size == 0:
            return
        if int(seqs[0]) <= self._last or np.any(np.diff(seqs) <= 0):
            raise ValueError("sequence numbers must ascend; sort the documents before adding them")
        batches: list[tuple[str, Tokens | ColumnBatch]] = [*text.items(), *columns.items()]
        for name, batch in batches:
            if batch.documents.size - 1 != seqs.size:
                raise ValueError(f"field {name!r} has {batch.documents.size - 1} documents, not {seqs.size}")
        for name in text:
            if name in columns or name in self._columns:
                raise ValueError(f"{name!r} cannot be a text field and a column; give one of them a sub-field name")
        for name, column in columns.items():
            known = self._columns.get(name)
            if name in self._text or (known is not None and known.kind != column.kind):
                raise ValueError(f"column {name!r} cannot become {column.kind}; reindex into a new index")
        for name, tokens in text.items():
            buffer = self._text.setdefault(name, _TextBuffer())
            buffer.pad(self.documents)
            buffer.add(tokens)
        for name, column in columns.items():
            values = self._columns.setdefault(name, _ColumnBuffer(column.kind))
            values.pad(self.documents)
            values.add(column)
        self._seqs.append(seqs)
        self._last = int(seqs[-1])
        self.documents += seqs.size

    @property
    def memory(self) -> int:
        """Bytes held now plus those that :meth:`finish` will need at its height (an estimate from above)."""
        size = 8 * self.documents
        work = 0
        for text in self._text.values():
            size += text.size * 8 + text.documents * 8 + text.numbering.memory
            work = max(work, text.size * 24 + text.numbering.terms.memory * 2)
        for column in self._columns.values():
            size += column.size * 8 + column.documents * 8 + column.terms.memory
            work = max(work, column.size * 24 + column.terms.memory * 2)
        return size + work

    def finish(self) -> SegmentInfo:
        """Write everything, durably. The writer is empty afterwards."""
        self.path.mkdir()
        out = SectionFileWriter(self.path / FILE_NAME)
        seqs = _joined(self._seqs, np.int64)
        first, last = (int(seqs[0]), int(seqs[-1])) if seqs.size else (-1, -1)
        write_seqs(out, [seqs], first, last, self.documents)
        fields: dict[str, Any] = {}
        columns: dict[str, Any] = {}
        names = sorted(self._text)
        for number, name in enumerate(names):
            buffer = self._text.pop(name)
            buffer.pad(self.documents)
            fields[name] = {"prefix": f"t{number}.", **_write_text(out, f"t{number}.", buffer)}
        for number, name in enumerate(sorted(self._columns)):
            values = self._columns.pop(name)
            values.pad(self.documents)
            prefix = f"c{number}."
            columns[name] = {"prefix": prefix, "kind": values.kind}
            if values.kind == "keyword":
                fields[name] = {"prefix": prefix, **_write_keywords(out, prefix, values)}
            else:
                starts, flat = _flat(values)
                sort_values(starts, flat)
                write_offsets(out, prefix, starts)
                out.append(prefix + "values", flat)
        attributes = {"documents": self.documents, "first_seq": first, "fields": fields, "columns": columns}
        size = out.finish(attributes)
        sync(self.path.parent)
        return SegmentInfo(self.path, self.documents, size, first, last)


def _flat(buffer: _ColumnBuffer) -> tuple[np.ndarray, np.ndarray]:
    starts = np.zeros(buffer.documents + 1, np.int64)
    np.cumsum(_joined(buffer.counts, np.int64), out=starts[1:])
    return starts, _joined(buffer.values, column_dtype(buffer.kind))


def _sorted_dictionary(terms: Interner) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(blob, bounds, classes) in byte order, and uint32 rank of each interned number."""
    order = sorted_order(terms.blob, terms.bounds)
    blob = np.empty(terms.blob.size + 8, np.uint8)
    bounds = np.empty(terms.terms + 1, np.uint32)
    permute_terms(terms.blob, terms.bounds, order, blob, bounds)
    rank = np.empty(terms.terms, np.uint32)
    rank[order] = np.arange(terms.terms, dtype=np.uint32)
    return blob[:-8], bounds, terms.classes[order], rank


def _write_text(out: SectionFileWriter, prefix: str, buffer: _TextBuffer) -> dict[str, Any]:
    blob, bounds, classes, rank = _sorted_dictionary(buffer.numbering.terms)
    counter = LengthCounter(buffer.counts, buffer.tokens, buffer.numbering.terms.classes)
    often = count_terms(buffer.tokens, rank.size)
    pairs = find_pairs(buffer.numbering.terms, often, buffer.tokens, buffer.positions, buffer.counts)
    inverted = invert(buffer.tokens, buffer.positions, buffer.counts, rank, positional=True, often=often)
    bytes_of = np.stack([length_bytes(lengths) for lengths in counter.lengths])
    table = encode_pairs(
        inverted.starts, classes, inverted.docs, inverted.freqs, bytes_of, typical_length(counter.sums, counter.counts)
    )
    shape = FieldShape(buffer.documents, True, True, table, counter.sums, counter.counts)
    writer = FieldWriter(out, prefix, shape)
    writer.dictionary(blob, bounds, classes)
    writer.postings(inverted.starts, inverted.docs, inverted.freqs, inverted.positions, inverted.places, classes)
    write_lengths(out, prefix, counter.lengths)
    attributes = writer.finish()
    if pairs is not None:
        attributes["pairs"] = write_pairs(out, f"{prefix}pairs.", pairs, buffer.numbering.terms, rank, shape, bytes_of)
    return attributes


def _write_keywords(out: SectionFileWriter, prefix: str, buffer: _ColumnBuffer) -> dict[str, Any]:
    starts, numbers = _flat(buffer)
    blob, bounds, classes, rank = _sorted_dictionary(buffer.terms)
    starts, ordinals = sort_values(starts, rank[numbers], distinct=True)
    identity = np.arange(rank.size, dtype=np.uint32)
    counts = np.diff(starts)
    inverted = invert([ordinals], [np.empty(0, np.uint32)], [counts], identity, positional=False)
    shape = FieldShape(
        buffer.documents,
        False,
        False,
        CodeTable.ranked(np.array([1 << 8]), np.array([ordinals.size]), 1.0),
        np.array([ordinals.size]),
        np.array([np.count_nonzero(counts)]),
    )
    writer = FieldWriter(out, prefix, shape)
    writer.dictionary(blob, bounds, classes)
    writer.postings(
        inverted.starts,
        inverted.docs,
        np.zeros(ordinals.size, np.uint32),
        inverted.positions,
        inverted.places,
        classes,
    )
    write_offsets(out, prefix, starts)
    out.append(prefix + "values", ordinals)
    return writer.finish()
