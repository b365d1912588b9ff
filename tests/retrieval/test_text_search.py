"""Text features from settings to hits: pinyin, synonyms, dictionaries, normalizers, copies, suggestions."""

from __future__ import annotations

import os

import pytest

from indexer import Node, Operation
from retrieval import search
from settings import Settings

ANALYSIS = {
    "filter": {"same": {"type": "synonym_graph", "synonyms_path": "same.txt", "updateable": True}},
    "analyzer": {"asked": {"tokenizer": "multilingual", "filter": ["same"]}},
}
NAMES = ["北京", "重庆", "重慶大學", "长沙", "上海", "Beijing Review"]
MAPPING = {
    "properties": {
        "name": {"type": "text", "fields": {"pinyin": {"type": "text", "analyzer": "pinyin"}}, "copy_to": "all"},
        "text": {"type": "text", "search_analyzer": "asked", "copy_to": "all"},
        "all": {"type": "text"},
        "tag": {"type": "keyword", "normalizer": "lowercase", "null_value": "none"},
        "s": {"type": "completion", "analyzer": "pinyin"},
    }
}


@pytest.fixture
def node(tmp_path, monkeypatch):
    folder = tmp_path / "data" / "analysis"
    folder.mkdir(parents=True)
    (folder / "same.txt").write_text("北大, 北京大学\nNY, new york city\n", "utf-8")
    monkeypatch.setattr("indexer.analyzers._default_folder", lambda: folder)
    made = Node(Settings(data=tmp_path / "data"))
    index = made.create("it", {"settings": {"analysis": ANALYSIS}, "mappings": MAPPING})
    index.write([Operation("index", name, {"name": name, "s": name, "tag": name.upper()}) for name in NAMES])
    texts = {
        "a": "他在北京大學讀書",
        "b": "北大的图书馆",
        "c": "大学在北方",
        "d": "a trip to New York City",
        "e": "new city",
    }
    index.write([Operation("index", key, {"text": text, "tag": None}) for key, text in texts.items()])
    index.refresh()
    yield made
    made.close()


def found(node, query, **body):
    hits = search(node, ["it"], {"query": query, "size": 50, **body}, {})["hits"]["hits"]
    return {hit["_id"]: hit for hit in hits}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("北京", "北京"),
        ("beijing", "北京"),
        ("bei jing", "北京"),
        ("bj", "北京"),
        ("chongqing", "重庆"),
        ("cqdx", "重慶大學"),
        ("changsha", "长沙"),
        ("重庆大学", "重慶大學"),
    ],
)
def test_names_by_sound(node, asked, expected):
    hits = found(node, {"multi_match": {"query": asked, "fields": ["name", "name.pinyin"]}})
    assert expected in hits
    assert "上海" not in hits


def test_synonyms_find_each_other_in_either_script(node):
    for asked in ("北大", "北京大学", "北京大學"):
        assert {"a", "b"} <= set(found(node, {"match_phrase": {"text": asked}})), asked
        assert "c" not in found(node, {"match_phrase": {"text": asked}})
    assert list(found(node, {"match": {"text": "北大"}}))[:2] in (["a", "b"], ["b", "a"])
    assert set(found(node, {"match": {"text": {"query": "NY", "operator": "and"}}})) == {"d"}


def test_synonyms_change_while_the_index_is_open(node):
    assert not found(node, {"match_phrase": {"text": "大苹果"}})
    file = node.path.parent / "analysis" / "same.txt"
    before = file.stat().st_mtime_ns
    file.write_text("大苹果, new york city\n", "utf-8")
    os.utime(file, ns=(before + 10**9, before + 10**9))
    assert set(found(node, {"match_phrase": {"text": "大蘋果"}})) == {"d"}


def test_normalizers_null_values_and_copies(node):
    assert set(found(node, {"term": {"tag": "BEIJING review"}})) == {"Beijing Review"}
    assert set(found(node, {"term": {"tag": "NONE"}})) == {"a", "b", "c", "d", "e"}
    assert set(found(node, {"match_phrase": {"all": "重庆大学"}})) == {"重慶大學"}
    assert {"d"} == set(found(node, {"match_phrase": {"all": "york city"}}))


def test_suggestions_stand_in_the_answer(node):
    body = {"size": 0, "suggest": {"it": {"prefix": "chongq", "completion": {"field": "s"}}}}
    response = search(node, ["it"], body, {})
    assert sorted(option["text"] for option in response["suggest"]["it"][0]["options"]) == ["重庆", "重慶大學"]
