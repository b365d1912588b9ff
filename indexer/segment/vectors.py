"""Vectors of a semantic space: immutable parts, searched by FAISS, memory-mapped.

A part holds the vectors of some documents in document order: document j owns the rows
[starts[j], starts[j+1]), one a sentence or one a passage; `spans` says where in the body each row's
text stands. FAISS's index file holds the vectors once; the matrix for exact scores is a view into it.
"""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from indexer.files import sync
from indexer.seals import damage, seal

if TYPE_CHECKING:
    import faiss

FLAT_FILE = "vectors.faiss"
_BLOCK = 4096  # rows read together


class VectorPart:
    """An open part. Arrays: seqs int64[d] ascending, starts int64[d+1], spans uint32[rows, 2]."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        self.seqs: np.ndarray = np.load(path / "seqs.npy", mmap_mode="r")
        self.starts: np.ndarray = np.load(path / "starts.npy", mmap_mode="r")
        self.spans: np.ndarray = np.load(path / "spans.npy", mmap_mode="r")
        self.documents = len(self.seqs)
        self.rows = int(self.starts[-1]) if len(self.starts) else 0

    @cached_property
    def index(self) -> faiss.Index:
        """FAISS's index over the rows, mapped from disk without a copy."""
        import faiss  # by those who have vectors only: it takes a while

        return faiss.read_index(str(self.path / FLAT_FILE), faiss.IO_FLAG_MMAP_IFC)

    @cached_property
    def is_squared(self) -> bool:
        """Whether FAISS's scores are squared distances, not inner products."""
        import faiss

        return bool(self.index.metric_type == faiss.METRIC_L2)

    @cached_property
    def matrix(self) -> np.ndarray:
        """The vectors, float32[rows, dimension], a view into the mapped index."""
        import faiss

        index = faiss.downcast_index(self.index)
        return faiss.rev_swig_ptr(
            index.get_xb(),  # type: ignore[attr-defined]
            index.ntotal * index.d,
        ).reshape(index.ntotal, index.d)

    @cached_property
    def row_documents(self) -> np.ndarray:
        """uint32[rows]: which of the part's documents each row belongs to."""
        return np.repeat(np.arange(self.documents, dtype=np.uint32), np.diff(self.starts))

    def size(self) -> int:
        """Bytes on disk."""
        return sum(p.stat().st_size for p in self.path.iterdir())

    def verify(self) -> list[str]:
        """Names of the part's damaged files; empty when every checksum holds."""
        return damage(self.path)


def write_part(
    path: Path,
    seqs: np.ndarray,
    starts: np.ndarray,
    spans: np.ndarray,
    vectors: np.ndarray,
    metric: str = "cosine",
) -> None:
    """Write a part to the folder `path`, durably; it appears whole or not at all.

    seqs int64[d] ascending; starts int64[d+1]; spans uint32[rows, 2]; vectors float32[rows, dimension].
    """
    _write(path, seqs, starts, spans, vectors.shape[1], [vectors], metric)


def merge_parts(path: Path, parts: Sequence[VectorPart], keep: Sequence[np.ndarray], metric: str = "cosine") -> None:
    """Write one part with the documents of `parts` whose `keep` (bool[d]) is true, in order.

    Vectors are streamed; memory is what :func:`merge_memory` says.
    """
    seqs, lengths, spans = [], [], []
    for part, alive in zip(parts, keep, strict=True):
        seqs.append(part.seqs[alive])
        lengths.append(np.diff(part.starts)[alive])
        spans.append(part.spans[alive[part.row_documents]])
    starts = np.concatenate(([0], np.cumsum(np.concatenate(lengths))))
    blocks = (block for part, alive in zip(parts, keep, strict=True) for block in _blocks(part, alive))
    _write(path, np.concatenate(seqs), starts, np.concatenate(spans), parts[0].index.d, blocks, metric)


def merge_memory(part: VectorPart) -> int:
    """Bytes that a part adds to the height of a merge's memory (an estimate from above)."""
    return 48 * part.documents + 32 * part.rows


def _blocks(part: VectorPart, alive: np.ndarray) -> Iterator[np.ndarray]:
    """Rows of the documents that are left, read and not mapped: what is mapped counts as the process's."""
    with open(part.path / FLAT_FILE, "rb") as file:
        file.seek(-4 * part.rows * part.index.d, os.SEEK_END)
        for start in range(0, part.rows, _BLOCK):
            owners = part.row_documents[start : start + _BLOCK]
            rows = np.fromfile(file, "<f4", owners.size * part.index.d).reshape(owners.size, part.index.d)
            yield rows[alive[owners]]


def _write(
    path: Path,
    seqs: np.ndarray,
    starts: np.ndarray,
    spans: np.ndarray,
    dimension: int,
    blocks: Iterable[np.ndarray],
    metric: str,
) -> None:
    temporary = path.with_name(path.name + ".tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    rows = int(starts[-1])
    with open(temporary / FLAT_FILE, "wb") as file:
        file.write(_flat_head(dimension, rows, metric))
        for block in blocks:
            file.write(np.ascontiguousarray(block, "<f4").data)
    np.save(temporary / "seqs.npy", np.asarray(seqs, np.int64))
    np.save(temporary / "starts.npy", np.asarray(starts, np.int64))
    np.save(temporary / "spans.npy", np.asarray(spans, np.uint32).reshape(-1, 2))
    seal(temporary)
    os.rename(temporary, path)
    sync(path.parent)


def _flat_head(dimension: int, rows: int, metric: str) -> bytes:
    """What FAISS's file of a flat index has before its rows: their number at byte 8 (int64), that of their floats at
    the end (uint64); the rest comes from FAISS itself."""
    import faiss

    kind = faiss.METRIC_L2 if metric == "l2_norm" else faiss.METRIC_INNER_PRODUCT
    index = faiss.IndexFlat(dimension, kind)
    head = bytearray(faiss.serialize_index(index).tobytes())
    struct.pack_into("<q", head, 8, 1)
    struct.pack_into("<Q", head, len(head) - 8, dimension)
    index.add(np.zeros((1, dimension), np.float32))
    if bytes(head) + bytes(4 * dimension) != faiss.serialize_index(index).tobytes():
        raise RuntimeError(f"faiss-cpu {faiss.__version__} stores flat indices otherwise; install the version locked")
    struct.pack_into("<q", head, 8, rows)
    struct.pack_into("<Q", head, len(head) - 8, rows * dimension)
    return bytes(head)
