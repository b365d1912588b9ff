"""Vector search against brute force: filters, deletes, documents of several rows, several parts."""

from __future__ import annotations

from itertools import pairwise

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.segment.vectors import VectorPart, merge_parts, write_part
from retrieval import dense


class Space:
    """A space of parts with given document numbers, as a view would show it."""

    def __init__(self, parts, documents):
        self.parts, self.documents = parts, documents


def make(folder, chance, sizes, dimension=8, metric="cosine"):
    """Parts of documents with 1-4 rows each; returns the space and each document's rows."""
    parts, numbers, rows, at = [], [], [], 0
    for k, size in enumerate(sizes):
        counts = chance.integers(1, 5, size)
        starts = np.concatenate([[0], np.cumsum(counts)])
        vectors = chance.normal(size=(starts[-1], dimension)).astype(np.float32)
        if metric == "cosine":
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        write_part(folder / f"p{k}", np.arange(at, at + size), starts, np.zeros((starts[-1], 2)), vectors, metric)
        parts.append(VectorPart(folder / f"p{k}"))
        numbers.append(np.arange(at, at + size))
        rows += [vectors[a:b] for a, b in pairwise(starts)]
        at += size
    return Space(parts, numbers), rows


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(1, 40), share=st.sampled_from([0.02, 0.3, 1.0]))
def test_top_k_is_brute_forces(tmp_path_factory, seed, k, share):
    chance = np.random.default_rng(seed)
    space, rows = make(tmp_path_factory.mktemp("v"), chance, chance.integers(1, 40, chance.integers(1, 4)).tolist())
    dead = chance.random(len(rows)) < 0.2
    for numbers in space.documents:
        numbers[dead[numbers]] = -1
    accept = chance.random(len(rows)) < share
    query = chance.normal(size=8).astype(np.float32)
    query /= np.linalg.norm(query)
    best = np.array([float((r @ query).max()) for r in rows])
    allowed = np.flatnonzero(accept & ~dead)
    expected = allowed[np.lexsort((allowed, -best[allowed]))][:k]
    found = dense.search(space, query, k, accept)
    assert found.docs.tolist() == expected.tolist()
    assert np.allclose(found.similarities, best[expected], atol=1e-5)
    some = np.flatnonzero(~dead)[::2]
    assert np.allclose(dense.similarities(space, query, some), best[some], atol=1e-5)
    assert np.isnan(dense.similarities(space, query, np.flatnonzero(dead))).all()


@pytest.mark.parametrize("metric", ["cosine", "l2_norm"])
@pytest.mark.parametrize("rows", [0, 1, 9000])
def test_a_part_holds_what_faiss_itself_would_write(tmp_path, metric, rows):
    vectors = np.random.default_rng(5).normal(size=(rows, 6)).astype(np.float32)
    seqs = np.arange(rows)
    write_part(tmp_path / "part", seqs, np.arange(rows + 1), np.zeros((rows, 2)), vectors, metric)
    merge_parts(tmp_path / "merged", [VectorPart(tmp_path / "part")], [np.ones(rows, bool)], metric)
    index = faiss.IndexFlat(6, faiss.METRIC_L2 if metric == "l2_norm" else faiss.METRIC_INNER_PRODUCT)
    index.add(vectors)
    faiss.write_index(index, str(tmp_path / "index"))
    for part in ("part", "merged"):
        assert (tmp_path / part / "vectors.faiss").read_bytes() == (tmp_path / "index").read_bytes()
    assert np.array_equal(VectorPart(tmp_path / "merged").matrix, vectors)


@pytest.mark.parametrize("metric", ["cosine", "l2_norm"])
def test_merged_parts_are_the_living_rows(tmp_path, metric):
    chance = np.random.default_rng(3)
    space, rows = make(tmp_path, chance, [5, 7], metric=metric)
    keep = [np.array([True, False, True, True, False]), np.ones(7, bool)]
    merge_parts(tmp_path / "merged", space.parts, keep, metric)
    merged = VectorPart(tmp_path / "merged")
    alive = np.flatnonzero(np.concatenate(keep))
    assert merged.seqs.tolist() == alive.tolist()
    assert np.array_equal(merged.matrix, np.concatenate([rows[i] for i in alive]))
