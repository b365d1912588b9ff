"""Ranking equals the formulas, whatever the segments, deletions, filters and k."""

from __future__ import annotations

import itertools
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.lexical import BM25, LexicalReader, PhraseQuery, WordQuery
from tests.indexer.segment.corpora import WORDS
from tests.retrieval.lexical.oracle import Documents, Oracle, build, reader_of

texts = st.lists(st.sampled_from(WORDS), max_size=10)
corpora = st.lists(st.fixed_dictionaries({"title": texts, "body": texts}), min_size=1, max_size=30)
queries = st.lists(st.sampled_from([*WORDS, "nowhere"]), min_size=1, max_size=6)


def expected_hits(oracle: Oracle, terms: list[str], minimum: int, accept: np.ndarray | None) -> dict[int, float]:
    distinct = list(dict.fromkeys(terms))
    minimum = max(1, min(minimum, len(distinct)))
    hits = {}
    for number in oracle.live():
        if accept is not None and not accept[number]:
            continue
        if sum(oracle.tf(number, t) > 0 for t in distinct) >= minimum:
            hits[number] = sum(oracle.bm25(number, t) for t in terms)
    return hits


@st.composite
def cases(draw: st.DrawFn) -> tuple:
    documents = draw(corpora)
    count = len(documents)
    cuts = draw(st.lists(st.integers(0, count), max_size=3))
    dead = draw(st.sets(st.integers(0, count - 1), max_size=count))
    accept = draw(st.none() | st.lists(st.booleans(), min_size=count, max_size=count).map(np.array))
    return documents, cuts, dead, accept


@given(
    cases(),
    queries,
    st.sampled_from([("body",), ("title", "body"), ("title", "body", "absent")]),
    st.booleans(),
    st.integers(1, 7),
    st.integers(1, 40),
)
@settings(max_examples=150, deadline=None)
def test_ranking_equals_the_definition(
    case: tuple, terms: list[str], fields: tuple[str, ...], weighted: bool, minimum: int, k: int
) -> None:
    documents, cuts, dead, accept = case
    weights = (0.5, 2.0, 1.0)[: len(fields)] if weighted else (1.0,) * len(fields)
    oracle = Oracle(documents, fields, weights, dead)
    with TemporaryDirectory() as folder:
        reader = reader_of(build(Path(folder), documents, cuts), dead)
        query = WordQuery(fields, terms, weights=weights, minimum=minimum)
        hits = expected_hits(oracle, terms, minimum, accept)
        docs, scores = reader.matches(query, accept)
        assert docs.tolist() == sorted(hits)
        np.testing.assert_allclose(scores, [hits[d] for d in docs.tolist()], rtol=2e-6)
        best = sorted(zip(-scores.astype(float), docs.tolist(), strict=True))[:k]
        top = reader.top_k(query, k, accept)
        assert top.docs.tolist() == [d for _, d in best]
        assert top.scores.tolist() == [-s for s, _ in best]
        assert (top.total, top.relation) == (len(hits), "eq")
        few = reader.top_k(query, k, accept, count_to=2)
        assert (few.total, few.relation) == ((len(hits), "eq") if len(hits) <= 2 else (2, "gte"))
        assert few.docs.tolist() == top.docs.tolist()
        everything = np.arange(len(documents))
        scored = reader.score(query, everything)
        assert scored[docs].tolist() == scores.tolist()
        for number in (*docs[:2].tolist(), len(documents) - 1):
            account = reader.explain(query, number)
            if number in hits:
                assert account.matched
                assert account.value == pytest.approx(hits[number], rel=2e-6)
                assert sum(t.contribution for t in account.terms) == pytest.approx(account.value, rel=1e-5)


@given(cases(), queries)
@settings(max_examples=40, deadline=None)
def test_combined_fields_equal_their_concatenation(case: tuple, terms: list[str]) -> None:
    documents, cuts, dead, accept = case
    joined: Documents = [{"all": d["title"] + d["body"]} for d in documents]
    with TemporaryDirectory() as one, TemporaryDirectory() as two:
        apart = reader_of(build(Path(one), documents, cuts), dead)
        whole = reader_of(build(Path(two), joined, cuts), dead)
        a = apart.top_k(WordQuery(("title", "body"), terms), 50, accept)
        b = whole.top_k(WordQuery(("all",), terms), 50, accept)
        assert a.docs.tolist() == b.docs.tolist()
        assert a.scores.tolist() == b.scores.tolist()


@given(cases(), st.lists(st.sampled_from(WORDS), min_size=1, max_size=3))
@settings(max_examples=100, deadline=None)
def test_exact_phrases(case: tuple, terms: list[str]) -> None:
    documents, cuts, dead, accept = case
    oracle = Oracle(documents, ("body",), (1.0,), dead)
    with TemporaryDirectory() as folder:
        reader = reader_of(build(Path(folder), documents, cuts), dead)
        counts = {}
        for number in oracle.live():
            words = documents[number]["body"]
            found = sum(words[i : i + len(terms)] == terms for i in range(len(words)))
            if found and (accept is None or accept[number]):
                counts[number] = found
        query = PhraseQuery("body", terms)
        docs, scores = reader.matches(query, accept)
        assert docs.tolist() == sorted(counts)
        top = reader.top_k(query, 5, accept)
        best = sorted(zip(-scores.astype(float), docs.tolist(), strict=True))[:5]
        assert top.docs.tolist() == [d for _, d in best]
        assert reader.score(query, np.arange(len(documents)))[docs].tolist() == scores.tolist()
        for number in docs[:1].tolist():
            account = reader.explain(query, number)
            assert account.terms[0].frequency == pytest.approx(counts[number], rel=1e-3)


@given(cases(), st.lists(st.sampled_from(WORDS), min_size=2, max_size=3, unique=True), st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_sloppy_phrases(case: tuple, terms: list[str], slop: int) -> None:
    """A document matches when each term has a place such that, each moved back by where it stands in the phrase,
    they lie within the slop; every such place counts 1 / (1 + distance), one at least."""
    documents, cuts, dead, accept = case
    with TemporaryDirectory() as folder:
        reader = reader_of(build(Path(folder), documents, cuts), dead)
        nearest = {}
        for number, document in enumerate(documents):
            places = [[i - at for i, w in enumerate(document["body"]) if w == term] for at, term in enumerate(terms)]
            distances = [max(chosen) - min(chosen) for chosen in itertools.product(*places)]
            if number not in dead and (accept is None or accept[number]) and distances and min(distances) <= slop:
                nearest[number] = min(distances)
        query = PhraseQuery("body", terms, slop=slop)
        docs, _ = reader.matches(query, accept)
        assert docs.tolist() == sorted(nearest)
        assert reader.top_k(query, 100, accept).total == len(nearest)
        for number in docs[:3].tolist():
            frequency = reader.explain(query, number).terms[0].frequency
            assert frequency >= (1 / (1 + nearest[number])) * (1 - 1e-3)


def test_what_cannot_match_gives_nothing(tmp_path: Path) -> None:
    documents: Documents = [{"body": ["a", "搜"]}, {"body": ["b"]}]
    reader = reader_of(build(tmp_path, documents), set())
    assert reader.top_k(WordQuery(("body",), ["nowhere"]), 5).total == 0
    assert reader.top_k(WordQuery(("absent",), ["a"]), 5).docs.size == 0
    assert reader.top_k(WordQuery(("body",), ["a", "nowhere"], minimum=2), 5).total == 0
    assert reader.top_k(WordQuery(("body",), []), 5).total == 0
    assert reader.top_k(PhraseQuery("body", ["a", "nowhere"]), 5).total == 0
    assert LexicalReader([], []).top_k(WordQuery(("body",), ["a"]), 5).total == 0


def test_wrong_requests_are_refused(tmp_path: Path) -> None:
    reader = reader_of(build(tmp_path, [{"body": ["a"]}]), set())
    with pytest.raises(ValueError, match="at least 1"):
        reader.top_k(WordQuery(("body",), ["a"]), 0)
    with pytest.raises(ValueError, match="boosts do not fit"):
        reader.top_k(WordQuery(("body",), ["a"], boosts=[1.0, 2.0]), 1)
    with pytest.raises(ValueError, match="positive weight"):
        reader.top_k(WordQuery(("body",), ["a"], weights=(1.0, 1.0)), 1)
    with pytest.raises(ValueError, match="accept must be"):
        reader.top_k(WordQuery(("body",), ["a"]), 1, accept=np.ones(3, bool))
    with pytest.raises(ValueError, match="positions do not fit"):
        reader.top_k(PhraseQuery("body", ["a"], positions=[0, 1]), 1)
    with pytest.raises(IndexError):
        reader.score(WordQuery(("body",), ["a"]), np.array([5]))
    with pytest.raises(ValueError, match="b must lie"):
        BM25(b=1.5)


def test_postings_and_expansion_skip_the_dead(tmp_path: Path) -> None:
    documents: Documents = [{"body": ["aa", "ab"]}, {"body": ["ab", "ab"]}, {"body": ["ac", "搜索"]}]
    reader = reader_of(build(tmp_path, documents, [1]), {2})
    docs, freqs = reader.postings("body", "ab")
    assert (docs.tolist(), freqs.tolist()) == ([0, 1], [1, 2])
    assert reader.expand("body", b"a", None, 10) == [b"aa", b"ab"]
    assert reader.expand("body", b"a", None, 1) == [b"aa"]
    assert reader.df("body", "ac") == 0
    assert reader.df("body", "ab") == 2
    assert reader.live.tolist() == [True, True, False]
    assert reader.statistics("body").documents[0] == 2
