"""Real services for tests that need one; each module has its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from .service import Service

WORDS_ONLY = {"semantic": {"families": []}}
"""Index settings without semantic spaces: tests of the surface need no encoder."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Two workers over an empty data directory, with a body limit that is quick to pass."""
    running = Service(tmp_path_factory.mktemp("service") / "data", max_body=1 << 20, indexing_memory=16 << 20)
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[Elasticsearch]:
    """The official client."""
    with Elasticsearch(service.url, request_timeout=60) as made:
        yield made


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"
