"""A document that is damaged in the truth is left out and named; the others are found as before."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from answers import ask
from indexer import Node, Operation
from indexer.errors import TruthDamaged
from retrieval import search

TEXTS = ("the tea of 北京", "green tea", "black tea is tea", "coffee", "tea tea tea")


@pytest.fixture
def shop(node: Node) -> Node:
    node.create("shop", {"settings": {"semantic": {"families": []}}})
    node.index("shop").write([Operation("index", str(i), {"text": text, "n": i}) for i, text in enumerate(TEXTS)])
    node.index("shop").refresh()
    return node


def damage(node: Node, doc_id: str) -> None:
    """Flip a bit of a stored document behind the store's back."""
    with sqlite3.connect(node.index("shop").path / "truth.db") as connection:
        (body,) = connection.execute("SELECT body FROM doc WHERE id = ?", (doc_id,)).fetchone()
        flipped = bytes([*body[:-2], body[-2] ^ 1, body[-1]])
        connection.execute("UPDATE doc SET body = ? WHERE id = ?", (flipped, doc_id))


@pytest.mark.parametrize(
    "body",
    [
        {"query": {"match": {"text": "tea"}}},
        {"query": {"match": {"text": "tea"}}, "sort": [{"n": "desc"}]},
        {"q": "tea", "mode": "bm25"},
        {"query": {"match": {"text": "tea"}}, "aggs": {"best": {"top_hits": {"size": 3}}}, "size": 2},
    ],
)
def test_the_others_are_found_and_it_is_named(shop: Node, body: dict[str, Any]) -> None:
    before = [h["_id"] for h in search(shop, ["shop"], body, {})["hits"]["hits"]]
    size = body.get("size", 10)
    damage(shop, "1")
    damage(shop, "4")
    for _ in range(2):
        answer = search(shop, ["shop"], body, {})
        every = [h["_id"] for h in answer["hits"]["hits"]]
        wanted = [i for i in ("4", "2", "1", "0") if i in before and i not in ("1", "4")]
        if size == 10:
            assert every == [i for i in before if i not in ("1", "4")]
            assert answer["hits"]["total"]["value"] == 2
        assert set(wanted) <= set(every) <= {"0", "2"}
        assert {w.split("[")[1].split("]")[0] for w in answer["_warnings"]} == {"1", "4"}
    untouched = search(shop, ["shop"], {"query": {"match": {"text": "coffee"}}}, {})
    assert [h["_id"] for h in untouched["hits"]["hits"]] == ["3"]


def test_writing_it_again_mends_it(shop: Node) -> None:
    damage(shop, "1")
    body = {"query": {"match": {"text": "green"}}}
    assert search(shop, ["shop"], body, {})["hits"]["hits"] == []
    shop.index("shop").write([Operation("index", "1", {"text": TEXTS[1]})])
    shop.index("shop").refresh()
    answer = search(shop, ["shop"], body, {})
    assert [h["_id"] for h in answer["hits"]["hits"]] == ["1"]
    assert "_warnings" not in answer


def test_answers_are_made_of_the_others(shop: Node) -> None:
    damage(shop, "2")
    answer = ask(shop, "shop", {"question": "black tea"})
    assert "2" not in {passage["_id"] for passage in answer["passages"]}
    assert any("[2]" in warning for warning in answer["_warnings"])


def test_an_index_without_a_readable_document_says_so(shop: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retrieval.context._MOST_DAMAGED", 2)
    for doc_id in "0124":
        damage(shop, doc_id)
    with pytest.raises(TruthDamaged, match="is damaged"):
        search(shop, ["shop"], {"query": {"match": {"text": "tea"}}}, {})
