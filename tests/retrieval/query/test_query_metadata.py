"""What is beside the fields (`_id`, `_index`), stop words that are the whole question, and empty candidates."""

from __future__ import annotations

import numpy as np
import pytest

from analysis import get_analyzer
from indexer import InvalidRequest, Node, Operation
from retrieval import search
from retrieval.query import Parser
from settings import Settings

TEXTS = {
    "1": "IT行业的薪水",
    "2": "The IT department is here",
    "3": "维生素 A 的作用",
    "4": "It is a vitamin",
    "5": "国际贸易",
}


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    made = Node(Settings(data=tmp_path_factory.mktemp("metadata") / "data"))
    index = made.create("talk", {"settings": {"semantic": {"families": []}}})
    index.write([Operation("index", i, {"text": text, "n": int(i)}) for i, text in TEXTS.items()])
    index.refresh()
    yield made
    made.close()


def found(node, query, **more) -> set[str]:
    body = {"query": query, **more}
    return {hit["_id"] for hit in search(node, ["talk"], body, {})["hits"]["hits"]}


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"term": {"_id": "3"}}, {"3"}),
        ({"terms": {"_id": ["3", "4", "none"]}}, {"3", "4"}),
        ({"match": {"_id": "3"}}, {"3"}),
        ({"match_phrase": {"_id": "3"}}, {"3"}),
        ({"multi_match": {"query": "3", "fields": ["_id", "n"]}}, {"3"}),
        ({"multi_match": {"query": "IT行业", "fields": ["_id", "text"], "type": "cross_fields"}}, {"1"}),
        ({"query_string": {"query": "_id:3 OR _id:(1 4)"}}, {"1", "3", "4"}),
        ({"query_string": {"query": "_id:* AND 国际"}}, {"5"}),
        ({"query_string": {"query": "_index:talk AND n:[4 TO *]"}}, {"4", "5"}),
        ({"simple_query_string": {"query": "3 | 4", "fields": ["_id"]}}, {"3", "4"}),
        ({"exists": {"field": "_id"}}, set(TEXTS)),
        ({"term": {"_index": "talk"}}, set(TEXTS)),
        ({"terms": {"_index": ["other", "ta*"]}}, set(TEXTS)),
        ({"term": {"_index": "other"}}, set()),
        ({"term": {"_index": ""}}, set()),
        ({"bool": {"must_not": {"term": {"_index": "talk"}}}}, set()),
    ],
)
def test_metadata_is_matched_whole(node, query, ids):
    assert found(node, query) == ids


@pytest.mark.parametrize(
    "query",
    [
        {"prefix": {"_id": "3"}},
        {"wildcard": {"_id": "*3"}},
        {"range": {"_id": {"gte": "3"}}},
        {"fuzzy": {"_id": "3"}},
    ],
)
def test_other_questions_to_metadata_are_refused(node, query):
    with pytest.raises(InvalidRequest, match=r"\[_id\] is matched whole only"):
        found(node, query)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("IT", {"1"}),
        ("it", {"1"}),
        ("a", {"3"}),
        ("the it", {"1"}),
        ("to be or not to be", set()),
        ("IT vitamin", {"4"}),
    ],
)
def test_a_question_of_stop_words_finds_them_where_they_are_names(node, text, ids):
    assert found(node, {"match": {"text": text}}) == ids
    assert found(node, {"multi_match": {"query": text, "fields": ["text"], "type": "cross_fields"}}) == ids
    assert found(node, {"combined_fields": {"query": text, "fields": ["text"]}}) == ids
    assert found(node, {"query_string": {"query": text}}) == ids
    assert found(node, {"simple_query_string": {"query": text}}) == ids
    asked = search(node, ["talk"], {"q": text, "mode": "bm25"}, {})
    assert {hit["_id"] for hit in asked["hits"]["hits"]} == ids


def test_stop_words_are_marked_and_typed_on(node):
    body = {"query": {"match_phrase": {"text": "IT"}}, "highlight": {"fields": {"text": {}}}}
    (hit,) = search(node, ["talk"], body, {})["hits"]["hits"]
    assert hit["highlight"] == {"text": ["<em>IT</em>行业的薪水"]}
    assert found(node, {"match_bool_prefix": {"text": "a"}}) == {"3"}
    assert found(node, {"match_phrase_prefix": {"text": "the"}}) == set()
    assert found(node, {"match": {"text": {"query": "the", "zero_terms_query": "all"}}}) == set(TEXTS)


def test_question_tokens_are_the_texts_own_where_there_are_any():
    for name in ("multilingual", "chinese"):
        analyzer = get_analyzer(name)
        for text in ("IT行业", "the quick fox", "", "。", "北京 the"):
            assert analyzer.question_tokens(text) == analyzer.tokens(text)
            assert analyzer.question_tokens(text, phrase=True) == analyzer.phrase_tokens(text)
        assert [t.term for t in analyzer.question_tokens("To be")] == ["to", "be"]
    assert get_analyzer("english").question_tokens("to be") == []
    own = {"analyzer": {"own": {"tokenizer": "multilingual", "filter": ["same"]}}}
    own["filter"] = {"same": {"type": "synonym_graph", "synonyms": ["IT行业, IT业"]}}
    chain = get_analyzer("own", own)
    assert chain.question_tokens("IT业") == chain.tokens("IT业")
    for phrase in (False, True):
        assert [t.term for t in chain.question_tokens("IT", phrase)] == ["it"]
        assert chain.question_tokens("。", phrase) == []


def test_the_best_of_several_scores_no_documents(node):
    from retrieval.context import SearchContext

    query = Parser().query({"dis_max": {"queries": [{"match": {"text": "国际"}}, {"match": {"text": "行业"}}]}})
    scores = query.score(SearchContext(node, node.index("talk")), np.zeros(0, np.int64))
    assert scores.shape == (0,)
    assert scores.dtype == np.float32
