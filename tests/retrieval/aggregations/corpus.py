"""Random documents in several indices and segments, some of them overwritten and deleted again."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from indexer import Node, Operation
from tests.retrieval.aggregations.oracle import Doc

MAPPINGS = {
    "properties": {
        "t": {"type": "text", "analyzer": "whitespace"},
        "tag": {"type": "keyword"},
        "n": {"type": "long"},
        "f": {"type": "double"},
        "d": {"type": "date"},
        "b": {"type": "boolean"},
    }
}
TAGS = ("北京", "上海", "猫", "cat", "Cat", "z", "búho", "𠮷")
_MS = st.integers(1_520_000_000_000, 1_620_000_000_000)


def several(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(values, st.lists(values, max_size=3))


sources = st.fixed_dictionaries(
    {"t": st.sampled_from(("cats 睡觉", "睡觉 long", "engine ranks cats", "北京 大学"))},
    optional={
        "tag": several(st.sampled_from(TAGS)),
        "n": several(st.integers(-5, 5)),
        "f": several(st.floats(-50, 50).map(lambda x: round(x, 2))),
        "d": several(_MS),
        "b": st.booleans(),
    },
)
histories = st.lists(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 12), st.one_of(st.none(), sources)), max_size=12),
    min_size=1,
    max_size=4,
)
"""Batches of (index, id, document or None to delete it); each batch becomes a segment of its indices."""


def write(node: Node, history: list[list[tuple[int, int, dict[str, Any] | None]]]) -> tuple[list[str], list[Doc]]:
    """The names of the two indices, and the documents that are left."""
    names = ["甲", "other"]
    for name in names:
        if node.exists(name):
            node.delete(name)
        node.create(name, {"settings": {"semantic": {"families": []}}, "mappings": MAPPINGS})
    left: dict[tuple[int, int], dict[str, Any]] = {}
    for batch in history:
        for number, doc_id, source in batch:
            index = node.index(names[number])
            if source is None:
                index.write([Operation("delete", str(doc_id))])
                left.pop((number, doc_id), None)
            else:
                index.write([Operation("index", str(doc_id), source)])
                left.pop((number, doc_id), None)
                left[number, doc_id] = source
        for name in names:
            node.index(name).refresh()
    return names, [Doc(names[number], str(doc_id), source) for (number, doc_id), source in left.items()]
