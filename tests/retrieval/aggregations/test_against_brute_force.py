"""Every aggregation equals plain Python over the documents that are left, whatever was written before."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer import Node
from retrieval import search
from settings import Settings
from tests.retrieval.aggregations.corpus import TAGS, histories, write
from tests.retrieval.aggregations.oracle import aggregate, agree, matches

TREES: dict[str, dict[str, Any]] = {
    "tags": {"terms": {"field": "tag", "size": 4}, "aggs": {"n": {"avg": {"field": "n"}}}},
    "deep": {
        "terms": {"field": "b", "missing": 0},
        "aggs": {"t": {"terms": {"field": "tag"}, "aggs": {"h": {"histogram": {"field": "f", "interval": 30}}}}},
    },
    "all_tags": {"terms": {"field": "tag", "min_doc_count": 0, "size": 100, "order": {"_key": "asc"}}},
    "reversed": {"terms": {"field": "tag", "order": {"_key": "desc"}, "exclude": ["cat"], "size": 3}},
    "chosen": {"terms": {"field": "tag", "include": ["猫", "z", "nothing"]}},
    "without": {"terms": {"field": "tag", "missing": "北京", "size": 20}},
    "new_word": {"terms": {"field": "tag", "missing": "N/A 无", "size": 20}},
    "numbers": {"terms": {"field": "n", "size": 3, "min_doc_count": 2}, "aggs": {"m": {"max": {"field": "d"}}}},
    "floats": {"terms": {"field": "f", "size": 50, "order": {"_key": "asc"}}},
    "moments": {"terms": {"field": "d", "size": 50, "order": {"_key": "desc"}}},
    "by_metric": {
        "terms": {"field": "tag", "order": {"s.avg": "desc"}, "size": 3},
        "aggs": {"s": {"extended_stats": {"field": "f"}}},
    },
    "by_sum": {"terms": {"field": "tag", "order": {"s": "asc"}, "size": 5}, "aggs": {"s": {"sum": {"field": "n"}}}},
    "steps": {
        "histogram": {"field": "n", "interval": 2, "offset": 1, "extended_bounds": {"min": -9, "max": 9}},
        "aggs": {"c": {"cardinality": {"field": "tag"}}},
    },
    "full_steps": {"histogram": {"field": "f", "interval": 7.5, "min_doc_count": 1, "missing": 3}},
    "ranges": {
        "range": {"field": "f", "ranges": [{"to": 0}, {"from": -10, "to": 10.5}, {"from": 0, "key": "up"}]},
        "aggs": {"v": {"value_count": {"field": "tag"}}},
    },
    "f": {"filter": {"term": {"tag": "猫"}}, "aggs": {"low": {"min": {"field": "d"}}}},
    "fs": {
        "filters": {
            "filters": {"一": {"match": {"t": "cats"}}, "二": {"range": {"n": {"gte": 0}}}},
            "other_bucket": True,
        },
        "aggs": {"n": {"missing": {"field": "n"}}},
    },
    "anonymous": {"filters": {"filters": [{"term": {"b": True}}, {"match_all": {}}]}},
    "none": {"missing": {"field": "tag"}, "aggs": {"x": {"terms": {"field": "b"}}}},
    "everything": {"global": {}, "aggs": {"n": {"sum": {"field": "n"}}, "t": {"terms": {"field": "tag"}}}},
    "figures": {"extended_stats": {"field": "n"}},
    "parts": {"percentiles": {"field": "f", "percents": [0, 12.5, 50, 99, 100]}},
    "below": {"percentile_ranks": {"field": "n", "values": [-2, 0, 3]}},
    "away": {
        "terms": {"field": "tag", "order": {"far": "desc"}, "size": 4},
        "aggs": {"far": {"median_absolute_deviation": {"field": "f"}}, "box": {"boxplot": {"field": "n"}}},
    },
    "box": {"boxplot": {"field": "f", "missing": 3}},
    "values": {"value_count": {"field": "f", "missing": 1}},
    "kinds": {"cardinality": {"field": "n"}},
    "latest": {"max": {"field": "d"}},
    "typical": {"avg": {"field": "f", "missing": 10}},
    "special": {"significant_terms": {"field": "tag", "min_doc_count": 1}},
}
CALENDARS = {
    f"{unit} {zone}": {
        "date_histogram": {"field": "d", "calendar_interval": unit, "time_zone": zone, "min_doc_count": least},
        "aggs": {"n": {"sum": {"field": "n"}}},
    }
    for unit, zone, least in (
        ("year", "Asia/Shanghai", 0), ("quarter", "America/New_York", 1), ("month", "Europe/Berlin", 0),
        ("week", "UTC", 1), ("week", "America/Sao_Paulo", 0), ("day", "Asia/Kolkata", 1), ("hour", "Europe/Berlin", 1),
    )
}  # fmt: skip


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory):
    made = Node(Settings(data=tmp_path_factory.mktemp("aggregations") / "data"))
    yield made
    made.close()


queries = st.sampled_from(
    ({"match_all": {}}, {"match": {"t": "cats"}}, {"term": {"tag": TAGS[0]}}, {"range": {"n": {"gte": 0, "lt": 4}}})
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories, query=queries, both=st.booleans())
def test_all_agree(shared: Node, history: Any, query: dict[str, Any], both: bool) -> None:
    names, docs = write(shared, history)
    searched = names if both else names[:1]
    docs = [doc for doc in docs if doc.index in searched]
    inside = [doc for doc in docs if matches(query, doc)]
    trees = {**TREES, **CALENDARS}
    body = {"size": 0, "query": query, "aggs": trees, "track_total_hits": True}
    answer = search(shared, searched, body, {})
    assert answer["hits"] == {"total": {"value": len(inside), "relation": "eq"}, "max_score": None, "hits": []}
    expected = aggregate(trees, inside, docs)
    for name in trees:
        agree({name: answer["aggregations"][name]}, {name: expected[name]})


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories)
def test_they_are_before_the_post_filter_and_after_the_filters(shared: Node, history: Any) -> None:
    names, docs = write(shared, history)
    tree = {"t": {"terms": {"field": "tag", "size": 50}}}
    body = {
        "aggs": tree,
        "query": {"match": {"t": "cats"}},
        "filter": [{"range": {"n": {"gte": 0}}}],
        "post_filter": {"term": {"tag": "猫"}},
        "size": 50,
    }
    answer = search(shared, names, body, {})
    inside = [d for d in docs if matches(body["query"], d) and matches(body["filter"][0], d)]
    agree(answer["aggregations"], aggregate(tree, inside, docs))
    shown = sorted((h["_index"], h["_id"]) for h in answer["hits"]["hits"])
    assert shown == sorted((d.index, d.id) for d in inside if "猫" in d.values("tag"))


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories, down=st.booleans())
def test_top_hits_are_the_first_of_each_bucket(shared: Node, history: Any, down: bool) -> None:
    names, docs = write(shared, history)
    order = {"n": {"order": "desc" if down else "asc", "missing": "_last"}}
    top = {"top_hits": {"size": 2, "from": 1, "sort": [order, "_doc"], "_source": ["n"]}}
    body = {"size": 0, "aggs": {"t": {"terms": {"field": "tag", "size": 50}, "aggs": {"top": top}}}}
    for bucket in search(shared, names, body, {})["aggregations"]["t"]["buckets"]:
        inside = [d for name in names for d in docs if d.index == name and bucket["key"] in d.values("tag")]
        inside.sort(key=lambda d: (not d.values("n"), _edge(d.values("n"), down)))
        found = bucket["top"]["hits"]
        assert found["total"]["value"] == len(inside)
        assert [(h["_index"], h["_id"]) for h in found["hits"]] == [(d.index, d.id) for d in inside[1:3]]
        for hit, doc in zip(found["hits"], inside[1:3], strict=True):
            assert hit["_source"] == {k: v for k, v in doc.source.items() if k == "n"}


def _edge(values: list[int], down: bool) -> int:
    return 0 if not values else -max(values) if down else min(values)
