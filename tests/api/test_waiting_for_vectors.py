"""Waiting for vectors that cannot come ends with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.app import create_app
from indexer import Node, Operation
from settings import Settings


def test_a_model_that_cannot_be_had_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.elastic.maintenance._PATIENCE", 0.2)
    node = Node(Settings(data=tmp_path / "data"))
    models = {"word2vec": "/nowhere/vectors.bin"}
    node.create("news", {"settings": {"semantic": {"families": ["word2vec"], "models": models}}})
    index = node.index("news")
    index.write([Operation("index", "1", {"text": "图书馆 library"})])
    index.refresh()
    with pytest.raises(RuntimeError, match="/nowhere/vectors"):
        node.fill_vectors(index)
    answer = create_app(node, node.settings).test_client().post("/news/_refresh?wait_for=vectors")
    assert answer.status_code == 409
    assert "/nowhere/vectors.bin" in answer.json["error"]["reason"]
    node.close()
