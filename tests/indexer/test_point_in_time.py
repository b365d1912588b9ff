"""A point in time goes on seeing what it saw: other writes, merges, purges and processes do not matter."""

from __future__ import annotations

import time

import pytest

from indexer import Node, Operation
from indexer.errors import PointMissing
from retrieval import SearchContext
from retrieval.query import Parser

QUIET = {"settings": {"semantic": {"families": []}}}


def texts(node: Node, index, view) -> dict[str, str]:
    """What a search for everything finds in a view, as stored."""
    import orjson

    ctx = SearchContext(node, index, view=view)
    found = Parser().query({"match": {"text": "图书馆"}}).matches(ctx)
    return {row.id: orjson.loads(row.body)["text"] for row in view.fetch(found.docs.tolist())}


def put(index, doc_id, text):
    index.write([Operation("index", doc_id, {"text": text})])


def test_a_point_outlives_writes_merges_and_purges(node, monkeypatch) -> None:
    index = node.create("news", QUIET)
    for number in range(6):
        put(index, f"d{number}", f"圖書館 {number}")
        index.refresh()
    token = index.open_point(60)
    before = texts(node, index, index.point_view(token))
    assert len(before) == 6
    monkeypatch.setattr("indexer.derive.KEEP_SECONDS", -1.0)
    monkeypatch.setattr("indexer.derive.ORPHAN_SECONDS", -1.0)
    for number in range(6):
        put(index, f"d{number}", f"图书馆 new {number}")
    index.write([Operation("delete", "d5")])
    index.refresh()
    index.merge(to_one=True)
    index.merge()
    other = Node(node.settings)  # as another process sees it
    try:
        assert texts(other, other.index("news"), other.index("news").point_view(token)) == before
    finally:
        other.close()
    assert texts(node, index, index.point_view(token)) == before
    assert len(texts(node, index, index.view())) == 5
    files = len(list(index.segments_path.iterdir()))
    assert index.close_point(token)
    assert not index.close_point(token)
    with pytest.raises(PointMissing):
        index.point_view(token)
    index.merge()
    assert len(list(index.segments_path.iterdir())) < files
    assert index.store.superseded(0, index.store.last_seq, index.store.last_seq) == []


def test_a_point_expires_unless_it_is_kept_alive(node) -> None:
    index = node.create("news", QUIET)
    put(index, "a", "图书馆")
    index.refresh()
    short, kept = index.open_point(0.2), index.open_point(0.2)
    index.point_view(kept, keep_alive=60)
    time.sleep(0.3)
    with pytest.raises(PointMissing, match="No search context found"):
        index.point_view(short)
    assert index.point_view(kept).live_documents == 1
    for wrong in ("", "../manifest.json", "nothing"):
        with pytest.raises(PointMissing):
            index.point_view(wrong)
        assert not index.close_point(wrong)


def test_an_older_truth_put_in_place_is_what_is_searched(node) -> None:
    index = node.create("news", QUIET)
    put(index, "a", "图书馆")
    index.store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    old = index.store.path.read_bytes()
    put(index, "b", "图书馆")
    index.refresh()
    path = index.path
    node.close()
    (path / "truth.db").write_bytes(old)
    for leftover in ("truth.db-wal", "truth.db-shm", "acknowledged"):
        (path / leftover).unlink(missing_ok=True)
    again = Node(node.settings)
    try:
        index = again.index("news")
        index.refresh()
        assert set(texts(again, index, index.view())) == {"a"}
        put(index, "c", "圖書館")
        index.refresh()
        assert set(texts(again, index, index.view())) == {"a", "c"}
    finally:
        again.close()
