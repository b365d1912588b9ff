"""Values of dense_vector fields in little memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from indexer import Node, Operation
from settings import Settings


def test_many_vectors_become_several_parts_that_say_the_same(tmp_path: Path) -> None:
    """4 MB for vectors hold a thousand of 1,024 numbers; the space still has them all, and so it has once rebuilt."""
    chance = np.random.default_rng(2)
    field = {"type": "dense_vector", "dims": 1024, "similarity": "cosine"}
    body = {"mappings": {"properties": {"v": field}}}
    index = Node(Settings(data=tmp_path, indexing_memory=16 << 20)).create("docs", body)
    vectors = chance.normal(size=(2300, 1024)).astype(np.float32)
    index.write([Operation("index", str(i), {"v": row.tolist()}) for i, row in enumerate(vectors)])
    index.refresh()
    wanted = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    parts = index.view().spaces["v"].parts
    assert len(parts) > 1
    assert np.allclose(np.concatenate([p.matrix for p in parts]), wanted, atol=1e-6)
    (parts[0].path / "checksums.json").unlink()
    (parts[0].path / "seqs.npy").write_bytes(b"")
    fresh = Node(Settings(data=tmp_path, indexing_memory=16 << 20)).index("docs")
    again = fresh.view().spaces["v"].parts
    assert np.allclose(np.concatenate([p.matrix for p in again]), wanted, atol=1e-6)
    assert np.array_equal(np.concatenate([p.seqs for p in again]), np.arange(1, 2301))
