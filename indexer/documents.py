"""Documents into columns and token batches: what a segment is built from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from .analyzers import Analyzers
from .completion import entries
from .fields import FLOATS, INTEGERS, Field
from .mapping import Mapping
from .segment import ColumnBatch, ColumnKind

if TYPE_CHECKING:
    from .field_vectors import FieldVectors
    from .segment import SegmentWriter

BATCH = 2000  # documents analysed in one go: enough to fill the kernels, little enough to hold

_KINDS: dict[str, ColumnKind] = {
    "keyword": "keyword",
    "date": "date",
    "boolean": "boolean",
    "completion": "keyword",
    **dict.fromkeys(INTEGERS, "long"),
    **dict.fromkeys(FLOATS, "double"),
}


def batches(rows: Iterable[tuple[int, bytes]], size: int = BATCH) -> Iterator[list[tuple[int, bytes]]]:
    """`rows` in lists of at most `size`."""
    iterator = iter(rows)
    while part := list(islice(iterator, size)):
        yield part


def add_documents(
    writer: SegmentWriter,
    rows: list[tuple[int, bytes]],
    mapping: Mapping,
    analyzers: Analyzers,
    vectors: FieldVectors | None,
) -> None:
    """Add a batch of (seq, JSON) rows to a segment; values of dense_vector fields go to `vectors` where it is given."""
    seqs = np.array([seq for seq, _ in rows], np.int64)
    values: dict[str, list[Any]] = {}
    for number, (seq, body) in enumerate(rows):
        for path, found in mapping.extract(orjson.loads(body), lenient=True).items():
            if mapping.fields[path].type == "dense_vector":
                if vectors is not None:
                    vectors.add(path, seq, found[0])
                continue
            column = values.get(path)
            if column is None:
                column = values[path] = [None] * len(rows)
            column[number] = found
    text: dict[str, Any] = {}
    columns: dict[str, ColumnBatch] = {}
    for path, column in values.items():
        spec = mapping.fields[path]
        if not spec.searchable:
            continue
        if spec.type == "completion" or spec.normalizer is not None:
            column = _rewritten(spec, column, analyzers)
        if spec.is_text:
            flat = [v[0] if v is not None and len(v) == 1 else v for v in column]
            text[path] = analyzers.get(spec.analyzer).batch(flat)
        else:
            columns[path] = ColumnBatch.of(_KINDS[spec.type], column)
    writer.add(seqs, text, columns)


def _rewritten(spec: Field, column: list[Any], analyzers: Analyzers) -> list[Any]:
    """A completion field's values as entries, a keyword's by its normalizer."""
    known: dict[Any, list[str]] = {}
    analyzer = analyzers.get(spec.analyzer) if spec.type == "completion" else None
    out: list[Any] = []
    for values in column:
        made: list[str] | None = None if values is None else []
        for value in values or ():
            if value not in known:
                known[value] = (
                    [analyzers.normalized(spec, value)] if analyzer is None else entries(analyzer, value[0], value[1])
                )
            assert made is not None
            made += known[value]
        out.append(made)
    return out
