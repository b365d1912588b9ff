"""SIGKILL to the whole service while it takes bulk writes: acknowledged writes are all there, once, as last written."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson

from .conftest import WORDS_ONLY
from .service import Service

ROUNDS = 8
WRITERS = 3
IDS = 150
State = dict[str, dict[str, Any]]


class Writer(threading.Thread):
    """Bulk requests over ids of its own, one after the other, until the service is gone.

    Each request is one batch, so it is applied whole or not at all: afterwards the service holds
    `acknowledged`, or `attempted` when the last request was applied and its answer was lost.
    """

    def __init__(self, number: int, url: str, acknowledged: State, seed: int) -> None:
        super().__init__()
        self._number = number
        self._url = url
        self._random = random.Random(seed)
        self._count = 0
        self.acknowledged = acknowledged
        self.attempted = acknowledged
        self.requests = 0
        self.error: Exception | None = None

    def run(self) -> None:
        with httpx.Client(base_url=self._url, timeout=30) as client:
            while True:
                after = dict(self.acknowledged)
                body = b""
                while not body:  # a batch may come out empty, and an empty request is refused
                    body = b"".join(self._operations(after))
                self.attempted = after
                try:
                    answer = client.post("/crash/_bulk", content=body, headers={"Content-Type": "application/x-ndjson"})
                except httpx.TransportError:
                    return
                if answer.status_code != 200 or answer.json()["errors"]:
                    self.error = AssertionError(answer.text[:2000])
                    return
                self.acknowledged = after
                self.requests += 1

    def _operations(self, state: State) -> Iterator[bytes]:
        """Lines of random operations, done to `state` as the service should do them."""
        for _ in range(self._random.randint(1, 200)):
            doc_id = f"{self._number}-{self._random.randrange(IDS)}"
            self._count += 1
            source = {"key": doc_id, "value": self._random.getrandbits(48), "text": f"第 {self._count} 次 write"}
            kind = self._random.choice(["index", "index", "update", "delete", "create"])
            if kind == "delete":
                if doc_id not in state:
                    continue
                del state[doc_id]
                yield orjson.dumps({"delete": {"_id": doc_id}}) + b"\n"
                continue
            if kind == "create" and doc_id in state:
                continue
            if kind == "update":
                source = {"value": source["value"]}
                yield orjson.dumps({"update": {"_id": doc_id}}) + b"\n"
                yield orjson.dumps({"doc": source, "upsert": {"key": doc_id, **source}}) + b"\n"
                state[doc_id] = {**state.get(doc_id, {"key": doc_id}), **source}
                continue
            yield orjson.dumps({kind: {"_id": doc_id}}) + b"\n"
            yield orjson.dumps(source) + b"\n"
            state[doc_id] = source


def stored(url: str) -> State:
    """All documents that a search finds, each id once."""
    with httpx.Client(base_url=url, timeout=60) as client:
        assert client.post("/crash/_refresh").status_code == 200
        answer = client.post("/crash/_search", json={"size": 10_000, "query": {"match_all": {}}}).json()
        hits = answer["hits"]["hits"]
        found = {hit["_id"]: hit["_source"] for hit in hits}
        assert len(found) == len(hits) == answer["hits"]["total"]["value"], "a document is doubled"
        assert client.get("/crash/_count").json()["count"] == len(found)
        ids = list(found)[:: max(1, len(found) // 50)]
        if ids:
            gotten = client.post("/crash/_mget", json={"ids": ids}).json()["docs"]
            assert {d["_id"]: d["_source"] for d in gotten} == {i: found[i] for i in ids}, "get and search disagree"
            values = [found[i]["value"] for i in ids]
            query = {"size": 10_000, "query": {"terms": {"value": values}}}
            matches = client.post("/crash/_search", json=query).json()["hits"]["hits"]
            assert {hit["_id"] for hit in matches} >= set(ids), "a document is not found by what it holds"
        return found


def test_eight_kills_lose_nothing(data: Path) -> None:
    service = Service(data, refresh_interval=0.2)
    service.start()
    pause = random.Random(2026)
    try:
        made = httpx.put(f"{service.url}/crash", json={"settings": WORDS_ONLY}, timeout=30)
        assert made.status_code == 200
        states: list[State] = [{} for _ in range(WRITERS)]
        requests = 0
        for number in range(ROUNDS):
            writers = [Writer(w, service.url, states[w], 100 * number + w) for w in range(WRITERS)]
            for writer in writers:
                writer.start()
            time.sleep(pause.uniform(0.2, 0.9))
            service.kill()
            for writer in writers:
                writer.join()
            service.start()
            found = stored(service.url)
            for place, writer in enumerate(writers):
                assert writer.error is None
                mine = {i: d for i, d in found.items() if i.startswith(f"{place}-")}
                assert mine in (writer.acknowledged, writer.attempted), f"round {number}: writer {place} lost or kept"
                states[place] = mine
                requests += writer.requests
        assert requests > ROUNDS * WRITERS, "the writers hardly wrote"
        assert service.stop() == 0
    finally:
        service.kill()
