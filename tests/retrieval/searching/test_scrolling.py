"""A scroll reads all matches of one moment, in order, from any worker process."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import InvalidRequest, Node, Operation, QuarryError
from indexer.errors import PointMissing
from retrieval import search
from retrieval.points import close_point, open_point
from retrieval.scrolling import Scroll, close_scroll, close_scrolls, next_page, open_scroll
from settings import Settings

BODY = {"settings": {"semantic": {"families": []}}, "mappings": {"properties": {"n": {"type": "long"}}}}
TEA = {"match": {"t": "茶 tea"}}


@pytest.fixture
def shop(node: Node) -> Node:
    for name in ("a", "b"):
        node.create(name, BODY)
        fill(node, name, range(60))
    return node


def fill(node: Node, name: str, ids: range) -> None:
    text = ("茶", "tea", "绿茶 tea", "coffee")
    node.index(name).write([Operation("index", str(i), {"n": i % 7, "t": text[i % 4]}) for i in ids])
    node.index(name).refresh()


@pytest.mark.parametrize("sort", [None, ["_doc"], [{"n": "desc"}], ["n", "_score"]])
@pytest.mark.parametrize("size", [1, 7, 200])
def test_pages_are_the_whole_list_while_others_write(shop: Node, sort: Any, size: int) -> None:
    body: dict[str, Any] = {"query": TEA, "size": size} | ({} if sort is None else {"sort": sort})
    wanted = search(shop, ["a", "b"], {**body, "size": 500, "track_total_hits": True}, {})["hits"]
    chance = random.Random(5)
    other = Node(Settings(data=shop.settings.data))  # type: ignore[call-arg]  # as another worker process has it
    found: list[dict[str, Any]] = []
    try:
        answer = open_scroll(shop, ["a", "b"], {**body, "aggs": {"n": {"sum": {"field": "n"}}}}, {}, 60.0)
        assert "aggregations" in answer
        while answer["hits"]["hits"]:
            assert answer["hits"]["total"] == wanted["total"]
            found += answer["hits"]["hits"]
            name = chance.choice("ab")
            shop.index(name).write([Operation("delete", str(chance.randrange(60)))])
            fill(shop, name, range(chance.randrange(90)))
            answer = next_page(other, answer["_scroll_id"], 60.0)
            assert "aggregations" not in answer
            assert "pit_id" not in answer
    finally:
        other.close()
    if sort is None:
        assert all("sort" not in hit for hit in found)
    for hit in (*found, *wanted["hits"]):
        hit.pop("sort", None)
    assert found == wanted["hits"]


def test_a_closed_scroll_is_gone(shop: Node) -> None:
    first = open_scroll(shop, ["a"], {"size": 3}, {}, 60.0)
    second = next_page(shop, first["_scroll_id"], None)
    assert close_scroll(shop, second["_scroll_id"]) == 1
    assert close_scroll(shop, first["_scroll_id"]) == 0
    with pytest.raises(PointMissing):
        next_page(shop, second["_scroll_id"], None)


@pytest.mark.parametrize("parts", [2, 3, 7])
def test_slices_share_all_matches(shop: Node, parts: int) -> None:
    body = {"query": TEA, "size": 1000}
    wanted = sorted((h["_index"], h["_id"]) for h in search(shop, ["a", "b"], body, {})["hits"]["hits"])
    point = open_point(shop, ["a", "b"], 60.0)
    by_scroll, by_point = [], []
    for part in range(parts):
        own = {"slice": {"id": part, "max": parts}, "query": TEA, "aggs": {"n": {"value_count": {"field": "n"}}}}
        page = search(shop, [], {**own, "size": 1000, "pit": {"id": point}}, {})
        by_point += [(h["_index"], h["_id"]) for h in page["hits"]["hits"]]
        assert page["hits"]["total"]["value"] == page["aggregations"]["n"]["value"] == len(page["hits"]["hits"])
        assert abs(len(page["hits"]["hits"]) - len(wanted) / parts) < len(wanted) / 2
        page = open_scroll(shop, ["a", "b"], {**own, "size": 5}, {}, 60.0)
        while page["hits"]["hits"]:
            by_scroll += [(h["_index"], h["_id"]) for h in page["hits"]["hits"]]
            page = next_page(shop, page["_scroll_id"], None)
    assert sorted(by_scroll) == sorted(by_point) == wanted


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"id": 0, "max": 2}, "can only be used with"),
        ({"id": 0, "max": 1}, "from 2 to"),
        ({"id": 3, "max": 3}, "less"),
        ({"id": 0}, "takes the"),
        ({"id": 0, "max": 2, "field": "n"}, "unknown field"),
        ([], "must be an object"),
    ],
)
def test_slices_that_are_none(shop: Node, body: Any, says: str) -> None:
    with pytest.raises(QuarryError, match=says):
        search(shop, ["a"], {"slice": body}, {})


def test_all_scrolls_are_closed_and_no_other_points(shop: Node) -> None:
    opened = [open_scroll(shop, names, {"size": 3}, {}, 60.0)["_scroll_id"] for names in (["a"], ["a", "b"])]
    point = open_point(shop, ["a"], 60.0)
    assert close_scrolls(shop) == 3
    for identifier in opened:
        with pytest.raises(PointMissing):
            next_page(shop, identifier, None)
    assert close_scrolls(shop) == 0
    assert close_point(shop, point) == 1


@pytest.mark.parametrize(
    ("sort", "asked"), [(None, 0), ("_score", 0), (["_score"], 0), ("n:desc", 1), (["n", "_score"], 2), (["_doc"], 1)]
)
@pytest.mark.parametrize("where", ["body", "params"])
def test_hits_have_the_sort_that_was_asked_for(shop: Node, sort: Any, asked: int, where: str) -> None:
    if where == "params":
        sort = ",".join(sort) if isinstance(sort, list) else sort
    given = {} if sort is None else {"sort": sort}
    body, params = (given, {}) if where == "body" else ({}, given)
    page = open_scroll(shop, ["a", "b"], {"query": TEA, **body}, params, 60.0)
    for _ in range(3):
        assert [len(hit.get("sort", [])) for hit in page["hits"]["hits"]] == [asked] * 10
        page = next_page(shop, page["_scroll_id"], None)


@pytest.mark.parametrize(
    ("body", "params"),
    [
        ({"from": 3}, {}), ({"size": 0}, {}), ({}, {"size": 0}), ({"search_after": [1], "sort": ["n"]}, {}),
        ({"collapse": {"field": "n"}}, {}), ({"mode": "bm25", "q": "tea"}, {}), ({}, {"track_total_hits": "false"}),
        ({"rescore": {"query": {"rescore_query": TEA}}}, {}), ({"pit": {"id": "x"}}, {}),
    ],
)  # fmt: skip
def test_what_cannot_be_scrolled_is_refused(shop: Node, body: dict[str, Any], params: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match="scroll context"):
        open_scroll(shop, ["a"], body, params, 60.0)


def test_a_search_that_fails_leaves_no_point_behind(shop: Node) -> None:
    with pytest.raises(InvalidRequest):
        open_scroll(shop, ["a"], {"sort": ["missing"]}, {}, 60.0)
    assert not list((shop.index("a").path).glob("points/*"))


@given(st.text() | st.binary().map(lambda b: b.hex()))
def test_ids_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="Cannot parse scroll id"):
        Scroll.of(text)
