"""The derived, immutable unit of an index: postings, lengths and doc values of a run of documents.

A segment is a directory holding one memory-mapped file of checksummed little-endian arrays
(:mod:`indexer.segment.container`). It is written once, never changed, and can always be built again
from the documents. Documents have a *local number* ``0 .. documents-1`` in ascending sequence number.

Writing::

    writer = SegmentWriter(path)                 # path: the directory to create
    writer.add(seqs, text, columns)              # any number of batches, seqs ascending over all of them
        # seqs: int64[d]; text: {field: TokenBatch}; columns: {field: ColumnBatch};
        # a field absent from a batch is empty in its documents
    writer.memory                                # bytes held now plus those that finish() will need
    info = writer.finish()                       # SegmentInfo(path, documents, size, first_seq, last_seq)
    merge(path, segments, dead) -> SegmentInfo   # dead[i]: bool[segments[i].documents] or None; order kept
    merge_memory(segment) -> int                 # bytes that a segment adds to the memory of a merge

A keyword :class:`ColumnBatch` makes a keyword column *and* an inverted field of the same name
(no positions, no norms, every frequency 1): nothing has to be passed in ``text`` for it.

Reading::

    segment = Segment.open(path)                 # raises ForeignSegment (other format version), DamagedSegment
    segment.name, segment.path, segment.documents, segment.size, segment.seqs
    segment.text_fields, segment.column_fields   # tuples of names
    segment.text(field) -> TextField | None
    segment.column(field) -> Column | None
    segment.verify() -> list[str]                # damaged sections, empty when the file is sound
    segment.close()

    field.lookup(b"term") -> int                 # ordinal in term (byte) order, or -1
    field.terms                                  # number of distinct terms
    field.term(ordinal) -> bytes
    field.ordinals(low, high) -> range           # terms with low <= term < high (bytes; None: unbounded)
    field.prefix(b"pre") -> range
    field.vocabulary(start, stop) -> list[bytes]
    field.df                                     # uint32[terms], dead documents included
    field.classes                                # uint8[terms]: statistics class of each term
    field.postings(ordinal) -> (docs uint32[], freqs uint32[])
    field.positions(ordinal) -> (offsets int64[df + 1], positions uint32[])
    field.lengths                                # uint32[documents, classes]: tokens of each class
    field.sums, field.counts                     # int64[classes]: tokens; documents with any, per class
    field.pairs                                  # of frequent terms at neighbouring positions: PairField | None

    column.kind                                  # "keyword" | "long" | "date" | "double" | "boolean"
    column.values                                # uint32 ordinals | int64 | float64 | uint8, documents in order
    column.offsets                               # uint32[documents + 1], or None: exactly one value each
    column.first(missing) / column.exists        # one value a document / bool[documents]
    column.lookup(b"value"), column.term(o), column.ordinals(low, high), column.vocabulary(...)   # keyword

Deleting::

    dead = Tombstones.none(segment)
    dead = dead.with_dead(local_numbers)         # int64[]; a new generation, the old one unchanged
    dead.save(path); Tombstones.load(path, segment)
    dead.count, dead.mask                        # number of dead documents, bool[documents]
    dead.live_df(field, ordinal) -> int          # document frequency among the live
    dead.sums(field), dead.counts(field)         # int64[classes], of live documents
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from indexer.segment.batches import ColumnBatch, ColumnKind
from indexer.segment.errors import DamagedSegment, ForeignSegment, SegmentError

if TYPE_CHECKING:
    from indexer.segment.columns import Column
    from indexer.segment.merging import merge, merge_memory
    from indexer.segment.reading import Segment, TextField
    from indexer.segment.tombstones import Tombstones
    from indexer.segment.writing import SegmentInfo, SegmentWriter

__all__ = [
    "Column",
    "ColumnBatch",
    "ColumnKind",
    "DamagedSegment",
    "ForeignSegment",
    "Segment",
    "SegmentError",
    "SegmentInfo",
    "SegmentWriter",
    "TextField",
    "Tombstones",
    "merge",
    "merge_memory",
]

_LATER = {
    "Column": "columns",
    "Segment": "reading",
    "SegmentInfo": "writing",
    "SegmentWriter": "writing",
    "TextField": "reading",
    "Tombstones": "tombstones",
    "merge": "merging",
    "merge_memory": "merging",
}


def __getattr__(name: str) -> Any:
    """What needs kernels is imported when it is first asked for: who reads needs none of those that write."""
    if name in _LATER:
        return getattr(import_module(f"indexer.segment.{_LATER[name]}"), name)
    raise AttributeError(f"module 'indexer.segment' has no attribute [{name}]")
