"""Conjunctions of words equal what is left of intersected postings, scored: all layouts, deletes, filters, counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.segment import Segment, SegmentWriter, Tombstones
from retrieval.lexical import LexicalReader, WordQuery
from tests.indexer.segment.corpora import Batch
from tests.retrieval.lexical.test_pruning import TERMS, batch_of

COUNTS = (90_000, 20_000, 3_000, 150)
RARE = 24  # planted terms


def corpus(rng: np.random.Generator, count: int) -> Batch:
    """Zipf-distributed words in documents of up to some hundreds, so that codes take more than a byte; runs of
    documents where a word is frequent; and words in 1, 2, 3.. documents."""
    sizes = np.minimum(rng.lognormal(2.3, 1.1, count).astype(np.int64), 500)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    words = np.minimum(rng.zipf(1.3, int(starts[-1])) - 1, TERMS - 1 - RARE)
    owner = np.repeat(np.arange(count), sizes)
    topical = rng.random(words.size) < 0.1
    words[topical] = 5 + (owner[topical] >> 11) % 40
    for i in range(RARE):
        words[rng.integers(0, words.size, 1 + i * i // 4)] = TERMS - RARE + i
    return batch_of(words, starts)


@pytest.fixture(scope="module")
def segments(tmp_path_factory: pytest.TempPathFactory) -> list[Segment]:
    folder: Path = tmp_path_factory.mktemp("all_words")
    rng = np.random.default_rng(11)
    found = []
    for i, count in enumerate(COUNTS):
        writer = SegmentWriter(folder / str(i))
        writer.add(np.arange(count), {"body": corpus(rng, count)}, {})
        writer.finish()
        found.append(Segment.open(folder / str(i)))
    return found


@pytest.fixture(scope="module")
def readers(segments: list[Segment]) -> list[LexicalReader]:
    """One segment, several, and both with deletions."""
    rng = np.random.default_rng(12)
    stones: list[Tombstones | None] = [
        Tombstones.none(s).with_dead(np.flatnonzero(rng.random(s.documents) < 0.2)) for s in segments
    ]
    text = segments[0].text("body")
    assert text is not None
    assert text.code_freqs.size > 300
    return [
        LexicalReader(segments[:1], [None]),
        LexicalReader(segments[:1], stones[:1]),
        LexicalReader(segments, [None] * len(segments)),
        LexicalReader(segments[::-1], stones[::-1]),
    ]


def every_match(reader: LexicalReader, query: WordQuery, accept: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """All hits by postings and the scores of given documents, best first."""
    held = np.ones(reader.documents, bool) if accept is None else accept.copy()
    for term in query.terms:
        mine = np.zeros(reader.documents, bool)
        mine[reader.postings("body", term)[0]] = True
        held &= mine
    docs = np.flatnonzero(held)
    scores = reader.score(query, docs)
    order = np.lexsort((docs, -scores.astype(np.float64)))
    return docs[order], scores[order]


ordinals = st.one_of(
    st.integers(0, 8), st.integers(0, 50), st.integers(0, TERMS - 1), st.integers(TERMS - RARE, TERMS - 1)
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    which=st.integers(0, 3),
    words=st.lists(ordinals, min_size=2, max_size=5, unique=True),
    boosts=st.none() | st.lists(st.sampled_from([0.0, 1.0, 3.0, 1000.0]), min_size=5, max_size=5),
    kept=st.sampled_from([None, 0.02, 0.1, 0.9]),
    k=st.sampled_from([1, 10, 64, 65, 100, 1000, 2000]),
    count_to=st.sampled_from([0, 1, 50, 10_000]),
    seed=st.integers(0, 3),
)
def test_equal_to_intersecting_and_scoring(
    readers: list[LexicalReader],
    which: int,
    words: list[int],
    boosts: list[float] | None,
    kept: float | None,
    k: int,
    count_to: int,
    seed: int,
) -> None:
    reader = readers[which]
    terms = [f"t{i}" for i in words]
    query = WordQuery(("body",), terms, None if boosts is None else boosts[: len(terms)], minimum=len(terms))
    accept = None if kept is None else np.random.default_rng(seed).random(reader.documents) < kept
    docs, scores = every_match(reader, query, accept)
    top = reader.top_k(query, k, accept, count_to)
    assert top.docs.tolist() == docs[:k].tolist()
    assert top.scores.tolist() == scores[:k].tolist()
    if count_to:
        assert (top.total, top.relation) == ((docs.size, "eq") if docs.size <= count_to else (count_to, "gte"))


@pytest.mark.parametrize("words", [(0, 1), (0, 1, 2), (2, 6), (3, 9, 12), (30, 90), (0, 200), (1, TERMS - 1)])
def test_every_k_and_reader(readers: list[LexicalReader], words: tuple[int, ...]) -> None:
    query = WordQuery(("body",), [f"t{i}" for i in words], minimum=len(words))
    for reader in readers:
        docs, scores = every_match(reader, query, None)
        for k in (1, 10, 64, 65, 300, 1000, 2000):
            top = reader.top_k(query, k, None, 0)
            assert top.docs.tolist() == docs[:k].tolist()
            assert top.scores.tolist() == scores[:k].tolist()
