"""terms from another document, terms_set and distance_feature against the sources."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from query_corpus import KEYS

from indexer import IndexNotFound, InvalidRequest, Operation, ParsingError
from retrieval import search
from retrieval.query import Parser

LISTS = {"flat": {"keys": ["a1", "北京"]}, "deep": {"o": [{"keys": ["a1"]}, {"keys": "GPT"}]}, "none": {"n": 1}}


@pytest.fixture(scope="module")
def lists(corpus):
    """An index with lists of values, not refreshed: a lookup sees what is written."""
    index = corpus.node.create("lists", {"settings": {"semantic": {"families": []}}})
    index.write([Operation("index", i, source) for i, source in LISTS.items()])
    yield corpus
    corpus.node.delete("lists")


@pytest.mark.parametrize(
    ("doc", "path", "values"),
    [
        ("flat", "keys", ["a1", "北京"]),
        ("deep", "o.keys", ["a1", "GPT"]),
        ("none", "keys", []),
        ("nobody", "keys", []),
    ],
)
def test_terms_of_another_document(lists, doc, path, values):
    look = {"terms": {"key": {"index": "lists", "id": doc, "path": path}, "boost": 2, "_name": "listed"}}
    wanted = lists.run({"terms": {"key": values, "boost": 2}})
    assert lists.run(look) == wanted
    hits = search(lists.node, ["docs"], {"query": {"bool": {"filter": look}}, "size": 100}, {})["hits"]["hits"]
    assert {hit["_id"] for hit in hits if hit["matched_queries"] == ["listed"]} == set(wanted)


def test_a_lookup_in_an_index_that_is_not_there(corpus):
    with pytest.raises(IndexNotFound):
        corpus.run({"terms": {"key": {"index": "nowhere", "id": "1", "path": "keys"}}})


@settings(max_examples=40)
@given(st.lists(st.sampled_from(KEYS), min_size=1, max_size=6), st.sampled_from([None, 1, 2, 3]))
def test_as_many_terms_as_a_field_says(corpus, keys, number):
    least = {"minimum_should_match_field": "n"} if number is None else {"minimum_should_match": number}
    found = corpus.run({"terms_set": {"key": {"terms": keys, "boost": 2, **least}}})
    known = set(keys)

    def holds(source):
        held = len(known & set(source.get("key", [])))
        needed = min(source["n"]) if number is None and "n" in source else number
        return held and needed is not None and held >= needed

    assert set(found) == corpus.where(holds)
    parts = [corpus.run({"term": {"key": {"value": key, "boost": 2}}}) for key in known]
    for doc_id, score in found.items():
        assert math.isclose(score, sum(part.get(doc_id, 0.0) for part in parts), rel_tol=1e-4)


@pytest.mark.parametrize("boost", [1, 2.5])
def test_nearer_dates_score_higher(corpus, boost):
    body = {"field": "day", "origin": "2024-02-01", "pivot": "10d", "boost": boost}
    found = corpus.run({"distance_feature": body})
    assert set(found) == corpus.where(lambda s: "day" in s)
    origin = datetime(2024, 2, 1, tzinfo=UTC)
    for doc_id, score in found.items():
        away = abs((datetime.fromisoformat(corpus.docs[doc_id]["day"]) - origin).total_seconds())
        assert math.isclose(score, boost * 864000 / (864000 + away), rel_tol=1e-4)
    assert corpus.run({"distance_feature": {**body, "field": "nowhere"}}) == {}


@pytest.mark.parametrize(
    "body",
    [
        {"terms": {"key": {"index": "lists", "id": "flat"}}},
        {"terms": {"key": {"index": "lists", "id": [1], "path": "keys"}}},
        {"terms": {"key": {"index": "lists", "id": "1", "path": "keys", "store": 1}}},
        {"terms_set": {"key": {"terms": ["a"]}}},
        {"terms_set": {"key": {"terms": "a", "minimum_should_match": 1}}},
        {"terms_set": {"key": {"terms": [["a"]], "minimum_should_match": 1}}},
        {"terms_set": {"key": {"terms": ["a"], "minimum_should_match": 0}}},
        {"terms_set": {"key": {"terms": ["a"], "minimum_should_match": 1, "minimum_should_match_field": "n"}}},
        {"terms_set": {"key": {"terms": ["a"], "minimum_should_match_script": {"source": "1"}}}},
        {"distance_feature": {"field": "day", "origin": "now"}},
        {"distance_feature": {"field": "day", "pivot": "1d"}},
        {"distance_feature": {"field": "day", "origin": [1], "pivot": "1d"}},
    ],
)
def test_what_cannot_be_read_is_refused(body):
    with pytest.raises(ParsingError) as caught:
        Parser().query(body)
    assert len(caught.value.reason) > 15


@pytest.mark.parametrize(
    "body",
    [
        {"terms_set": {"key": {"terms": ["a1"], "minimum_should_match_field": "text"}}},
        {"distance_feature": {"field": "n", "origin": "now", "pivot": "1d"}},
        {"distance_feature": {"field": "day", "origin": "someday", "pivot": "1d"}},
        {"distance_feature": {"field": "day", "origin": "now", "pivot": "far"}},
        {"distance_feature": {"field": "day", "origin": "now", "pivot": "0d"}},
    ],
)
def test_fields_and_values_that_do_not_fit(corpus, body):
    with pytest.raises(InvalidRequest):
        corpus.run(body)
