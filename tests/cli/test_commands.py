"""The command line as a user meets it: help, wrong use, settings, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli import main
from cli.app import COMMANDS

ROOT = Path(__file__).resolve().parents[2]


def test_help_names_every_command_and_each_has_its_own_page(capsys):
    assert main(["--help"]) == 0
    page = capsys.readouterr().out
    assert all(name in page for name in COMMANDS)
    for name in COMMANDS:
        assert main([name, "--help"]) == 0
        assert "Usage: quarry" in capsys.readouterr().out


def test_the_help_page_imports_no_room_below():
    code = "import sys, cli; cli.main(['--help']); print(sorted(sys.modules), file=sys.stderr)"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    heavy = {
        "numpy",
        "numba",
        "indexer",
        "retrieval",
        "answers",
        "evaluation",
        "settings",
        "pydantic_settings",
        "faiss",
    }
    assert not {name for name in heavy if f"'{name}'" in result.stderr}


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["indx", "x"],
        ["index"],
        ["index", "/dev/null"],
        ["index", "missing.jsonl", "--index", "n"],
        ["index", "x", "--index", "n", "--batch", "many"],
        ["index", "x", "--index", "n", "--delimiter", "ab"],
        ["search", "词", "--index", "n", "--mode", "magic"],
        ["search", "q", "--index", "n", "--size", "0"],
        ["search", "q", "--index", "n", "--no-such-option"],
        ["search", "q", "--index", "n", "--url", "localhost:1"],
        ["ask", "q"],
        ["ask", "q", "--index", "n", "--answerer", "oracle"],
        ["evaluate", "/no/such/folder"],
        ["evaluate", "/no/such/folder", "--mode", "bm25,magic"],
        ["serve", "--port", "70000"],
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(arguments, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QUARRY_DATA", str(tmp_path / "data"))
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("quarry: ")
    assert captured.err.count("\n") == 1


def test_a_wrong_setting_is_named(capsys, monkeypatch):
    monkeypatch.setenv("QUARRY_PORT", "many")
    assert main(["config"]) == 2
    assert capsys.readouterr().err.startswith("quarry: QUARRY_PORT: ")


def test_config_says_where_each_value_comes_from_and_hides_secrets(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("QUARRY_WORKERS=3\n")
    monkeypatch.setenv("QUARRY_PORT", "9999")
    monkeypatch.setenv("QUARRY_OPENAI_KEY", "sk-very-secret")
    assert main(["config", "--json"]) == 0
    shown = capsys.readouterr().out
    rows = {row["name"]: row for row in json.loads(shown)}
    assert (rows["QUARRY_PORT"]["value"], rows["QUARRY_PORT"]["from"]) == (9999, "environment")
    assert (rows["QUARRY_WORKERS"]["value"], rows["QUARRY_WORKERS"]["from"]) == (3, ".env")
    assert rows["QUARRY_THREADS"]["from"] == "default"
    assert rows["QUARRY_DATA"]["description"]
    assert "very-secret" not in shown
    assert main(["config"]) == 0
    table = capsys.readouterr().out
    assert "QUARRY_PORT" in table
    assert "very-secret" not in table


def test_a_port_in_use_and_an_unusable_folder_are_refused_in_a_sentence(capsys, tmp_path):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port), "--data", str(tmp_path)]) == 1
    assert f"port {port} of 127.0.0.1 is in use" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert main(["serve", "--port", str(port), "--data", str(tmp_path / "file")]) == 1
    assert "cannot be made" in capsys.readouterr().err
    assert main(["serve", "--host", "no.such.host.invalid", "--data", str(tmp_path)]) == 1
    assert "is not known" in capsys.readouterr().err


def test_a_service_that_is_not_there_is_one_line(capsys):
    assert main(["search", "x", "--index", "n", "--url", "http://127.0.0.1:9"]) == 1
    error = capsys.readouterr().err
    assert "the service cannot be reached" in error
    assert error.count("\n") == 1
