"""Shared fixtures: where judged collections are, and one kernel cache for every test process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from settings import prepare_kernel_cache

prepare_kernel_cache()

# The same examples in every run, so that a change is judged by itself; QUARRY_EXPLORE=1 looks for new ones.
hypothesis_settings.register_profile("fixed", derandomize=True, deadline=None)
hypothesis_settings.register_profile("explore", deadline=None)
hypothesis_settings.load_profile("explore" if os.environ.get("QUARRY_EXPLORE") else "fixed")

ROOT = Path(__file__).resolve().parent.parent


def collections() -> Path:
    """The folder of judged collections; it may be absent (tests that need it skip)."""
    return Path(os.environ.get("QUARRY_TEST_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture
def collection():
    """A function from a collection's name to its folder; skips the test where it is absent."""

    def find(name: str) -> Path:
        folder = collections() / name
        if not folder.is_dir():
            pytest.skip(f"judged collection {name} is not here (set QUARRY_TEST_DATA)")
        return folder

    return find
