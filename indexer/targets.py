"""Where loaded documents go: a data directory, or a running service by its REST address."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from .loading import Written
from .memory import return_large_arrays
from .refresher import WORTH, Refresher
from .sources import SourceDocument

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from .engine import Index
    from .node import Node

PATIENCE = 600.0
"""Seconds without any progress after which a service's vectors are no longer waited for."""
Progress = Callable[[str, int, int], None]


class EmbeddedTarget:
    """An index of a node in this process; a service may run on the same data directory."""

    def __init__(self, node: Node, name: str) -> None:
        self._node = node
        self._name = name
        self._refresher = Refresher(node.settings.data, name)
        self._written = 0
        return_large_arrays()

    @property
    def _index(self) -> Index:
        return self._node.index(self._node.writer(self._name))

    def prepare(self, properties: dict[str, Any]) -> None:
        index = self._node.get_or_create(self._name)
        new = {name: spec for name, spec in properties.items() if name not in index.mapping.fields}
        if new:
            index.put_mapping({"properties": new})

    def stored(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        return {row.id: orjson.loads(row.body or b"") for row in self._index.get_many(ids).values()}

    def write(self, documents: Sequence[SourceDocument]) -> list[Written]:
        from .writes import Operation

        self._written += len(documents)
        if self._written > WORTH:  # so many that a second process pays
            self._refresher.begin()
        operations = [Operation("index", document.id, document.source) for document in documents]
        with self._node.writing(self._name) as index:
            results = index.write(operations)
        return [Written(r.result == "created", r.error.reason if r.error else None) for r in results]

    def refresh(self) -> None:
        self._refresher.end()
        self._index.refresh()
        self._index.merge(wait=False)

    def close(self) -> None:
        """Let go of the process that refreshes, if any."""
        self._refresher.end()

    def fill(self, progress: Progress) -> None:
        # Where a running service is filling the same spaces already, watch it; should it stop, go on here.
        totals: dict[str, int] = {}
        while not self._node.fill_vectors(self._index, progress, wait=False):
            _watch(self._index.pending(), totals, progress)
            time.sleep(0.2)


class InvalidAddress(ValueError):
    """An address of a service that is none."""


def connect(url: str) -> Elasticsearch:
    """A client of a running service; InvalidAddress when `url` is none. Close it after use."""
    from elasticsearch import Elasticsearch

    if not url.startswith(("http://", "https://")):
        raise InvalidAddress(f"the address {url} must begin with http:// or https://")
    return Elasticsearch(url.rstrip("/"), request_timeout=600, max_retries=5)


class RestTarget:
    """An index of a running service, by the official client."""

    def __init__(self, client: Elasticsearch, name: str) -> None:
        self._client = client
        self._name = name

    def prepare(self, properties: dict[str, Any]) -> None:
        found = self._client.options(ignore_status=404).indices.get_mapping(index=self._name)
        if found.meta.status == 404:
            mappings = {"properties": properties} if properties else None
            self._client.indices.create(index=self._name, mappings=mappings)
            return
        known = found.body[self._name]["mappings"].get("properties", {})
        new = {name: spec for name, spec in properties.items() if name not in known}
        if new:
            self._client.indices.put_mapping(index=self._name, properties=new)

    def stored(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        found = self._client.mget(index=self._name, ids=list(ids))
        return {doc["_id"]: doc["_source"] for doc in found["docs"] if doc.get("found")}

    def write(self, documents: Sequence[SourceDocument]) -> list[Written]:
        operations: list[dict[str, Any]] = []
        for document in documents:
            operations += [{"index": {"_id": document.id}}, document.source]
        response = self._client.bulk(index=self._name, operations=operations)
        items = [item["index"] for item in response["items"]]
        return [Written(item.get("result") == "created", _reason(item.get("error"))) for item in items]

    def refresh(self) -> None:
        self._client.indices.refresh(index=self._name)

    def fill(self, progress: Progress) -> None:
        totals: dict[str, int] = {}
        last: dict[str, int] = {}
        moved = time.monotonic()
        while True:
            response = self._client.perform_request(
                "POST",
                f"/{self._name}/_refresh",
                params={"wait_for": "vectors", "timeout": "1s"},
                headers={"accept": "application/json"},
            )
            pending = response.body.get("pending", {}).get(self._name, {})
            _watch(pending, totals, progress)
            if not pending:
                return
            if pending != last:
                last, moved = pending, time.monotonic()
            elif time.monotonic() - moved > PATIENCE:
                left = ", ".join(f"{count} of {space}" for space, count in pending.items())
                raise RuntimeError(f"the service made no vectors for {PATIENCE:.0f} s ({left} to come); see its log")


def _watch(pending: dict[str, int], totals: dict[str, int], progress: Progress) -> None:
    """Report on spaces that another process fills, all together, from how many documents each still lacks."""
    for space in {*pending, *totals}:
        totals[space] = max(totals.get(space, 0), pending.get(space, 0))
    total = sum(totals.values())
    if total:
        progress("all", total - sum(pending.values()), total)


def _reason(error: Any) -> str | None:
    return None if error is None else str(error.get("reason", error) if isinstance(error, dict) else error)
