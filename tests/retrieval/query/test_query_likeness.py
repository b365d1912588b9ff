"""more_like_this against choosing the terms by hand."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import InvalidRequest, ParsingError
from retrieval import search
from retrieval.query import Parser


def telling(corpus, text):
    """The text's terms without Han characters that stand in a pair."""
    tokens = corpus.tokens(text)
    paired = {p for t in tokens if t.type == "<DOUBLE>" for p in (t.position, t.position + 1)}
    return Counter(t.term for t in tokens if not (t.type == "<IDEOGRAPHIC>" and t.position in paired))


@settings(max_examples=40)
@given(
    number=st.integers(0, 40),
    most=st.sampled_from([3, 25]),
    tf=st.integers(1, 2),
    df=st.sampled_from([1, 5]),
    share=st.sampled_from([1, "30%", "60%", "100%"]),
    shortest=st.sampled_from([0, 3]),
)
def test_the_most_telling_terms_are_looked_for(corpus, number, most, tf, df, share, shortest):
    doc_id = sorted(corpus.docs)[number]
    options = {
        "fields": ["text"],
        "max_query_terms": most,
        "min_term_freq": tf,
        "min_doc_freq": df,
        "minimum_should_match": share,
        "min_word_length": shortest,
    }
    found = corpus.run({"more_like_this": {"like": [{"_id": doc_id}], **options}})
    frequencies = Counter(t for s in corpus.docs.values() for t in corpus.terms(s["text"]))
    weighed = {
        term: n * (1 + math.log((len(corpus.docs) + 1) / (frequencies[term] + 1)))
        for term, n in telling(corpus, corpus.docs[doc_id]["text"]).items()
        if n >= tf and frequencies[term] >= df and len(term) >= shortest
    }
    chosen = sorted(weighed, key=lambda t: (-weighed[t], t))[:most]
    needed = max(1, share if share == 1 else len(chosen) * int(share[:-1]) // 100)
    wanted = corpus.where(lambda s: sum(t in corpus.terms(s["text"]) for t in chosen) >= needed)
    assert set(found) == wanted - {doc_id}
    with_itself = corpus.run({"more_like_this": {"like": [{"_id": doc_id}], "include": True, **options}})
    assert set(with_itself) == wanted


def test_texts_documents_and_unlike(corpus):
    options = {"min_term_freq": 1, "min_doc_freq": 1, "minimum_should_match": 1}
    by_text = corpus.run({"more_like_this": {"fields": ["text"], "like": "quick fox", **options}})
    assert set(by_text) == corpus.where(lambda s: {"quick", "fox"} & corpus.terms(s["text"]))
    given_ = {"doc": {"text": "quick fox", "title": "nothing"}}
    assert corpus.run({"more_like_this": {"fields": ["text"], "like": given_, **options}}) == by_text
    named = {"more_like_this": {"fields": ["text"], "like": given_, "_name": "alike", **options}}
    hits = search(corpus.node, ["docs"], {"query": named, "size": 100}, {})["hits"]["hits"]
    assert {hit["_id"] for hit in hits if hit["matched_queries"] == ["alike"]} == set(by_text)
    unlike = corpus.run({"more_like_this": {"fields": ["text"], "like": "quick fox", "unlike": ["fox"], **options}})
    assert set(unlike) == corpus.where(lambda s: "quick" in corpus.terms(s["text"]))
    stop = corpus.run({"more_like_this": {"fields": ["text"], "like": "quick fox", "stop_words": ["fox"], **options}})
    assert stop == unlike
    keys = corpus.run({"more_like_this": {"fields": ["key"], "like": "北京", **options}})
    assert set(keys) == corpus.where(lambda s: "北京" in s.get("key", []))
    boosted = corpus.run({"more_like_this": {"fields": ["text"], "like": "quick fox", "boost_terms": 2, **options}})
    assert boosted.keys() == by_text.keys()
    assert corpus.run({"more_like_this": {"like": {"_id": "nowhere"}, **options}}) == {}
    chinese = corpus.run({"more_like_this": {"fields": ["text"], "like": "搜索引擎", **options}})
    assert set(chinese) == corpus.where(lambda s: {"搜索", "索引", "引擎"} & corpus.terms(s["text"]))


def test_what_it_cannot_take(corpus):
    for body in (
        {},
        {"like": []},
        {"like": 3},
        {"like": {"id": "1"}},
        {"like": {"_id": "1", "doc": {}}},
        {"like": "a", "fields": []},
        {"like": "a", "stop_words": "a"},
        {"like": "a", "min_term_freq": -1},
        {"like": {"doc": "text"}},
    ):
        with pytest.raises(ParsingError):
            Parser().query({"more_like_this": body})
    query = Parser().query({"more_like_this": {"like": "3", "fields": ["n"]}})
    with pytest.raises(InvalidRequest, match="text/keyword"):
        query.matches(corpus.context())
    lenient = {"like": "3", "fields": ["n"], "fail_on_unsupported_field": False}
    assert corpus.run({"more_like_this": lenient}) == {}
