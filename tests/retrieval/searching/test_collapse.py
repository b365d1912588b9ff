"""Collapsing keeps the best hit of each group; its inner hits are the group."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer import InvalidRequest, Node, Operation
from retrieval import search
from settings import Settings

NAMES = ["a", "其他"]
MAPPINGS = {
    "properties": {
        "t": {"type": "text", "analyzer": "whitespace"},
        "g": {"type": "keyword"},
        "k": {"type": "long"},
        "n": {"type": "long"},
    }
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory):
    made = Node(Settings(data=tmp_path_factory.mktemp("collapse") / "data"))
    yield made
    made.close()


def build(node: Node, documents: list[tuple[int, dict[str, Any]]]) -> None:
    for number, name in enumerate(NAMES):
        if node.exists(name):
            node.delete(name)
        node.create(name, {"settings": {"semantic": {"families": []}}, "mappings": MAPPINGS})
        own = [source for which, source in documents if which == number]
        for start in range(0, len(own), 4):
            batch = [Operation("index", str(start + i), s) for i, s in enumerate(own[start : start + 4])]
            node.index(name).write(batch)
            node.index(name).refresh()


documents = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.fixed_dictionaries(
            {"t": st.sampled_from(("猫", "猫 猫 狗", "狗 x y", "猫 狗")), "n": st.integers(0, 5)},
            optional={"g": st.sampled_from(("甲", "乙", "c")), "k": st.integers(0, 2)},
        ),
    ),
    max_size=24,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(docs=documents, field=st.sampled_from(("g", "k")), sort=st.sampled_from((None, [{"n": "desc"}, "_shard_doc"])))
def test_the_first_of_each_group_and_the_group(shared: Node, docs: Any, field: str, sort: Any) -> None:
    build(shared, docs)
    body: dict[str, Any] = {"query": {"match": {"t": "猫"}}, "size": 100, **({"sort": sort} if sort else {})}
    every = search(shared, NAMES, body, {})["hits"]
    inner = [{"name": "all", "size": 50, "sort": ["n", "_shard_doc"]}, {"name": "best", "size": 1}]
    found = search(shared, NAMES, {**body, "collapse": {"field": field, "inner_hits": inner}}, {})["hits"]
    groups: dict[Any, list[Any]] = {}
    for hit in every["hits"]:
        groups.setdefault(hit["_source"].get(field), []).append(hit)
    assert found["total"] == every["total"]
    assert found["max_score"] == every["max_score"]
    assert [key(h) for h in found["hits"]] == [key(hits[0]) for hits in groups.values()]
    for hit, (value, members) in zip(found["hits"], groups.items(), strict=True):
        assert hit["fields"] == {field: [value]}
        inside = hit["inner_hits"]["all"]["hits"]
        assert inside["total"]["value"] == len(members)
        assert sorted(key(h) for h in inside["hits"]) == sorted(key(h) for h in members)
        numbers = [h["_source"]["n"] for h in inside["hits"]]
        assert numbers == sorted(numbers)
        best = hit["inner_hits"]["best"]["hits"]["hits"][0]
        assert best["_score"] == pytest.approx(max(score(h, shared) for h in members))
    page = search(shared, NAMES, {**body, "collapse": {"field": field}, "from": 1, "size": 1}, {})["hits"]["hits"]
    assert [key(h) for h in page] == [key(h) for h in found["hits"][1:2]]


def key(hit: dict[str, Any]) -> tuple[str, str]:
    return hit["_index"], hit["_id"]


def score(hit: dict[str, Any], node: Node) -> float:
    if hit["_score"] is not None:
        return float(hit["_score"])
    query = {"bool": {"must": {"match": {"t": "猫"}}, "filter": {"ids": {"values": [hit["_id"]]}}}}
    return float(search(node, [hit["_index"]], {"query": query}, {})["hits"]["hits"][0]["_score"])


def test_groups_inside_groups_and_pages_after_a_value(shared: Node) -> None:
    rows = [("甲", 1, 5), ("甲", 1, 4), ("甲", 2, 3), ("乙", 1, 2), ("乙", 2, 1)]
    build(shared, [(0, {"t": "猫", "g": g, "k": k, "n": n}) for g, k, n in rows])
    inner = {"name": "by_k", "size": 5, "sort": [{"n": "desc"}], "collapse": {"field": "k"}, "_source": ["n"]}
    body = {"sort": [{"n": "desc"}], "collapse": {"field": "g", "inner_hits": inner}}
    hits = search(shared, NAMES, body, {})["hits"]["hits"]
    inside = [[h["_source"]["n"] for h in hit["inner_hits"]["by_k"]["hits"]["hits"]] for hit in hits]
    assert inside == [[5, 3], [2, 1]]
    ordered = {"sort": ["g"], "collapse": {"field": "g"}, "size": 1}
    first = search(shared, NAMES, ordered, {})["hits"]["hits"][0]
    second = search(shared, NAMES, {**ordered, "search_after": first["sort"]}, {})["hits"]["hits"]
    assert [h["sort"] for h in (first, *second)] == [["乙"], ["甲"]]


def test_with_modes_and_retrievers(shared: Node) -> None:
    build(shared, [(0, {"t": "猫 狗", "g": g, "n": n}) for n, g in enumerate("xyxyz")])
    collapse = {"field": "g", "inner_hits": {"name": "i", "size": 9}}
    standard = {"standard": {"query": {"match": {"t": "猫"}}}}
    for body in (
        {"q": "猫", "mode": "bm25"},
        {"retriever": standard},
        {"retriever": {"rrf": {"retrievers": [standard, {"standard": {"query": {"match": {"t": "狗"}}}}]}}},
    ):
        hits = search(shared, ["a"], {**body, "collapse": collapse}, {})["hits"]["hits"]
        assert [h["fields"]["g"] for h in hits] == [["x"], ["y"], ["z"]]
        assert [h["inner_hits"]["i"]["hits"]["total"]["value"] for h in hits] == [2, 2, 1]


@pytest.mark.parametrize(
    ("collapse", "more", "says"),
    [
        ({"field": "t"}, {}, "only keywords and numbers are accepted"),
        ({"field": "nothing"}, {}, "no mapping found for `nothing` in order to collapse on"),
        ({"field": "g"}, {"sort": ["n"], "search_after": [1]}, "must be the same"),
        ({"field": "g", "inner_hits": [{"name": "a"}, {"name": "a"}]}, {}, "already contains an entry for key"),
        ({"field": "g", "inner_hits": {"size": 101}}, {}, "Inner result window is too large"),
    ],
)
def test_what_cannot_be_collapsed(shared: Node, collapse: Any, more: Any, says: str) -> None:
    build(shared, [(0, {"t": "猫", "g": "x"})])
    with pytest.raises(InvalidRequest, match=says):
        search(shared, ["a"], {"collapse": collapse, **more}, {})
