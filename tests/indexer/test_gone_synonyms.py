"""Files that analyzers are made of: a snapshot takes them along, and one that has gone is told in a sentence."""

from __future__ import annotations

from pathlib import Path

from api.app import create_app
from indexer import Node, Operation
from indexer.snapshots.taking import _analysis_files
from settings import Settings

ANALYSIS = {
    "filter": {"same": {"type": "synonym_graph", "synonyms_path": "analysis/same.txt", "updateable": True}},
    "analyzer": {"asked": {"type": "custom", "tokenizer": "multilingual", "filter": ["same"]}},
}


def test_a_synonym_file_named_with_its_folder(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "analysis").mkdir(parents=True)
    rules = data / "analysis" / "same.txt"
    rules.write_text("图书馆, 书库\n", encoding="utf-8")
    node = Node(Settings(data=data))
    mappings = {"properties": {"text": {"type": "text", "search_analyzer": "asked"}}}
    index = node.create(
        "news", {"mappings": mappings, "settings": {"analysis": ANALYSIS, "semantic": {"families": []}}}
    )
    index.write([Operation("index", "1", {"text": "書庫"})])
    index.refresh()
    assert list(_analysis_files(index)) == [("same.txt", rules)]
    node.close()
    rules.unlink()
    again = Node(Settings(data=data))
    try:
        client = create_app(again, again.settings).test_client()
        answer = client.post("/news/_search", json={"query": {"match": {"text": "图书馆"}}})
        assert answer.status_code == 400
        assert "same.txt" in answer.json["error"]["reason"]
    finally:
        again.close()
