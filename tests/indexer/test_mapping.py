"""Mappings: dynamic types, conflicts, typed values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import InvalidDocument, InvalidMapping, InvalidRequest, Mapping, values_at
from indexer.fields import parse_date


def test_dynamic_types_are_elasticsearchs():
    mapping = Mapping().observed(
        {"标题": "北京", "n": 3, "x": 1.5, "ok": True, "day": "2024-02-03", "a": {"b": ["x", "y"]}, "none": None}
    )
    assert {path: f.type for path, f in mapping.fields.items()} == {
        "标题": "text",
        "标题.keyword": "keyword",
        "n": "long",
        "x": "float",
        "ok": "boolean",
        "day": "date",
        "a.b": "text",
        "a.b.keyword": "keyword",
    }


def test_a_type_stays_and_a_wrong_value_names_field_and_type():
    mapping = Mapping({"properties": {"n": {"type": "integer"}}})
    with pytest.raises(InvalidDocument, match=r"\[n\] of type \[integer\]"):
        mapping.extract({"n": "many"})
    with pytest.raises(InvalidDocument, match="is not a number"):
        mapping.extract({"n": [{"a": 1}]})
    with pytest.raises(InvalidDocument, match="cannot index an object as text"):
        Mapping({"properties": {"t": {"type": "text"}}}).extract({"t": {"a": 1}})
    assert mapping.extract({"n": ["3", 4, None, 5.9]}) == {"n": [3, 4, 5]}
    with pytest.raises(InvalidRequest, match="cannot be changed from type"):
        mapping.merged({"properties": {"n": {"type": "keyword"}}})


@pytest.mark.parametrize(
    "body",
    [
        {"properties": {"a": {"type": "geo_shape"}}},
        {"properties": {"a": {"type": "text", "analyser": "english"}}},
        {"properties": {"v": {"type": "dense_vector"}}},
        {"props": {}},
        {"properties": {"a": "text"}},
    ],
)
def test_what_a_mapping_cannot_be_is_refused(body):
    with pytest.raises(InvalidMapping):
        Mapping(body)


def test_strict_and_false():
    strict = Mapping({"dynamic": "strict", "properties": {"a": {"type": "text"}}})
    with pytest.raises(InvalidDocument, match="strict"):
        strict.observed({"a": "x", "b": 1})
    quiet = Mapping({"dynamic": False, "properties": {"a": {"type": "text"}}})
    assert quiet.observed({"b": 1}) is quiet
    assert quiet.extract({"a": "x", "b": 1}) == {"a": ["x"]}


def test_title_and_body_are_found_by_name_then_by_order():
    assert Mapping().observed({"正文": "甲", "标题": "乙"}).body_field == "正文"
    other = Mapping().observed({"title": "t", "story": "s"})
    assert (other.title_field, other.body_field) == ("title", "story")
    assert other.text_fields == ["story", "title"]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01", 0),
        ("1970-01-01T00:00:01Z", 1000),
        ("1970-01-01T08:00:00+08:00", 0),
        (1500, 1500),
        ("2024", 1704067200000),
        ("2024-02", 1706745600000),
    ],
)
def test_dates(text, moment):
    assert parse_date(text) == moment


def test_date_formats():
    assert parse_date("03/02/2024", "dd/MM/yyyy||epoch_second") == parse_date("2024-02-03")
    assert parse_date("60000", "dd/MM/yyyy||epoch_second") == 60_000_000
    with pytest.raises(ValueError, match="not a date"):
        parse_date("soon")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=5) | st.floats(-1e9, 1e9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab中", min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text("ab中", min_size=1, max_size=2), json_values, max_size=4))
def test_any_object_is_taken_or_refused_with_a_sentence(source):
    try:
        mapping = Mapping().observed(source)
        values = mapping.extract(source)
    except (InvalidDocument, InvalidRequest):
        return
    assert set(values) <= set(mapping.fields)
    assert Mapping(mapping.to_dict()).fields == mapping.fields


def test_values_at_dotted_paths():
    source = {"a": [{"b": 1}, {"b": [2, 3]}], "a.c": 4}
    assert list(values_at(source, "a.b")) == [1, 2, 3]
    assert list(values_at(source, "a.c")) == [4]


@given(
    st.dictionaries(
        st.sampled_from(["title", "text", "tag", "n", "more"]),
        st.one_of(st.text(max_size=20), st.none(), st.integers(), st.lists(st.text(max_size=3), max_size=2)),
    ),
    st.booleans(),
)
def test_plain_documents_are_extracted_like_all_others(source, limited):
    fields = {"keyword": {"type": "keyword", "ignore_above": 5 if limited else 9000}, "words": {"type": "text"}}
    mapping = Mapping(
        {
            "properties": {
                "title": {"type": "text", "fields": fields},
                "text": {"type": "text"},
                "tag": {"type": "keyword"},
            }
        }
    )

    class Never(Mapping):
        def is_plain(self, source):
            return False

    slow = Never(mapping.to_dict())
    assert mapping.observed(source).to_dict() == slow.observed(source).to_dict()
    assert outcome(mapping, source) == outcome(slow, source)
    if mapping.is_plain(source):
        assert mapping.observed(source) is mapping


def outcome(mapping, source):
    try:
        return mapping.extract(source)
    except InvalidDocument as error:
        return error.reason
