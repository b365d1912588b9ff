"""Definitions of aggregations: forms of their answers, and what is refused with which sentence."""

from __future__ import annotations

import re
from typing import Any

import pytest

from indexer import Node, Operation, QuarryError
from retrieval import search
from retrieval.aggregations import TooManyBuckets, known_types

PROPERTIES = {
    "t": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
    "tag": {"type": "keyword"},
    "n": {"type": "long"},
    "f": {"type": "double"},
    "d": {"type": "date"},
    "b": {"type": "boolean"},
}
SOURCES = (
    {"t": "一 one", "tag": "甲", "n": 1, "f": 0.5, "d": "2024-03-10T06:30:00Z", "b": True},
    {"t": "二 two", "tag": ["乙", "甲"], "n": 5, "f": 1.25, "d": "2024-03-31T00:30:00Z", "b": False},
    {"t": "三 three", "n": 9, "d": "2025-01-01T00:00:00Z"},
)


@pytest.fixture
def made(node: Node) -> Node:
    node.create("x", {"settings": {"semantic": {"families": []}}, "mappings": {"properties": PROPERTIES}})
    node.index("x").write([Operation("index", str(i), s) for i, s in enumerate(SOURCES)])
    node.index("x").refresh()
    return node


def aggs(node: Node, tree: dict[str, Any], **more: Any) -> dict[str, Any]:
    found = search(node, ["x"], {"size": 0, "aggs": tree, **more}, {})["aggregations"]
    assert isinstance(found, dict)
    return found


def test_keys_and_formats(made: Node) -> None:
    found = aggs(made, {
        "b": {"terms": {"field": "b"}},
        "n": {"terms": {"field": "n", "format": "000"}},
        "d": {"date_histogram": {"field": "d", "calendar_interval": "1y", "format": "yyyy'年'", "keyed": True}},
        "h": {"histogram": {"field": "n", "interval": 5, "format": "0.0", "keyed": True, "min_doc_count": 1}},
        "r": {"range": {"field": "f", "keyed": True, "ranges": [{"to": 1, "key": "low"}, {"from": 1}]}},
        "dr": {"date_range": {"field": "d", "format": "yyyy-MM-dd", "ranges": [
            {"to": "2024-03-31"}, {"from": "2024-03-31||/d"},
        ]}},
        "m": {"max": {"field": "d", "format": "yyyy"}},
        "p": {"percentiles": {"field": "n", "percents": [50], "keyed": False}},
        "box": {"boxplot": {"field": "d", "format": "yyyy-MM"}},
        "meta": {"sum": {"field": "n"}, "meta": {"colour": "红"}},
    })  # fmt: skip
    assert found["b"]["buckets"] == [
        {"key": 0, "key_as_string": "false", "doc_count": 1},
        {"key": 1, "key_as_string": "true", "doc_count": 1},
    ]
    assert [b["key_as_string"] for b in found["n"]["buckets"]] == ["001", "005", "009"]
    assert {k: b["doc_count"] for k, b in found["d"]["buckets"].items()} == {"2024年": 2, "2025年": 1}
    assert found["h"]["buckets"] == {
        "0.0": {"key": 0.0, "key_as_string": "0.0", "doc_count": 1},
        "5.0": {"key": 5.0, "key_as_string": "5.0", "doc_count": 2},
    }
    assert found["r"]["buckets"] == {"low": {"to": 1.0, "doc_count": 1}, "1.0-*": {"from": 1.0, "doc_count": 1}}
    assert [(b["key"], b["doc_count"]) for b in found["dr"]["buckets"]] == [("*-2024-03-31", 1), ("2024-03-31-*", 2)]
    assert found["dr"]["buckets"][1]["from_as_string"] == "2024-03-31"
    assert found["m"] == {"value": 1735689600000.0, "value_as_string": "2025"}
    assert found["p"] == {"values": [{"key": 50.0, "value": 5.0}]}
    assert (found["box"]["q2_as_string"], found["box"]["upper_as_string"]) == ("2024-03", "2025-01")
    assert found["meta"] == {"meta": {"colour": "红"}, "value": 15.0}


def test_zones_offsets_and_bounds(made: Node) -> None:
    def keys(**spec: Any) -> list[tuple[str, int]]:
        found = aggs(made, {"h": {"date_histogram": {"field": "d", "min_doc_count": 1, **spec}}})["h"]["buckets"]
        return [(b["key_as_string"], b["doc_count"]) for b in found]

    assert keys(calendar_interval="day", time_zone="Asia/Shanghai")[2] == ("2025-01-01T00:00:00.000+08:00", 1)
    assert keys(calendar_interval="month", time_zone="America/New_York")[1] == ("2024-12-01T00:00:00.000-05:00", 1)
    assert keys(calendar_interval="day", offset="+6h")[:2] == [
        ("2024-03-10T06:00:00.000Z", 1),
        ("2024-03-30T06:00:00.000Z", 1),
    ]
    assert keys(fixed_interval="12h", time_zone="+01:00")[0] == ("2024-03-10T00:00:00.000+01:00", 1)
    spring = keys(calendar_interval="day", time_zone="Europe/Berlin")[1]
    assert spring == ("2024-03-31T00:00:00.000+01:00", 1), "the clock changed after that midnight"
    assert len(keys(calendar_interval="quarter", min_doc_count=0)) == 5
    bounded = {"min": "2023-06", "max": "2025-06"}
    assert len(keys(calendar_interval="year", min_doc_count=0, extended_bounds=bounded)) == 3
    assert len(keys(calendar_interval="month", hard_bounds={"max": "2024-06"})) == 1
    hard = aggs(made, {"h": {"histogram": {"field": "n", "interval": 1, "hard_bounds": {"min": 2, "max": 6}}}})
    assert [b["key"] for b in hard["h"]["buckets"]] == [5.0]


def test_patterns_and_partitions(made: Node) -> None:
    def keys(**spec: Any) -> set[str]:
        return {b["key"] for b in aggs(made, {"t": {"terms": {"field": "t.raw", **spec}}})["t"]["buckets"]}

    assert keys(include=".*o.*") == {"一 one", "二 two"}
    assert keys(include="[一三] .*", exclude=["一 one"]) == {"三 three"}
    assert keys(exclude=".* t(wo|hree)") == {"一 one"}
    assert keys(include="") == set()
    assert keys(include="<1-9>|三@") == {"三 three"}
    parts = [keys(include={"partition": i, "num_partitions": 2}) for i in range(2)]
    assert parts[0] | parts[1] == keys()
    assert not parts[0] & parts[1]


def test_long_numbers_and_dates_of_the_request_are_read_exactly(made: Node) -> None:
    days = {"day": {"type": "date", "format": "yyyy/MM/dd"}, "k": {"type": "keyword"}}
    made.create("w", {"settings": {"semantic": {"families": []}}, "mappings": {"properties": {**PROPERTIES, **days}}})
    far = 1 << 60
    sources: list[dict[str, Any]] = [{"n": far, "day": "2024/03/10"}, {"n": [far + 1, 3], "day": "1999/01/01"}, {}]
    made.index("w").write([Operation("index", str(i), s) for i, s in enumerate(sources)])
    made.index("w").refresh()

    def keys(**spec: Any) -> list[int]:
        found = search(made, ["w"], {"size": 0, "aggs": {"t": {"terms": spec}}}, {})["aggregations"]["t"]["buckets"]
        return [b["key"] for b in found]

    assert keys(field="n", include=[far + 1]) == keys(field="n", include=[str(far + 1)]) == [far + 1]
    assert keys(field="n", exclude=[far + 1, 1 << 62]) == [3, far]
    assert keys(field="n", missing=(1 << 63) - 1) == [3, far, far + 1, (1 << 63) - 1]
    assert keys(field="n", missing=far + 3)[-1] == far + 3
    march = 1_710_028_800_000
    assert keys(field="day", include=["2024/03/10"]) == keys(field="day", include=[march]) == [march]
    assert keys(field="day", format="yyyy-MM-dd", include=["2024-03-10"]) == [march]
    assert keys(field="day", format="yyyy-MM-dd", missing="2024-03-10") == [march, 915_148_800_000]
    for value in (1 << 63, "x", 1e400):
        with pytest.raises(QuarryError, match="cannot be"):
            keys(field="n", missing=value)


def test_sums_are_not_rounded_on_the_way(made: Node) -> None:
    made.index("x").write([Operation("index", f"s{i}", {"f": 0.1, "tag": "sum"}) for i in range(10)])
    made.index("x").refresh()
    tree = {"s": {"sum": {"field": "f"}}, "a": {"avg": {"field": "f"}}, "x": {"extended_stats": {"field": "f"}}}
    found = aggs(made, {"t": {"terms": {"field": "tag", "include": ["sum"]}, "aggs": tree}})["t"]["buckets"][0]
    assert (found["s"]["value"], found["a"]["value"], found["x"]["sum"]) == (1.0, 0.1, 1.0)
    assert found["x"]["std_deviation"] == 0.0


def test_scores_of_sorted_top_hits(made: Node) -> None:
    top = {"size": 2, "sort": [{"n": "desc"}], "_source": False}
    query = {"match": {"t": "one two"}}
    tree = {"plain": {"top_hits": top}, "scored": {"top_hits": {**top, "track_scores": True}}}
    found = aggs(made, tree, query=query)
    scores = {h["_id"]: h["_score"] for h in search(made, ["x"], {"query": query}, {})["hits"]["hits"]}
    assert [h["_score"] for h in found["plain"]["hits"]["hits"]] == [None, None]
    assert {h["_id"]: h["_score"] for h in found["scored"]["hits"]["hits"]} == scores
    assert found["scored"]["hits"]["max_score"] == max(scores.values())


def test_several_indices_of_different_mappings(made: Node) -> None:
    for name, kind in (("y", "double"), ("z", "keyword")):
        body = {"settings": {"semantic": {"families": []}}, "mappings": {"properties": {"n": {"type": kind}}}}
        made.create(name, body)
        made.index(name).write([Operation("index", "1", {"n": 2.5})])
        made.index(name).refresh()
    tree = {"n": {"terms": {"field": "n"}}, "i": {"terms": {"field": "_index"}}, "t": {"terms": {"field": "tag"}}}
    found = search(made, ["x", "y"], {"size": 0, "aggs": tree}, {})["aggregations"]
    assert [b["key"] for b in found["n"]["buckets"]] == [1.0, 2.5, 5.0, 9.0]
    assert [(b["key"], b["doc_count"]) for b in found["i"]["buckets"]] == [("x", 3), ("y", 1)]
    assert [b["key"] for b in found["t"]["buckets"]] == ["甲", "乙"]
    with pytest.raises(QuarryError, match="cannot be put together"):
        search(made, ["x", "z"], {"size": 0, "aggs": {"n": {"terms": {"field": "n"}}}}, {})


def test_nothing_to_aggregate(made: Node) -> None:
    tree = {
        "t": {"terms": {"field": "nothing"}}, "m": {"terms": {"field": "nothing", "missing": "无"}},
        "h": {"histogram": {"field": "nothing", "interval": 1}}, "s": {"stats": {"field": "nothing"}},
        "a": {"avg": {"field": "nothing"}}, "c": {"cardinality": {"field": "nothing"}},
        "x": {"missing": {"field": "nothing"}}, "top": {"top_hits": {}},
        "e": {"date_histogram": {"field": "d", "calendar_interval": "day"}},
    }  # fmt: skip
    found = aggs(made, tree, query={"match_none": {}})
    assert found["t"]["buckets"] == found["h"]["buckets"] == found["e"]["buckets"] == []
    assert found["s"] == {"count": 0, "min": None, "max": None, "avg": None, "sum": 0.0}
    assert (found["a"], found["c"]) == ({"value": None}, {"value": 0})
    assert found["top"]["hits"] == {"total": {"value": 0, "relation": "eq"}, "max_score": None, "hits": []}
    everywhere = aggs(made, {"m": tree["m"], "x": tree["x"]})
    assert everywhere["m"]["buckets"] == [{"key": "无", "doc_count": 3}]
    assert everywhere["x"]["doc_count"] == 3
    assert aggs(made, {"x": {"missing": {"field": "nothing", "missing": 1}}})["x"]["doc_count"] == 0
    assert search(made, [], {"aggs": tree}, {})["aggregations"]["t"]["buckets"] == []


def test_typed_keys(made: Node) -> None:
    tree = {
        "s": {"terms": {"field": "tag", "order": {"m": "desc"}}, "aggs": {"m": {"max": {"field": "n"}}}},
        "l": {"terms": {"field": "n"}}, "d": {"terms": {"field": "f"}}, "u": {"terms": {"field": "nothing"}},
        "p": {"percentiles": {"field": "n"}}, "sig": {"significant_terms": {"field": "tag"}},
    }  # fmt: skip
    found = aggs(made, tree, typed_keys=True)
    assert set(found) == {"sterms#s", "lterms#l", "dterms#d", "umterms#u", "tdigest_percentiles#p", "sigsterms#sig"}
    assert [b["max#m"]["value"] for b in found["sterms#s"]["buckets"]] == [5.0, 5.0]


def test_too_many_buckets(made: Node) -> None:
    for spec in ({"histogram": {"field": "n", "interval": 1e-4}}, {"histogram": {"field": "n", "interval": 1e-9}},
                 {"date_histogram": {"field": "d", "fixed_interval": "1s"}}):  # fmt: skip
        with pytest.raises(TooManyBuckets) as caught:
            aggs(made, {"h": spec})
        assert (caught.value.status, caught.value.type) == (400, "too_many_buckets_exception")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ([], "must be an object"),
        ({"a": {}}, "Missing definition for aggregation [a]"),
        ({"a": {"tems": {"field": "n"}}}, "Unknown aggregation type [tems] did you mean [terms]?"),
        ({"a": {"terms": {"field": "n"}, "avg": {"field": "n"}}}, "Found two aggregation type definitions in [a]"),
        ({"a": {"terms": 3}}, "Expected [START_OBJECT] under [terms] in [a]"),
        ({"a[b": {"avg": {"field": "n"}}}, "Invalid aggregation name [a[b]"),
        ({"a": {"avg": {"field": "n"}, "aggs": {"b": {"avg": {"field": "n"}}}}}, "cannot accept sub-aggregations"),
        ({"a": {"terms": {"field": "n"}, "aggs": {"b": {"global": {}}}}}, "cannot have a global sub-aggregation"),
        ({"a": {"terms": {}}}, "Required one of fields [field]"),
        ({"a": {"terms": {"field": "t"}}}, "Fielddata is disabled on [t] in [x]"),
        ({"a": {"terms": {"field": "t"}}}, "such as [t.raw]"),
        ({"a": {"avg": {"field": "tag"}}}, "Field [tag] of type [keyword] is not supported for aggregation [avg]"),
        ({"a": {"histogram": {"field": "tag", "interval": 1}}}, "is not supported for aggregation [histogram]"),
        ({"a": {"terms": {"field": "n", "sise": 1}}}, "[terms] unknown field [sise] in aggregation [a]"),
        ({"a": {"terms": {"field": "n", "size": 0}}}, "[size] must be greater than or equal to 1"),
        ({"a": {"terms": {"field": "n", "order": {"b": "asc"}}}}, "Invalid aggregation order path [b]"),
        ({"a": {"terms": {"field": "n", "order": {"_key": "up"}}}}, "Unknown order direction [up]"),
        ({"a": {"terms": {"field": "n", "include": "1.*"}}}, "can only be applied to string fields"),
        ({"a": {"terms": {"field": "tag", "include": "(a"}}}, "the pattern [(a] cannot be taken"),
        ({"a": {"terms": {"field": "n", "missing": "many"}}}, "[missing] of [n] cannot be [many]"),
        ({"a": {"histogram": {"field": "n"}}}, "[interval] must be >0 for histogram aggregation [a]"),
        (
            {"a": {"histogram": {"field": "n", "interval": 1, "extended_bounds": {"min": 3, "max": 1}}}},
            "cannot be greater than",
        ),
        ({"a": {"date_histogram": {"field": "d"}}}, "Invalid interval specified"),
        (
            {"a": {"date_histogram": {"field": "d", "calendar_interval": "2d"}}},
            "could not be parsed as a calendar interval",
        ),
        ({"a": {"date_histogram": {"field": "d", "fixed_interval": "1M"}}}, "as a time value"),
        (
            {"a": {"date_histogram": {"field": "d", "calendar_interval": "day", "time_zone": "Mars/One"}}},
            "Unknown time-zone ID",
        ),
        (
            {"a": {"date_histogram": {"field": "d", "calendar_interval": "day", "format": "yyyy-ii"}}},
            "Unknown pattern letter: i",
        ),
        ({"a": {"range": {"field": "n", "ranges": []}}}, "No [ranges] specified for the [a] aggregation"),
        ({"a": {"range": {"field": "n", "ranges": [{"from": "x"}]}}}, "[x] is not a number"),
        (
            {"a": {"date_range": {"field": "d", "ranges": [{"from": "someday"}]}}},
            "failed to parse date field [someday]",
        ),
        ({"a": {"filters": {"filters": {}}}}, "[filters] cannot be empty"),
        ({"a": {"filter": {"nonsense": {}}}}, "unknown query [nonsense]"),
        ({"a": {"percentiles": {"field": "n", "percents": [101]}}}, "percent must be in [0,100], got [101]"),
        ({"a": {"top_hits": {"size": 101}}}, "Top hits result window is too large"),
        ({"a": {"weighted_avg": {"value": {"field": "n"}}}}, "needs [weight]"),
        (
            {"a": {"weighted_avg": {"value": {"field": "n"}, "weight": {"field": "tag"}}}},
            "not supported for aggregation",
        ),
        ({"a": {"significant_terms": {"field": "tag", "p_value": {}}}}, "[p_value] is not supported"),
        ({"a": {"significant_terms": {"field": "tag", "gnd": 3}}}, "[gnd] must be an object"),
        (
            {"a": {"significant_terms": {"field": "tag", "chi_square": {"include_negatives": True}}}},
            "[chi_square] of [a] does not take [include_negatives] [True]",
        ),
        ({"a": {"terms": {"field": "_id"}}}, "Fielddata access on the _id field is disallowed"),
    ],
)
def test_what_is_refused(made: Node, body: Any, says: str) -> None:
    with pytest.raises(QuarryError, match=re.escape(says)) as caught:
        aggs(made, body)
    assert caught.value.status == 400


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_values_far_away(made: Node, zone: str) -> None:
    far = [-(1 << 62), (1 << 62), 999_999_999_999_999]
    made.index("x").write([Operation("index", "far", {"n": far, "f": [1e308, -1e308], "d": "0001-01-01"})])
    made.index("x").refresh()
    tree = {
        "m": {"date_histogram": {"field": "n", "calendar_interval": "month", "min_doc_count": 1, "time_zone": zone}},
        "h": {"date_histogram": {"field": "n", "fixed_interval": "1ms", "min_doc_count": 1, "time_zone": zone}},
        "d": {"date_histogram": {"field": "d", "calendar_interval": "year", "min_doc_count": 1, "time_zone": zone}},
        "e": {"extended_stats": {"field": "f"}},
        "t": {"terms": {"field": "n"}},
    }
    found = aggs(made, tree)
    assert sum(b["doc_count"] for b in found["h"]["buckets"]) == 6
    assert [b["key"] for b in found["t"]["buckets"]] == sorted([1, 5, 9, *far])
    with pytest.raises(QuarryError, match="is too small for the values"):
        aggs(made, {"f": {"histogram": {"field": "f", "interval": 1}}})
    for spec in ({"min": 1e300}, {"max": 10**25}):
        dates = {"field": "d", "calendar_interval": "day", "extended_bounds": spec}
        with pytest.raises(QuarryError, match="too far from now"):
            aggs(made, {"d": {"date_histogram": dates}})
    with pytest.raises(QuarryError, match="as a time value"):
        aggs(made, {"d": {"date_histogram": {"field": "d", "fixed_interval": "999999999999d"}}})


def test_depth_is_limited(made: Node) -> None:
    tree: dict[str, Any] = {"a": {"terms": {"field": "n"}}}
    for _ in range(20):
        tree = {"a": {"terms": {"field": "n"}, "aggs": tree}}
    assert aggs(made, tree)["a"]["buckets"]
    for _ in range(60):
        tree = {"a": {"terms": {"field": "n"}, "aggs": tree}}
    with pytest.raises(QuarryError, match="nested deeper"):
        aggs(made, tree)


def test_all_types_are_registered() -> None:
    assert set(known_types()) >= {
        "terms", "range", "date_range", "histogram", "date_histogram", "filter", "filters", "missing", "global",
        "significant_terms", "min", "max", "avg", "sum", "stats", "extended_stats", "percentiles", "percentile_ranks",
        "cardinality", "value_count", "top_hits", "weighted_avg", "median_absolute_deviation", "boxplot",
    }  # fmt: skip
