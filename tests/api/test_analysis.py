"""`_analyze`, `_reload_search_analyzers`: what analysis shows of itself over REST."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from api.app import create_app
from indexer import Node
from indexer.analyzers import Analyzers
from settings import Settings

ANALYSIS = {
    "char_filter": {"amp": {"type": "mapping", "mappings": ["& => and"]}},
    "filter": {"same": {"type": "synonym_graph", "synonyms_path": "analysis/same.txt", "updateable": True}},
    "normalizer": {"plain": {"type": "custom", "filter": ["lowercase", "asciifolding"]}},
    "analyzer": {
        "mine": {"type": "custom", "char_filter": ["amp"], "tokenizer": "whitespace", "filter": ["lowercase"]},
        "asked": {"type": "custom", "tokenizer": "multilingual", "filter": ["same"]},
        "words": {"type": "chinese", "user_dictionary_path": "words.txt"},
    },
}
FIELDS = {
    "text": {"type": "text", "search_analyzer": "asked"},
    "zh": {"type": "text", "analyzer": "words"},
    "tag": {"type": "keyword", "normalizer": "plain"},
    "n": {"type": "long"},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "data" / "analysis"
    made.mkdir(parents=True)
    (made / "same.txt").write_text("北大, 北京大学\n", "utf-8")
    (made / "words.txt").write_text("石墨烯电池\n", "utf-8")
    monkeypatch.setattr("indexer.analyzers._default_folder", lambda: made)
    return made


@pytest.fixture
def client(folder: Path) -> Any:
    settings = Settings(data=folder.parent)
    node = Node(settings)
    made = create_app(node, settings).test_client()
    body = {"settings": {"analysis": ANALYSIS}, "mappings": {"properties": FIELDS}}
    assert made.put("/it", json=body).status_code == 200
    yield made
    node.close()


def analyzed(client: FlaskClient, path: str = "/it/_analyze", **body: Any) -> Any:
    response = client.post(path, json=body)
    assert response.status_code == 200, response.text
    return response.json


def terms(found: Any) -> list[str]:
    return [token["token"] for token in found["tokens"]]


def test_tokens_with_offsets_and_positions(client: FlaskClient) -> None:
    found = analyzed(client, text="在臺灣 GPT-4", analyzer="multilingual")
    assert found["tokens"][:3] == [
        {"token": "在", "start_offset": 0, "end_offset": 1, "type": "<IDEOGRAPHIC>", "position": 0},
        {"token": "在台", "start_offset": 0, "end_offset": 2, "type": "<DOUBLE>", "position": 0, "positionLength": 2},
        {"token": "台", "start_offset": 1, "end_offset": 2, "type": "<IDEOGRAPHIC>", "position": 1},
    ]
    whole = next(token for token in found["tokens"] if token["token"] == "gpt4")
    assert (whole["start_offset"], whole["end_offset"], whole["positionLength"]) == (4, 9, 2)


def test_values_of_one_field_are_apart_as_at_indexing(client: FlaskClient) -> None:
    found = analyzed(client, text=["red car", "the"], analyzer="standard")
    assert [(t["position"], t["start_offset"]) for t in found["tokens"]] == [(0, 0), (1, 4), (102, 8)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"analyzer": "mine", "text": "R&D Lab"}, ["randd", "lab"]),
        ({"field": "tag", "text": "CAFÉ Noir"}, ["cafe noir"]),
        ({"normalizer": "plain", "text": "CAFÉ"}, ["cafe"]),
        ({"normalizer": "lowercase", "text": "CAFÉ"}, ["café"]),
        ({"field": "zh", "text": "石墨烯电池"}, ["石墨烯电池", "石墨", "电池"]),
        ({"tokenizer": "standard", "filter": ["lowercase", {"type": "stop", "stopwords": ["is"]}], "text": "IT IS"},
         ["it"]),
        ({"tokenizer": {"type": "ngram", "min_gram": 2, "max_gram": 2}, "char_filter": ["amp"], "text": "a&"},
         ["aa", "an", "nd"]),
        ({"filter": ["uppercase"], "text": "one term"}, ["ONE TERM"]),
        ({"tokenizer": "keyword", "filter": [{"type": "synonym", "synonyms_path": "same.txt"}], "text": "北大"},
         ["北大", "北京大学"]),
    ],
)  # fmt: skip
def test_chains_fields_and_normalizers(client: FlaskClient, body: dict[str, Any], expected: list[str]) -> None:
    assert terms(analyzed(client, **body)) == expected


def test_explain_shows_each_part(client: FlaskClient) -> None:
    detail = analyzed(client, analyzer="mine", text=["A&B", "C"], explain=True)["detail"]
    assert detail["custom_analyzer"] is True
    assert detail["charfilters"] == [{"name": "amp", "filtered_text": ["AandB", "C"]}]
    assert detail["tokenizer"]["name"] == "whitespace"
    assert [t["token"] for t in detail["tokenizer"]["tokens"]] == ["AandB", "C"]
    (lowered,) = detail["tokenfilters"]
    assert lowered["name"] == "lowercase"
    first = lowered["tokens"][0]
    assert first["bytes"] == "[61 61 6e 64 62]"
    assert (first["start_offset"], first["end_offset"], first["positionLength"]) == (0, 3, 1)
    inline = analyzed(client, tokenizer="standard", filter=[{"type": "stop"}], text="the cat", explain=True,
                      attributes=["termFrequency"])["detail"]  # fmt: skip
    assert inline["tokenfilters"] == [
        {"name": "__anonymous__stop", "tokens": [
            {"token": "cat", "start_offset": 4, "end_offset": 7, "type": "<ALPHANUM>", "position": 1,
             "termFrequency": 1}]}]  # fmt: skip
    named = analyzed(client, "/_analyze", analyzer="standard", text="x", explain=True)["detail"]
    assert named["custom_analyzer"] is False
    assert named["analyzer"]["name"] == "standard"


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("/it/_analyze", {"text": "x", "analyzer": "nosuch"}, "unknown analyzer"),
        ("/it/_analyze", {"text": "x", "normalizer": "nosuch"}, "not found"),
        ("/it/_analyze", {"text": "x", "field": "n"}, "only text and keyword"),
        ("/it/_analyze", {"text": "x", "field": "tag", "analyzer": "standard"}, "give one of"),
        ("/it/_analyze", {"text": "x", "tokenizer": {"type": "nosuch"}}, "unknown tokenizer"),
        ("/it/_analyze", {"text": "a " * 10001, "analyzer": "whitespace"}, "maximum of"),
        ("/_analyze", {"text": "x", "field": "text"}, "requires an index"),
        ("/_analyze", {"text": "x", "tokenizer": "keyword", "filter": [{"type": "synonym", "synonyms_path": "s"}]},
         "cannot be read here"),
    ],
)  # fmt: skip
def test_what_cannot_be_analyzed(client: FlaskClient, path: str, body: dict[str, Any], reason: str) -> None:
    response = client.post(path, json=body)
    assert response.status_code == 400
    assert reason in response.json["error"]["reason"]


def rewrite(file: Path, text: str) -> None:
    before = file.stat().st_mtime_ns
    file.write_text(text, "utf-8")
    os.utime(file, ns=(before + 10**9, before + 10**9))


def test_reload(client: FlaskClient, folder: Path) -> None:
    assert "京大" in terms(analyzed(client, analyzer="asked", text="北大"))
    response = client.post("/it/_reload_search_analyzers")
    assert response.status_code == 200
    (detail,) = response.json["reload_details"]
    assert detail["index"] == "it"
    assert detail["reloaded_analyzers"] == ["asked", "words"]
    assert detail["reindex_required"] == ["words"]
    rewrite(folder / "same.txt", "北大, 南大\n")
    assert "南大" in terms(analyzed(client, analyzer="asked", text="北大"))
    rewrite(folder / "same.txt", "a => b => c\n")
    assert client.post("/it/_reload_search_analyzers").status_code == 400
    assert "南大" in terms(analyzed(client, analyzer="asked", text="北大"))
    assert client.post("/none/_reload_search_analyzers").status_code == 404


def test_other_processes_notice_by_themselves(client: FlaskClient, folder: Path) -> None:
    other = Analyzers(ANALYSIS, folder)
    assert "京大" in [token.term for token in other.get("asked").tokens("北大")]
    rewrite(folder / "same.txt", "北大, 南大\n")
    assert client.post("/it/_reload_search_analyzers").status_code == 200
    assert "南大" in [token.term for token in other.get("asked").tokens("北大")]
