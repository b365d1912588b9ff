"""Dynamic mapping: detection and templates, as Elasticsearch has them."""

from __future__ import annotations

import pytest

from indexer import InvalidDocument, InvalidMapping, Mapping


def types(body, source):
    return {path: field.type for path, field in Mapping(body).observed(source).fields.items()}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("2024-02-03", "date"),
        ("2024-02-03T10:00:00.123Z", "date"),
        ("2024/02/03", "date"),
        ("2024/02/03 10:00:00", "date"),
        ("2024-02", "date"),
        ("2024-02-30", "text"),
        ("2024", "text"),
        ("20240203", "text"),
        ("1.5", "text"),
        ("北京", "text"),
        (True, "boolean"),
        (3, "long"),
        (3.5, "float"),
        ([None, [], [3]], "long"),
    ],
)
def test_detection(value, kind):
    mapping = Mapping().observed({"f": value})
    assert mapping.fields["f"].type == kind
    assert mapping.extract({"f": value})["f"]


def test_detection_can_be_changed():
    assert types({"date_detection": False}, {"f": "2024-02-03"})["f"] == "text"
    assert types({"numeric_detection": True}, {"a": "12", "b": "1.5", "c": "x1"}) | {} == {
        "a": "long", "b": "float", "c": "text", "c.keyword": "keyword",
    }  # fmt: skip
    own = Mapping({"dynamic_date_formats": ["yyyy年MM月dd日"]}).observed({"f": "2024年02月03日", "g": "2024-02-03"})
    assert own.fields["f"].params == {"format": "yyyy年MM月dd日"}
    assert own.fields["g"].type == "text"
    for wrong in ({"date_detection": 3}, {"dynamic_date_formats": ["jjj"]}, {"dynamic_date_formats": "yyyy"}):
        with pytest.raises(InvalidMapping):
            Mapping(wrong)


def test_slashed_dates_keep_their_format():
    mapping = Mapping().observed({"f": "2024/02/03"})
    assert mapping.fields["f"].params["format"] == "yyyy/MM/dd HH:mm:ss||yyyy/MM/dd||epoch_millis"
    assert mapping.extract({"f": ["2024/02/03", 0]})["f"] == [1706918400000, 0]


TEMPLATES = [
    {"codes": {"match": ["*_code", "id"], "unmatch": "long_*", "mapping": {"type": "keyword", "ignore_above": 8}}},
    {"regex": {"match": "^n[0-9]+$", "match_pattern": "regex", "mapping": {"type": "integer"}}},
    {"names": {"path_match": "person.*", "path_unmatch": "*.note", "match_mapping_type": "string",
               "mapping": {"type": "text", "analyzer": "pinyin", "copy_to": "all_names"}}},
    {"off": {"match": "raw", "match_mapping_type": "object", "mapping": {"type": "object", "enabled": False}}},
    {"whole": {"match_mapping_type": ["long", "double"], "mapping": {"type": "{dynamic_type}", "store": True}}},
    {"by_name": {"match": "english", "mapping": {"type": "text", "analyzer": "{name}"}}},
]  # fmt: skip


def test_templates():
    source = {
        "zip_code": 100871, "long_code": "x", "id": "a", "n7": "7", "count": 3, "share": 0.5, "english": "words",
        "raw": {"a": {"b": 1}}, "person": {"name": "张三", "note": "x", "n": 3},
    }  # fmt: skip
    mapping = Mapping({"dynamic_templates": TEMPLATES}).observed(source)
    assert {path: field.type for path, field in mapping.fields.items()} == {
        "zip_code": "keyword", "long_code": "text", "long_code.keyword": "keyword", "id": "keyword", "n7": "integer",
        "count": "long", "share": "float", "english": "text", "person.name": "text", "person.note": "text",
        "person.note.keyword": "keyword", "person.n": "long", "all_names": "text", "all_names.keyword": "keyword",
    }  # fmt: skip
    assert mapping.fields["person.name"].analyzer == "pinyin"
    assert mapping.fields["english"].analyzer == "english"
    assert mapping.fields["count"].params == {"store": True}
    assert "raw.a.b" not in mapping.observed(source).fields
    assert mapping.extract(source)["zip_code"] == ["100871"]


@pytest.mark.parametrize(
    ("templates", "message"),
    [
        ({"a": {}}, "list"),
        ([{"a": {"match": "x"}}], "needs"),
        ([{"a": {"match": "x", "runtime": {}}}], "runtime"),
        ([{"a": {"mapping": {"type": "keyword"}}}], "must have match"),
        ([{"a": {"match": "x", "mapping": {"type": "nosuch"}}}], "invalid content"),
        ([{"a": {"match": "x", "mapping": {"type": "keyword", "analyzer": "x"}}}], "unknown parameter"),
        ([{"a": {"match": "[", "match_pattern": "regex", "mapping": {}}}], "invalid"),
        ([{"a": {"match_mapping_type": "text", "mapping": {}}}], "possible values"),
        ([{"a": {"match": "x", "matches": "y", "mapping": {}}}], "matches"),
        ([{"a": {"match": "x", "match_pattern": "glob", "mapping": {}}}], "simple or regex"),
    ],
)
def test_templates_that_are_refused(templates, message):
    with pytest.raises(InvalidMapping, match=message):
        Mapping({"dynamic_templates": templates})


def test_dynamic_by_object():
    body = {
        "dynamic": "false",
        "properties": {
            "open": {"type": "object", "dynamic": "true"},
            "closed": {"type": "object", "dynamic": "strict", "properties": {"a": {"type": "text"}}},
            "ignored": {"type": "object", "enabled": False},
        },
    }
    mapping = Mapping(body)
    seen = mapping.observed({"x": 1, "open": {"y": {"z": "w"}}, "closed": {"a": "x"}, "ignored": {"b": 2}})
    assert set(seen.fields) == {"closed.a", "open.y.z", "open.y.z.keyword"}
    with pytest.raises(InvalidDocument, match=r"introduction of \[b\] within \[closed\]"):
        mapping.observed({"closed": {"b": 1}})
