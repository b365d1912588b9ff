"""What a search may ask for beside its query, and what hits carry."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from indexer import InvalidRequest, Node, Operation, ParsingError
from indexer.resolution import Target
from retrieval import SearchContext, count, explain, search, validate
from retrieval.context import TimedOut, parse_duration

PROPERTIES = {
    "t": {"type": "text", "fields": {"raw": {"type": "keyword", "ignore_above": 5}}},
    "tag": {"type": "keyword"},
    "n": {"type": "long"},
    "f": {"type": "float"},
    "d": {"type": "date", "format": "yyyy/MM/dd||epoch_millis"},
    "b": {"type": "boolean"},
    "o": {"properties": {"p": {"type": "long"}}},
    "v": {"type": "dense_vector", "dims": 2},
}
SOURCES = (
    {"t": "cats sleep", "tag": "animal", "n": 1, "f": 2.5, "d": "2024/05/06", "b": True, "o": {"p": [1, 2]}, "u": "x"},
    {"t": "猫 睡觉 cats", "tag": ["animal", "动物"], "n": [7, 3], "d": 0, "v": [1, 0]},
    {"t": "the moon", "tag": "sky", "n": 2, "v": [0, 1]},
    {"t": "cats cats moon 北京", "tag": "city", "n": 4, "v": [1, 1]},
)


@pytest.fixture
def made(node: Node) -> Node:
    for name in ("a", "b2"):
        node.create(name, {"settings": {"semantic": {"families": []}}, "mappings": {"properties": PROPERTIES}})
        for start in (0, 2):
            batch = [Operation("index", str(i), SOURCES[i]) for i in range(start, start + 2)]
            node.index(name).write(batch)
            node.index(name).refresh()
    return node


def ids(node: Node, body: dict[str, Any], names: tuple[str, ...] = ("a",)) -> list[str]:
    return [h["_id"] for h in search(node, names, body, {})["hits"]["hits"]]


CATS = {"match": {"t": "cats"}}


def test_fields_and_doc_values(made: Node) -> None:
    fields = ["t*", {"field": "d", "format": "yyyy-MM"}, "o.*", "f", "b"]
    first, second, *_ = search(made, ["a"], {"fields": fields, "_source": False}, {})["hits"]["hits"]
    assert first["fields"] == {
        "t": ["cats sleep"], "tag": ["animal"], "d": ["2024-05"], "o.p": [1, 2], "f": [2.5], "b": [True],
    }  # fmt: skip
    assert second["fields"] == {"t": ["猫 睡觉 cats"], "tag": ["animal", "动物"], "d": ["1970-01"]}
    assert "_source" not in first
    columns = ["n", "tag", "d", {"field": "d", "format": "epoch_millis"}, "b"]
    _, second, *_ = search(made, ["a"], {"docvalue_fields": columns}, {})["hits"]["hits"]
    assert second["fields"] == {"n": [3, 7], "tag": ["animal", "动物"], "d": ["0"]}
    unmapped = {"fields": [{"field": "*", "include_unmapped": True}], "query": {"ids": {"values": ["0"]}}}
    assert search(made, ["a"], unmapped, {})["hits"]["hits"][0]["fields"]["u"] == ["x"]
    bare = search(made, ["a"], {"stored_fields": "_none_"}, {})["hits"]["hits"][0]
    assert set(bare) == {"_index", "_score"}
    with pytest.raises(InvalidRequest, match="doesn't support formats"):
        search(made, ["a"], {"fields": [{"field": "tag", "format": "yyyy"}]}, {})
    with pytest.raises(InvalidRequest, match="use \\[fields\\] for text"):
        search(made, ["a"], {"docvalue_fields": ["t"]}, {})


def test_fields_show_a_keyword_as_it_is_indexed(node: Node) -> None:
    fields = {"k": {"type": "keyword", "normalizer": "lowercase"}}
    index = node.create("k", {"settings": {"semantic": {"families": []}}, "mappings": {"properties": fields}})
    index.write([Operation("index", "0", {"k": ["Dog", "CAT"]})])
    index.refresh()
    hit = search(node, ["k"], {"fields": ["k"]}, {})["hits"]["hits"][0]
    assert (hit["fields"], hit["_source"]) == ({"k": ["dog", "cat"]}, {"k": ["Dog", "CAT"]})


def test_fields_show_a_completion_as_it_was_given(node: Node) -> None:
    fields = {"c": {"type": "completion"}, "t": {"type": "text", "fields": {"c": {"type": "completion"}}}}
    index = node.create("c", {"settings": {"semantic": {"families": []}}, "mappings": {"properties": fields}})
    given = ["北京", {"input": ["北大", "PKU"], "weight": 3}]
    index.write([Operation("index", "0", {"c": given, "t": "上海"})])
    index.refresh()
    hit = search(node, ["c"], {"fields": ["c", "t.c"], "_source": False}, {})["hits"]["hits"][0]
    assert hit["fields"] == {"c": given, "t.c": ["上海"]}
    assert "fields" not in search(node, ["c"], {"docvalue_fields": ["*"]}, {})["hits"]["hits"][0]
    for body in ({"docvalue_fields": ["c"]}, {"sort": ["c"]}, {"aggs": {"a": {"terms": {"field": "t.c"}}}}):
        with pytest.raises(InvalidRequest, match="completion"):
            search(node, ["c"], body, {})


def test_scores_totals_and_ends(made: Node) -> None:
    hits = search(made, ["a"], {"query": CATS}, {})["hits"]["hits"]
    middle = hits[1]["_score"]
    found = search(made, ["a"], {"query": CATS, "min_score": middle}, {})["hits"]
    assert [h["_id"] for h in found["hits"]] == [h["_id"] for h in hits[:2]]
    assert found["total"]["value"] == 2
    capped = search(made, ["a", "b2"], {"query": CATS, "track_total_hits": 4}, {})["hits"]["total"]
    assert capped == {"value": 4, "relation": "gte"}
    assert "total" not in search(made, ["a"], {"track_total_hits": False}, {})["hits"]
    early = search(made, ["a"], {"terminate_after": 3}, {})
    assert (early["terminated_early"], early["hits"]["total"]["value"]) == (True, 3)
    assert search(made, ["a"], {"terminate_after": 4}, {})["terminated_early"] is False
    assert count(made, ["a", "b2"], {"query": CATS}, {}) == 6
    assert count(made, ["a"], {"query": CATS}, {"terminate_after": "2"}) == 2
    empty = search(made, ["a"], {"size": 0}, {})["hits"]
    assert empty == {"total": {"value": 4, "relation": "eq"}, "max_score": None, "hits": []}


def test_indices_have_their_boost(made: Node) -> None:
    body = {"query": CATS, "indices_boost": [{"b*": 3.0}, {"a": 0.5}], "explain": True}
    plain = {
        (h["_index"], h["_id"]): h["_score"] for h in search(made, ["a", "b2"], {"query": CATS}, {})["hits"]["hits"]
    }
    for hit in search(made, ["a", "b2"], body, {})["hits"]["hits"]:
        boost = 3.0 if hit["_index"] == "b2" else 0.5
        assert hit["_score"] == pytest.approx(boost * plain[hit["_index"], hit["_id"]], rel=1e-6)
        assert hit["_explanation"]["value"] == pytest.approx(hit["_score"], rel=1e-6)


@pytest.mark.parametrize("k", [1, 2, 3, 5, 9])
def test_the_nearest_are_those_of_all_indices_together(made: Node, k: int) -> None:
    made.index("b2").write([Operation("index", "far", {"v": [-1, 0]}), Operation("index", "near", {"v": [1, 0.2]})])
    made.index("b2").refresh()
    body: dict[str, Any] = {
        "knn": {"field": "v", "query_vector": [1, 0.2], "k": k, "num_candidates": k},
        "explain": True,
    }
    every = [*search(made, ["a"], body, {})["hits"]["hits"], *search(made, ["b2"], body, {})["hits"]["hits"]]
    every.sort(key=lambda h: -h["_score"])
    together = search(made, ["a", "b2"], body, {})["hits"]
    assert [(h["_index"], h["_id"]) for h in together["hits"]] == [(h["_index"], h["_id"]) for h in every[:k]]
    assert together["total"]["value"] == min(k, 8)
    assert all(h["_explanation"]["value"] == pytest.approx(h["_score"]) for h in together["hits"])
    mixed = search(made, ["a", "b2"], {**body, "query": {"match": {"t": "moon"}}}, {})["hits"]["hits"]
    words = {(name, i) for name in ("a", "b2") for i in ("2", "3")}
    assert {(h["_index"], h["_id"]) for h in mixed} == words | {(h["_index"], h["_id"]) for h in every[:k]}


def test_named_queries(made: Node) -> None:
    named = {"match": {"t": {"query": "cats", "_name": "猫"}}}
    query = {"bool": {"should": [named, {"term": {"tag": {"value": "sky", "_name": "up"}}}]}}
    hits = search(made, ["a"], {"query": query, "post_filter": {"exists": {"field": "n", "_name": "n"}}}, {})["hits"][
        "hits"
    ]
    assert {h["_id"]: h["matched_queries"] for h in hits} == {
        "0": ["猫", "n"], "1": ["猫", "n"], "2": ["up", "n"], "3": ["猫", "n"],
    }  # fmt: skip
    scored = search(made, ["a"], {"query": query}, {"include_named_queries_score": "true"})["hits"]["hits"]
    for hit in scored:
        assert sum(hit["matched_queries"].values()) == pytest.approx(hit["_score"], rel=1e-6)


def adds_up(account: dict[str, Any]) -> None:
    """The value of every step follows from its details, as its description says."""
    details = [d["value"] for d in account["details"]]
    said = account["description"]
    for detail in account["details"]:
        adds_up(detail)
    if said.endswith(("sum of:", "contributions:")):
        assert account["value"] == pytest.approx(sum(details), rel=1e-5, abs=1e-6)
    elif said.endswith("product of:"):
        assert account["value"] == pytest.approx(math.prod(details), rel=1e-5, abs=1e-6)
    elif said.endswith(("avg of:", "max of:", "min of:")):
        rule = {"avg of:": np.mean, "max of:": max, "min of:": min}[said[-7:]]
        assert account["value"] == pytest.approx(rule(details), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("mode", ["total", "multiply", "avg", "max", "min"])
def test_rescoring(made: Node, mode: str) -> None:
    first = {h["_id"]: h["_score"] for h in search(made, ["a"], {"query": CATS}, {})["hits"]["hits"]}
    second = {"0": 5.0, "3": 5.0}
    rule = {
        "total": lambda x, y: x + y, "multiply": lambda x, y: x * y, "avg": lambda x, y: (x + y) / 2,
        "max": max, "min": min,
    }[mode]  # fmt: skip
    matching = {"constant_score": {"filter": {"terms": {"n": [1, 4]}}, "boost": 5.0}}
    inner = {"rescore_query": matching, "query_weight": 0.7, "rescore_query_weight": 1.5, "score_mode": mode}
    body = {"query": CATS, "rescore": {"window_size": 10, "query": inner}, "explain": True}
    found = search(made, ["a"], body, {})["hits"]
    expected = {i: rule(0.7 * s, 1.5 * second[i]) if i in second else 0.7 * s for i, s in first.items()}
    assert {h["_id"]: h["_score"] for h in found["hits"]} == pytest.approx(expected, rel=1e-5)
    assert [h["_score"] for h in found["hits"]] == sorted((h["_score"] for h in found["hits"]), reverse=True)
    assert found["max_score"] == found["hits"][0]["_score"]
    for hit in found["hits"]:
        assert hit["_explanation"]["value"] == pytest.approx(hit["_score"], rel=1e-5)
        adds_up(hit["_explanation"])


def test_rescoring_in_a_row_and_within_its_window(made: Node) -> None:
    order = ids(made, {"query": CATS})
    up = {"constant_score": {"filter": {"term": {"n": 7}}, "boost": 100.0}}
    window = order.index("1")
    if window:
        body = {"query": CATS, "rescore": {"window_size": window, "query": {"rescore_query": up}}}
        assert ids(made, body) == order, "a hit behind the window keeps its place"
    twice = [{"query": {"rescore_query": up}}, {"window_size": 1, "query": {"rescore_query": up, "query_weight": -1}}]
    hits = search(made, ["a"], {"query": CATS, "rescore": twice, "explain": True}, {})["hits"]["hits"]
    for hit in hits:
        assert hit["_explanation"]["value"] == pytest.approx(hit["_score"], rel=1e-5)
    with pytest.raises(InvalidRequest, match="Cannot use \\[sort\\] option in conjunction with \\[rescore\\]"):
        search(made, ["a"], {"rescore": twice, "sort": ["n"]}, {})


STANDARD = {"standard": {"query": CATS}}
WEIGHTED = {"retriever": STANDARD, "weight": 2, "normalizer": "minmax"}
KNN = {"knn": {"field": "v", "query_vector": [1, 0.2], "k": 2, "num_candidates": 2}}


@pytest.mark.parametrize(
    ("retriever", "matched"),
    [
        (STANDARD, {"0", "1", "3"}),
        (KNN, {"1", "3"}),
        ({"rrf": {"retrievers": [{"standard": {"query": {"match": {"t": "moon"}}}}, KNN]}}, {"1", "2", "3"}),
        ({"linear": {"retrievers": [WEIGHTED], "filter": {"term": {"tag": "city"}}}}, {"3"}),
    ],
)  # fmt: skip
def test_retrievers_with_aggregations_and_filters(made: Node, retriever: Any, matched: set[str]) -> None:
    body = {"retriever": retriever, "aggs": {"n": {"value_count": {"field": "n"}}}, "explain": True}
    answer = search(made, ["a"], {**body, "post_filter": {"term": {"tag": "city"}}}, {})
    expected = sum(len(SOURCES[int(i)]["n"]) if isinstance(SOURCES[int(i)]["n"], list) else 1 for i in matched)
    assert answer["aggregations"]["n"]["value"] == expected
    assert [h["_id"] for h in answer["hits"]["hits"]] == ["3"]
    every = search(made, ["a"], body, {})["hits"]["hits"]
    assert {h["_id"] for h in every} == matched
    for hit in every:
        assert hit["_explanation"]["value"] == pytest.approx(hit["_score"], rel=1e-5)
    least = every[0]["_score"]
    some = search(made, ["a"], {**body, "min_score": least}, {})["hits"]["hits"]
    assert {h["_id"] for h in some} == {h["_id"] for h in every if h["_score"] >= least}


def test_modes_with_aggregations_and_post_filters(made: Node) -> None:
    body = {"q": "cats", "mode": "bm25", "aggs": {"t": {"terms": {"field": "tag"}}}}
    answer = search(made, ["a"], {**body, "post_filter": {"term": {"tag": "city"}}}, {})
    assert [h["_id"] for h in answer["hits"]["hits"]] == ["3"]
    buckets = {b["key"]: b["doc_count"] for b in answer["aggregations"]["t"]["buckets"]}
    assert buckets == {"animal": 2, "city": 1, "动物": 1}


def test_the_filter_of_an_alias_holds_everywhere(made: Node) -> None:
    seen = [Target("a", {"term": {"tag": "animal"}})]
    aggs = {"g": {"global": {}}, "t": {"terms": {"field": "tag", "min_doc_count": 0}}}
    for body in ({}, {"sort": ["n"]}, {"q": "cats moon", "mode": "bm25"}, {"retriever": KNN}):
        answer = search(made, seen, {**body, "aggs": aggs}, {})
        assert {h["_id"] for h in answer["hits"]["hits"]} <= {"0", "1"}
        assert answer["aggregations"]["g"]["doc_count"] == 2
        assert {b["key"] for b in answer["aggregations"]["t"]["buckets"]} == {"animal", "动物"}
    assert count(made, seen, {}, {}) == 2
    assert explain(made, seen[0], "2", {"query": {"match_all": {}}}, {}) == (False, False, None)


def test_suggestions_stand_beside_the_hits(made: Node) -> None:
    body = {"size": 1, "suggest": {"mean": {"text": "catz", "term": {"field": "t"}}}}
    answer = search(made, ["a"], body, {})
    assert [option["text"] for option in answer["suggest"]["mean"][0]["options"]] == ["cats"]
    assert len(answer["hits"]["hits"]) == 1
    assert list(search(made, ["a"], body, {"typed_keys": "true"})["suggest"]) == ["term#mean"]
    with pytest.raises(InvalidRequest, match="alias with a filter"):
        search(made, [Target("a", {"term": {"tag": "animal"}})], body, {})


def test_what_was_found_before_the_time_was_over_is_kept(made: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    rrf = {"rrf": {"retrievers": [STANDARD, {"standard": {"query": {"match": {"t": "moon"}}}}]}}
    body = {"retriever": rrf, "timeout": "1h", "aggs": {"n": {"sum": {"field": "n"}}, "d": {"min": {"field": "d"}}}}
    whole = search(made, ["a", "b2"], body, {})
    assert whole["timed_out"] is False
    sizes = []
    for looks in range(20):  # the time is over at the n-th look at the clock
        left = [looks]

        def check(_: SearchContext, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise TimedOut

        with monkeypatch.context() as patch:
            patch.setattr(SearchContext, "check_time", check)
            answer = search(made, ["a", "b2"], body, {})
        sizes.append((len(answer["hits"]["hits"]), len(answer["aggregations"])))
        assert answer["timed_out"] is (left[0] < 0)
        if left[0] >= 0:
            assert answer["hits"] == whole["hits"]
            assert answer["aggregations"] == whole["aggregations"]
    assert sizes[0][0] == 0
    assert any(0 < hits < sizes[-1][0] for hits, _ in sizes), "a leg or an index that was reached is shown"
    assert any(aggs == 1 for _, aggs in sizes), "so is an aggregation"
    assert sizes[-1] == (len(whole["hits"]["hits"]), 2)


def test_durations() -> None:
    assert [parse_duration(text) for text in ("2m", "5ms", "50micros", "70nanos")] == [120.0, 0.005, 5e-05, 7e-08]
    with pytest.raises(InvalidRequest, match=r"failed to parse \[5 parsecs\]"):
        parse_duration("5 parsecs")


def test_why_and_whether(made: Node) -> None:
    there, matched, account = explain(made, "a", "3", {"query": CATS}, {})
    score = next(h["_score"] for h in search(made, ["a"], {"query": CATS}, {})["hits"]["hits"] if h["_id"] == "3")
    assert (there, matched) == (True, True)
    assert account is not None
    assert account["value"] == pytest.approx(score, rel=1e-6)
    adds_up(account)
    assert explain(made, "a", "2", {"query": CATS}, {})[:2] == (True, False)
    assert explain(made, "a", "nothing", {"query": CATS}, {}) == (False, False, None)
    with pytest.raises(InvalidRequest, match="query is missing"):
        explain(made, "a", "3", {}, {})
    assert validate(made, ["a"], {"query": CATS}, {}) == [("a", None)]
    ((_, wrong),) = validate(made, ["a"], {"query": {"term": {"n": {"value": "x"}}}}, {})
    assert wrong is not None


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"rescore": {}}, ParsingError),
        ({"rescore": {"query": {"rescore_query": {}}, "window_size": 0}}, ParsingError),
        ({"rescore": {"query": {"rescore_query": {"match_all": {}}, "score_mode": "most"}}}, InvalidRequest),
        ({"rescore": {"query": {"rescore_query": {"match_all": {}}}, "window_size": 10**6}}, InvalidRequest),
        ({"indices_boost": {"a": -1}}, ParsingError),
        ({"knn": {"field": "v", "query_vector": [1, 0], "similarity": "high"}}, ParsingError),
        ({"terminate_after": -1}, InvalidRequest),
        ({"profile": True}, InvalidRequest),
        ({"stored_fields": ["_none_", "t"]}, InvalidRequest),
        ({"stored_fields": "_none_", "_source": True}, InvalidRequest),
        ({"fields": 3}, ParsingError),
        ({"min_score": "x"}, ParsingError),
        ({"pit": {}}, ParsingError),
        ({"suggest": []}, ParsingError),
        ({"aggs": {}, "aggregations": {}}, ParsingError),
        ({"df": "t"}, InvalidRequest),
    ],
)
def test_wrong_requests_are_refused(made: Node, body: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        search(made, ["a"], body, {})
