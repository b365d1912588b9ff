"""Aliases and templates over REST: shapes, statuses, sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from indexer import Node
from settings import Settings

QUIET = {"semantic": {"families": []}}
FIELDS = {"properties": {"text": {"type": "text"}, "lang": {"type": "keyword"}, "n": {"type": "long"}}}


@pytest.fixture
def http(tmp_path: Path) -> Any:
    settings = Settings(data=tmp_path / "data")
    node = Node(settings)
    client = create_app(node, settings).test_client()
    for name in ("news-1", "news-2"):
        client.put(f"/{name}", json={"settings": QUIET, "mappings": FIELDS})
    for number, (lang, text) in enumerate(
        [("zh", "北京大学 search"), ("en", "a search engine"), ("zh", "图书馆 search")]
    ):
        client.put(f"/news-1/_doc/{number}?refresh=true", json={"text": text, "lang": lang, "n": number})
    client.put("/news-2/_doc/9?refresh=true", json={"text": "上海 search", "lang": "zh", "n": 9})
    yield client
    node.close()


def ids(answer: Any) -> set[str]:
    assert answer.status_code == 200, answer.json
    return {hit["_id"] for hit in answer.json["hits"]["hits"]}


def test_a_filter_is_in_every_leg_of_every_search(http: Any) -> None:
    body = {"filter": {"term": {"lang": "zh"}}}
    assert http.put("/news-1/_alias/中文", json=body).json == {"acknowledged": True}
    assert ids(http.get("/中文/_search")) == {"0", "2"}
    assert ids(http.get("/中文/_search?q=search&mode=bm25")) == {"0", "2"}
    assert ids(http.post("/中文/_search", json={"query": {"match": {"text": "engine"}}})) == set()
    retriever = {"rrf": {"retrievers": [
        {"standard": {"query": {"match": {"text": "search"}}}}, {"standard": {"query": {"match_all": {}}}},
    ]}}  # fmt: skip
    assert ids(http.post("/中文/_search", json={"retriever": retriever})) == {"0", "2"}
    sorted_hits = http.post(
        "/中文/_search", json={"sort": [{"n": "desc"}], "aggs": {"l": {"terms": {"field": "lang"}}}}
    )
    assert [hit["_id"] for hit in sorted_hits.json["hits"]["hits"]] == ["2", "0"]
    assert sorted_hits.json["aggregations"]["l"]["buckets"] == [{"key": "zh", "doc_count": 2}]
    assert http.get("/中文/_count").json["count"] == 2
    assert ids(http.get("/中文,news-2/_search")) == {"0", "2", "9"}
    assert ids(http.get("/中文,news-1/_search")) == {"0", "1", "2"}
    where = '{"index": "中文"}\n{"query": {"match_all": {}}}\n'
    many = http.post("/_msearch", data=where.encode(), content_type="application/x-ndjson").json["responses"][0]
    assert many["hits"]["total"]["value"] == 2
    assert http.get("/中文/_doc/1").json["found"]  # as in Elasticsearch, getting by id does not filter
    removed = http.post("/中文/_delete_by_query?refresh=true", json={"query": {"match": {"text": "search"}}})
    assert removed.json["deleted"] == 2
    assert ids(http.get("/news-1/_search")) == {"1"}


def test_an_ask_through_an_alias(http: Any) -> None:
    body = {"question": "a search engine", "answerer": "extractive", "refusal": "off"}
    for alias, name, found in (("ask-me", "filter", {"0", "2"}), ("问", "none", {"0", "1", "2"})):
        http.put(f"/news-1/_alias/{alias}", json={name: {"term": {"lang": "zh"}}} if name == "filter" else {})
        answer = http.post(f"/{alias}/_ask", json=body)
        assert answer.status_code == 200
        assert {passage["_id"] for passage in answer.json["passages"]} == found
    http.put("/news-2/_alias/ask-me")
    answer = http.post("/ask-me/_ask", json={"question": "?", "answerer": "extractive"})
    assert "more than one index" in answer.json["error"]["reason"]


def test_the_shapes_of_aliases(http: Any) -> None:
    steps = [
        {"add": {"indices": ["news-*"], "alias": "news"}},
        {"add": {"index": "news-2", "aliases": ["news", "新"], "is_write_index": True, "routing": "7"}},
    ]
    assert http.post("/_aliases", json={"actions": steps}).json == {"acknowledged": True, "errors": False}
    writes = {"is_write_index": True, "index_routing": "7", "search_routing": "7"}
    assert http.get("/_alias").json == {
        "news-1": {"aliases": {"news": {}}},
        "news-2": {"aliases": {"news": writes, "新": writes}},
    }
    assert http.get("/news-1/_alias").json == {"news-1": {"aliases": {"news": {}}}}
    assert http.get("/_alias/新").json == {"news-2": {"aliases": {"新": writes}}}
    assert http.get("/news-2").json["news-2"]["aliases"] == {"news": writes, "新": writes}
    assert set(http.get("/news").json) == {"news-1", "news-2"}
    missing = http.get("/_alias/nowhere,news")
    assert (missing.status_code, missing.json["error"]) == (404, "alias [nowhere] missing")
    assert set(missing.json) == {"error", "status", "news-1", "news-2"}
    assert http.head("/_alias/新").status_code == 200
    assert http.head("/news-1/_alias/新").status_code == 404
    table = http.get("/_cat/aliases?v&h=alias,index,is_write_index&s=alias,index").text.splitlines()
    assert [line.split() for line in table] == [
        ["alias", "index", "is_write_index"],
        ["news", "news-1", "-"], ["news", "news-2", "true"], ["新", "news-2", "true"],
    ]  # fmt: skip
    partly = http.post("/_aliases", json={"actions": [
        {"remove": {"index": "news-1", "alias": "nowhere"}}, {"remove": {"index": "news-1", "alias": "news"}},
    ]})  # fmt: skip
    assert partly.json["errors"] is True
    assert [result["status"] for result in partly.json["action_results"]] == [404, 200]
    gone = http.delete("/news-1/_alias/news")
    assert (gone.status_code, gone.json["error"]["type"]) == (404, "aliases_not_found_exception")
    assert http.delete("/news-2/_alias/*").json == {"acknowledged": True}
    assert http.get("/_alias").json == {"news-1": {"aliases": {}}, "news-2": {"aliases": {}}}


def test_writes_through_an_alias_name_the_index(http: Any) -> None:
    http.put("/news-2/_alias/news")
    assert http.put("/news/_doc/10", json={"n": 1}).json["_index"] == "news-2"
    assert http.post("/news/_update/10", json={"doc": {"n": 2}}).json["_index"] == "news-2"
    lines = (
        '{"index": {"_index": "news"}}\n{"n": 3}\n{"create": {"_index": "news-2", "require_alias": true}}\n{"n": 4}\n'
    )
    with http.post("/_bulk?refresh=true", data=lines, content_type="application/x-ndjson") as answer:
        items = answer.json["items"]
    assert items[0]["index"]["_index"] == "news-2"
    assert (items[1]["create"]["status"], items[1]["create"]["error"]["type"]) == (404, "index_not_found_exception")
    refused = http.put("/fresh/_doc/1?require_alias=true", json={})
    assert (refused.status_code, "is not an alias" in refused.json["error"]["reason"]) == (404, True)
    assert http.head("/fresh").status_code == 404
    assert http.get("/news/_doc/10").json["_source"] == {"n": 2}
    assert http.post("/news/_mget", json={"ids": ["10"]}).json["docs"][0]["found"]
    assert http.delete("/news/_doc/10").json["_index"] == "news-2"
    refused = http.delete("/news")
    assert "matches an alias, specify the corresponding concrete indices" in refused.json["error"]["reason"]
    assert http.delete("/news-2").status_code == 200
    assert http.get("/news/_search").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "kind"),
    [
        ("PUT", "/news-1/_alias/news-2", {}, "invalid_alias_name_exception"),
        ("PUT", "/news-1/_alias/a%20b", {}, "invalid_alias_name_exception"),
        ("PUT", "/news-1/_alias/x", {"filter": {"no_such_query": {}}}, "illegal_argument_exception"),
        ("PUT", "/news-1/_alias/x", {"filter": []}, "parsing_exception"),
        ("PUT", "/nowhere/_alias/x", {}, "index_not_found_exception"),
        ("PUT", "/x", {"aliases": {"news-1": {}}}, "invalid_alias_name_exception"),
        ("PUT", "/x", {"aliases": {"x": {}}}, "invalid_alias_name_exception"),
        ("PUT", "/x", {"aliases": {"y": {"filter": {"no_such_query": {}}}}}, "illegal_argument_exception"),
        ("POST", "/_aliases", {"actions": [{"add": {"index": "news-1"}}]}, "illegal_argument_exception"),
        ("PUT", "/_index_template/t", {"index_patterns": ["t-*"], "template": {"mappings": {"properties": 1}}}, None),
        ("PUT", "/_index_template/t", {"index_patterns": ["t-*"], "template": {"mappings": {"properties": {
            "a": {"type": "text", "analyzer": "nowhere"}}}}}, None),
        ("PUT", "/_component_template/c", {}, "illegal_argument_exception"),
        ("GET", "/_index_template/nowhere", None, "resource_not_found_exception"),
        ("DELETE", "/_index_template/nowhere", None, "index_template_missing_exception"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_by_type(http: Any, method: str, path: str, body: Any, kind: str | None) -> None:
    answer = http.open(path, method=method, json=body)
    assert answer.status_code in (400, 404), answer.json
    assert kind is None or answer.json["error"]["type"] == kind
    assert http.head("/x").status_code == 404


def test_the_life_of_templates(http: Any) -> None:
    part = {"template": {"settings": {"index": QUIET}, "mappings": {"properties": {"when": {"type": "date"}}}}}
    assert http.put("/_component_template/base", json=part).json == {"acknowledged": True}
    body = {"index_patterns": ["日志-*"], "composed_of": ["base"], "priority": 3, "template": {"aliases": {"日志": {}}}}
    assert http.put("/_index_template/logs", json=body).json == {"acknowledged": True}
    simulated = http.post("/_index_template/_simulate_index/日志-7").json
    assert simulated["template"]["mappings"] == {"properties": {"when": {"type": "date"}}}
    assert simulated["template"]["aliases"] == {"日志": {}}
    other = http.post("/_index_template/_simulate", json={"index_patterns": ["日*"], "priority": 9}).json
    assert other["overlapping"] == [{"name": "logs", "index_patterns": ["日志-*"]}]
    http.post("/日志-1/_doc?refresh=true", json={"when": "2026-01-02", "text": "起动"})
    made = http.get("/日志-1").json["日志-1"]
    assert made["aliases"] == {"日志": {}}
    assert made["mappings"]["properties"]["when"] == {"type": "date"}
    shown = http.get("/_index_template/lo*").json["index_templates"][0]
    assert (shown["name"], shown["index_template"]["composed_of"]) == ("logs", ["base"])
    component = http.get("/_component_template/base").json["component_templates"][0]["component_template"]
    assert component["template"]["settings"] == {"index": {"semantic": {"families": []}}}
    assert http.head("/_index_template/logs").status_code == 200
    assert http.head("/_component_template/nowhere").status_code == 404
    used = http.delete("/_component_template/base")
    assert (used.status_code, "still in use by index templates [logs]" in used.json["error"]["reason"]) == (400, True)
    assert http.delete("/_index_template/logs").json == {"acknowledged": True}
    assert http.delete("/_component_template/base").json == {"acknowledged": True}
