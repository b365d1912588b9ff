"""The route table: its description is true to it, and ids reach their route whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from api.app import create_app
from api.openapi import path_of
from api.routing import DocumentId, keep_escaped_slashes
from api.table import ROUTES
from indexer import Node
from settings import Settings


@pytest.fixture
def app(tmp_path: Path) -> Any:
    settings = Settings(data=tmp_path / "data")
    node = Node(settings)
    yield create_app(node, settings)
    node.close()


def test_the_description_is_true_to_the_routes(app: Flask) -> None:
    described = app.test_client().get("/openapi.json").json
    assert described["openapi"].startswith("3.1")
    operations = {
        (method.upper(), path): operation
        for path, item in described["paths"].items()
        for method, operation in item.items()
    }
    served = {
        (method, path_of(rule.rule))
        for rule in app.url_map.iter_rules()
        if not rule.endpoint.startswith(("not allowed:", "index:"))
        for method in rule.methods or ()
        if method not in ("HEAD", "OPTIONS")
    }
    assert {key for key in operations if key[0] != "HEAD"} == served
    names = [operation["operationId"] for operation in operations.values()]
    assert len(names) == len(set(names))
    for route in ROUTES:
        for method in route.methods:
            operation = operations[method, path_of(route.rule)]
            in_query = [p["name"] for p in operation["parameters"] if p["in"] == "query"]
            assert in_query == list(route.known)
            in_path = [f"{{{p['name']}}}" for p in operation["parameters"] if p["in"] == "path"]
            assert all(part in path_of(route.rule) for part in in_path)
            assert path_of(route.rule).count("{") == len(in_path)
            assert ("requestBody" in operation) == (route.body is not None or route.ndjson)


def test_every_reference_of_the_description_resolves(app: Flask) -> None:
    described = app.test_client().get("/openapi.json").json

    def check(node: Any) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                found: Any = described
                for step in node["$ref"].removeprefix("#/").split("/"):
                    found = found[step]
            for inner in node.values():
                check(inner)
        elif isinstance(node, list):
            for inner in node:
                check(inner)

    check(described)


def test_pages_come_without_inline_scripts_and_with_their_policy(app: Flask) -> None:
    client = app.test_client()
    docs = client.get("/docs")
    assert docs.status_code == 200
    assert b"<script" not in docs.data
    assert b"style=" not in docs.data
    assert b"/{index}/_search" in docs.data
    assert "script-src 'self'" in docs.headers["Content-Security-Policy"]
    style = client.get("/docs/docs.css")
    assert style.headers["Content-Type"].startswith("text/css")
    again = client.get("/docs/docs.css", headers={"If-None-Match": style.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    for path in ("/ui/../app.py", "/ui/%2e%2e/app.py", "/ui/nothing.js", "/ui/..%2fapp.py"):
        missing = client.get(path)
        assert missing.status_code == 404, path
        assert missing.json["error"]["type"] == "resource_not_found_exception"


def test_the_root_speaks_to_clients_and_to_browsers(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/").json["tagline"] == "You Know, for Search"
    assert client.get("/", headers={"Accept": "*/*"}).is_json
    page = client.get("/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.headers["Content-Type"].startswith("text/html")
    assert client.head("/").status_code == 200
    assert client.options("/_bulk").headers["X-Elastic-Product"] == "Elasticsearch"


@pytest.mark.parametrize("doc_id", ["a/b", "a%2Fb", "中文", "a b+c", "\x1f/\x1fs", "..", "a?b#c", "/"])
def test_any_id_reaches_its_document(app: Flask, doc_id: str) -> None:
    client = app.test_client()
    path = f"/ids/_doc/{quote(doc_id, safe='')}"
    client.put("/ids", json={"settings": {"semantic": {"families": []}}})
    made: TestResponse = client.put(path, json={"is": doc_id})
    assert (made.status_code, made.json["_id"]) == (201, doc_id)
    assert client.get(path).json["_source"] == {"is": doc_id}
    assert client.get(made.headers["Location"]).json["found"]
    assert client.delete(path).json["result"] == "deleted"


@given(st.lists(st.text(alphabet="ab/%\x1fs中", min_size=1, max_size=5), min_size=1, max_size=4))
def test_escaped_segments_are_turned_back(segments: list[str]) -> None:
    environ = {
        "RAW_URI": "/" + "/".join(quote(segment, safe="") for segment in segments) + "?q=%2F",
        "PATH_INFO": "/" + "/".join(segments).encode().decode("latin-1"),
    }
    keep_escaped_slashes(environ)
    parts = environ["PATH_INFO"].encode("latin-1").decode().split("/")[1:]
    assert len(parts) >= len(segments)
    converter = DocumentId(None)  # type: ignore[arg-type]
    if any(c in segment for segment in segments for c in "/\x1f"):
        assert [converter.to_python(part) for part in parts] == segments


def test_probes_and_metrics(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ready"}
    client.put("/seen", json={"settings": {"semantic": {"families": []}}})
    client.put("/seen/_doc/1?refresh=true", json={"t": "看见 me"})
    with client.get("/readyz") as answer:  # a request is counted when its answer is closed
        assert answer.json == {"status": "ready"}
    text = client.get("/metrics").text
    assert 'quarry_documents_total{result="created"} 1.0' in text
    assert 'quarry_index_documents{index="seen"} 1.0' in text
    assert 'quarry_http_requests_total{method="GET",route="get_readyz",status="200"} 1.0' in text
    assert "quarry_http_request_seconds_bucket" in text


def test_readiness_names_the_index_that_cannot_be_searched(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise OSError("disk")

    client = app.test_client()
    client.put("/ill", json={"settings": {"semantic": {"families": []}}})
    monkeypatch.setattr("api.operations.search", broken)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "[ill]" in answer.json["error"]["reason"]


def test_a_body_in_the_source_parameter(app: Flask) -> None:
    client = app.test_client()
    query = {"source": orjson.dumps({"size": 0}).decode(), "source_content_type": "application/json"}
    assert client.get("/_search", query_string=query).json["hits"]["hits"] == []
    answer = client.get("/_search", query_string={"source": "{}"})
    assert answer.status_code == 400
