"""Skipping what cannot enter the top k never changes it: many ranges, several chunks, ties, fields, filters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer.segment import Segment, SegmentWriter, Tombstones
from indexer.segment.norms import LENGTHS
from retrieval.lexical import LexicalReader, PhraseQuery, WordQuery
from tests.indexer.segment.corpora import Batch

TERMS = 400
COUNTS = (80_000, 5_000, 200)


def synthetic(rng: np.random.Generator, sizes: np.ndarray) -> Batch:
    """Documents of Zipf-distributed words with bursts, as arrays."""
    starts = np.concatenate([[0], np.cumsum(sizes)])
    total = int(starts[-1])
    words = np.minimum(rng.zipf(1.25, total) - 1, TERMS - 1)
    repeat = rng.random(total) < 0.15
    repeat[starts[:-1][sizes > 0]] = False
    words[repeat] = words[np.flatnonzero(repeat) - 1]
    return batch_of(words, starts)


def batch_of(words: np.ndarray, starts: np.ndarray) -> Batch:
    names = [f"t{i}".encode() for i in range(TERMS)]
    return Batch(
        np.frombuffer(b"".join(names), np.uint8),
        np.cumsum([0] + [len(n) for n in names]),
        words.astype(np.uint32),
        (np.arange(words.size) - np.repeat(starts[:-1], np.diff(starts))).astype(np.uint32),
        starts,
        np.zeros(TERMS, np.uint8),
    )


@pytest.fixture(scope="module")
def segments(tmp_path_factory: pytest.TempPathFactory) -> list[Segment]:
    folder: Path = tmp_path_factory.mktemp("pruning")
    rng = np.random.default_rng(2)
    found = []
    first = 0
    for count in COUNTS:
        writer = SegmentWriter(folder / f"s{first}")
        fields = {
            "body": synthetic(rng, rng.integers(1, 25, count)),
            "title": synthetic(rng, rng.integers(0, 5, count)),
        }
        writer.add(np.arange(first, first + count), fields, {})
        writer.finish()
        found.append(Segment.open(folder / f"s{first}"))
        first += count
    return found


def random_query(rng: np.random.Generator, case: int) -> WordQuery | PhraseQuery:
    terms = [f"t{i}" for i in np.unique(np.minimum(rng.zipf(1.2, int(rng.integers(1, 9))), TERMS - 1))]
    if case % 4 == 0:
        return PhraseQuery("body", terms[:2], slop=case // 4 % 2)
    boosts = np.maximum(rng.random(len(terms)) * 4 - 1, 0) if case % 5 == 0 else None  # some of them 0
    minimum = (1, 1, len(terms), 2)[int(rng.integers(4))]
    fields = (("body",), ("title", "body"), ("title",))[case % 3]
    weights = tuple(rng.choice([0.5, 1.0, 3.0], len(fields)).tolist()) if case % 7 < 3 else None
    return WordQuery(fields, terms, boosts, weights, minimum)


def check(
    reader: LexicalReader, query: WordQuery | PhraseQuery, accept: np.ndarray | None, found: tuple[np.ndarray, ...]
) -> None:
    """The best k are the first k of all."""
    docs, scores = found
    order = np.lexsort((docs, -scores.astype(np.float64)))
    for k, count_to in ((1, 0), (10, 0), (10, 10_000), (64, 50), (65, 0), (1000, 0), (1000, 10_000)):
        top = reader.top_k(query, k, accept, count_to)
        assert top.docs.tolist() == docs[order[:k]].tolist()
        assert top.scores.tolist() == scores[order[:k]].tolist()
        if count_to:
            expected = (docs.size, "eq") if docs.size <= count_to else (count_to, "gte")
            assert (top.total, top.relation) == expected


def check_pairs(
    reader: LexicalReader, queries: list[PhraseQuery], accept: np.ndarray | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Phrases are found by pairs as by positions alone."""
    with monkeypatch.context() as patched:
        patched.setattr(LexicalReader, "_pair_scorer", lambda *_: None)
        expected = [reader.matches(query, accept) for query in queries]
    for query, (docs, scores) in zip(queries, expected, strict=True):
        found = reader.matches(query, accept)
        assert found[0].tolist() == docs.tolist()
        assert found[1].tolist() == scores.tolist()
        check(reader, query, accept, (docs, scores))


@pytest.mark.parametrize("deleted", [0.0, 0.2])
@pytest.mark.parametrize("kept", [None, 0.0, 0.002, 0.02, 0.1, 0.5, 0.9, "block"])
def test_pruned_equals_exhaustive(segments: list[Segment], deleted: float, kept: float | str | None) -> None:
    rng = np.random.default_rng(7)
    stones: list[Tombstones | None] = [
        Tombstones.none(s).with_dead(np.flatnonzero(rng.random(s.documents) < deleted)) for s in segments
    ]
    reader = LexicalReader(segments, stones)
    accept = None
    if isinstance(kept, float):
        accept = rng.random(reader.documents) < kept
    elif kept == "block":
        accept = (np.arange(reader.documents) // 700) % 40 == 3
    for case in range(45):
        query = random_query(rng, case)
        check(reader, query, accept, reader.matches(query, accept))
        sample = rng.integers(0, reader.documents, 200)
        expected_scores = np.zeros(reader.documents, np.float32)
        whole, whole_scores = reader.matches(query)
        expected_scores[whole] = whole_scores
        dead = ~reader.live[sample]
        assert reader.score(query, sample)[~dead].tolist() == expected_scores[sample][~dead].tolist()


@pytest.mark.parametrize("kept", [None, 0.1])
def test_two_frequent_words(segments: list[Segment], kept: float | None) -> None:
    """Hits in the last of the ranges that raise the score to reach, and in what is left after these."""
    rng = np.random.default_rng(11)
    reader = LexicalReader(segments[:1], [None])
    accept = None if kept is None else rng.random(reader.documents) < kept
    for case in range(40):
        first, second = rng.choice(60, 2, replace=False).tolist()
        query = WordQuery((("body",), ("title", "body"))[case % 8 == 0], (f"t{first}", f"t{second}"))
        check(reader, query, accept, reader.matches(query, accept))


def test_words_in_thousands_of_ranges(tmp_path: Path) -> None:
    """Bands of ranges of two words, levels of one word, and where a filter lets few be hits, all that is left."""
    rng = np.random.default_rng(13)
    count = 600_000
    writer = SegmentWriter(tmp_path / "many")
    writer.add(np.arange(count), {"body": synthetic(rng, rng.integers(1, 12, count))}, {})
    writer.finish()
    reader = LexicalReader([Segment.open(tmp_path / "many")], [None])
    accepts = [None, *(reader.accepted(rng.random(count) < kept) for kept in (0.4, 0.1, 0.02))]
    for _ in range(50):
        first, second = np.sort(rng.choice(TERMS // 4, 2, replace=False)).tolist()
        for terms in ((f"t{first}", f"t{second}"), (f"t{second}",)):
            query = WordQuery(("body",), terms)
            for accept in accepts:
                docs, scores = reader.matches(query, accept)
                order = np.lexsort((docs, -scores.astype(np.float64)))[:10]
                top = reader.top_k(query, 10, accept, 0)
                assert top.docs.tolist() == docs[order].tolist()
                assert top.scores.tolist() == scores[order].tolist()


def test_all_matches_have_the_scores_of_the_formula(segments: list[Segment]) -> None:
    """BM25F over whole columns, in float64, from postings and lengths alone."""
    rng = np.random.default_rng(3)
    reader = LexicalReader(segments, [None] * len(segments))
    lengths = {
        f: np.concatenate([s.text(f).lengths[:, 0] for s in segments]).astype(float)  # type: ignore[union-attr]
        for f in ("body", "title")
    }
    for case in range(40):
        query = random_query(rng, case)
        if isinstance(query, PhraseQuery):
            continue
        weights = query.weights or (1.0,) * len(query.fields)
        total = sum(w * lengths[f] for f, w in zip(query.fields, weights, strict=True))
        counted = np.count_nonzero(total)
        rounded = LENGTHS[np.searchsorted(LENGTHS, np.floor(total), side="right") - 1]
        norm = 1.2 * (0.25 + 0.75 * rounded / (total.sum() / counted))
        scores, held = np.zeros(reader.documents), np.zeros(reader.documents, int)
        boosts = np.ones(len(query.terms)) if query.boosts is None else query.boosts
        for term, boost in zip(query.terms, boosts, strict=True):
            tf = np.zeros(reader.documents)
            for field, weight in zip(query.fields, weights, strict=True):
                docs, freqs = reader.postings(field, term)
                tf[docs] += weight * freqs
            df = np.count_nonzero(tf)
            scores += boost * np.log(1 + (counted - df + 0.5) / (df + 0.5)) * tf / (tf + norm)
            held += tf > 0
        docs, found = reader.matches(query)
        assert docs.tolist() == np.flatnonzero(held >= min(query.minimum, len(query.terms))).tolist()
        np.testing.assert_allclose(found, scores[docs], rtol=2e-6)


def test_a_sample_that_promises_too_much(tmp_path: Path) -> None:
    """The ranges from which large k guesses its threshold hold all of the good documents, or none of them."""
    rng = np.random.default_rng(5)
    count = 60_000
    ranges = np.arange(count) >> 7
    for name, good in (("all", (ranges >> 4) & 15 == 7), ("none", (ranges >> 4) & 15 != 7)):
        good = good & (rng.random(count) < 0.5)
        sizes = np.where(good, 6, 3)
        starts = np.concatenate([[0], np.cumsum(sizes)])
        words = np.minimum(rng.zipf(1.3, int(starts[-1])) + 1, TERMS - 1)
        words[starts[:-1]] = 0
        words[starts[:-1][good] + 1] = 0
        words[starts[:-1][good] + 2] = 0
        writer = SegmentWriter(tmp_path / name)
        writer.add(np.arange(count), {"body": batch_of(words, starts)}, {})
        writer.finish()
        reader = LexicalReader([Segment.open(tmp_path / name)], [None])
        for terms in (["t0"], ["t0", "t3"], ["t0", "t2", "t5", "t9"]):
            for minimum in (1, len(terms)):
                query = WordQuery(("body",), terms, minimum=minimum)
                check(reader, query, None, reader.matches(query))


@pytest.mark.parametrize("deleted", [0.0, 0.2])
@pytest.mark.parametrize("kept", [None, 0.1])
def test_phrases_by_stored_pairs(
    segments: list[Segment], deleted: float, kept: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many ranges and chunks as there are, the pairs of frequent words lead to what their positions give."""
    rng = np.random.default_rng(11)
    stones: list[Tombstones | None] = [
        Tombstones.none(s).with_dead(np.flatnonzero(rng.random(s.documents) < deleted)) for s in segments
    ]
    accept = None if kept is None else rng.random(sum(COUNTS)) < kept
    reader = LexicalReader(segments, stones)
    queries = []
    for case in range(30):
        words = np.minimum(rng.zipf(1.3, int(rng.integers(2, 5))), TERMS - 1) - 1
        queries.append(PhraseQuery("body", [f"t{i}" for i in (words if case % 3 else words[:2])]))
    check_pairs(reader, queries, accept, monkeypatch)


@pytest.mark.parametrize("seed", range(3))
def test_one_word_band_by_band(tmp_path: Path, seed: int) -> None:
    """Runs of 16 ranges that are good as a whole are taken whole; what is left is looked at again, and again."""
    rng = np.random.default_rng(seed)
    count, size = 400_000, 4
    runs = np.arange(count) >> 11
    share = rng.choice([0.0001, 0.001, 0.01], runs[-1] + 1)
    share[rng.integers(0, share.size, 3)] = 0.5
    times = 1 + (rng.random(count) < share[runs]) * rng.integers(1, size, count)
    words = np.minimum(rng.zipf(1.3, size * count) + 1, TERMS - 1).reshape(count, size)
    for place in range(size):
        words[times > place, place] = 0
    words[rng.random(count) < rng.choice([0.1, 0.98]), 0] = 1
    words[(words == 1) & (runs % 3 == 1)[:, None]] = 2  # nowhere in whole runs
    segments = []
    for first, last in ((0, 250_000), (250_000, 390_000), (390_000, count)):
        writer = SegmentWriter(tmp_path / str(first))
        starts = np.arange(0, size * (last - first) + 1, size)
        writer.add(np.arange(first, last), {"body": batch_of(words[first:last].reshape(-1), starts)}, {})
        writer.finish()
        segments.append(Segment.open(tmp_path / str(first)))
    reader = LexicalReader(segments, [None] * len(segments))
    ordinary = share[runs] < 0.5
    rare = rng.random(count) < 0.02
    for accept in (None, rng.random(count) < 0.1, ordinary, ordinary & (rng.random(count) < 0.05), rare):
        for terms in (["t0"], ["t1"], ["t0", "t2"], ["t1", "t5"]):
            query = WordQuery(("body",), terms)
            check(reader, query, accept, reader.matches(query, accept))


def test_few_good_hits_in_the_best_ranges_of_two_segments(tmp_path: Path) -> None:
    """The first segment's best range holds five poor hits, the second one's best ranges five good and many fair."""
    counts, size = (256, 64_000), 4
    segments, accept = [], np.zeros(sum(counts), bool)
    for number, count in enumerate(counts):
        words = np.full((count, size), 3)
        words[::2, 0] = 0  # poor
        best = np.arange(0, (105 if number else 1) * 128, 128)
        words[best] = 0
        base = sum(counts[:number])
        if number == 0:
            accept[base + np.arange(2, 12, 2)] = True
        else:
            accept[base + best[:5]] = True
            words[np.arange(2, 42, 2), 1] = 0  # fair
            accept[base + np.arange(2, 42, 2)] = True
            accept[base + np.arange(105 * 128, count, 8)] = True
        writer = SegmentWriter(tmp_path / str(number))
        starts = np.arange(0, size * count + 1, size)
        writer.add(np.arange(base, base + count), {"body": batch_of(words.reshape(-1), starts)}, {})
        writer.finish()
        segments.append(Segment.open(tmp_path / str(number)))
    reader = LexicalReader(segments, [None, None])
    query = WordQuery(("body",), ["t0"])
    check(reader, query, accept, reader.matches(query, accept))
