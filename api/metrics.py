"""Counters and latencies for Prometheus, summed over all gunicorn workers.

With ``PROMETHEUS_MULTIPROC_DIR`` set (the gunicorn configuration does it before this module is
imported) each process writes its numbers into files of that folder, and whichever worker answers
``/metrics`` adds them up.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily, Metric

from indexer.errors import QuarryError

if TYPE_CHECKING:
    from indexer.node import Node

LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The numbers that the API counts itself."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.requests = Counter(
            "quarry_http_requests", "HTTP requests answered", ["method", "route", "status"], registry=registry
        )
        self.latency = Histogram(
            "quarry_http_request_seconds",
            "seconds from a request's head to its answer's last byte",
            ["route"],
            buckets=LATENCY_BUCKETS,
            registry=registry,
        )
        self.documents = Counter("quarry_documents", "document writes by their result", ["result"], registry=registry)
        self.refreshes = Counter("quarry_refreshes", "refreshes asked for by requests", registry=registry)
        self.generations = Counter("quarry_answers", "answers given", ["answerer", "answered"], registry=registry)
        self.generating = Gauge(
            "quarry_generations_running", "generations that run now", multiprocess_mode="livesum", registry=registry
        )
        self.bulk_bytes = Gauge(
            "quarry_bulk_bytes_in_flight", "bulk bytes held now", multiprocess_mode="livesum", registry=registry
        )
        self.rejected = Counter("quarry_rejected", "requests answered 429", ["what"], registry=registry)

    def expose(self, node: Node) -> bytes:
        """All numbers in Prometheus' text format, those of the indices included."""
        registry = self.registry
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)
        indices = CollectorRegistry()
        indices.register(_Indices(node))
        return generate_latest(registry) + generate_latest(indices)


class _Indices:
    """Figures of the indices, read when they are asked for."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def collect(self) -> Iterable[Metric]:
        figures = {
            "documents": GaugeMetricFamily("quarry_index_documents", "searchable documents", labels=["index"]),
            "deleted": GaugeMetricFamily("quarry_index_deleted", "dead documents not merged away", labels=["index"]),
            "unrefreshed": GaugeMetricFamily("quarry_index_unrefreshed", "writes not searchable yet", labels=["index"]),
            "segments": GaugeMetricFamily("quarry_index_segments", "segments", labels=["index"]),
            "store_bytes": GaugeMetricFamily("quarry_index_store_bytes", "bytes of documents", labels=["index"]),
            "index_bytes": GaugeMetricFamily("quarry_index_bytes", "bytes of derived files", labels=["index"]),
        }
        pending = GaugeMetricFamily("quarry_vectors_pending", "vectors to come", labels=["index", "space"])
        for name in self._node.names("*"):
            try:
                stats = self._node.index(name).stats()
            except QuarryError:  # deleted meanwhile, or unreadable: /readyz tells
                continue
            for figure, family in figures.items():
                family.add_metric([name], getattr(stats, figure))
            for space, count in stats.pending.items():
                pending.add_metric([name, space], count)
        return [*figures.values(), pending]
