"""Vector searches through filtered aliases, and over several indices."""

from __future__ import annotations

from typing import Any

import pytest

from indexer import Node, Operation
from indexer.resolution import Target
from retrieval import count, explain, search

RED = {"term": {"tag": "red"}}
KNN = {"field": "v", "query_vector": [1.0, 0.0], "k": 3}


@pytest.fixture
def made(node: Node) -> Node:
    """In each index ten blue documents are nearer to the question than ten red ones."""
    fields = {"v": {"type": "dense_vector", "dims": 2}, "tag": {"type": "keyword"}, "t": {"type": "text"}}
    for name in ("a", "b"):
        index = node.create(name, {"settings": {"semantic": {"families": []}}, "mappings": {"properties": fields}})
        index.write(
            [
                Operation("index", f"{name}{i}", {"v": [1, i / 10], "tag": "blue" if i < 10 else "red", "t": "x"})
                for i in range(20)
            ]
        )
        index.refresh()
        node.fill_vectors(index)
    return node


@pytest.mark.parametrize(
    "body",
    [
        {"knn": KNN},
        {"query": {"knn": KNN}},
        {"query": {"bool": {"must": {"match": {"t": "x"}}, "filter": {"knn": KNN}}}},
        {"query": {"constant_score": {"filter": {"knn": KNN}}}, "sort": ["_doc"]},
        {"retriever": {"knn": {**KNN, "num_candidates": 3}}},
    ],
)
def test_the_nearest_are_looked_for_among_what_the_alias_shows(made: Node, body: dict[str, Any]) -> None:
    seen = Target("a", filter=RED)
    found = search(made, [seen], body, {})["hits"]
    assert {hit["_id"] for hit in found["hits"]} == {"a10", "a11", "a12"}
    assert found["total"]["value"] == 3
    if "query" in body:
        assert count(made, [seen], {"query": body["query"]}, {}) == 3
        assert [explain(made, seen, i, {"query": body["query"]}, {})[:2] for i in ("a0", "a10", "a13")] == [
            (False, False),
            (True, True),
            (True, False),
        ]


def test_the_nearest_of_several_indices_together(made: Node) -> None:
    body = {"knn": KNN, "size": 20}
    both = search(made, [Target("a", filter=RED), Target("b")], body, {})["hits"]["hits"]
    assert [hit["_id"] for hit in both] == ["b0", "b1", "b2"]
    both = search(made, [Target("a", filter=RED), Target("b", filter=RED)], body, {})["hits"]["hits"]
    assert {hit["_id"] for hit in both} == {"a10", "b10", "a11"}


def test_a_vector_search_of_several_indices_ends_with_its_time(made: Node) -> None:
    knn = {**KNN, "filter": {"query_string": {"query": "t:x"}}}
    found = search(made, ["a", "b"], {"knn": knn, "timeout": "1nanos"}, {})
    assert found["timed_out"]
    assert found["hits"]["hits"] == []


@pytest.mark.parametrize(
    ("metric", "vectors", "least", "ids"),
    [
        ("l2_norm", [[0, 0], [3, 4], [1, 1]], 2, {"0", "2"}),  # the greatest distance
        ("l2_norm", [[0, 0], [3, 4], [1, 1]], 5, {"0", "1", "2"}),
        ("cosine", [[1, 0], [0, 1], [1, 1]], 0.5, {"0", "2"}),
        ("dot_product", [[1, 0], [0, 1], [0.6, 0.8]], 0.7, {"0"}),
    ],
)
def test_the_least_similarity(node: Node, metric: str, vectors: list[list[float]], least: float, ids: set[str]) -> None:
    fields = {"v": {"type": "dense_vector", "dims": 2, "similarity": metric}}
    index = node.create("s", {"settings": {"semantic": {"families": []}}, "mappings": {"properties": fields}})
    index.write([Operation("index", str(i), {"v": vector}) for i, vector in enumerate(vectors)])
    index.refresh()
    node.fill_vectors(index)
    question = [0.0, 0.0] if metric == "l2_norm" else [1.0, 0.0]
    knn = {"field": "v", "query_vector": question, "k": 3, "similarity": least, "boost": 0.1}
    for body in ({"knn": knn}, {"query": {"knn": knn}}, {"retriever": {"knn": {**knn, "num_candidates": 3}}}):
        if "retriever" in body:
            body["retriever"]["knn"].pop("boost")
        assert {hit["_id"] for hit in search(node, ["s"], body, {})["hits"]["hits"]} == ids
