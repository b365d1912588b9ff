"""Vectors of a semantic space: immutable parts, searched by FAISS, memory-mapped.

A part holds the vectors of some documents in document order: document j owns the rows
[starts[j], starts[j+1]), one a sentence or one a passage; `spans` says where in the body each row's
text stands. FAISS's index file holds the vectors once; the matrix for exact scores is a view into it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from indexer.files import sync
from indexer.seals import damage, seal

if TYPE_CHECKING:
    import faiss


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

        return faiss.read_index(str(self.path / "vectors.faiss"), faiss.IO_FLAG_MMAP_IFC)

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
    import faiss

    temporary = path.with_name(path.name + ".tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    index = faiss.IndexFlat(vectors.shape[1], faiss.METRIC_L2 if metric == "l2_norm" else faiss.METRIC_INNER_PRODUCT)
    index.add(np.ascontiguousarray(vectors, np.float32))
    faiss.write_index(index, str(temporary / "vectors.faiss"))
    np.save(temporary / "seqs.npy", np.asarray(seqs, np.int64))
    np.save(temporary / "starts.npy", np.asarray(starts, np.int64))
    np.save(temporary / "spans.npy", np.asarray(spans, np.uint32).reshape(-1, 2))
    seal(temporary)
    os.rename(temporary, path)
    sync(path.parent)


def merge_parts(path: Path, parts: Sequence[VectorPart], keep: Sequence[np.ndarray], metric: str = "cosine") -> None:
    """Write one part with the documents of `parts` whose `keep` (bool[d]) is true, in order."""
    seqs, lengths, spans, vectors = [], [], [], []
    for part, alive in zip(parts, keep, strict=True):
        rows = alive[part.row_documents]
        seqs.append(part.seqs[alive])
        lengths.append(np.diff(part.starts)[alive])
        spans.append(part.spans[rows])
        vectors.append(part.matrix[rows])
    starts = np.concatenate(([0], np.cumsum(np.concatenate(lengths))))
    write_part(path, np.concatenate(seqs), starts, np.concatenate(spans), np.concatenate(vectors), metric)
