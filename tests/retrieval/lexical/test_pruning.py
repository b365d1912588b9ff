"""Skipping what cannot enter the top k never changes it: many ranges, several chunks, ties, filters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer.segment import Segment, SegmentWriter, Tombstones
from retrieval.lexical import LexicalReader, PhraseQuery, WordQuery
from tests.indexer.segment.corpora import Batch

COUNT = 150_000
TERMS = 400


def synthetic(rng: np.random.Generator, count: int) -> Batch:
    """Documents of Zipf-distributed words with bursts, as arrays."""
    sizes = rng.integers(1, 25, count)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    total = int(starts[-1])
    words = np.minimum(rng.zipf(1.25, total) - 1, TERMS - 1)
    repeat = rng.random(total) < 0.15
    repeat[starts[:-1]] = False
    words[repeat] = words[np.flatnonzero(repeat) - 1]
    names = [f"t{i}".encode() for i in range(TERMS)]
    return Batch(
        np.frombuffer(b"".join(names), np.uint8),
        np.cumsum([0] + [len(n) for n in names]),
        words.astype(np.uint32),
        (np.arange(total) - np.repeat(starts[:-1], sizes)).astype(np.uint32),
        starts,
        np.zeros(TERMS, np.uint8),
    )


@pytest.fixture(scope="module")
def segments(tmp_path_factory: pytest.TempPathFactory) -> list[Segment]:
    folder: Path = tmp_path_factory.mktemp("pruning")
    rng = np.random.default_rng(2)
    found = []
    first = 0
    for count in (COUNT, 5_000, 200):
        writer = SegmentWriter(folder / f"s{first}")
        writer.add(np.arange(first, first + count), {"body": synthetic(rng, count)}, {})
        writer.finish()
        found.append(Segment.open(folder / f"s{first}"))
        first += count
    return found


@pytest.mark.parametrize("deleted", [0.0, 0.2])
@pytest.mark.parametrize("kept", [None, 0.1, 0.9])
def test_pruned_equals_exhaustive(segments: list[Segment], deleted: float, kept: float | None) -> None:
    rng = np.random.default_rng(7)
    stones: list[Tombstones | None] = [
        Tombstones.none(s).with_dead(np.flatnonzero(rng.random(s.documents) < deleted)) for s in segments
    ]
    reader = LexicalReader(segments, stones)
    accept = None if kept is None else rng.random(reader.documents) < kept
    for case in range(30):
        terms = [f"t{i}" for i in np.unique(np.minimum(rng.zipf(1.2, int(rng.integers(1, 7))), TERMS - 1))]
        if case % 3 == 0:
            query: WordQuery | PhraseQuery = PhraseQuery("body", terms[:2], slop=case % 2)
        else:
            boosts = rng.random(len(terms)) + 0.5 if case % 5 == 0 else None
            query = WordQuery(("body",), terms, boosts, minimum=len(terms) if case % 3 == 1 else 1)
        docs, scores = reader.matches(query, accept)
        order = np.lexsort((docs, -scores.astype(np.float64)))
        for k, count_to in ((1, 0), (10, 0), (10, 10_000), (64, 50), (65, 0), (1000, 0), (1000, 10_000)):
            top = reader.top_k(query, k, accept, count_to)
            assert top.docs.tolist() == docs[order[:k]].tolist()
            assert top.scores.tolist() == scores[order[:k]].tolist()
            if count_to:
                expected = (docs.size, "eq") if docs.size <= count_to else (count_to, "gte")
                assert (top.total, top.relation) == expected
        sample = rng.integers(0, reader.documents, 200)
        expected_scores = np.zeros(reader.documents, np.float32)
        whole, whole_scores = reader.matches(query)
        expected_scores[whole] = whole_scores
        dead = ~reader.live[sample]
        assert reader.score(query, sample)[~dead].tolist() == expected_scores[sample][~dead].tolist()
