"""Aliases, templates, reindexing and snapshots by the official client, unmodified, against two workers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from elasticsearch import BadRequestError, Elasticsearch, NotFoundError, helpers

from .conftest import WORDS_ONLY
from .service import Service

pytestmark = pytest.mark.filterwarnings("ignore::elasticsearch.exceptions.GeneralAvailabilityWarning")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Two workers that may keep snapshots in a folder."""
    folder = tmp_path_factory.mktemp("administered")
    running = Service(folder / "data", snapshots=folder / "backup", refresh_interval=0.2)
    running.start()
    yield running
    assert running.stop() == 0


def test_aliases(client: Elasticsearch) -> None:
    client.indices.create(index="logs-1", settings=WORDS_ONLY, aliases={"logs": {"is_write_index": True}})
    client.indices.create(index="logs-2", settings=WORDS_ONLY)
    client.indices.put_alias(index="logs-2", name="logs")
    client.indices.put_alias(index="logs-1", name="错误", filter={"term": {"level.keyword": "error"}})
    helpers.bulk(
        client,
        [
            {"_index": "logs", "_id": str(n), "level": "error" if n % 3 else "info", "text": f"第 {n} 行 line"}
            for n in range(9)
        ],
        refresh=True,
    )
    assert client.count(index="logs-1")["count"] == 9
    assert client.count(index="错误")["count"] == 6
    found = client.search(index="错误", query={"match": {"text": "行"}}, size=20)
    assert {hit["_source"]["level"] for hit in found["hits"]["hits"]} == {"error"}
    assert client.indices.exists_alias(name="logs")
    assert not client.indices.exists_alias(index="logs-2", name="错误")
    answer = client.indices.update_aliases(
        actions=[
            {"add": {"index": "logs-2", "alias": "logs", "is_write_index": True}},
            {"add": {"index": "logs-1", "alias": "logs", "is_write_index": False}},
        ]
    )
    assert answer["acknowledged"]
    assert client.index(index="logs", document={"level": "info"})["_index"] == "logs-2"
    assert set(client.indices.get_alias(name="logs")) == {"logs-1", "logs-2"}
    assert {row["alias"] for row in client.cat.aliases(format="json")} >= {"logs", "错误"}
    with pytest.raises(NotFoundError):
        client.indices.get_alias(name="nowhere")
    with pytest.raises(BadRequestError, match="more than one index"):
        client.get(index="logs", id="1")
    client.indices.delete_alias(index="logs-1", name="错误")
    with pytest.raises(NotFoundError):
        client.indices.delete_alias(index="logs-1", name="错误")
    client.indices.delete(index=["logs-1", "logs-2"])
    assert not client.indices.exists_alias(name="logs")


def test_templates(client: Elasticsearch) -> None:
    client.cluster.put_component_template(name="words", template={"settings": {"index": WORDS_ONLY}})
    client.indices.put_index_template(
        name="报告", index_patterns=["report-*"], composed_of=["words"], priority=7,
        template={"aliases": {"reports": {}}, "mappings": {"properties": {"day": {"type": "date"}}}},
    )  # fmt: skip
    assert client.indices.exists_index_template(name="报告")
    assert client.cluster.exists_component_template(name="words")
    simulated = client.indices.simulate_index_template(name="report-9")["template"]
    assert simulated["mappings"]["properties"] == {"day": {"type": "date"}}
    client.index(index="report-1", document={"day": "2026-05-01", "text": "五月"}, refresh=True)
    assert (
        client.search(index="reports", query={"range": {"day": {"gte": "2026-01-01"}}})["hits"]["total"]["value"] == 1
    )
    assert client.indices.get_index_template(name="报告")["index_templates"][0]["index_template"]["priority"] == 7
    with pytest.raises(BadRequestError, match="same priority"):
        client.indices.put_index_template(name="other", index_patterns=["rep*"], priority=7)
    client.indices.delete_index_template(name="报告")
    client.cluster.delete_component_template(name="words")
    client.indices.delete(index="report-1")


def test_reindex_and_by_query(client: Elasticsearch) -> None:
    client.indices.create(index="from", settings=WORDS_ONLY)
    helpers.bulk(client, [{"_index": "from", "_id": str(n), "n": n, "t": f"文 {n}"} for n in range(50)], refresh=True)
    copied = client.reindex(
        source={"index": "from", "query": {"range": {"n": {"lt": 20}}}}, dest={"index": "to"}, refresh=True
    )
    assert (copied["created"], client.count(index="to")["count"]) == (20, 20)
    assert client.delete_by_query(index="to", query={"range": {"n": {"lt": 5}}}, refresh=True)["deleted"] == 5
    assert client.update_by_query(index="to", refresh=True)["updated"] == 15
    task = client.reindex(source={"index": "from"}, dest={"index": "to"}, wait_for_completion=False)["task"]
    found = client.tasks.get(task_id=task, wait_for_completion=True, timeout="20s")
    assert (found["completed"], found["response"]["created"], found["response"]["updated"]) == (True, 35, 15)
    assert client.tasks.list()["nodes"] == {}


def test_a_new_index_behind_an_alias_while_clients_write(client: Elasticsearch, service: Service) -> None:
    client.indices.create(index="live", settings=WORDS_ONLY)
    written: dict[str, int] = {}
    stop, errors = threading.Event(), []

    def write() -> None:
        number = 0
        with Elasticsearch(service.url, request_timeout=60, max_retries=0) as own:
            while not stop.is_set():
                number += 1
                try:
                    own.index(index="live", id=str(number % 40), document={"n": number, "t": f"现在 {number}"})
                    own.get(index="live", id=str(number % 40))
                    own.search(index="live", query={"match_all": {}})
                except Exception as error:
                    errors.append(error)
                    return
                written[str(number % 40)] = number

    writer = threading.Thread(target=write)
    writer.start()
    headers = {"accept": "application/json", "content-type": "application/json"}
    body = {"mappings": {"properties": {"t": {"type": "text", "analyzer": "standard"}, "n": {"type": "integer"}}}}
    answers = []
    for path, sent in (
        ("/live/_reindex", body),
        ("/live/_reindex/_rollback", None),
        ("/live/_reindex/_rollback", None),
    ):
        time.sleep(0.5)
        answers.append(client.perform_request("POST", path, headers=headers, body=sent).body["index"])
    time.sleep(0.3)
    stop.set()
    writer.join()
    assert errors == []
    assert answers == ["live-000002", "live-000001", "live-000002"]
    client.indices.refresh(index="live")
    found = client.search(index="live", size=100)["hits"]["hits"]
    assert {hit["_id"]: hit["_source"]["n"] for hit in found} == written
    assert client.indices.get_mapping(index="live")["live-000002"]["mappings"]["properties"]["n"]["type"] == "integer"


def test_snapshots(client: Elasticsearch, service: Service, tmp_path: Path) -> None:
    client.snapshot.create_repository(name="backup", repository={"type": "fs", "settings": {"location": "here"}})
    assert client.snapshot.get_repository(name="backup")["backup"]["type"] == "fs"
    assert client.snapshot.verify_repository(name="backup")["nodes"]
    client.indices.create(index="kept", settings=WORDS_ONLY, aliases={"保留": {}})
    helpers.bulk(client, [{"_index": "kept", "_id": str(n), "t": f"文 {n} kept"} for n in range(500)], refresh=True)
    taken = client.snapshot.create(repository="backup", snapshot="s1", indices="kept", wait_for_completion=True)[
        "snapshot"
    ]
    assert (taken["state"], taken["indices"], taken["shards"]["failed"]) == ("SUCCESS", ["kept"], 0)
    client.delete_by_query(index="kept", query={"match_all": {}}, refresh=True)
    assert client.snapshot.create(repository="backup", snapshot="s2", indices="kept")["accepted"]
    deadline = time.monotonic() + 30
    while "s2" not in {
        s["snapshot"]
        for s in client.snapshot.get(repository="backup", snapshot="*")["snapshots"]
        if s["state"] == "SUCCESS"
    }:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with pytest.raises(BadRequestError, match="already exists in the cluster"):
        client.snapshot.restore(repository="backup", snapshot="s1", wait_for_completion=True)
    client.indices.delete(index="kept")
    back = client.snapshot.restore(repository="backup", snapshot="s1", indices="kept", wait_for_completion=True)
    assert back["snapshot"]["indices"] == ["kept"]
    assert client.count(index="保留")["count"] == 500
    for _ in range(4):  # whichever worker answers
        assert client.search(index="kept", query={"match": {"t": "499"}})["hits"]["hits"][0]["_id"] == "499"
    status = client.snapshot.status(repository="backup", snapshot="s2")["snapshots"][0]
    assert (status["state"], status["shards_stats"]["done"]) == ("SUCCESS", 1)
    with pytest.raises(NotFoundError):
        client.snapshot.get(repository="backup", snapshot="nowhere")
    client.snapshot.delete(repository="backup", snapshot="s1,s2")
    assert client.snapshot.cleanup_repository(name="backup")["results"]["deleted_blobs"] == 0
    client.snapshot.delete_repository(name="backup")
