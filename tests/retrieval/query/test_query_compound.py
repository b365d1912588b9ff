"""Queries made of queries: bool, dis_max, boosting, constant_score, function_score; and random trees of all."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from query_corpus import adds_up

from indexer import InvalidRequest
from retrieval import search
from retrieval.query import Parser

TERM = {"term": {"text": "quick"}}
LEAVES = st.sampled_from(
    [
        {"match": {"text": "北京大学 quick"}},
        {"match": {"text": {"query": "GPT-4 北京大", "operator": "and", "fuzziness": "AUTO"}}},
        {"match": {"title": {"query": "图书馆 fox new", "minimum_should_match": 2, "boost": 1.5}}},
        {"match": {"syn": "ny 北大"}},
        {"match_phrase": {"text": {"query": "大学", "boost": 0.5}}},
        {"match_phrase_prefix": {"text": "quick b"}},
        {"match_bool_prefix": {"text": "北京 qui"}},
        {"multi_match": {"query": "quick 图书馆", "fields": ["text", "title^2", "key"], "tie_breaker": 0.3}},
        {"combined_fields": {"query": "北京 fox", "fields": ["text", "title^2"]}},
        {"query_string": {"query": "qui* OR (text:北京 AND NOT fox)", "boost": 2}},
        {"simple_query_string": {"query": "quick | 北京 -fox"}},
        {"term": {"key": "北京"}},
        {"terms": {"key": ["a1", "GPT"], "boost": 3}},
        {"prefix": {"text": {"value": "qu", "boost": 2}}},
        {"wildcard": {"key": "*i*"}},
        {"regexp": {"text": "[a-f]ox|京.?"}},
        {"fuzzy": {"text": "quikc"}},
        {"range": {"n": {"gte": 2}}},
        {"exists": {"field": "x"}},
        {"ids": {"values": ["1", "2", "3", "30"]}},
        {"terms_set": {"key": {"terms": ["a1", "北京", "GPT"], "minimum_should_match_field": "n"}}},
        {"distance_feature": {"field": "day", "origin": "2024-02-01", "pivot": "10d"}},
        {"match_all": {"boost": 0.5}},
        {"match_none": {}},
        {"more_like_this": {"like": "北京大学 quick quick fox", "min_term_freq": 1, "min_doc_freq": 1}},
    ]
)


def compound(inner):
    some = st.lists(inner, max_size=3)
    return st.one_of(
        st.fixed_dictionaries({}, optional={"must": some, "should": some, "filter": some, "must_not": some}).map(
            lambda b: {"bool": b}
        ),
        st.tuples(
            st.lists(inner, min_size=1, max_size=3), st.sampled_from([0.0, 0.4, 1.0]), st.sampled_from([1, 2.5])
        ).map(lambda p: {"dis_max": {"queries": p[0], "tie_breaker": p[1], "boost": p[2]}}),
        st.tuples(inner, inner).map(
            lambda p: {"boosting": {"positive": p[0], "negative": p[1], "negative_boost": 0.3, "boost": 2}}
        ),
        inner.map(lambda q: {"constant_score": {"filter": q, "boost": 1.2}}),
        st.tuples(
            inner,
            inner,
            st.sampled_from(["sum", "multiply", "avg", "max", "min", "first"]),
            st.sampled_from(["sum", "multiply", "avg", "max", "min", "replace"]),
        ).map(
            lambda p: {
                "function_score": {
                    "query": p[0],
                    "functions": [
                        {"filter": p[1], "weight": 3},
                        {"field_value_factor": {"field": "x", "missing": 1}, "weight": 0.5},
                        {"exp": {"n": {"origin": 3, "scale": 2}}, "filter": {"range": {"n": {"gt": 0}}}},
                    ],
                    "score_mode": p[2],
                    "boost_mode": p[3],
                    "max_boost": 4,
                }
            }
        ),
    )


@settings(max_examples=150)
@given(st.recursive(LEAVES, compound, max_leaves=6))
def test_every_tree_agrees_with_itself(corpus, body):
    """Matches, mask, scores of given documents and explanations say the same; explanations add up."""
    corpus.run(body)


@settings(max_examples=60)
@given(st.lists(LEAVES, min_size=1, max_size=4), st.sampled_from([0.0, 0.25, 1.0]))
def test_dis_max(corpus, queries, tie):
    parts = [corpus.run(q) for q in queries]
    found = corpus.run({"dis_max": {"queries": queries, "tie_breaker": tie}})
    assert set(found) == set().union(*parts)
    for doc_id, score in found.items():
        own = [p.get(doc_id, 0.0) for p in parts]
        assert math.isclose(score, max(own) + tie * (sum(own) - max(own)), rel_tol=1e-4, abs_tol=1e-5)


@settings(max_examples=60)
@given(
    st.lists(LEAVES, max_size=2),
    st.lists(LEAVES, max_size=3),
    st.lists(LEAVES, max_size=2),
    st.lists(LEAVES, max_size=2),
    st.sampled_from([None, 0, 1, 2, "50%"]),
)
def test_bool(corpus, must, should, must_not, filters, minimum):
    body = {"must": must, "should": should, "must_not": must_not, "filter": filters}
    if minimum is not None:
        body["minimum_should_match"] = minimum
    found = corpus.run({"bool": body})
    runs = {key: [corpus.run(q) for q in body[key]] for key in ("must", "should", "must_not", "filter")}
    least = 1 if should and not (must or filters) else 0  # whatever the rule says, as in Lucene
    needed = max(least, {None: 0, 0: 0, 1: 1, 2: 2, "50%": len(should) // 2}[minimum])
    if not (must or should or must_not or filters):
        needed = 0
    wanted = {
        i
        for i in corpus.docs
        if all(i in r for r in [*runs["must"], *runs["filter"]])
        and not any(i in r for r in runs["must_not"])
        and sum(i in r for r in runs["should"]) >= needed
    }
    assert set(found) == wanted
    for i, score in found.items():
        if must or should:
            total = sum(r.get(i, 0.0) for r in [*runs["must"], *runs["should"]])
            assert math.isclose(score, total, rel_tol=1e-4, abs_tol=1e-5)


@pytest.mark.parametrize(
    ("body", "same"),
    [
        ({"should": [TERM], "minimum_should_match": 0}, TERM),
        ({"should": [TERM], "minimum_should_match": "-100%"}, TERM),
        ({"should": [TERM, {"match_all": {}}], "minimum_should_match": 3}, {"match_none": {}}),
        ({"must": [TERM], "minimum_should_match": 1}, {"match_none": {}}),
        ({"filter": [TERM], "minimum_should_match": 1}, {"match_none": {}}),
        ({"must": [TERM], "should": [], "minimum_should_match": "50%"}, TERM),
        ({"minimum_should_match": 1, "adjust_pure_negative": True}, {"match_all": {}}),
    ],
)
def test_a_minimum_below_one_or_beyond_the_clauses(corpus, body, same):
    wanted = corpus.run(same)
    assert corpus.run({"bool": body}) == wanted
    hits = search(corpus.node, ["docs"], {"query": {"bool": body}, "size": 100}, {})["hits"]
    assert {hit["_id"] for hit in hits["hits"]} == set(wanted)
    assert hits["total"]["value"] == len(wanted)


def test_boosting(corpus):
    positive, negative = {"match": {"text": "quick 北京"}}, {"match": {"text": "fox"}}
    found = corpus.run({"boosting": {"positive": positive, "negative": negative, "negative_boost": 0.25}})
    plain, bad = corpus.run(positive), corpus.run(negative)
    assert found.keys() == plain.keys()
    assert all(math.isclose(found[i], plain[i] * (0.25 if i in bad else 1), rel_tol=1e-5) for i in found)


# --- function_score -----------------------------------------------------------------------------


def scored(corpus, function, **more):
    return corpus.run({"function_score": {**function, "boost_mode": "replace", **more}})


@settings(max_examples=40)
@given(
    st.sampled_from(["none", "log1p", "log2p", "ln1p", "ln2p", "square", "sqrt", "reciprocal"]),
    st.sampled_from([1.0, 0.5, 3.0]),
)
def test_field_value_factor(corpus, modifier, factor):
    change = {
        "none": lambda v: v,
        "log1p": lambda v: math.log10(v + 1),
        "log2p": lambda v: math.log10(v + 2),
        "ln1p": lambda v: math.log(v + 1),
        "ln2p": lambda v: math.log(v + 2),
        "square": lambda v: v * v,
        "sqrt": math.sqrt,
        "reciprocal": lambda v: 1 / v,
    }[modifier]
    body = {"field": "x", "modifier": modifier, "factor": factor, "missing": 2.5}
    found = scored(corpus, {"field_value_factor": body})
    assert found.keys() == corpus.docs.keys()
    for i, score in found.items():
        assert math.isclose(score, change(factor * corpus.docs[i].get("x", 2.5)), rel_tol=1e-5)


@settings(max_examples=40)
@given(
    st.sampled_from(["gauss", "exp", "linear"]),
    st.integers(-2, 8),
    st.sampled_from([1, 3.5]),
    st.sampled_from([0, 1.5]),
    st.sampled_from([0.5, 0.2]),
    st.sampled_from(["min", "max", "avg", "sum"]),
)
def test_decays_of_numbers(corpus, shape, origin, scale, offset, decay, mode):
    spec = {"origin": origin, "scale": scale, "offset": offset, "decay": decay}
    found = scored(corpus, {shape: {"n": spec, "multi_value_mode": mode}})
    reduce_ = {"min": min, "max": max, "sum": sum, "avg": lambda v: sum(v) / len(v)}[mode]
    for i, score in found.items():
        values = corpus.docs[i].get("n")
        if values is None:
            assert score == 1.0
            continue
        d = reduce_([max(0.0, abs(v - origin) - offset) for v in values])
        if shape == "gauss":
            wanted = math.exp(-(d**2) / (2 * (-(scale**2) / (2 * math.log(decay)))))
        elif shape == "exp":
            wanted = math.exp(math.log(decay) / scale * d)
        else:
            wanted = max(0.0, (scale / (1 - decay) - d) / (scale / (1 - decay)))
        assert math.isclose(score, wanted, rel_tol=1e-4, abs_tol=1e-6)


@pytest.mark.parametrize("shape", ["gauss", "exp", "linear"])
@pytest.mark.parametrize("scale", [1e-300, 1e300, 1e308])
def test_decays_of_any_scale_are_numbers(corpus, shape, scale):
    function = {shape: {"n": {"origin": 2, "scale": scale}}}
    found = corpus.run({"function_score": {"query": {"exists": {"field": "n"}}, **function, "boost_mode": "replace"}})
    for doc_id, score in found.items():
        assert score == pytest.approx(1.0 if scale > 1 or 2 in corpus.docs[doc_id]["n"] else 0.0)


@pytest.mark.parametrize("boost", [0, 1e-30, 1e-44, 1e-300, 5e-324])
def test_a_boost_may_be_nothing_or_tiny(corpus, boost):
    for kind in ("match", "match_phrase"):
        found = corpus.run({kind: {"text": {"query": "quick", "boost": boost}}})
        assert set(found) == set(corpus.run({"match": {"text": "quick"}}))
        body = {"query": {kind: {"text": {"query": "quick", "boost": boost}}}, "size": 100}
        assert {hit["_id"] for hit in search(corpus.node, ["docs"], body, {})["hits"]["hits"]} == set(found)


def test_a_decay_of_dates(corpus):
    spec = {"origin": "2024-02-15", "scale": "10d", "offset": "12h", "decay": 0.5}
    found = scored(corpus, {"linear": {"day": spec}})
    assert {round(s, 3) for s in found.values()} > {1.0}
    assert found.keys() == corpus.docs.keys()
    near = [i for i, source in corpus.docs.items() if source.get("day", "").startswith("2024-02-15")]
    far = [i for i, source in corpus.docs.items() if source.get("day", "9999") < "2024-01-20"]
    assert all(found[i] > 0.9 for i in near)
    assert all(found[i] == 0.0 for i in far)


def test_random_scores(corpus):
    one = scored(corpus, {"random_score": {"seed": 5}})
    assert one == scored(corpus, {"random_score": {"seed": 5}})
    other = scored(corpus, {"random_score": {"seed": 6}})
    assert one != other
    values = np.array(list(one.values()))
    assert len(set(values)) > 0.9 * len(values)
    assert 0 <= values.min() < 0.3
    assert 0.7 < values.max() < 1
    unseeded = [scored(corpus, {"random_score": {}}) for _ in range(2)]
    assert unseeded[0] != unseeded[1]
    keyed = scored(corpus, {"random_score": {"seed": 1, "field": "key"}})
    missing = {keyed[i] for i, s in corpus.docs.items() if "key" not in s}
    assert len(missing) == 1


def test_modes_caps_and_limits(corpus):
    functions = [
        {"weight": 2, "filter": {"exists": {"field": "x"}}},
        {"weight": 5, "filter": {"exists": {"field": "n"}}},
    ]
    body = {"functions": functions, "max_boost": 6}
    results = {
        mode: scored(corpus, body, score_mode=mode) for mode in ("sum", "multiply", "avg", "max", "min", "first")
    }
    for i, source in corpus.docs.items():
        own = [w for w, field in ((2, "x"), (5, "n")) if field in source]
        wanted = {
            "sum": sum(own),
            "multiply": math.prod(own),
            "max": max(own, default=1),
            "min": min(own, default=1),
            "avg": 1.0,
            "first": own[0] if own else 1,
        }
        for mode, value in wanted.items():
            if mode == "avg" and own:
                value = sum(own) / sum(own)
            assert math.isclose(results[mode][i], min(value if own else 1, 6), rel_tol=1e-5), (mode, own)
    high = scored(corpus, body, score_mode="sum", min_score=5)
    assert set(high) == {i for i, s in results["sum"].items() if s >= 5}
    doubled = corpus.run({"function_score": {"query": {"match": {"text": "quick"}}, "weight": 2, "boost": 3}})
    plain = corpus.run({"match": {"text": "quick"}})
    assert all(math.isclose(doubled[i], 6 * plain[i], rel_tol=1e-5) for i in plain)


@pytest.mark.parametrize(
    ("function", "says"),
    [
        ({"field_value_factor": {"field": "x"}}, "Missing value"),
        ({"field_value_factor": {"field": "n", "missing": 1, "modifier": "ln"}}, "must not produce negative"),
        ({"field_value_factor": {"field": "key"}}, "numbers"),
        ({"field_value_factor": {"field": "nowhere"}}, "field mapper"),
        ({"gauss": {"day": {"origin": "2024-01-01", "scale": 3}}}, "unit"),
        ({"gauss": {"n": {"scale": 3}}}, "origin"),
        ({"gauss": {"n": {"origin": 1, "scale": 0}}}, "scale"),
    ],
)
def test_values_that_functions_cannot_take(corpus, function, says):
    query = Parser().query({"function_score": function})
    with pytest.raises(InvalidRequest, match=says):
        query.matches(corpus.context())


def test_an_explanation_that_does_not_match_has_no_parts(corpus):
    ctx = corpus.context()
    query = Parser().query({"bool": {"must": [{"match": {"text": "quick"}}], "filter": [{"match_none": {}}]}})
    account = query.explain(ctx, int(np.flatnonzero(ctx.live)[0])).to_dict()
    assert account["value"] == 0
    assert account["details"] == []
    adds_up(account)
