"""A node on a fresh data directory."""

from __future__ import annotations

import pytest

from indexer import Node
from settings import Settings


@pytest.fixture
def node(tmp_path):
    """A node without background threads: a test says when things happen."""
    made = Node(Settings(data=tmp_path / "data"))
    yield made
    made.close()
