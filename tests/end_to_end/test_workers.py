"""Several processes over one data directory: what one writes, all see."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from .conftest import WORDS_ONLY
from .service import Service


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """Clients of two one-worker services over the same data: each certainly talks to one process."""
    data = tmp_path_factory.mktemp("pair") / "data"
    services = [Service(data, workers=1), Service(data, workers=1)]
    for service in services:
        service.start(wait=False)
    for service in services:
        service.wait()
    one, other = (httpx.Client(base_url=service.url, timeout=30) for service in services)
    with one, other:
        yield one, other
    for service in services:
        assert service.stop() == 0


def test_a_refresh_in_one_is_visible_in_the_other(pair: tuple[httpx.Client, httpx.Client]) -> None:
    one, other = pair
    assert one.put("/shared", json={"settings": WORDS_ONLY}).status_code == 200
    assert other.get("/shared").status_code == 200
    for number in range(5):
        writer, reader = (one, other) if number % 2 else (other, one)
        writer.put(f"/shared/_doc/{number}?refresh=true", json={"text": f"写 {number}"})
        asked = time.monotonic()
        while reader.get("/shared/_count").json()["count"] != number + 1:
            assert time.monotonic() - asked < 1.0
            time.sleep(0.01)
        assert reader.get(f"/shared/_doc/{number}").json()["_source"] == {"text": f"写 {number}"}


def test_writes_become_visible_everywhere_by_themselves(pair: tuple[httpx.Client, httpx.Client]) -> None:
    one, other = pair
    one.put("/own", json={"settings": WORDS_ONLY})
    one.put("/own/_doc/1", json={"text": "自己"})
    until = time.monotonic() + 10
    while not all(client.get("/own/_count").json()["count"] for client in pair):
        assert time.monotonic() < until
        time.sleep(0.05)
    one.delete("/own/_doc/1")
    while any(client.get("/own/_count").json()["count"] for client in pair):
        assert time.monotonic() < until + 10
        time.sleep(0.05)
    assert other.delete("/own").status_code == 200
    assert one.get("/own").status_code == 404


def test_writers_in_both_lose_nothing_of_each_other(pair: tuple[httpx.Client, httpx.Client]) -> None:
    one, _ = pair
    one.put("/both", json={"settings": WORDS_ONLY})
    failures: list[str] = []

    def write(client: httpx.Client, name: str) -> None:
        for number in range(20):
            lines = "".join(
                f'{{"index": {{}}}}\n{{"who": "{name}", "n": {number}, "f{name}{number}": 1}}\n' for _ in range(10)
            )
            answer = client.post("/both/_bulk", content=lines, headers={"Content-Type": "application/x-ndjson"})
            if answer.status_code != 200 or answer.json()["errors"]:
                failures.append(answer.text[:500])

    threads = [threading.Thread(target=write, args=(client, name)) for client in pair for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for client in pair:
        client.post("/both/_refresh")
        assert client.get("/both/_count").json()["count"] == 800


def test_an_index_made_again_is_a_new_one(pair: tuple[httpx.Client, httpx.Client]) -> None:
    one, other = pair
    for number in range(3):
        assert one.put("/again", json={"settings": WORDS_ONLY}).status_code == 200
        assert other.put(f"/again/_doc/{number}?refresh=true", json={"n": number}).status_code == 201
        for client in pair:
            hits = client.get("/again/_search").json()["hits"]["hits"]
            assert [hit["_id"] for hit in hits] == [str(number)]
        assert one.delete("/again").status_code == 200
        assert other.get("/again/_search").status_code == 404
