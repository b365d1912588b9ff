"""Malformed queries, limits of time, names, and what is marked."""

from __future__ import annotations

import gc
import time
import weakref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import InvalidRequest, Node, Operation, ParsingError, QuarryError
from retrieval import search
from retrieval.context import SearchContext, TimedOut
from retrieval.query import Parser, known_types
from settings import Settings

MALFORMED = [
    ("match", {}),
    ("match", {"a": None}),
    ("match", {"a": {"query": "x", "fuzzyness": 1}}),
    ("match", {"a": "x", "b": "y"}),
    ("match", {"a": {"query": ["x"]}}),
    ("match", {"a": {"query": "x", "operator": "xor"}}),
    ("match", {"a": {"query": "x", "fuzziness": 3}}),
    ("match", {"a": {"query": "x", "fuzziness": "AUTO:5,2"}}),
    ("match", {"a": {"query": "x", "fuzziness": "AUTO:x"}}),
    ("match", {"a": {"query": "x", "prefix_length": -1}}),
    ("match", {"a": {"query": "x", "max_expansions": 0}}),
    ("match", {"a": {"query": "x", "minimum_should_match": "many"}}),
    ("match", {"a": {"query": "x", "minimum_should_match": [1]}}),
    ("match", {"a": {"query": "x", "zero_terms_query": "some"}}),
    ("match", {"a": {"query": "x", "lenient": "perhaps"}}),
    ("match", {"a": {"query": "x", "boost": -1}}),
    ("match", {"a": {"query": "x", "fuzzy_rewrite": "magic"}}),
    ("match_phrase", {"a": {"query": "x", "slop": -1}}),
    ("match_phrase", {"a": {"query": "x", "slop": "1.5"}}),
    ("match_phrase", {"a": {"query": "x", "slop": "one"}}),
    ("match_phrase", {"a": {"query": "x", "boost": "nan"}}),
    ("match_phrase", "x"),
    ("match_phrase_prefix", {"a": {"query": "x", "max_expansions": "many"}}),
    ("match_phrase_prefix", {"a": {"query": "x", "fuzziness": 1}}),
    ("match_bool_prefix", {"a": {"query": "x", "slop": 1}}),
    ("match_bool_prefix", {"a": {"query": {"x": 1}}}),
    ("multi_match", {"fields": ["a"]}),
    ("multi_match", {"query": "x", "fields": []}),
    ("multi_match", {"query": "x", "fields": ["a^b"]}),
    ("multi_match", {"query": "x", "type": "worst_fields"}),
    ("multi_match", {"query": "x", "type": "phrase", "fuzziness": 1}),
    ("multi_match", {"query": "x", "type": "cross_fields", "fuzziness": 1}),
    ("multi_match", {"query": "x", "tie_breaker": 2}),
    ("multi_match", {"query": "x", "slop": 1, "type": "bool_prefix"}),
    ("multi_match", {"query": "x", "fields": ["a^-1"]}),
    ("combined_fields", {"query": "x"}),
    ("combined_fields", {"query": "x", "fields": ["a^0.5"]}),
    ("query_string", {}),
    ("query_string", {"query": "x", "default_operator": "xor"}),
    ("query_string", {"query": "x", "fields": ["a"], "default_field": "b"}),
    ("query_string", {"query": "x", "time_zone": "Mars/Base"}),
    ("query_string", {"query": "x", "rewrite": "magic"}),
    ("query_string", {"query": "x", "type": "odd"}),
    ("simple_query_string", {"query": {}}),
    ("simple_query_string", {"query": "x", "flags": 3}),
    ("simple_query_string", {"query": "x", "fuzzy_max_expansions": 0}),
    ("term", {"a": [1]}),
    ("term", {"a": {"value": "x", "case_insensitive": 1}}),
    ("terms", {"a": "x"}),
    ("terms", {"a": [[1]]}),
    ("terms", {"a": {"index": "b"}}),
    ("prefix", {"a": {"value": "x", "rewrite": "top_terms"}}),
    ("prefix", {"a": {"prefix": "x"}}),
    ("prefix", {}),
    ("prefix", {"a": {"value": {}}}),
    ("wildcard", {"a": {"value": "x" * 1001}}),
    ("wildcard", {"a": {"pattern": "x"}}),
    ("wildcard", {"a": {"value": "x", "wildcard": "y"}}),
    ("regexp", {"a": "(x"}),
    ("regexp", {"a": {"value": "x", "flags": "SOME"}}),
    ("regexp", {"a": "x" * 1001}),
    ("regexp", {"a": {"value": "x", "max_determinized_states": 0}}),
    ("fuzzy", {"a": {"value": "x", "fuzziness": "FAR"}}),
    ("fuzzy", {"a": {"value": "x", "transpositions": "x"}}),
    ("fuzzy", {"a": {"value": "x", "rewrite": "scoring_boolean"}}),
    ("range", {"a": 3}),
    ("range", {"a": {"gte": [1]}}),
    ("range", {"a": {"gte": 1, "relation": "within"}}),
    ("range", {"a": {"gte": 1, "time_zone": "+99:00"}}),
    ("range", {"a": {"above": 1}}),
    ("range", {"a": {"gte": 1, "format": 3}}),
    ("boosting", {"positive": {"match_all": {}}}),
    ("boosting", {"positive": {"match_all": {}}, "negative": {"match_all": {}}, "negative_boost": -1}),
    ("dis_max", {}),
    ("dis_max", {"queries": []}),
    ("dis_max", {"queries": [{"match_all": {}}], "tie_breaker": 3}),
    ("constant_score", {}),
    ("exists", {}),
    ("ids", {"values": 3}),
    ("ids", {"values": [{"a": 1}]}),
    ("ids", {"values": ["1", None]}),
    ("bool", {"musty": []}),
    ("bool", {"minimum_should_match": "x%"}),
    ("bool", {"minimum_should_match": "inf%"}),
    ("bool", {"adjust_pure_negative": False}),
    ("function_score", {"script_score": {"script": "1"}}),
    ("function_score", {"functions": [{"script_score": {}}]}),
    ("function_score", {"functions": [{}]}),
    ("function_score", {"functions": [{"weight": 1, "boost_factor": 2}]}),
    ("function_score", {"functions": {}}),
    ("function_score", {"weight": 2, "functions": [{"weight": 1}]}),
    ("function_score", {"score_mode": "median", "weight": 1}),
    ("function_score", {"gauss": {"n": {"origin": 1}}}),
    ("function_score", {"gauss": {"n": {"origin": 1, "scale": 1, "decay": 1}}}),
    ("function_score", {"gauss": {}}),
    ("function_score", {"field_value_factor": {}}),
    ("function_score", {"field_value_factor": {"field": "n", "modifier": "cube"}}),
    ("function_score", {"random_score": {"seed": 1.5}}),
    ("function_score", {"functions": [{"gauss": {"n": {"scale": 1}}, "random_score": {}}]}),
    ("function_score", {"functions": [{"weight": -1}]}),
    ("nonsense", {}),
    ("geo_distance", {}),
    ("script_score", {}),
]


@pytest.mark.parametrize(("kind", "body"), MALFORMED, ids=[f"{k}{i}" for i, (k, _) in enumerate(MALFORMED)])
def test_malformed_queries_are_refused_with_a_sentence(kind, body):
    with pytest.raises(ParsingError) as caught:
        Parser().query({kind: body})
    assert caught.value.status == 400
    assert len(caught.value.reason) > 15


@pytest.mark.parametrize(
    ("written", "same"),
    [
        (
            {"match_phrase": {"text": {"query": "quick fox", "slop": "3", "boost": "2"}}},
            {"match_phrase": {"text": {"query": "quick fox", "slop": 3, "boost": 2}}},
        ),
        (
            {"match": {"text": {"query": "quikc", "fuzziness": "1", "prefix_length": "1", "max_expansions": 50.0}}},
            {"match": {"text": {"query": "quikc", "fuzziness": 1, "prefix_length": 1}}},
        ),
        (
            {"dis_max": {"queries": [{"match_all": {}}], "tie_breaker": "0.5"}},
            {"dis_max": {"queries": [{"match_all": {}}]}},
        ),
        (  # as clients write all options out
            {"multi_match": {"query": "quick", "fields": ["text"], "type": "best_fields", "operator": "OR", "slop": 0,
                             "prefix_length": 0, "max_expansions": 50, "zero_terms_query": "NONE",
                             "fuzzy_transpositions": True, "boost": 1.0}},
            {"match": {"text": "quick"}},
        ),
        (
            {"multi_match": {"query": "quick fox", "fields": ["text"], "type": "phrase", "slop": 1,
                             "prefix_length": 0, "max_expansions": 50, "fuzzy_transpositions": True}},
            {"match_phrase": {"text": {"query": "quick fox", "slop": 1}}},
        ),
        ({"ids": {"values": [1, 2]}}, {"ids": {"values": ["1", "2"]}}),
    ],
)  # fmt: skip
def test_other_ways_to_write_the_same(corpus, written, same):
    assert corpus.run(written) == corpus.run(same)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | st.text("a1*~(", max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "text",
                    "n",
                    "query",
                    "value",
                    "fields",
                    "boost",
                    "like",
                    "functions",
                    "filter",
                    "must",
                    "gte",
                    "field",
                    "queries",
                    "flags",
                    "weight",
                    "fuzziness",
                    "minimum_should_match",
                    "operator",
                    "type",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@settings(max_examples=400)
@given(st.sampled_from(known_types()), JSON)
def test_any_json_is_run_or_refused(corpus, kind, body):
    refusal = None
    try:
        query = Parser().query({kind: body})
        ctx = corpus.context()
        query.mask(ctx)
        query.matches(ctx)
    except QuarryError as error:
        refusal = error
    assert refusal is None or (400 <= refusal.status < 500 and refusal.reason)


WRONG_FIELDS = [
    {"prefix": {"n": "1"}},
    {"wildcard": {"day": "2*"}},
    {"regexp": {"x": "1"}},
    {"fuzzy": {"n": "3"}},
    {"range": {"ok": {"gte": 1}}},
    {"range": {"n": {"gte": "many"}}},
    {"range": {"day": {"gte": "someday"}}},
    {"range": {"day": {"gte": "now+1q"}}},
    {"term": {"n": "many"}},
    {"match": {"n": "many"}},
    {"match": {"text": {"query": "x", "analyzer": "klingon"}}},
    {"multi_match": {"query": "many", "fields": ["n"]}},
    {"regexp": {"text": {"value": ".*a.{9}", "max_determinized_states": 20}}},
    {"wildcard": {"key": "*a" + "?" * 30}},
    {"combined_fields": {"query": "x", "fields": ["text", "pairs"]}},
    {"combined_fields": {"query": "x", "fields": ["text", "n"]}},
]


@pytest.mark.parametrize("body", WRONG_FIELDS, ids=[next(iter(b)) + str(i) for i, b in enumerate(WRONG_FIELDS)])
def test_values_that_do_not_fit_their_field(corpus, body):
    query = Parser().query(body)
    with pytest.raises(InvalidRequest) as caught:
        query.matches(corpus.context())
    assert caught.value.status == 400
    assert len(caught.value.reason) > 15


@pytest.mark.parametrize(
    "body",
    [
        {"match": {"text": {"query": "quick 北京大学 GPT-4", "operator": "and", "fuzziness": 2}}},
        {"match_phrase_prefix": {"text": "new q"}},
        {"match_bool_prefix": {"text": "new q"}},
        {"prefix": {"text": "q"}},
        {"wildcard": {"text": "*q*"}},
        {"regexp": {"text": ".*q.*"}},
        {"fuzzy": {"text": "quick"}},
        {"range": {"key": {"gte": "a"}}},
        {"query_string": {"query": "q* OR fox"}},
        {"dis_max": {"queries": [{"match": {"text": "a"}}]}},
        {"more_like_this": {"like": "quick", "min_term_freq": 1, "min_doc_freq": 1}},
        {"bool": {"should": [{"match": {"text": "quick"}}]}},
        {"function_score": {"query": {"match_all": {}}, "weight": 2}},
    ],
    ids=lambda body: next(iter(body)),
)
def test_a_deadline_that_has_passed_stops_a_query(corpus, body):
    query = Parser().query(body)
    with pytest.raises(TimedOut):
        query.matches(corpus.context(deadline=time.monotonic() - 1))


def test_named_queries_inside_others(corpus):
    query = {
        "function_score": {
            "query": {
                "bool": {
                    "should": [
                        {"match": {"text": {"query": "quick", "_name": "fast"}}},
                        {
                            "boosting": {
                                "positive": {"match": {"text": {"query": "fox", "_name": "animal"}}},
                                "negative": {"term": {"ok": {"value": True, "_name": "fine"}}},
                                "negative_boost": 0.5,
                            }
                        },
                        {
                            "dis_max": {
                                "queries": [{"prefix": {"text": {"value": "bro", "_name": "begun"}}}],
                                "_name": "best",
                            }
                        },
                    ]
                }
            },
            "functions": [{"filter": {"exists": {"field": "x", "_name": "numbered"}}, "weight": 2}],
        }
    }
    hits = search(corpus.node, ["docs"], {"query": query, "size": 50}, {})["hits"]["hits"]
    assert hits
    for hit in hits:
        source, terms = hit["_source"], corpus.terms(hit["_source"]["text"])
        begun = any(t.startswith("bro") for t in terms)
        wanted = {
            "fast": "quick" in terms,
            "animal": "fox" in terms,
            "fine": source["ok"],
            "begun": begun,
            "best": begun,
            "numbered": "x" in source,
        }
        assert set(hit["matched_queries"]) == {name for name, holds in wanted.items() if holds}


@pytest.mark.parametrize(
    ("body", "terms"),
    [
        ({"prefix": {"text": "qui"}}, {"quick", "quikc"}),
        ({"wildcard": {"text": "?ox"}}, {"fox"}),
        ({"regexp": {"text": "qui(ck|kc)"}}, {"quick", "quikc"}),
        ({"fuzzy": {"text": {"value": "quikk", "fuzziness": 1}}}, {"quick", "quikc"}),
        ({"match": {"text": {"query": "quikk", "fuzziness": 1}}}, {"quick", "quikc"}),
        ({"match_phrase_prefix": {"text": "yor"}}, {"york"}),
        ({"query_string": {"query": "text:qui*"}}, {"quick", "quikc"}),
        ({"more_like_this": {"fields": ["text"], "like": "fox", "min_term_freq": 1, "min_doc_freq": 1}}, {"fox"}),
        ({"bool": {"filter": [{"prefix": {"key": "bei"}}]}}, {"beijing"}),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_expanded_terms_are_marked(corpus, body, terms):
    ctx = corpus.context()
    marks = {h.text for h in Parser().query(body).highlights(ctx) if not h.analyzed}
    assert terms <= marks


def test_nothing_of_a_request_is_kept(corpus):
    """What a request remembers goes with its context, without waiting for the garbage collector."""
    ctx = corpus.context()
    queries = [Parser().query(body) for body in ({"prefix": {"text": "q"}}, {"query_string": {"query": "qu* fox"}})]
    for query in queries:
        query.matches(ctx)
        list(query.highlights(ctx))
    gone = weakref.ref(ctx)
    gc.disable()
    try:
        del ctx
        assert gone() is None
    finally:
        gc.enable()


def test_a_begun_phrase_marks_what_it_may_become(corpus):
    query = Parser().query({"match_phrase_prefix": {"text": {"query": "new yor", "slop": 2}}})
    marks = list(query.highlights(corpus.context()))
    assert all(mark.phrase and mark.slop == 2 for mark in marks)
    assert "new york" in {mark.text for mark in marks}


def test_an_index_without_anything(tmp_path):
    node = Node(Settings(data=tmp_path / "data"))
    mappings = {"properties": {"text": {"type": "text"}}}
    index = node.create("empty", {"mappings": mappings, "settings": {"semantic": {"families": []}}})
    for body in (
        {"match": {"text": {"query": "北京大学 quick", "operator": "and", "fuzziness": "AUTO"}}},
        {"prefix": {"text": "q"}},
        {"regexp": {"text": ".*"}},
        {"query_string": {"query": "a* OR -b"}},
        {"function_score": {"random_score": {}}},
        {"more_like_this": {"like": "a a"}},
        {"match_phrase_prefix": {"text": "a b"}},
        {"fuzzy": {"text": "北京大学"}},
    ):
        ctx = SearchContext(node, index)
        query = Parser().query(body)
        assert len(query.matches(ctx).docs) == 0
        assert len(query.mask(ctx)) == 0
    node.close()


@pytest.mark.parametrize(
    "body",
    [
        {"multi_match": {"query": "quick"}},
        {"multi_match": {"query": "quick", "fields": ["*"], "type": "phrase"}},
        {"query_string": {"query": "quick"}},
        {"simple_query_string": {"query": "quick"}},
    ],
)
def test_fields_that_cannot_be_searched_are_no_default_fields(node, body):
    fields = {"text": {"type": "text"}, "raw": {"type": "text", "index": False}}
    index = node.create("i", {"settings": {"semantic": {"families": []}}, "mappings": {"properties": fields}})
    index.write([Operation("index", "0", {"text": "quick", "raw": "quick"})])
    index.refresh()
    assert len(Parser().query(body).matches(SearchContext(node, index)).docs) == 1
    with pytest.raises(InvalidRequest, match="not indexed"):
        Parser().query({"match": {"raw": "quick"}}).matches(SearchContext(node, index))
