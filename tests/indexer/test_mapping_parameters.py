"""Mapping parameters: what each type takes, and what is refused with a sentence."""

from __future__ import annotations

import pytest

from indexer import InvalidDocument, InvalidMapping, InvalidRequest, Mapping


def field(spec):
    return Mapping({"properties": {"f": spec}}).fields["f"]


@pytest.mark.parametrize(
    "spec",
    [
        {"type": "text", "index": False},
        {"type": "text", "norms": True, "index_options": "offsets", "term_vector": "with_positions_offsets"},
        {"type": "text", "similarity": "my_bm25", "store": True, "meta": {"unit": "ms"}},
        {"type": "keyword", "null_value": "NULL", "ignore_above": 10, "doc_values": False, "norms": False},
        {"type": "keyword", "normalizer": "lowercase", "eager_global_ordinals": "true", "ignore_above": "10"},
        {"type": "date", "format": "yyyy年MM月dd日||epoch_millis", "null_value": "2024年01月02日"},
        {"type": "boolean", "null_value": "true"},
        {"type": "integer", "null_value": 5, "coerce": False},
        {"type": "completion", "analyzer": "pinyin", "max_input_length": 20},
    ],
)
def test_what_is_taken(spec):
    assert field(spec).type == spec["type"]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"type": "text", "norms": False}, "b = 0"),
        ({"type": "text", "index_options": "docs"}, "positions are always kept"),
        ({"type": "text", "fielddata": True}, "keyword sub-field"),
        ({"type": "text", "position_increment_gap": 1}, "always 100"),
        ({"type": "text", "null_value": "x"}, "unknown parameter"),
        ({"type": "text", "boost": 2}, "unknown parameter"),
        ({"type": "text", "index": "no"}, "true or false"),
        ({"type": "text", "analyzer": 3}, "must be a string"),
        ({"type": "keyword", "norms": True}, "no length"),
        ({"type": "keyword", "index_options": "freqs"}, "docs"),
        ({"type": "keyword", "null_value": 3}, "null_value"),
        ({"type": "keyword", "ignore_above": -1}, "whole number"),
        ({"type": "integer", "null_value": "many"}, "null_value"),
        ({"type": "byte", "null_value": 300}, "out of range"),
        ({"type": "boolean", "null_value": "yes"}, "null_value"),
        ({"type": "date", "null_value": "soon"}, "null_value"),
        ({"type": "date", "format": "yyyy-jj"}, "Unknown pattern letter"),
        ({"type": "date", "locale": "fr"}, "English"),
        ({"type": "dense_vector", "dims": 3, "element_type": "byte"}, "float32"),
        ({"type": "dense_vector", "dims": 0}, "1 to 4096"),
        ({"type": "completion", "contexts": [{"name": "a", "type": "category"}]}, "not supported"),
        ({"type": "completion", "similarity": "BM25"}, "unknown parameter"),
        ({"type": "text", "copy_to": "f"}, "other fields"),
        ({"type": "text", "copy_to": "a*"}, "wildcards"),
        ({"type": "text", "fields": {"k": {"type": "keyword", "copy_to": "b"}}}, "multi-field"),
        ({"type": "object", "subobjects": False}, "paths"),
    ],
)
def test_what_is_refused(spec, message):
    with pytest.raises(InvalidMapping, match=message):
        field(spec)


@pytest.mark.parametrize(
    "body", [{"runtime": {}}, {"dynamic": "runtime"}, {"_source": {"enabled": False}}, {"dynamic": 3}]
)
def test_roots_that_are_refused(body):
    with pytest.raises(InvalidMapping):
        Mapping(body)


def test_null_value_ignore_above_and_coerce():
    mapping = Mapping(
        {
            "properties": {
                "k": {"type": "keyword", "null_value": "none", "ignore_above": 5},
                "strict": {"type": "integer", "coerce": False},
                "lax": {"type": "integer", "coerce": "false", "ignore_malformed": True},
                "free": {"type": "keyword"},
            }
        }
    )
    assert mapping.extract({"k": [None, "北京大学的", "北京大学的人", "short"]}) == {
        "k": ["none", "北京大学的", "short"]
    }
    assert mapping.extract({"strict": 3.0, "lax": ["4", 5]}) == {"strict": [3], "lax": [5]}
    with pytest.raises(InvalidDocument, match="coerce"):
        mapping.extract({"strict": "3"})
    with pytest.raises(InvalidDocument, match="immense term"):
        mapping.extract({"free": "北" * 11000})


def test_what_a_mapping_cannot_change():
    mapping = Mapping({"properties": {"k": {"type": "keyword", "normalizer": "lowercase"}, "d": {"type": "date"}}})
    with pytest.raises(InvalidRequest, match="normalizer"):
        mapping.merged({"properties": {"k": {"type": "keyword"}}})
    with pytest.raises(InvalidRequest, match="format"):
        mapping.merged({"properties": {"d": {"type": "date", "format": "yyyy"}}})
    more = mapping.merged({"properties": {"k": {"type": "keyword", "normalizer": "lowercase", "ignore_above": 9}}})
    assert more.fields["k"].params["ignore_above"] == 9


def test_copy_to():
    mapping = Mapping(
        {
            "properties": {
                "first": {"type": "text", "copy_to": "all"},
                "last": {"type": "keyword", "copy_to": ["all", "name.last"]},
                "all": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
                "age": {"type": "integer", "copy_to": "all"},
            }
        }
    )
    source = {"first": ["三", "Wu"], "last": "张", "age": 7, "all": "自己"}
    seen = mapping.observed(source)
    assert seen.fields["name.last"].type == "text"
    values = seen.extract(source)
    assert values["all"] == values["all.raw"] == ["自己", "三", "Wu", "张", "7"]
    assert values["name.last"] == values["name.last.keyword"] == ["张"]
    assert values["age"] == [7]
    assert source == {"first": ["三", "Wu"], "last": "张", "age": 7, "all": "自己"}
    with pytest.raises(InvalidMapping, match="copy"):
        Mapping({"properties": {"a": {"type": "text", "copy_to": "o"}, "o": {"type": "object"}}})
    strict = Mapping({"dynamic": "strict", "properties": {"a": {"type": "text", "copy_to": "b"}}})
    with pytest.raises(InvalidDocument, match="strict"):
        strict.observed({"a": "x"})


def test_completion_values():
    mapping = Mapping({"properties": {"s": {"type": "completion", "max_input_length": 4}, "t": {
        "type": "text", "fields": {"s": {"type": "completion"}}}}})  # fmt: skip
    source = {"s": ["abcdef", {"input": ["x", "北京"], "weight": "7"}], "t": "标题"}
    assert mapping.extract(source) == {
        "s": [("abcd", 1), ("x", 7), ("北京", 7)], "t": ["标题"], "t.s": [("标题", 1)],
    }  # fmt: skip
    assert mapping.observed(source) is mapping
    for wrong in (3, {"input": []}, {"input": "a", "weight": -1}, {"input": "a", "contexts": {}}, {"weight": 3}, ""):
        with pytest.raises(InvalidDocument, match=r"\[completion\]"):
            mapping.extract({"s": wrong})


def test_fields_that_cannot_be_searched():
    mapping = Mapping(
        {
            "properties": {
                "hidden": {"type": "text", "index": False},
                "shown": {"type": "text"},
                "column": {"type": "keyword", "index": False},
                "neither": {"type": "keyword", "index": "false", "doc_values": False},
            }
        }
    )
    assert [path for path, spec in mapping.fields.items() if spec.searchable] == ["shown", "column"]
    assert mapping.text_fields == ["shown"]
