"""Reads and writes together: eight clients of a running service, nine reads to one write.

    python -m benchmarks.soak [--minutes 10] [--documents 100000] [--clients 8]

Starts a service of its own on an empty data directory, loads documents, measures the reads alone for a tenth of
the time, then reads with writes among them for all of it. At the end every acknowledged write is looked up by get
and by search. Prints p50 and p99 of both, errors, and lost writes.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson

HAN = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子"
LATIN = [
    f"{a}{b}{c}" for a in ("ba", "ke", "lo", "mi", "su") for b in ("ra", "ti", "no", "du") for c in ("n", "s", "l", "m")
]
NDJSON = {"Content-Type": "application/x-ndjson"}


def text(chance: random.Random, words: int) -> str:
    """Mixed text; a word's chance falls with its rank, as in real text."""
    out = []
    for _ in range(words):
        rank = int(min(chance.paretovariate(0.9), len(HAN))) - 1
        out.append(LATIN[rank % len(LATIN)] if chance.random() < 0.5 else HAN[rank] + HAN[chance.randrange(len(HAN))])
    return " ".join(out)


def queries(chance: random.Random) -> dict[str, Any]:
    """A search of one of several kinds."""
    words = text(chance, chance.choice([1, 2, 3, 5]))
    kind = chance.randrange(4)
    if kind == 0:
        return {"query": {"match": {"text": words}}}
    if kind == 1:
        return {"query": {"match": {"text": {"query": words, "operator": "and"}}}}
    if kind == 2:
        return {"query": {"bool": {"must": {"match": {"text": words}}, "filter": {"range": {"n": {"gte": 500}}}}}}
    return {"query": {"match_phrase": {"text": " ".join(words.split()[:2])}}, "highlight": {"fields": {"text": {}}}}


class Client(threading.Thread):
    """Sends requests until told to stop; times of reads in milliseconds, and what was acknowledged."""

    def __init__(self, number: int, url: str, writes: float, stop: threading.Event) -> None:
        super().__init__()
        self._chance = random.Random(number)
        self._number, self._url, self._writes, self._stopped = number, url, writes, stop
        self.reads: list[float] = []
        self.writes: list[float] = []
        self.errors: list[str] = []
        self.acknowledged: dict[str, int] = {}

    def run(self) -> None:
        with httpx.Client(base_url=self._url, timeout=60) as client:
            while not self._stopped.is_set():
                begin = time.perf_counter()
                writing = self._chance.random() < self._writes
                try:
                    answer = (
                        self._write(client) if writing else client.post("/soak/_search", json=queries(self._chance))
                    )
                except httpx.HTTPError as error:
                    self.errors.append(repr(error))
                    continue
                taken = (time.perf_counter() - begin) * 1000
                if answer.status_code not in (200, 201):
                    self.errors.append(answer.text[:300])
                (self.writes if writing else self.reads).append(taken)

    def _write(self, client: httpx.Client) -> httpx.Response:
        doc_id, value = f"w{self._number}-{self._chance.randrange(2000)}", self._chance.getrandbits(40)
        answer = client.put(f"/soak/_doc/{doc_id}", json={"text": text(self._chance, 40), "n": 1, "value": value})
        if answer.status_code in (200, 201):
            self.acknowledged[doc_id] = value
        return answer


def period(url: str, clients: int, seconds: float, writes: float) -> list[Client]:
    """Let clients work for a while."""
    stop = threading.Event()
    working = [Client(n, url, writes, stop) for n in range(clients)]
    for client in working:
        client.start()
    time.sleep(seconds)
    stop.set()
    for client in working:
        client.join()
    return working


def show(name: str, times: list[float], seconds: float) -> float:
    """Print a line; returns the 99th percentile."""
    p50, p99 = np.percentile(times, [50, 99])
    print(f"{name:22} {len(times):8,} requests {len(times) / seconds:7.0f}/s   p50 {p50:7.1f} ms   p99 {p99:7.1f} ms")
    return float(p99)


def load(client: httpx.Client, documents: int) -> None:
    body = {
        "settings": {"semantic": {"families": []}},
        "mappings": {"properties": {"text": {"type": "text"}, "n": {"type": "long"}, "value": {"type": "long"}}},
    }
    client.put("/soak", json=body).raise_for_status()
    chance = random.Random(0)
    for start in range(0, documents, 5000):
        lines = []
        for number in range(start, min(documents, start + 5000)):
            lines.append(orjson.dumps({"index": {"_id": f"d{number}"}}))
            lines.append(orjson.dumps({"text": text(chance, 40), "n": number % 1000}))
        client.post("/soak/_bulk", content=b"\n".join(lines) + b"\n", headers=NDJSON).raise_for_status()
    client.post("/soak/_refresh").raise_for_status()
    client.post("/soak/_forcemerge").raise_for_status()


def lost(client: httpx.Client, working: list[Client]) -> int:
    """Acknowledged writes that a get or a search does not find as last written."""
    client.post("/soak/_refresh").raise_for_status()
    missing = 0
    for worker in working:
        ids = list(worker.acknowledged)
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            docs = client.post("/soak/_mget", json={"ids": part}).json()["docs"]
            query = {"query": {"ids": {"values": part}}, "size": 500}
            hits = client.post("/soak/_search", json=query).json()["hits"]["hits"]
            for found in (docs, hits):
                values = {d["_id"]: d.get("_source", {}).get("value") for d in found}
                missing += sum(values.get(i) != worker.acknowledged[i] for i in part)
    return missing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--port", type=int, default=19280)
    options = parser.parse_args()
    seconds = options.minutes * 60
    with tempfile.TemporaryDirectory(prefix="quarry-soak-") as folder:
        environment = {**os.environ, "QUARRY_DATA": folder, "QUARRY_PORT": str(options.port)}
        log = Path(folder).with_suffix(".log")
        command = [sys.executable, "-m", "cli", "serve"]
        with open(log, "wb") as sink, subprocess.Popen(command, env=environment, stdout=sink, stderr=sink) as service:
            url = f"http://127.0.0.1:{options.port}"
            try:
                with httpx.Client(base_url=url, timeout=600) as client:
                    for _ in range(600):
                        try:
                            if client.get("/readyz").status_code == 200:
                                break
                        except httpx.TransportError:
                            time.sleep(0.2)
                    load(client, options.documents)
                    period(url, options.clients, min(10.0, seconds / 10), 0.0)  # warm
                    alone = period(url, options.clients, seconds / 10, 0.0)
                    p99_alone = show("reads alone", [t for w in alone for t in w.reads], seconds / 10)
                    both = period(url, options.clients, seconds, 0.1)
                    p99 = show("reads among writes", [t for w in both for t in w.reads], seconds)
                    show("writes", [t for w in both for t in w.writes], seconds)
                    errors = [e for w in (*alone, *both) for e in w.errors]
                    print(f"p99 of reads among writes: {p99 / p99_alone:.2f} times that of reads alone")
                    print(f"errors: {len(errors)} {errors[:3]}   lost writes: {lost(client, both)}")
            finally:
                service.terminate()


if __name__ == "__main__":
    main()
