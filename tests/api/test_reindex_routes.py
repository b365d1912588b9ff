"""Copying and rewriting by query over REST; a new index behind an alias; snapshots' refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from indexer import Node, Operation
from indexer.snapshots import Repository
from settings import Settings

QUIET = {"semantic": {"families": []}}
MAPPING = {"dynamic": "false", "properties": {"n": {"type": "long"}, "text": {"type": "text"}}}


@pytest.fixture
def node(tmp_path: Path) -> Any:
    made = Node(Settings(data=tmp_path / "data", snapshots=str(tmp_path / "backup")))
    index = made.create("source", {"settings": QUIET, "mappings": MAPPING})
    index.write([Operation("index", str(i), {"n": i, "text": f"第 {i} 段 passage", "tag": "x"}) for i in range(30)])
    index.refresh()
    yield made
    made.close()


@pytest.fixture
def http(node: Node) -> Any:
    return create_app(node, node.settings).test_client()


def test_a_copy_of_what_a_query_matches(http: Any, node: Node) -> None:
    body = {
        "source": {"index": "source", "query": {"range": {"n": {"gte": 20}}}, "_source": ["n"], "size": 3},
        "dest": {"index": "target"},
    }
    answer = http.post("/_reindex?refresh=true", json=body).json
    assert (answer["total"], answer["created"], answer["batches"], answer["failures"]) == (10, 10, 4, [])
    assert node.index("target").get("25").body == b'{"n":25}'
    assert http.get("/target/_count").json["count"] == 10
    again = http.post("/_reindex", json=body).json
    assert (again["created"], again["updated"]) == (0, 10)
    body["dest"]["op_type"] = "create"
    stopped = http.post("/_reindex", json={**body, "source": {"index": "source"}})
    assert stopped.status_code == 409
    assert stopped.json["failures"][0]["cause"]["type"] == "version_conflict_engine_exception"
    going_on = http.post("/_reindex", json={**body, "conflicts": "proceed", "max_docs": 5}).json
    assert (going_on["total"], going_on["version_conflicts"]) == (5, 5)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"script": {"source": "ctx._source.n = 1"}}, "[script] is not supported"),
        ({"source": {"index": "source", "remote": {"host": "http://x"}}}, "[remote] is not supported"),
        ({"source": {"index": "source", "sort": ["n"]}}, "[sort] is not supported"),
        ({"dest": {"index": "source"}}, "cannot write into an index its reading from"),
        ({"dest": {"index": "other", "pipeline": "p"}}, "[pipeline] is not supported"),
        ({"source": {"index": "nowhere"}}, "no such index [nowhere]"),
        ({"source": {"index": "source", "query": {"nothing": {}}}}, "unknown query [nothing]"),
        ({"dest": {"index": "Bad"}}, "must be lowercase"),
        ({"max_docs": 0}, "max_docs"),
    ],
)
def test_what_a_copy_cannot_do_is_named(http: Any, change: dict[str, Any], said: str) -> None:
    answer = http.post("/_reindex", json={"source": {"index": "source"}, "dest": {"index": "target"}, **change})
    assert answer.status_code in (400, 404)
    assert said in answer.json["error"]["reason"]
    assert http.head("/target").status_code == 404


def test_documents_that_the_target_cannot_take_are_failures(http: Any) -> None:
    http.put("/target", json={"settings": QUIET, "mappings": {"properties": {"text": {"type": "long"}}}})
    answer = http.post("/_reindex", json={"source": {"index": "source"}, "dest": {"index": "target"}})
    assert answer.status_code == 400
    assert answer.json["failures"][0]["cause"]["type"] == "document_parsing_exception"


def test_by_query(http: Any, node: Node) -> None:
    assert http.post("/source/_delete_by_query").status_code == 400
    removed = http.post("/source/_delete_by_query?refresh=true", json={"query": {"range": {"n": {"lt": 12}}}}).json
    assert (removed["total"], removed["deleted"], "created" in removed) == (12, 12, False)
    assert http.post("/source/_delete_by_query?q=n:12&refresh", json={}).json["deleted"] == 1
    index = node.index("source")
    index.write([Operation("update", "20", {"text": "changed"})])  # after the last refresh: what was found is older
    conflict = http.post("/source/_delete_by_query", json={"query": {"term": {"n": 20}}})
    assert (conflict.status_code, conflict.json["version_conflicts"]) == (409, 1)
    proceeded = http.post("/source/_delete_by_query?conflicts=proceed", json={"query": {"term": {"n": 20}}})
    assert (proceeded.status_code, proceeded.json["version_conflicts"]) == (200, 1)
    index.refresh()
    assert http.post("/source/_search", json={"query": {"term": {"tag": "x"}}}).json["hits"]["total"]["value"] == 0
    http.put("/source/_mapping", json={"properties": {"tag": {"type": "keyword"}}})
    refreshed = http.post("/source/_update_by_query?refresh=true").json
    assert (refreshed["total"], refreshed["updated"]) == (17, 17)
    assert http.post("/source/_search", json={"query": {"term": {"tag": "x"}}}).json["hits"]["total"]["value"] == 17
    assert "[script] is not supported" in str(http.post("/source/_update_by_query", json={"script": {}}).json)


def test_a_task_that_nobody_waits_for(http: Any) -> None:
    body = {"source": {"index": "source"}, "dest": {"index": "target"}}
    task = http.post("/_reindex?wait_for_completion=false", json=body).json["task"]
    found = http.get(f"/_tasks/{task}?wait_for_completion=true&timeout=20s").json
    assert found["completed"]
    assert found["response"]["created"] == 30
    assert found["task"]["action"] == "indices:data/write/reindex"
    assert http.get("/_tasks").json == {"nodes": {}}
    assert http.get("/_tasks/quarry:0").status_code == 404


def test_a_new_index_behind_an_alias(http: Any) -> None:
    body = {"mappings": {"properties": {"text": {"type": "text", "analyzer": "cjk"}}}}
    answer = http.post("/source/_reindex", json=body).json
    assert (answer["alias"], answer["index"], answer["previous"]) == ("source", "source-000002", "source-000001")
    assert http.get("/source/_count").json["count"] == 30
    assert http.put("/source/_doc/new?refresh=true", json={"text": "后来"}).json["_index"] == "source-000002"
    back = http.post("/source/_reindex/_rollback").json
    assert back["index"] == "source-000001"
    assert http.get("/source/_doc/new").json["found"]
    wrong = http.post("/source/_reindex", json={"mappings": {"properties": {"n": {"type": "boolean"}}}})
    assert (wrong.status_code, wrong.json["error"]["type"]) == (400, "reindex_failed_exception")
    assert http.post("/nowhere/_reindex").status_code == 404


def test_snapshots_and_their_refusals(http: Any, node: Node, tmp_path: Path) -> None:
    assert http.get("/_snapshot").json == {}
    outside = http.put("/_snapshot/r", json={"type": "fs", "settings": {"location": str(tmp_path / "other")}})
    assert "doesn't match any of the locations specified by QUARRY_SNAPSHOTS" in outside.json["error"]["reason"]
    escaped = http.put("/_snapshot/r", json={"type": "fs", "settings": {"location": "../other"}})
    assert escaped.status_code == 400
    cloud = http.put("/_snapshot/r", json={"type": "s3", "settings": {"bucket": "b"}})
    assert "repository type [s3] does not exist" in cloud.json["error"]["reason"]
    assert http.put("/_snapshot/r", json={"type": "fs", "settings": {"location": "here"}}).json == {
        "acknowledged": True
    }
    assert set(http.post("/_snapshot/r/_verify").json["nodes"])
    taken = http.put("/_snapshot/r/one?wait_for_completion=true", json={"metadata": {"为": "test"}}).json["snapshot"]
    assert (taken["state"], taken["indices"], taken["metadata"]) == ("SUCCESS", ["source"], {"为": "test"})
    for name, kind in (("one", "invalid_snapshot_name_exception"), ("Upper", "invalid_snapshot_name_exception")):
        assert http.put(f"/_snapshot/r/{name}").json["error"]["type"] == kind
    assert http.put("/_snapshot/nowhere/x").json["error"]["type"] == "repository_missing_exception"
    assert http.get("/_snapshot/r/nowhere").json["error"]["type"] == "snapshot_missing_exception"
    refused = http.post("/_snapshot/r/one/_restore?wait_for_completion=true")
    assert refused.json["error"]["type"] == "snapshot_restore_exception"
    body = {"rename_pattern": "(s)ource", "rename_replacement": "$1-back"}
    came = http.post("/_snapshot/r/one/_restore?wait_for_completion=true", json=body).json["snapshot"]
    assert came["indices"] == ["s-back"]
    assert http.get("/s-back/_count").json["count"] == 30
    snapshot = Repository(tmp_path / "backup" / "here", "r").get("one")
    status = http.get("/_snapshot/r/one/_status").json["snapshots"][0]
    assert status["stats"]["total"]["size_in_bytes"] > 0
    assert http.post("/_snapshot/r/_verify_integrity").json["results"]["result"] == "pass"
    truth = next(file for file in snapshot.indices[0].files if file.path == "truth.db")
    (blob,) = (tmp_path / "backup" / "here" / "blobs").rglob(truth.blobs[0][0])
    blob.write_bytes(b"x" + blob.read_bytes()[1:])
    found = http.post("/_snapshot/r/_verify_integrity").json
    assert found["results"]["result"] == "fail"
    assert blob.name in found["log"][0]["anomaly"]
    body = {"rename_pattern": "^", "rename_replacement": "again-"}
    damaged = http.post("/_snapshot/r/one/_restore?wait_for_completion=true", json=body)
    assert blob.name in damaged.json["error"]["reason"]
    assert node.names() == ["s-back", "source"]
    assert http.delete("/_snapshot/r/one").json == {"acknowledged": True}
    assert http.get("/_snapshot/r/_all").json == {"snapshots": [], "total": 0, "remaining": 0}
    assert http.delete("/_snapshot/r").json == {"acknowledged": True}
