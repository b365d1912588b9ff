"""Settings given in code reach the workers; gunicorn takes the configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from api.server import Server, export
from settings import Settings, get_settings


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """An environment that is put back, whatever a test sets in it."""
    for name in ("QUARRY_DATA", "QUARRY_PORT", "QUARRY_OPENAI_KEY", "PROMETHEUS_MULTIPROC_DIR", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, "before")
        monkeypatch.delenv(name)
    yield monkeypatch
    monkeypatch.undo()
    get_settings.cache_clear()


def test_settings_reach_the_workers(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    get_settings()  # read, and kept, before the command line was looked at
    export(Settings(data=tmp_path, port=9999, openai_key=SecretStr("key")))
    seen = get_settings()
    assert (seen.data, seen.port) == (tmp_path, 9999)
    assert seen.openai_key is not None
    assert seen.openai_key.get_secret_value() == "key"


def test_gunicorn_takes_the_configuration(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = Server(Settings(data=tmp_path, host="::1", port=9999, workers=3, threads=5)).cfg
    assert made.bind == ["[::1]:9999"]
    assert (made.workers, made.threads, made.worker_class_str) == (3, 5, "Worker")
    assert not list(tmp_path.iterdir()), "nothing is touched before the address is bound"
