"""`quarry index` and `quarry search` over a data directory and over a service."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cli import main
from cli.search import BEGIN, END

ROOT = Path(__file__).resolve().parents[2]
ROWS = [
    {"_id": "1", "title": "北京", "text": "北京是中国的首都，有三千年的历史。"},
    {"_id": "2", "title": "Paris", "text": "Paris is the capital of France. It lies on the Seine."},
    {"_id": "3", "title": "Seine", "text": "The Seine is a river."},
]


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch) -> Path:
    """Every command of a test works in a data directory of its own."""
    monkeypatch.setenv("QUARRY_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def news(tmp_path) -> Path:
    path = tmp_path / "news.jsonl"
    path.write_text("\n".join([*(json.dumps(row, ensure_ascii=False) for row in ROWS), "{broken"]), "utf-8")
    return path


@pytest.fixture(scope="module")
def service(tmp_path_factory) -> Iterator[str]:
    """`quarry serve` on a free port, over a data directory of its own; it ends well when it is told to."""
    folder = tmp_path_factory.mktemp("served")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "cli", "serve", "--port", str(port), "--workers", "1", "--data", str(folder)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while True:
            with suppress(OSError), urllib.request.urlopen(f"{url}/readyz", timeout=30) as response:
                if response.status == 200:
                    break
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.1)
        yield url
        process.terminate()
        assert process.wait(40) == 0


def index(path: Path, *options: str) -> int:
    return main(["index", str(path), "--index", "news", "--no-vectors", *options])


def report(capsys) -> list[int]:
    found = json.loads(capsys.readouterr().out)
    return [found[name] for name in ("added", "updated", "unchanged", "failed")]


def test_the_report_names_failures_by_file_and_line(news, capsys):
    assert index(news, "--quiet") == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("news: 3 added, 0 updated, 0 unchanged, 1 failed in ")
    assert f"failed: {news}:4: not valid JSON" in captured.err


def test_a_second_run_changes_nothing_and_strict_fails(news, capsys):
    assert index(news, "--json") == 0
    assert report(capsys) == [3, 0, 0, 1]
    assert index(news, "--json") == 0
    assert report(capsys) == [0, 0, 3, 1]
    assert index(news, "--json", "--strict") == 1
    assert report(capsys) == [0, 0, 3, 1]


def test_a_file_of_which_nothing_could_be_read_fails(tmp_path, capsys):
    (tmp_path / "bad.jsonl").write_text("{\n[")
    assert index(tmp_path / "bad.jsonl") == 1
    assert "0 added" in capsys.readouterr().out


def test_python_m_indexer_is_the_same_command(news, data):
    command = [sys.executable, "-m", "indexer", str(news), "--index", "news", "--no-vectors", "--json"]
    environment = {**os.environ, "QUARRY_DATA": str(data), "PYTHONPATH": str(ROOT)}
    result = subprocess.run(command, env=environment, cwd=news.parent, capture_output=True, text=True, check=True)
    assert json.loads(result.stdout)["added"] == 3


def test_search_prints_a_table_with_marks_or_json(news, capsys):
    index(news)
    capsys.readouterr()
    assert main(["search", "首都 capital", "--index", "news", "--mode", "bm25", "--explain"]) == 0
    shown = capsys.readouterr().out
    assert "北京是中国的首都" in shown
    assert "Paris is the capital" in shown
    assert BEGIN not in shown
    assert END not in shown
    assert "2 of 2" in shown
    assert "idf" in shown
    assert main(["search", "首都", "--index", "news", "--mode", "bm25", "--json", "--size", "1"]) == 0
    assert [hit["_id"] for hit in json.loads(capsys.readouterr().out)["hits"]["hits"]] == ["1"]
    assert main(["search", "zzz", "--index", "news", "--mode", "bm25"]) == 0
    assert "Nothing in news matches" in capsys.readouterr().out


def test_an_index_that_is_not_there_is_one_line(capsys):
    assert main(["search", "x", "--index", "nowhere"]) == 1
    assert capsys.readouterr().err == "quarry: no such index [nowhere]\n"


def test_loading_into_a_service_by_its_address(news, service, capsys):
    assert index(news, "--url", service, "--json") == 0
    assert report(capsys) == [3, 0, 0, 1]
    assert index(news, "--url", service, "--json") == 0
    assert report(capsys) == [0, 0, 3, 1]
    (news.parent / "docs").mkdir()
    (news.parent / "docs" / "a.md").write_text("# 首都\n\n罗马是意大利的首都。", "utf-8")
    assert index(news.parent / "docs", "--url", service) == 0
    capsys.readouterr()
    assert main(["search", "首都", "--index", "news", "--mode", "bm25", "--url", service, "--json"]) == 0
    hits = json.loads(capsys.readouterr().out)["hits"]["hits"]
    assert {hit["_source"]["title"] for hit in hits} == {"首都", "北京"}
    assert main(["search", "x", "--index", "nowhere", "--url", service]) == 1
    assert "no such index [nowhere]" in capsys.readouterr().err


def test_a_load_that_was_killed_goes_on_where_it_stopped(tmp_path, data, capsys):
    """SIGKILL in the middle of a load: what it had acknowledged is there, and a second run adds the rest."""
    path = tmp_path / "many.jsonl"
    count = 10_000
    with path.open("w", encoding="utf-8") as file:
        for i in range(count):
            file.write(json.dumps({"_id": f"d{i}", "text": f"文档 document {i} {i * 7919 % 104729}"}) + "\n")
    command = [sys.executable, "-m", "indexer", str(path), "--index", "news", "--no-vectors", "--batch", "200"]
    environment = {**os.environ, "QUARRY_DATA": str(data), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, env=environment, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    from indexer.store import Store

    truth, written = data / "indices" / "news" / "truth.db", 0
    deadline = time.monotonic() + 60
    while written < 600 and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
        if truth.is_file():
            store = Store(truth)
            written = store.live_count()
            store.close()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert index(path, "--json") == 0
    added, updated, unchanged, failed = report(capsys)
    assert unchanged >= written > 0
    assert (added + unchanged, updated, failed) == (count, 0, 0)
