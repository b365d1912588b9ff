"""Settings given in code reach the workers; gunicorn takes the configuration."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from api.gunicorn_config import configuration, empty_metrics, remove_metrics
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


def test_a_service_that_still_ends_leaves_the_next_one_its_metrics(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path, port=9999)
    folders = []
    for pid in (1, 2):
        environment.setattr(os, "getpid", lambda pid=pid: pid)
        configuration(settings)
        folders.append(Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]))
        empty_metrics(None)
    assert [folder.is_dir() for folder in folders] == [False, True]  # what a kill left is gone
    environment.setenv("PROMETHEUS_MULTIPROC_DIR", str(folders[0]))
    remove_metrics(None)
    assert folders[1].is_dir()
