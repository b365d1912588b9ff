"""A point in time shows one moment: its pages make up the whole list while documents come and go."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from indexer import InvalidRequest, Node, Operation
from indexer.errors import PointMissing
from retrieval import search
from retrieval.points import close_point, open_point
from settings import Settings

BODY = {"settings": {"semantic": {"families": []}}, "mappings": {"properties": {"n": {"type": "long"}}}}


def fill(node: Node, name: str, ids: range, chance: random.Random) -> None:
    index = node.index(name)
    index.write([Operation("index", str(i), {"n": chance.randrange(20), "t": f"文档 {i}"}) for i in ids])
    index.refresh()


def pages(node: Node, point: str, sort: Any, size: int, disturb: Any) -> list[tuple[str, str, int]]:
    found: list[tuple[str, str, int]] = []
    after = None
    while True:
        body: dict[str, Any] = {"pit": {"id": point, "keep_alive": "1m"}, "size": size, "query": {"match_all": {}}}
        if sort is not None:
            body["sort"] = sort
        if after is not None:
            body["search_after"] = after
        answer = search(node, [], body, {})
        assert answer["pit_id"] == point
        hits = answer["hits"]["hits"]
        if not hits:
            return found
        found += [(h["_index"], h["_id"], h["_source"]["n"]) for h in hits]
        after = hits[-1]["sort"]
        disturb()


@pytest.mark.parametrize("sort", [[{"n": "desc"}], ["_shard_doc"], [{"_shard_doc": "desc"}], None])
def test_pages_are_stable_while_documents_are_written_and_deleted(node: Node, tmp_path: Path, sort: Any) -> None:
    chance = random.Random(3)
    for name in ("a", "b"):
        node.create(name, BODY)
        fill(node, name, range(40), chance)
        fill(node, name, range(30, 60), chance)
    before = search(node, ["a", "b"], {"size": 200}, {})["hits"]["hits"]
    point = open_point(node, ["a", "b"], 60.0)
    other = Node(Settings(data=node.settings.data))  # as another worker process has it

    def disturb() -> None:
        name = chance.choice(("a", "b"))
        index = node.index(name)
        index.write([Operation("delete", str(chance.randrange(60))) for _ in range(5)])
        fill(node, name, range(chance.randrange(50), 90), chance)
        index.merge(to_one=chance.random() < 0.3)

    try:
        found = pages(other, point, sort, 7, disturb)
    finally:
        other.close()
    assert len(found) == len(set(found)) == 120
    assert set(found) == {(h["_index"], h["_id"], h["_source"]["n"]) for h in before}
    if sort == [{"n": "desc"}]:
        assert [n for _, _, n in found] == sorted((n for _, _, n in found), reverse=True)
    assert close_point(node, point) == 2
    assert close_point(node, point) == 0
    with pytest.raises(PointMissing):
        search(node, [], {"pit": {"id": point}}, {})


def test_points_refuse_what_they_cannot_do(node: Node) -> None:
    node.create("a", BODY)
    point = open_point(node, ["a"], 60.0)
    with pytest.raises(InvalidRequest, match="Do not specify any index with point in time"):
        search(node, ["a"], {"pit": {"id": point}}, {})
    for wrong in ("x", "中", "eyJhIjoxfQ", "W1siYSJdXQ"):
        with pytest.raises(InvalidRequest, match="is not the id of a point in time"):
            search(node, [], {"pit": {"id": wrong}}, {})
    with pytest.raises(InvalidRequest, match="keep_alive"):
        open_point(node, ["a"], 0.0)
    node.delete("a")
    node.create("a", BODY)
    with pytest.raises(PointMissing):
        search(node, [], {"pit": {"id": point}}, {})
