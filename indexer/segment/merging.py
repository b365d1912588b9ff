"""Several segments into one, streamed: memory follows the largest term and a buffer, not the segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from indexer.files import sync
from indexer.segment.appending import DEAD
from indexer.segment.codes import CodeTable
from indexer.segment.container import FILE_NAME, SectionFileWriter
from indexer.segment.fields import FieldShape, FieldWriter, typical_length
from indexer.segment.gathering import Gatherer
from indexer.segment.joined import loose_in_some
from indexer.segment.pairs import shared_terms, write_members
from indexer.segment.reading import Segment, TextField
from indexer.segment.values import smallest_dtype, write_seqs
from indexer.segment.writing import SegmentInfo

_PART = 1 << 20  # terms looked at together


@dataclass(slots=True)
class _Source:
    """One segment going into a merge."""

    segment: Segment
    live: np.ndarray | slice  # bool[documents]; a slice of all where none is dead
    renumber: np.ndarray | int  # see Gatherer
    documents: int  # live ones


def _sources(segments: Sequence[Segment], dead: Sequence[np.ndarray | None]) -> list[_Source]:
    base = 0
    sources = []
    for segment, gone in zip(segments, dead, strict=True):
        if gone is not None and gone.size != segment.documents:
            raise ValueError(f"segment {segment.name} has {segment.documents} documents, the mask {gone.size}")
        if gone is None or not gone.any():
            source = _Source(segment, slice(None), base, segment.documents)
        else:
            live = ~np.asarray(gone, bool)
            renumber = np.full(segment.documents, DEAD, np.uint32)
            count = int(np.count_nonzero(live))
            renumber[live] = np.arange(base, base + count, dtype=np.uint32)
            source = _Source(segment, live, renumber, count)
        base += source.documents
        sources.append(source)
    return sources


def merge_memory(segment: Segment) -> int:
    """Bytes that a segment adds to the height of a merge's memory (an estimate from above); what a merge needs besides
    does not grow with its segments."""
    height = 24 * segment.documents  # of a column, or of lengths, while its values are copied
    for name in segment.text_fields:
        field = segment.text(name)
        assert field is not None
        height = max(height, _text_memory(field))
    segment.release()
    return height + 5 * segment.documents


def _text_memory(field: TextField) -> int:
    """Of a field: ordinals, hashes and the table of them; its longest term, decoded and encoded."""
    parts = range(0, field.terms, _PART)
    largest = max((int(np.diff(field.starts[i : i + _PART + 1]).max()) for i in parts), default=0)
    height = field.terms * (28 if field.positional else 18) + 8 * int(field.df.max(initial=0)) + 4 * largest
    return height if field.pairs is None else height + 32 * field.pairs.terms


def merge(path: Path, segments: Sequence[Segment], dead: Sequence[np.ndarray | None]) -> SegmentInfo:
    """Write the live documents of segments, in the order given, as a new segment.

    ``dead[i]``: bool[segments[i].documents] or None. The result equals, in postings and statistics, a
    segment built from the surviving documents. Raises ValueError when sequence numbers would not ascend or
    a field is of different kinds in two segments.
    """
    path = Path(path)
    sources = _sources(segments, dead)
    first = last = -1
    for source in sources:
        seqs = source.segment.seqs[source.live]
        if seqs.size:
            if int(seqs[0]) <= last:
                raise ValueError("segments must be merged in the order of their sequence numbers")
            first = int(seqs[0]) if first < 0 else first
            last = int(seqs[-1])
    path.mkdir()
    out = SectionFileWriter(path / FILE_NAME)
    documents = sum(s.documents for s in sources)
    write_seqs(out, (s.segment.seqs[s.live] for s in sources), first, last, documents)
    fields, columns = _merge_fields(out, sources, documents)
    size = out.finish({"documents": documents, "first_seq": first, "fields": fields, "columns": columns})
    sync(path.parent)
    return SegmentInfo(path, documents, size, first, last)


def _merge_fields(
    out: SectionFileWriter, sources: list[_Source], documents: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    fields: dict[str, Any] = {}
    columns: dict[str, Any] = {}
    kinds: dict[str, str] = {}
    for source in sources:
        for name in source.segment.column_fields:
            column = source.segment.column(name)
            assert column is not None
            if kinds.setdefault(name, column.kind) != column.kind:
                raise ValueError(f"column {name!r} is {kinds[name]} in one segment and {column.kind} in another")
    names = sorted({name for s in sources for name in s.segment.text_fields} - set(kinds))
    for number, name in enumerate(names):
        prefix = f"t{number}."
        fields[name] = {"prefix": prefix, **_merge_text(out, prefix, name, sources, documents)[0]}
    for number, name in enumerate(sorted(kinds)):
        prefix = f"c{number}."
        ordinals: list[np.ndarray | None] = [None] * len(sources)
        if kinds[name] == "keyword":
            attributes, ordinals = _merge_text(out, prefix, name, sources, documents)
            fields[name] = {"prefix": prefix, **attributes}
        _merge_column(out, prefix, name, sources, ordinals)
        columns[name] = {"prefix": prefix, "kind": kinds[name]}
    return fields, columns


def _live_statistics(name: str, sources: list[_Source], rows: int) -> tuple[np.ndarray, np.ndarray]:
    sums, counts = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    for source in sources:
        field = source.segment.text(name)
        if field is None:
            continue
        column = None if field.norms else source.segment.column(name)
        for row in range(field.sums.size):
            lengths = (field.length(row) if column is None else column.counts)[source.live]
            sums[row] += lengths.sum(dtype=np.int64)
            counts[row] += np.count_nonzero(lengths)
        source.segment.release()
    return sums, counts


def _merge_text(
    out: SectionFileWriter, prefix: str, name: str, sources: list[_Source], documents: int
) -> tuple[dict[str, Any], list[np.ndarray | None]]:
    """Merge an inverted field; returns its attributes and, for each source, new ordinals of its terms."""
    found = [(s, s.segment.text(name)) for s in sources]
    present: list[tuple[_Source, TextField]] = [(s, f) for s, f in found if f is not None]
    if len({(f.positional, f.norms) for _, f in present}) != 1:
        raise ValueError(f"field {name!r} is of different kinds in these segments")
    positional, norms = present[0][1].positional, present[0][1].norms
    rows = max(f.sums.size for _, f in present)
    sums, counts = _live_statistics(name, sources, rows)
    table = CodeTable.union([f.code_table for _, f in present], typical_length(sums, counts))
    shape = FieldShape(documents, positional, norms, table, sums, counts)
    attributes, ordinals, df = _gather(out, prefix, shape, present)
    if positional:
        pairs = _merge_pairs(out, f"{prefix}pairs.", shape, present, ordinals, df)
        if pairs is not None:
            attributes["pairs"] = pairs
    if norms:
        for row in range(rows):
            _merge_lengths(out, f"{prefix}lengths{row}", name, row, sources)
    numbers = iter(ordinals)
    return attributes, [None if f is None else next(numbers) for _, f in found]


def _gather(
    out: SectionFileWriter,
    prefix: str,
    shape: FieldShape,
    present: Sequence[tuple[_Source, TextField]],
    kept: Sequence[np.ndarray] | None = None,
) -> tuple[dict[str, Any], list[np.ndarray], np.ndarray]:
    """Write the terms of fields (only the ``kept``) and their postings; returns the attributes, for each source the
    ordinals of its terms (see :class:`Gatherer`), and the terms' document frequencies (uint32)."""
    writer = FieldWriter(out, prefix, shape)
    gatherer = Gatherer(
        [f for _, f in present],
        [s.renumber for s, _ in present],
        [shape.table.translation(f.code_table) for _, f in present],
        shape.table.freqs,
        kept,
    )
    df = [np.empty(0, np.uint32)]
    for run in gatherer:
        writer.dictionary(run.blob, run.bounds, run.classes)
        writer.postings(run.starts, run.docs, run.codes, run.positions, run.places, run.classes)
        df.append(np.diff(run.starts).astype(np.uint32))
        for source, _ in present:  # what was read of it is not read again
            source.segment.release()
    return writer.finish(), gatherer.ordinals, np.concatenate(df)


def _merge_pairs(
    out: SectionFileWriter,
    prefix: str,
    parent: FieldShape,
    present: Sequence[tuple[_Source, TextField]],
    ordinals: Sequence[np.ndarray],
    df: np.ndarray,
) -> dict[str, Any] | None:
    """Merge the pairs of a field's terms that are frequent in every source that has them; None when a source has
    no pairs. ``ordinals``: of each source's terms in the result; ``df``: the document frequencies there."""
    fields = [f.pairs for _, f in present if f.pairs is not None]
    if len(fields) < len(present):
        return None
    members = [numbers[field.members] for field, numbers in zip(fields, ordinals, strict=True)]
    whole = all(f.whole for f in fields)
    frequent = shared_terms(
        [f.frequent for f in fields], ordinals, members, [f.df for f in fields], df, parent.tokens, whole
    )
    kept = [(frequent[np.minimum(pairs, df.size)].all(axis=1)).astype(np.uint8) for pairs in members]
    table = CodeTable.union([f.code_table for f in fields], typical_length(parent.sums, parent.counts))
    shape = FieldShape(parent.documents, False, True, table, parent.sums, parent.counts)
    sources = [source for source, _ in present]
    attributes, numbers_of, sizes = _gather(out, prefix, shape, list(zip(sources, fields, strict=True)), kept)
    merged = np.zeros((sizes.size, 2), np.uint32)
    for pairs, numbers in zip(members, numbers_of, strict=True):
        there = numbers < sizes.size
        merged[numbers[there]] = pairs[there]
    chosen = np.flatnonzero(frequent[:-1])
    marked = [numbers[f.loose] for f, numbers in zip(fields, ordinals, strict=True) if f.loose is not None]
    loose = None
    if len(marked) == len(fields):
        loose = np.concatenate([*marked, loose_in_some([f for _, f in present], ordinals, chosen, df.size)])
        loose = loose[loose < df.size]
    write_members(out, prefix, chosen, merged, loose)
    return {"prefix": prefix, "whole": whole, **attributes}


def _merge_lengths(out: SectionFileWriter, section: str, name: str, row: int, sources: list[_Source]) -> None:
    def parts() -> Any:
        for source in sources:
            field = source.segment.text(name)
            yield np.zeros(source.documents, np.uint8) if field is None else field.length(row)[source.live]

    dtype = smallest_dtype(max((int(p.max(initial=0)) for p in parts()), default=0))
    out.append(section, np.empty(0, dtype))
    for part in parts():
        out.append(section, part.astype(dtype))


def _merge_column(
    out: SectionFileWriter,
    prefix: str,
    name: str,
    sources: list[_Source],
    ordinals: list[np.ndarray | None],
) -> None:
    """Values of live documents in order; keyword ordinals translated."""
    single = True
    for source, translation in zip(sources, ordinals, strict=True):
        column = source.segment.column(name)
        if column is None:
            single &= source.documents == 0
            continue
        keep = source.live
        if column.offsets is not None:
            counts = column.counts
            single &= bool(np.all(counts[source.live] == 1))
            keep = keep if isinstance(keep, slice) else np.repeat(keep, counts)
        values = column.values[keep]
        out.append(prefix + "values", values if translation is None else translation[values])
        source.segment.release()
    if not single:
        _merge_offsets(out, prefix + "offsets", name, sources)


def _merge_offsets(out: SectionFileWriter, section: str, name: str, sources: list[_Source]) -> None:
    out.append(section, np.zeros(1, np.uint32))
    total = 0
    for source in sources:
        column = source.segment.column(name)
        counts = np.zeros(source.documents, np.int64) if column is None else column.counts[source.live]
        ends = total + np.cumsum(counts)
        total += int(counts.sum())
        if total >= 1 << 32:
            raise OverflowError("a segment's column is limited to 2**32 values; merge fewer segments")
        out.append(section, ends.astype(np.uint32))
