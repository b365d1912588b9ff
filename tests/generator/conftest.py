"""A tiny random model for what needs no sense, the packaged one for what does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_models import Tiny, write

from generator import Generator, ModelNotInstalled, load_generator


@pytest.fixture(scope="session")
def tiny_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tiny") / "Tiny.gguf"
    write(path, Tiny("F32", seed=3))
    return path


@pytest.fixture(scope="session")
def model_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def new_tiny(tiny_file: Path, model_cache: Path) -> Callable[[], Generator]:
    """Makes generators that share nothing but the files."""
    return lambda: load_generator(str(tiny_file), model_cache, threads=1)


@pytest.fixture(scope="session")
def tiny(tiny_file: Path, model_cache: Path) -> Generator:
    return load_generator(str(tiny_file), model_cache, threads=1)


@pytest.fixture(scope="session")
def smollm(model_cache: Path) -> Generator:
    try:
        return load_generator("smollm2-135m-instruct", model_cache, threads=1)
    except ModelNotInstalled as error:
        pytest.skip(str(error))
