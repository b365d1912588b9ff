"""Names of fields: dotted ones are paths into objects, in mappings and in documents; some cannot be given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import InvalidDocument, InvalidMapping, InvalidRequest, Mapping
from indexer.errors import StrictMapping
from indexer.field_names import nested

KEYWORD = {"type": "keyword"}


def test_dotted_names_become_objects():
    mapping = Mapping({"properties": {"a.b": KEYWORD, "a": {"properties": {"c.d": KEYWORD}}, "a.c.e": KEYWORD}})
    assert mapping.to_dict() == {
        "properties": {"a": {"properties": {"b": KEYWORD, "c": {"properties": {"d": KEYWORD, "e": KEYWORD}}}}}
    }
    grown = mapping.observed({"a.n": 1, "x.y": {"z": True}})
    assert grown.to_dict()["properties"]["a"]["properties"]["n"] == {"type": "long"}
    assert grown.to_dict()["properties"]["x"]["properties"]["y"]["properties"] == {"z": {"type": "boolean"}}
    assert grown.merged({"properties": {"a.late": KEYWORD}}).fields["a.late"].type == "keyword"


TREES = st.recursive(
    st.just(KEYWORD),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, min_size=1).map(lambda found: {"properties": found}),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from("abc"), TREES, min_size=1), st.randoms())
def test_any_way_of_dotting_names_is_the_same_mapping(properties, random):
    def dotted(below, prefix=""):
        out = {}
        for name, spec in below.items():
            if "properties" in spec and random.random() < 0.5:
                out.update(dotted(spec["properties"], f"{prefix}{name}."))
            elif "properties" in spec:
                out[prefix + name] = {"properties": dotted(spec["properties"])}
            else:
                out[prefix + name] = spec
        return out

    assert nested(dotted(properties)) == properties


@pytest.mark.parametrize("name", ["", " ", ".", "a..b", ".a", "a.", "_id", "_source", "_index.x"])
def test_names_that_no_field_may_have(name):
    with pytest.raises(InvalidDocument, match=r"field name cannot be|metadata field"):
        Mapping().observed({name: "x"})
    with pytest.raises(InvalidMapping, match=r"field name cannot be|metadata field"):
        Mapping.requested({"properties": {name: KEYWORD}})
    with pytest.raises(InvalidMapping):
        Mapping().merged({"properties": {name: KEYWORD}})
    assert Mapping({"properties": {name: KEYWORD}}).fields  # one that was made before opens
    assert Mapping().observed({"o": {"_id": "x"}}).fields


def test_dotted_names_of_documents_obey_the_object_they_lie_in():
    mapping = Mapping({
        "properties": {
            "strict": {"type": "object", "dynamic": "strict", "properties": {"i": {"type": "integer"}}},
            "fixed": {"type": "object", "dynamic": False},
            "off": {"type": "object", "enabled": False},
            "title": {"type": "text", "fields": {"keyword": KEYWORD}},
        }
    })  # fmt: skip
    with pytest.raises(StrictMapping, match=r"\[j\] within \[strict\]"):
        mapping.observed({"strict.j": 1})
    for unmapped in ({"fixed.j": 1}, {"off.j": 1}, {"off": "no object"}, {"off": [1, {"x": 2}]}):
        assert mapping.observed(unmapped) is mapping
        assert mapping.extract(unmapped) == {}
    assert mapping.extract({"strict.i": 1, "strict": {"i": 2}}) == {"strict.i": [1, 2]}
    for wrong in ({"title.keyword": "x"}, {"title.other": "x"}):
        mapping.observed(wrong)
        with pytest.raises(InvalidDocument, match="cannot index an object as text"):
            mapping.extract(wrong)


@pytest.mark.parametrize("value", [None, [], {}, {"x": 1}, 5, [None]])
def test_strict_refuses_any_value_of_an_unknown_field(value):
    with pytest.raises(StrictMapping, match=r"dynamic introduction of \[new\] within \[_doc\]"):
        Mapping({"dynamic": "strict"}).observed({"new": value})


def test_objects_and_fields_do_not_become_each_other():
    mapping = Mapping({"properties": {"o": {"properties": {"x": KEYWORD}}, "k": KEYWORD}, "_meta": {"v": 1}})
    for body in ({"o": KEYWORD}, {"k": {"properties": {"x": KEYWORD}}}, {"k.x": KEYWORD}):
        with pytest.raises(InvalidRequest, match="can't merge a non-object mapping"):
            mapping.merged({"properties": body})
    with pytest.raises(InvalidRequest, match=r"\[enabled\] parameter can't be updated"):
        mapping.merged({"properties": {"o": {"type": "object", "enabled": False}}})
    for wrong in ({"o": "x"}, {"o": [{"x": "a"}, "x"]}):
        with pytest.raises(InvalidDocument, match="but found a concrete value"):
            mapping.observed(wrong)
    assert mapping.merged({"_meta": {"w": 2}}).to_dict()["_meta"] == {"w": 2}
