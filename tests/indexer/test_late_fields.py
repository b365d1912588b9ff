"""A field may be mapped after documents that it could not take: they stay, without that value."""

from __future__ import annotations

from indexer import Mapping, Operation
from indexer.verification import verify
from retrieval import search

QUIET = {"semantic": {"families": []}}


def count(node, query):
    return search(node, ["late"], {"query": query, "size": 0}, {})["hits"]["total"]["value"]


def test_what_older_documents_hold_does_not_keep_newer_ones_from_searches(node):
    mappings = {"dynamic": False, "properties": {"text": {"type": "text"}}}
    index = node.create("late", {"settings": QUIET, "mappings": mappings})
    index.write([Operation("index", "old", {"text": "fog", "n": "many", "v": "none", "k": "x" * 40_000, "o": 1})])
    index.put_mapping({
        "properties": {
            "n": {"type": "integer"},
            "v": {"type": "dense_vector", "dims": 2},
            "k": {"type": "keyword"},
            "o": {"properties": {"x": {"type": "keyword"}}},
        }
    })  # fmt: skip
    index.write([Operation("index", "new", {"text": "fog", "n": 5, "v": [1, 2], "k": "x", "o": {"x": "y"}})])
    for rebuild in (False, True):
        if rebuild:
            index.deriver.reset()
        index.refresh()
        assert count(node, {"match": {"text": "fog"}}) == 2
        for field in ("n", "v", "k", "o.x"):
            assert count(node, {"exists": {"field": field}}) == 1
    assert index.get("old").body is not None
    assert verify(index) == []


def test_numbers_take_an_empty_string_for_none():
    number = {"type": "integer"}
    mapping = Mapping({"properties": {"n": number, "d": {**number, "null_value": 7}, "s": {**number, "coerce": False}}})
    assert mapping.extract({"n": "", "d": ""}) == {"d": [7]}
    assert mapping.extract({"n": ["", "3"]}) == {"n": [3]}


def test_lists_in_lists_are_values():
    text = {"type": "text", "fields": {"keyword": {"type": "keyword"}}}
    mapping = Mapping({"properties": {"t": text, "n": {"type": "long", "fields": {"k": {"type": "keyword"}}}}})
    found = mapping.extract({"t": ["a", ["b", ["c"]]], "n": [1, [2]]})
    assert found == {"t": ["a", "b", "c"], "t.keyword": ["a", "b", "c"], "n": [1, 2], "n.k": ["1", "2"]}
