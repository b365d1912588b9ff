"""Scores equal those of rank-bm25, scikit-learn and Lucene on the same tokens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rank_bm25 import BM25L as ReferenceBM25L
from rank_bm25 import BM25Plus as ReferenceBM25Plus
from sklearn.feature_extraction.text import TfidfVectorizer

from retrieval.lexical import BM25, BM25L, TFIDF, BM25Plus, Similarity, WordQuery
from tests.retrieval.lexical.oracle import build, reader_of

RNG = np.random.default_rng(11)
WORDS = [f"w{i}" for i in range(60)]
DOCUMENTS = [
    [WORDS[min(int(w), 59)] for w in RNG.zipf(1.3, int(RNG.integers(1, 120))) - 1] + [WORDS[int(RNG.integers(60))]]
    for _ in range(300)
]
QUERIES = [[WORDS[int(w)] for w in RNG.integers(0, 60, int(RNG.integers(1, 6)))] for _ in range(30)]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory):
    folder: Path = tmp_path_factory.mktemp("similarities")
    return reader_of(build(folder, [{"body": d} for d in DOCUMENTS], cuts=[70, 150]), set())


@pytest.mark.parametrize(
    ("similarity", "reference"),
    [
        (BM25Plus(k1=1.5, b=0.75, delta=1.0), ReferenceBM25Plus(DOCUMENTS)),
        (BM25L(k1=1.5, b=0.75, delta=0.5), ReferenceBM25L(DOCUMENTS)),
    ],
)
def test_rank_bm25(reader, similarity: Similarity, reference) -> None:
    for query in QUERIES:
        expected = reference.get_scores(query)
        docs, scores = reader.matches(WordQuery(("body",), query, similarity=similarity))
        np.testing.assert_allclose(scores, expected[docs], rtol=1e-5)
        top = reader.top_k(WordQuery(("body",), query, similarity=similarity), 10)
        np.testing.assert_allclose(top.scores, np.sort(expected[docs])[::-1][:10], rtol=1e-5)
        account = reader.explain(WordQuery(("body",), query, similarity=similarity), int(top.docs[0]))
        assert sum(t.contribution for t in account.terms) == pytest.approx(float(top.scores[0]), rel=1e-5)


def test_published_forms(reader) -> None:
    """Lv and Zhai's formulas, computed here."""
    lengths = np.array([len(d) for d in DOCUMENTS])
    norm = 0.25 + 0.75 * lengths / lengths.mean()
    for term in ("w1", "w40"):
        tf = np.array([d.count(term) for d in DOCUMENTS])
        df, count = int(np.count_nonzero(tf)), len(DOCUMENTS)
        plus = np.log((count + 1) / df) * (2.2 * tf / (tf + 1.2 * norm) + 1.0)
        c = tf / norm
        long = np.log((count + 1) / (df + 0.5)) * 2.2 * (c + 0.5) / (1.2 + c + 0.5)
        for similarity, expected in ((BM25Plus(as_published=True), plus), (BM25L(as_published=True), long)):
            docs, scores = reader.matches(WordQuery(("body",), [term], similarity=similarity))
            assert docs.tolist() == np.flatnonzero(tf).tolist()
            np.testing.assert_allclose(scores, expected[docs], rtol=1e-5)


def test_scikit_learn_lnc_ltc(reader) -> None:
    split = {"tokenizer": str.split, "token_pattern": None, "lowercase": False, "sublinear_tf": True}
    texts = [" ".join(d) for d in DOCUMENTS]
    lnc = TfidfVectorizer(use_idf=False, **split)
    ltc = TfidfVectorizer(use_idf=True, **split)
    documents = lnc.fit_transform(texts)
    ltc.fit(texts)
    assert lnc.get_feature_names_out().tolist() == ltc.get_feature_names_out().tolist()
    for query in QUERIES:
        expected = (documents @ ltc.transform([" ".join(query)]).T).toarray()[:, 0]
        docs, scores = reader.matches(WordQuery(("body",), query, similarity=TFIDF()))
        assert docs.tolist() == np.flatnonzero(expected).tolist()
        np.testing.assert_allclose(scores, expected[docs], rtol=1e-5)


def test_exact_lengths_differ_from_bytes_only_beyond_forty(reader) -> None:
    docs, exact = reader.matches(WordQuery(("body",), ["w0"], similarity=BM25(exact_lengths=True)))
    _, rounded = reader.matches(WordQuery(("body",), ["w0"]))
    short = np.array([len(DOCUMENTS[d]) < 40 for d in docs])
    np.testing.assert_allclose(exact[short], rounded[short], rtol=1e-6)
    assert (rounded[~short] >= exact[~short] * (1 - 1e-6)).all()


def test_tf_idf_over_several_fields_is_refused(reader) -> None:
    with pytest.raises(ValueError, match="TF-IDF ranks one field"):
        reader.top_k(WordQuery(("body", "title"), ["w1"], similarity=TFIDF()), 3)
