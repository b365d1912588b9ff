"""The corpora that queries are tried on, made once."""

from __future__ import annotations

import pytest
from query_corpus import Corpus


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    """Mixed documents in three segments, some deleted or replaced."""
    made = Corpus(tmp_path_factory.mktemp("queries") / "data", seed=7, size=75)
    yield made
    made.node.close()
