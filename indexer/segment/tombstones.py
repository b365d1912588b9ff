"""Deleted documents of a segment, and what their absence does to its statistics."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from indexer.segment.container import SectionFile, SectionFileWriter
from indexer.segment.errors import DamagedSegment
from indexer.segment.kernels import inline, int64, kernel, view_i64, view_u16, view_u32
from indexer.segment.layout import is_wide, wide_places
from indexer.segment.reading import Segment, TextField


@inline
def _is_set(bits: np.ndarray, doc: int) -> int:
    return (bits[doc >> 3] >> (doc & 7)) & 1


@inline
def _wide_dead(address: int, df: int, documents: int, positional: int, dead: np.ndarray, bits: np.ndarray) -> int:
    """Dead postings of a wide term: by search when few documents died, else by a scan."""
    ids_at = wide_places(address, df, documents, positional)[0]
    ids = view_u16(ids_at, df)
    first = view_u32(address + 4, ((documents + 65535) >> 16) + 1)
    count = 0
    if dead.size * 16 < df:
        for doc in dead:
            low = int64(first[doc >> 16])
            end = int64(first[(doc >> 16) + 1])
            high = end
            want = doc & 65535
            while low < high:
                middle = (low + high) >> 1
                if int64(ids[middle]) < want:
                    low = middle + 1
                else:
                    high = middle
            count += low < end and int64(ids[low]) == want
        return count
    for chunk in range(first.size - 1):
        base = chunk << 16
        for i in range(int64(first[chunk]), int64(first[chunk + 1])):
            count += _is_set(bits, base | int64(ids[i]))
    return count


@kernel("void(int64, int64, int64, int64, int64, int64[::1], uint8[::1], uint32[::1])")
def _count_dead(
    postings: int,
    starts: int,
    df: int,
    documents: int,
    positional: int,
    dead: np.ndarray,
    bits: np.ndarray,
    out: np.ndarray,
) -> None:
    """How many of each term's postings are of dead documents (ascending numbers and as bits)."""
    frequencies = view_u32(df, out.size)
    places = view_i64(starts, out.size)
    for term in range(out.size):
        size = int64(frequencies[term])
        address = postings + places[term]
        count = 0
        if is_wide(size, documents):
            count = _wide_dead(address, size, documents, positional, dead, bits)
        else:
            ids = view_u32(address, size)
            for i in range(size):
                count += _is_set(bits, int64(ids[i]))
        out[term] = count


@dataclass(frozen=True, slots=True)
class FieldLoss:
    """What a field lost: terms (ascending ordinals) with their dead postings, tokens and documents by class."""

    ordinals: np.ndarray  # uint32
    losses: np.ndarray  # uint32
    sums: np.ndarray  # int64[classes]
    counts: np.ndarray  # int64[classes]


class Tombstones:
    """The deleted documents of one segment. Immutable: deleting more gives a new object.

    Document frequencies, token sums and document counts that it gives are those of the live documents,
    as a segment built from them alone would have.
    """

    def __init__(self, segment: Segment, bits: np.ndarray, fields: dict[str, FieldLoss]) -> None:
        self.segment = segment
        self.bits = bits
        self.fields = fields
        self.count = int(np.bitwise_count(bits).sum())

    @classmethod
    def none(cls, segment: Segment) -> Tombstones:
        """Nothing deleted."""
        return cls(segment, np.zeros((segment.documents + 7) // 8, np.uint8), {})

    @property
    def mask(self) -> np.ndarray:
        """bool[documents]: True where deleted."""
        return np.unpackbits(self.bits, count=self.segment.documents, bitorder="little").view(bool)

    @property
    def live(self) -> int:
        """How many documents are not deleted."""
        return self.segment.documents - self.count

    def with_dead(self, documents: np.ndarray) -> Tombstones:
        """Also these local numbers (any order, repeats and already dead ones allowed).

        Raises IndexError for a number outside the segment. One pass over the postings.
        """
        wanted = np.unique(np.asarray(documents, np.int64))
        if wanted.size and not (wanted[0] >= 0 and wanted[-1] < self.segment.documents):
            raise IndexError(f"documents are numbered 0..{self.segment.documents - 1}")
        new = wanted[~self.mask[wanted]]
        if new.size == 0:
            return self
        added = np.zeros(self.segment.documents, bool)
        added[new] = True
        bits = np.packbits(added, bitorder="little")
        fields = {}
        for name in self.segment.text_fields:
            field = self.segment.text(name)
            assert field is not None
            fields[name] = self._loss(name, field, new, bits)
        return Tombstones(self.segment, self.bits | bits, fields)

    def _loss(self, name: str, field: TextField, new: np.ndarray, bits: np.ndarray) -> FieldLoss:
        lost = np.zeros(field.terms, np.uint32)
        _count_dead(
            field.postings_address,
            field.section_address("starts"),
            field.section_address("df"),
            field.documents,
            field.positional,
            new,
            bits,
            lost,
        )
        before = self.fields.get(name)
        if before is not None:
            lost[before.ordinals] += before.losses
        if field.norms:
            dead = [field.length(c)[new] for c in range(field.sums.size)]
            sums = np.array([d.sum(dtype=np.int64) for d in dead], np.int64)
            counts = np.array([np.count_nonzero(d) for d in dead], np.int64)
        else:
            column = self.segment.column(name)
            assert column is not None
            values = column.counts[new]
            sums, counts = np.array([values.sum()]), np.array([np.count_nonzero(values)])
        if before is not None:
            sums, counts = sums + before.sums, counts + before.counts
        ordinals = np.flatnonzero(lost)
        return FieldLoss(ordinals.astype(np.uint32), lost[ordinals], sums, counts)

    def live_df(self, field: str, ordinal: int) -> int:
        """Live documents that hold a term."""
        text = self.segment.text(field)
        assert text is not None
        return int(text.df[ordinal]) - self._lost(field, ordinal)

    def _lost(self, field: str, ordinal: int) -> int:
        loss = self.fields.get(field)
        if loss is None:
            return 0
        at = int(np.searchsorted(loss.ordinals, ordinal))
        return int(loss.losses[at]) if at < loss.ordinals.size and loss.ordinals[at] == ordinal else 0

    def sums(self, field: str) -> np.ndarray:
        """int64[classes]: tokens of the live documents."""
        text = self.segment.text(field)
        assert text is not None
        loss = self.fields.get(field)
        return text.sums if loss is None else text.sums - loss.sums

    def counts(self, field: str) -> np.ndarray:
        """int64[classes]: live documents with any token of the class."""
        text = self.segment.text(field)
        assert text is not None
        loss = self.fields.get(field)
        return text.counts if loss is None else text.counts - loss.counts

    def save(self, path: Path) -> int:
        """Write one file, durably; returns its size in bytes."""
        out = SectionFileWriter(Path(path))
        out.append("bits", self.bits)
        for number, loss in enumerate(self.fields.values()):
            out.append(f"{number}.ordinals", loss.ordinals)
            out.append(f"{number}.losses", loss.losses)
            out.append(f"{number}.sums", loss.sums)
            out.append(f"{number}.counts", loss.counts)
        attributes = {
            "segment": self.segment.name,
            "documents": self.segment.documents,
            "fields": list(self.fields),
        }
        return out.finish(attributes)

    @classmethod
    def load(cls, path: Path, segment: Segment) -> Tombstones:
        """Read what :meth:`save` wrote for this segment, checksums checked.

        Raises DamagedSegment when it is damaged or another segment's, ForeignSegment for another version's.
        """
        file = SectionFile(Path(path))
        if damaged := file.verify():
            raise DamagedSegment(f"{path} is damaged in {', '.join(damaged)}; apply the deletions again")
        if file.attributes["documents"] != segment.documents or file.attributes["segment"] != segment.name:
            raise DamagedSegment(f"{path} belongs to segment {file.attributes['segment']}, not {segment.name}")
        fields = {
            name: FieldLoss(*(file.array(f"{i}.{part}") for part in ("ordinals", "losses", "sums", "counts")))
            for i, name in enumerate(file.attributes["fields"])
        }
        return cls(segment, file.array("bits"), fields)
