"""Settings of an index: what they may be, and that null takes one back."""

from __future__ import annotations

import pytest

from indexer import InvalidRequest, Operation
from indexer.index_settings import changed_settings, flat_settings
from retrieval import search

QUIET = {"semantic": {"families": []}}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"number_of_replicas": "x"}, "must be a whole number"),
        ({"index.number_of_shards": 0}, "must be >= 1"),
        ({"max_result_window": True}, "must be a whole number"),
        ({"refresh_interval": "5 seconds"}, "as a time value"),
        ({"mapping.total_fields.limit": 0}, "must be >= 1"),
        ({"mapping.coerce": False}, r"unknown setting \[index.mapping.coerce\]"),
        ({"mapping": 5}, "must be an object"),
        ({"query": 5, "query.default_field": "x"}, "as a value and as an object"),
    ],
)
def test_what_is_refused(body, message):
    with pytest.raises(InvalidRequest, match=message):
        flat_settings(body)


def test_forms_that_mean_the_same():
    for body in (
        {"index.refresh_interval": "5s", "number_of_replicas": 1},
        {"index": {"refresh_interval": "5s", "number_of_replicas": 1}},
        {"settings": {"index": {"refresh_interval": "5s"}, "index.number_of_replicas": 1}},
    ):
        assert flat_settings(body) == {"refresh_interval": "5s", "number_of_replicas": 1}


def test_null_takes_a_setting_back(node):
    index = node.create("a", {"settings": {**QUIET, "refresh_interval": None, "query": {"default_field": "x"}}})
    assert index.settings == {**QUIET, "query": {"default_field": "x"}}
    index.put_settings(flat_settings({"refresh_interval": "-1", "number_of_replicas": 2}))
    index.put_settings(flat_settings({"refresh_interval": None, "query.default_field": None}))
    assert index.settings == {**QUIET, "query": {}, "number_of_replicas": 2}
    assert changed_settings({"a": {"b": 1, "c": 2}}, {"a": {"b": None}}) == {"a": {"c": 2}}


def test_settings_that_nobody_gives(node):
    with pytest.raises(InvalidRequest, match=r"private index setting \[index.uuid\]"):
        node.create("a", {"settings": {"uuid": "x"}})
    index = node.create("a", {"settings": QUIET})
    for name in ("uuid", "creation_date", "analysis", "codec"):
        with pytest.raises(InvalidRequest, match=f"non dynamic settings \\[\\[index.{name}"):
            index.put_settings({name: {}})


def test_the_number_of_fields_is_limited_as_said(node):
    index = node.create("a", {"settings": {**QUIET, "mapping.total_fields.limit": "2"}})
    results = index.write([Operation("index", "1", {"a": 1, "b": 2}), Operation("index", "2", {"c": 3})])
    assert [r.error is None for r in results] == [True, False]
    assert "Limit of total fields [2]" in str(results[1].error)
    with pytest.raises(InvalidRequest, match=r"Limit of total fields \[2\]"):
        index.put_mapping({"properties": {"c": {"type": "long"}}})
    index.put_settings(flat_settings({"mapping.total_fields.limit": 3}))
    assert index.write([Operation("index", "2", {"c": 3})])[0].error is None
    index.put_settings(flat_settings({"mapping.total_fields.limit": 1}))  # what is mapped stays
    assert index.write([Operation("index", "3", {"a": 3})])[0].error is None
    with pytest.raises(InvalidRequest, match=r"Limit of total fields \[1\]"):
        node.create("b", {"settings": {"mapping.total_fields.limit": 1}, "mappings": index.mapping.to_dict()})


def test_the_window_of_an_index_is_its_own(node):
    node.create("wide", {"settings": {**QUIET, "max_result_window": 20_000}})
    node.create("narrow", {"settings": {**QUIET, "max_result_window": "5"}})
    assert search(node, ["wide"], {"from": 15_000}, {})["hits"]["hits"] == []
    for names, size in ((["narrow"], 6), (["wide", "narrow"], 6), (["wide"], 20_001)):
        with pytest.raises(InvalidRequest, match="Result window is too large"):
            search(node, names, {"size": size}, {})


def test_what_an_older_version_took_does_not_close_an_index(node):
    index = node.create("a", {"settings": QUIET})
    index.put_settings({"max_result_window": "x", "mapping": {"total_fields": {"limit": "many"}}})
    assert index.write([Operation("index", "1", {"a": 1})])[0].error is None
    index.refresh()
    assert search(node, ["a"], {"size": 10_000}, {})["hits"]["total"]["value"] == 1


def test_analysis_that_nothing_uses_is_checked(node):
    for wrong in ({"analyser": {"x": {"type": "custom"}}}, {"filter": {"x": {"type": "nope"}}}):
        with pytest.raises(InvalidRequest, match=r"analyser|nope"):
            node.create("a", {"settings": {**QUIET, "analysis": wrong}})
