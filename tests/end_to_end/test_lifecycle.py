"""A service's life: metrics over its workers, its log, a worker that dies, and a clean end."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from .conftest import WORDS_ONLY
from .service import Service

NDJSON = {"Content-Type": "application/x-ndjson"}


def test_metrics_are_those_of_all_workers(service: Service) -> None:
    for _ in range(40):  # each its own connection, so that both workers get some
        assert httpx.get(f"{service.url}/_cluster/health").status_code == 200
    pattern = r'quarry_http_requests_total\{method="GET",route="get_cluster_health",status="200"\} 40\.0'
    for _ in range(4):
        assert re.search(pattern, httpx.get(f"{service.url}/metrics").text)


def test_the_log_is_json_and_tells_no_content(service: Service) -> None:
    httpx.put(f"{service.url}/logged", json={"settings": WORDS_ONLY})
    httpx.put(f"{service.url}/logged/_doc/1?refresh=true", json={"t": "geheimwort 秘密"})
    httpx.post(f"{service.url}/logged/_search", json={"query": {"match": {"t": "geheimwort"}}})
    httpx.get(f"{service.url}/logged/_search?q=geheimwort", headers={"Authorization": "ApiKey geheimschluessel"})
    lines = [json.loads(line) for line in service.log().splitlines()]
    requests = [line for line in lines if line["event"] == "request"]
    assert {"method", "path", "status", "ms", "timestamp"} <= set(requests[-1])
    assert any(line["path"] == "/logged/_search" for line in requests)
    assert "geheim" not in service.log()
    assert "秘密" not in service.log()


def test_a_worker_that_dies_is_replaced(data: Path) -> None:
    service = Service(data)
    service.start()
    try:
        httpx.put(f"{service.url}/kept", json={"settings": WORDS_ONLY})
        assert httpx.put(f"{service.url}/kept/_doc/1", json={"t": "先"}).status_code == 201
        before = service.workers()
        os.kill(sorted(before)[0], signal.SIGKILL)
        deadline = time.monotonic() + 60
        while len(service.workers() - before) != 1 or len(service.workers()) != 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        with httpx.Client(base_url=service.url, timeout=60) as client:
            assert client.post("/kept/_refresh").status_code == 200
            assert client.get("/kept/_count").json()["count"] == 1
    finally:
        assert service.stop() == 0


def test_a_stop_lets_running_requests_finish(data: Path) -> None:
    service = Service(data, workers=1)
    service.start()
    httpx.put(f"{service.url}/kept", json={"settings": WORDS_ONLY})
    begun, stopping = threading.Event(), threading.Event()

    def lines() -> Iterator[bytes]:
        yield b'{"index": {"_id": "1"}}\n{"t": "before"}\n'
        begun.set()
        assert stopping.wait(60)
        yield b'{"index": {"_id": "2"}}\n{"t": "after"}\n'

    answers: list[httpx.Response] = []
    writer = threading.Thread(
        target=lambda: answers.append(
            httpx.post(f"{service.url}/kept/_bulk", content=lines(), headers=NDJSON, timeout=60)
        )
    )
    writer.start()
    assert begun.wait(60)
    stopped: list[int] = []
    stopper = threading.Thread(target=lambda: stopped.append(service.stop()))
    stopper.start()
    time.sleep(0.3)
    stopping.set()
    writer.join()
    stopper.join()
    assert answers[0].json()["errors"] is False
    assert stopped == [0]
    again = Service(data, workers=1)
    again.start()
    try:
        assert httpx.get(f"{again.url}/kept/_count").json()["count"] == 2  # searchable at once: the end refreshed
    finally:
        assert again.stop() == 0
