"""query_string and simple_query_string: what is typed against the queries that it stands for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import ParsingError
from retrieval.query import Parser
from retrieval.query.query_string import QueryString

WORDS = ["quick", "fox", "brown", "北京", "大学", "york", "new"]
CLAUSES = st.sampled_from(WORDS)
TREES = st.recursive(
    CLAUSES.map(lambda w: ("word", w)),
    lambda inner: st.one_of(
        st.tuples(st.just("and"), inner, inner),
        st.tuples(st.just("or"), inner, inner),
        st.tuples(st.just("not"), inner, inner),
    ),
    max_leaves=5,
)


def typed(tree, signs):
    if tree[0] == "word":
        return tree[1]
    kind, a, b = tree
    a, b = (f"({typed(t, signs)})" if t[0] != "word" else t[1] for t in (a, b))
    if signs:
        return {"and": f"+{a} +{b}", "or": f"{a} {b}", "not": f"+{a} -{b}"}[kind]
    return {"and": f"{a} AND {b}", "or": f"{a} OR {b}", "not": f"{a} AND NOT {b}"}[kind]


def meant(corpus, tree):
    if tree[0] == "word":
        terms = corpus.terms(tree[1])
        return corpus.where(lambda s: bool(terms & corpus.terms(s["text"])))
    kind, a, b = tree
    left, right = meant(corpus, a), meant(corpus, b)
    return left & right if kind == "and" else left | right if kind == "or" else left - right


@settings(max_examples=80)
@given(TREES, st.booleans())
def test_operators(corpus, tree, signs):
    body = {"query": typed(tree, signs), "default_field": "text"}
    assert set(corpus.run({"query_string": body})) == meant(corpus, tree)


@settings(max_examples=60)
@given(TREES)
def test_simple_operators(corpus, tree):
    def simple(tree):
        if tree[0] == "word":
            return tree[1]
        kind, a, b = tree
        a, b = (f"({simple(t)})" if t[0] != "word" else t[1] for t in (a, b))
        return {"and": f"{a} + {b}", "or": f"{a} | {b}", "not": f"{a} + -{b}"}[kind]

    body = {"query": simple(tree), "fields": ["text"]}
    assert set(corpus.run({"simple_query_string": body})) == meant(corpus, tree)


SAME = [
    ("quick fox", {"bool": {"should": [{"match": {"text": "quick"}}, {"match": {"text": "fox"}}]}}),
    (
        "quick^3 fox",
        {"bool": {"should": [{"match": {"text": {"query": "quick", "boost": 3}}}, {"match": {"text": "fox"}}]}},
    ),
    ("北京大学", {"match": {"text": "北京大学"}}),
    ('"quick brown"', {"match_phrase": {"text": "quick brown"}}),
    ('"fox quick"~5', {"match_phrase": {"text": {"query": "fox quick", "slop": 5}}}),
    ('title:"北京"^2', {"match_phrase": {"title": {"query": "北京", "boost": 2}}}),
    ("qui*", {"prefix": {"text": "qui"}}),
    ("qu?c*", {"wildcard": {"text": "qu?c*"}}),
    ("/qui(ck|kc)/", {"regexp": {"text": "qui(ck|kc)"}}),
    ("quikc~1", {"fuzzy": {"text": {"value": "quikc", "fuzziness": 1}}}),
    ("quikc~", {"fuzzy": {"text": "quikc"}}),
    ("北京大雷~", {"fuzzy": {"text": "北京大雷"}}),
    ("n:[2 TO 5]", {"range": {"n": {"gte": 2, "lte": 5}}}),
    ("n:{2 TO 5]", {"range": {"n": {"gt": 2, "lte": 5}}}),
    ("n:[* TO 5}", {"range": {"n": {"lt": 5}}}),
    ("n:>=3", {"range": {"n": {"gte": 3}}}),
    ("n:-3", {"term": {"n": -3}}),
    ("n:>-3", {"range": {"n": {"gt": -3}}}),
    ("n:(>=3 AND <6)", {"bool": {"must": [{"range": {"n": {"gte": 3}}}, {"range": {"n": {"lt": 6}}}]}}),
    ('day:["2024-01-01" TO 2024-02-01}', {"range": {"day": {"gte": "2024-01-01", "lt": "2024-02-01"}}}),
    ("_exists_:x", {"exists": {"field": "x"}}),
    ("x:*", {"exists": {"field": "x"}}),
    ("_exists_:k*", {"exists": {"field": "key"}}),
    ("*:*", {"match_all": {}}),
    ("title:(quick fox)", {"bool": {"should": [{"match": {"title": "quick"}}, {"match": {"title": "fox"}}]}}),
    ("key:北京", {"term": {"key": "北京"}}),
    (r"key:b\-7", {"term": {"key": "b-7"}}),
    ("-fox", {"bool": {"must_not": [{"match": {"text": "fox"}}]}}),
    ("NOT fox AND quick", {"bool": {"must": [{"match": {"text": "quick"}}], "must_not": [{"match": {"text": "fox"}}]}}),
    ("GPT-4", {"match": {"text": "GPT-4"}}),
    ("C++", {"match": {"text": "C++"}}),
]


@pytest.mark.parametrize(("text", "same"), SAME, ids=[text for text, _ in SAME])
def test_query_string_means(corpus, text, same):
    found = corpus.run({"query_string": {"query": text, "default_field": "text"}})
    wanted = corpus.run(same)
    assert found.keys() == wanted.keys()
    assert all(abs(found[i] - wanted[i]) < 1e-4 for i in found)


def test_default_operator_and_stop_words(corpus):
    body = {"query": "the quick the fox", "default_field": "text", "default_operator": "AND"}
    wanted = corpus.where(lambda s: {"quick", "fox"} <= corpus.terms(s["text"]))
    assert set(corpus.run({"query_string": body})) == wanted
    or_body = {**body, "query": "quick OR fox"}
    assert set(corpus.run({"query_string": or_body})) == corpus.where(
        lambda s: {"quick", "fox"} & corpus.terms(s["text"])
    )
    named = corpus.where(lambda s: "the" in corpus.terms(s["text"]))  # beside Han text it is a name
    assert named
    assert set(corpus.run({"query_string": {**body, "query": "the"}})) == named
    assert corpus.run({"query_string": {**body, "query": "-the"}}) == {}
    two = {"query": "quick fox brown", "default_field": "text", "minimum_should_match": 2}
    wanted = corpus.where(lambda s: len({"quick", "fox", "brown"} & corpus.terms(s["text"])) >= 2)
    assert set(corpus.run({"query_string": two})) == wanted


def test_many_fields_are_tried_leniently(corpus):
    assert set(corpus.run({"query_string": {"query": "quick"}})) >= set(corpus.run({"match": {"text": "quick"}}))
    fields = {"query": "3", "fields": ["n", "text"], "lenient": True}
    assert set(corpus.run({"query_string": fields})) >= corpus.where(lambda s: 3 in s.get("n", []))
    assert corpus.run({"query_string": {"query": "three", "fields": ["n"], "lenient": True}}) == {}
    for kind in ("query_string", "simple_query_string", "multi_match"):  # patterns name numbers and dates, too
        found = set(corpus.run({kind: {"query": "7"}}))
        assert found >= corpus.where(lambda s: 7 in s.get("n", []))
        assert set(corpus.run({kind: {"query": "2024"}})) >= corpus.where(lambda s: "day" in s)
    patterns = {"query": "qui*", "fields": ["t*"]}
    assert set(corpus.run({"query_string": patterns})) >= set(corpus.run({"prefix": {"title": "qui"}}))


def test_the_q_of_a_url(corpus):
    ctx = corpus.context()
    query = QueryString.plain("quick fox", {"df": "text", "default_operator": "AND", "lenient": "true", "size": 3})
    assert corpus.ids(query.matches(ctx).docs) == corpus.where(lambda s: {"quick", "fox"} <= corpus.terms(s["text"]))
    words = QueryString.plain("北京大学", {"df": "text", "analyzer": "cjk", "analyze_wildcard": "false"})
    assert corpus.ids(words.matches(ctx).docs) == corpus.where(
        lambda s: {"北京", "京大", "大学"} & corpus.terms(s["text"])
    )
    with pytest.raises(ParsingError):
        QueryString.plain("quick", {"lenient": "perhaps"})


@pytest.mark.parametrize(
    "text",
    [
        "(quick",
        "quick)",
        '"quick',
        "n:[1 TO",
        "n:[1 2]",
        "AND",
        "quick AND",
        "OR fox",
        "n:",
        "[",
        "quick^x",
        "a~5",
        "/(/",
        "n:>",
        "_exists_:",
        "NOT",
        "+",
        "quick AND AND fox",
        "quick AND OR fox",
        "NOT NOT quick",
        "n:-fox",
    ],
)
def test_what_cannot_be_read_is_refused(text):
    with pytest.raises(ParsingError):
        Parser().query({"query_string": {"query": text}})


def test_limits_of_a_text():
    with pytest.raises(ParsingError, match="QUARRY_MAX_DEPTH"):
        Parser().query({"query_string": {"query": "(" * 60 + "a" + ")" * 60}})
    with pytest.raises(ParsingError, match="QUARRY_MAX_CLAUSES"):
        Parser().query({"query_string": {"query": "a " * 5000}})
    with pytest.raises(ParsingError, match="characters"):
        Parser().query({"query_string": {"query": "a" * 40_000}})
    with pytest.raises(ParsingError, match="first character"):
        Parser().query({"query_string": {"query": "*a", "allow_leading_wildcard": False}})


def test_escape_takes_every_sign_as_text(corpus):
    body = {"query": "quick AND (fox", "default_field": "text", "escape": True}
    corpus.run({"query_string": body})


@settings(max_examples=150)
@given(st.text('ab 北+-|"()~*\\1', max_size=14))
def test_simple_query_string_never_fails(corpus, text):
    corpus.run({"simple_query_string": {"query": text, "fields": ["text", "n"], "lenient": True}})


SIMPLE = [
    ("quick + fox", {"bool": {"must": [{"match": {"text": "quick"}}, {"match": {"text": "fox"}}]}}),
    ('"new york"', {"match_phrase": {"text": "new york"}}),
    ('"york new"~3', {"match_phrase": {"text": {"query": "york new", "slop": 3}}}),
    ("qui*", {"prefix": {"text": "qui"}}),
    ("quikc~1", {"fuzzy": {"text": {"value": "quikc", "fuzziness": 1}}}),
    ("GPT-4", {"match": {"text": "GPT-4"}}),
    (r"quick\+", {"match": {"text": "quick"}}),
]


@pytest.mark.parametrize(("text", "same"), SIMPLE, ids=[text for text, _ in SIMPLE])
def test_simple_query_string_means(corpus, text, same):
    found = corpus.run({"simple_query_string": {"query": text, "fields": ["text"]}})
    wanted = corpus.run(same)
    assert found.keys() == wanted.keys()
    assert all(abs(found[i] - wanted[i]) < 1e-4 for i in found)


def test_flags_turn_operators_off(corpus):
    body = {"query": "qui* | fox", "fields": ["text"], "flags": "OR"}
    assert set(corpus.run({"simple_query_string": body})) == corpus.where(
        lambda s: {"qui", "fox"} & corpus.terms(s["text"])
    )
    none = {"query": "quick + fox", "fields": ["text"], "flags": "NONE"}
    assert set(corpus.run({"simple_query_string": none})) == corpus.where(
        lambda s: {"quick", "fox"} & corpus.terms(s["text"])
    )
    with pytest.raises(ParsingError):
        Parser().query({"simple_query_string": {"query": "a", "flags": "SOME"}})
