"""Options of requests on documents and indices that Elasticsearch's users expect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from api.app import create_app
from indexer import Node, Operation
from settings import Settings

QUIET = {"semantic": {"families": []}}


@pytest.fixture
def http(tmp_path: Path) -> Any:
    node = Node(Settings(data=tmp_path / "data", snapshots=str(tmp_path / "backup")))
    node.create("a", {"settings": QUIET}).write([Operation("index", "1", {"n": 1, "t": "x"})])
    yield create_app(node, node.settings).test_client()
    node.close()


def bulk(http: Any, *lines: Any, parameters: str = "") -> Any:
    body = b"".join(orjson.dumps(line) + b"\n" for line in lines)
    answer = http.post(f"/a/_bulk{parameters}", data=body, content_type="application/x-ndjson")
    answer.get_data()
    answer.close()
    return answer


def test_an_update_that_changes_nothing_writes_where_it_is_told_to(http: Any) -> None:
    same = {"doc": {"n": 1}}
    assert http.post("/a/_update/1", json=same).json["result"] == "noop"
    for again in (
        http.post("/a/_update/1", json={**same, "detect_noop": False}).json,
        bulk(http, {"update": {"_id": "1"}}, {**same, "detect_noop": False}).json["items"][0]["update"],
    ):
        assert again["result"] == "updated"
    assert http.get("/a/_doc/1").json["_version"] == 3


def test_routing_changes_nothing_on_one_shard(http: Any) -> None:
    assert http.put("/a/_doc/2?routing=r", json={"n": 2}).status_code == 201
    assert http.get("/a/_doc/2?routing=other").json["found"]
    assert not bulk(http, {"index": {"_id": "3", "routing": "r"}}, {"n": 3}, parameters="?routing=r").json["errors"]
    assert http.post("/a/_mget", json={"docs": [{"_id": "3", "routing": "r"}]}).json["docs"][0]["found"]
    assert http.post("/a/_update/3?routing=r", json={"doc": {"n": 4}}).json["result"] == "updated"
    assert http.delete("/a/_doc/3?routing=r").json["result"] == "deleted"


def test_ids_may_be_numbers(http: Any) -> None:
    for body in ({"ids": [1, "1"]}, {"docs": [{"_id": 1}, {"_id": "1"}]}):
        found = http.post("/a/_mget", json=body).json["docs"]
        assert [(doc["_id"], doc["found"]) for doc in found] == [("1", True), ("1", True)]


def test_bulk_updates_show_the_document_after_them(http: Any) -> None:
    for shown in (
        bulk(http, {"update": {"_id": "1"}}, {"doc": {"n": 2}, "_source": ["n"]}),
        bulk(http, {"update": {"_id": "1", "_source": "n"}}, {"doc": {"n": 2}}),
        bulk(http, {"update": {"_id": "1"}}, {"doc": {"n": 2}}, parameters="?_source_includes=n"),
    ):
        item = shown.json["items"][0]["update"]
        assert item["get"]["_source"] == {"n": 2}
        assert item["get"]["_seq_no"] == item["_seq_no"]
    silent = bulk(http, {"update": {"_id": "1", "_source": False}}, {"doc": {"n": 3}}, parameters="?_source=true")
    assert "get" not in silent.json["items"][0]["update"]
    assert "get" not in bulk(http, {"index": {"_id": "1"}}, {"n": 2}).json["items"][0]["index"]
    assert bulk(http, {"update": {"_id": "1", "_source": 5}}, {"doc": {"n": 3}}).status_code == 400
    assert bulk(http, {"update": {"_id": "1"}}, {"doc": {"n": 3}, "_source": 5}).json["errors"]


def test_a_new_document_cannot_be_compared(http: Any) -> None:
    refused = http.put("/a/_doc/9?op_type=create&if_seq_no=0&if_primary_term=1", json={"n": 1})
    assert "do not support compare and set" in refused.json["error"]["reason"]
    item = bulk(http, {"create": {"_id": "9", "if_seq_no": 0, "if_primary_term": 1}}, {"n": 1}).json["items"][0]
    assert item["create"]["status"] == 400


def test_parts_of_what_an_index_tells(http: Any) -> None:
    assert set(http.get("/a/_stats/docs,store").json["_all"]["total"]) == {"docs", "store"}
    assert "docs" in http.get("/_stats/_all").json["_all"]["total"]
    assert "unrecognized metric: [bogus]" in http.get("/a/_stats/docs,bogus").json["error"]["reason"]
    settings = http.get("/a/_settings/index.number_of_*,nothing").json["a"]["settings"]["index"]
    assert settings == {"number_of_shards": "1", "number_of_replicas": "0"}
    flat = http.get("/_settings/index.uuid?flat_settings=true").json["a"]["settings"]
    assert list(flat) == ["index.uuid"]
    assert http.get("/a/_settings/nothing").json == {}
    assert http.get("/a/_settings/_all").json == http.get("/a/_settings").json
    fields = http.get("/a/_mapping/field/t*").json["a"]["mappings"]
    assert fields["t.keyword"] == {
        "full_name": "t.keyword",
        "mapping": {"keyword": {"type": "keyword", "ignore_above": 256}},
    }
    assert set(fields) == {"t", "t.keyword"}
    assert http.get("/_mapping/field/nothing").json == {"a": {"mappings": {}}}
    assert http.get("/_aliases").json == http.get("/_alias").json == {"a": {"aliases": {}}}


def test_a_mapping_for_several_indices_is_taken_by_all_or_none(http: Any) -> None:
    http.put("/b", json={"settings": QUIET, "mappings": {"properties": {"late": {"type": "long"}}}})
    body = {"properties": {"late": {"type": "keyword"}}}
    assert http.put("/a,b/_mapping", json=body).status_code == 400
    assert "late" not in http.get("/a/_mapping").json["a"]["mappings"]["properties"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({}, "snapshot_restore_exception"),
        ({"rename_pattern": "a", "rename_replacement": "A B"}, "snapshot_restore_exception"),
        ({"rename_pattern": "(", "rename_replacement": "b"}, "illegal_argument_exception"),
        ({"indices": "nothing"}, "index_not_found_exception"),
        ({"rename_pattern": "a", "rename_replacement": "b", "index_settings": {"x": 1}}, "illegal_argument_exception"),
    ],
)
def test_a_restore_that_cannot_be_is_refused_also_when_nobody_waits(http: Any, body: Any, kind: str) -> None:
    http.put("/_snapshot/r", json={"type": "fs", "settings": {"location": "r"}})
    http.put("/_snapshot/r/one?wait_for_completion=true")
    refused = http.post("/_snapshot/r/one/_restore", json=body)
    assert refused.status_code >= 400
    assert refused.json["error"]["type"] == kind
