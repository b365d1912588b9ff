"""The default encoder, built once for all tests of the room."""

from __future__ import annotations

import pytest

from embeddings.base import ModelNotInstalled
from embeddings.registry import load_encoder


@pytest.fixture(scope="session")
def model_cache(tmp_path_factory):
    """The folder that models are built into."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def e5(model_cache):
    """multilingual-e5-small with two threads; skips where its package is not installed."""
    try:
        return load_encoder("multilingual-e5-small", model_cache, 2)
    except ModelNotInstalled as error:
        pytest.skip(str(error))
