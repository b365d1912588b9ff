"""`quarry alias`, `quarry reindex`, `quarry snapshot` as an operator meets them."""

from __future__ import annotations

import json

import pytest

from cli import main

QUIET = ["--no-vectors", "--quiet"]


@pytest.fixture
def data(tmp_path, monkeypatch, capsys):
    """A data directory with an index of three documents."""
    monkeypatch.chdir(tmp_path)
    lines = [{"_id": "1", "text": "北京的大学"}, {"_id": "2", "text": "a search engine"}, {"_id": "3", "text": "检索"}]
    (tmp_path / "docs.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    monkeypatch.setenv("QUARRY_DATA", str(tmp_path / "data"))
    assert main(["index", "docs.jsonl", "--index", "docs", *QUIET]) == 0
    capsys.readouterr()
    return tmp_path


def run(capsys, *arguments):
    """What a command prints as JSON."""
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def found(capsys, name, words):
    return {h["_id"] for h in run(capsys, "search", words, "--index", name, "--mode", "bm25")["hits"]["hits"]}


def test_an_alias_is_given_moved_and_taken(data, capsys):
    assert main(["alias", "add", "news", "docs"]) == 0
    assert capsys.readouterr().out == "news -> docs\n"
    assert found(capsys, "news", "大学") == {"1"}
    assert main(["index", "docs.jsonl", "--index", "other", *QUIET]) == 0
    capsys.readouterr()
    assert run(capsys, "alias", "move", "news", "other") == {"news": {"other": {}}}
    assert run(capsys, "alias", "add", "news", "docs", "--write") == {
        "news": {"docs": {"is_write_index": True}, "other": {}}
    }
    assert found(capsys, "news", "检索") == {"3"}
    assert main(["alias", "remove", "news", "docs"]) == 0
    assert main(["alias", "remove", "news", "docs"]) == 1
    assert "aliases [news] missing" in capsys.readouterr().err
    assert main(["alias", "add", "other", "docs"]) == 1
    assert "an index or data stream exists with the same name" in capsys.readouterr().err
    assert main(["alias", "add", "news"]) == 2


def test_reindex_and_back(data, capsys):
    (data / "new.json").write_text(
        json.dumps({"mappings": {"properties": {"text": {"type": "text", "analyzer": "keyword"}}}})
    )
    done = run(capsys, "reindex", "docs", "--mappings", "new.json", "--no-vectors")
    assert (done["index"], done["previous"], done["documents"]) == ("docs-000002", "docs-000001", 3)
    assert found(capsys, "docs", "大学") == set()
    assert main(["index", "docs.jsonl", "--index", "docs", *QUIET]) == 0  # through the alias
    assert main(["reindex", "docs", "--rollback"]) == 0
    assert "docs is now docs-000001" in capsys.readouterr().out
    assert found(capsys, "docs", "大学") == {"1"}
    (data / "wrong.json").write_text("[1]")
    for arguments in (
        ["--mappings", "missing.json"],
        ["--mappings", "wrong.json"],
        ["--rollback", "--mappings", "new.json"],
    ):
        assert main(["reindex", "docs", *arguments]) == 2
    assert main(["reindex", "nowhere"]) == 1
    assert "no such index [nowhere]" in capsys.readouterr().err


def test_snapshots_there_and_back(data, capsys, monkeypatch):
    assert main(["alias", "add", "news", "docs"]) == 0
    capsys.readouterr()
    made = run(capsys, "snapshot", "create", "backup", "one")
    assert [index["documents"] for index in made["indices"]] == [3]
    assert run(capsys, "snapshot", "create", "backup", "two")["new_bytes"] == 0
    assert [row["snapshot"] for row in run(capsys, "snapshot", "list", "backup")] == ["one", "two"]
    assert main(["snapshot", "restore", "backup", "one"]) == 1
    assert "an open index with same name already exists" in capsys.readouterr().err
    assert run(capsys, "snapshot", "restore", "backup", "--rename", "^=old-", "--no-aliases")["indices"] == ["old-docs"]
    monkeypatch.setenv("QUARRY_DATA", str(data / "elsewhere"))
    assert run(capsys, "snapshot", "restore", "backup", "one", "--index", "d*") == {
        "snapshot": "one",
        "indices": ["docs"],
    }
    assert found(capsys, "news", "大学") == {"1"}
    assert run(capsys, "snapshot", "verify", "backup")["damaged"] == []
    blob = max((p for p in (data / "backup" / "blobs").rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
    blob.write_bytes(blob.read_bytes()[:-1] + b"?")
    assert main(["snapshot", "verify", "backup", "two"]) == 1
    assert blob.name in capsys.readouterr().out
    assert main(["snapshot", "delete", "backup", "one"]) == 0
    assert main(["snapshot", "delete", "backup", "one"]) == 1
    assert "is missing" in capsys.readouterr().err
    assert main(["snapshot", "list", "nowhere"]) == 1
    assert main(["snapshot", "delete", "backup"]) == 2
    assert main(["snapshot", "restore", "backup", "--rename", "x"]) == 2
