"""Indices that are called as pages of the service are: both are reached."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from indexer import Node
from settings import Settings

CLIENT = {"Accept": "application/vnd.elasticsearch+json; compatible-with=9"}
QUIET = {"settings": {"semantic": {"families": []}}}


@pytest.fixture
def http(tmp_path: Path) -> Any:
    settings = Settings(data=tmp_path / "data")
    node = Node(settings)
    yield create_app(node, settings).test_client()
    node.close()


@pytest.mark.parametrize("name", ["docs", "ui", "metrics", "healthz", "readyz", "openapi.json"])
def test_an_index_and_a_page_of_one_name(http: Any, name: str) -> None:
    page = http.get(f"/{name}")
    assert page.status_code == 200
    assert http.head(f"/{name}", headers=CLIENT).status_code == 404
    assert http.get(f"/{name}", headers=CLIENT).json["error"]["type"] == "index_not_found_exception"
    assert http.put(f"/{name}", json=QUIET).json["index"] == name
    assert http.head(f"/{name}", headers=CLIENT).status_code == 200
    assert set(http.get(f"/{name}", headers=CLIENT).json) == {name}
    assert http.put(f"/{name}/_doc/1?refresh=true", json={"t": "北京 docs"}).status_code == 201
    assert http.get(f"/{name}/_search?q=北京").json["hits"]["total"]["value"] == 1
    assert http.get(f"/{name}/_doc/1").json["found"]
    assert http.get(f"/{name}/_mapping").json[name]["mappings"]["properties"]["t"]["type"] == "text"
    again = http.get(f"/{name}")
    assert (again.status_code, again.content_type) == (200, page.content_type)
    assert http.post(f"/{name}").status_code == 405
    assert http.delete(f"/{name}").json == {"acknowledged": True}


def test_json_is_asked_for_where_the_page_has_none(http: Any) -> None:
    http.put("/docs", json=QUIET)
    asked = {"Accept": "application/json"}
    assert set(http.get("/docs", headers=asked).json) == {"docs"}
    assert http.get("/healthz", headers=asked).json == {"status": "ok"}
    assert http.get("/ui/app.js").status_code == 200
    assert http.get("/docs/docs.css").status_code == 200


@pytest.mark.parametrize("name", ["_docs", "-x", "+x", ".x", "a b", "a,b", "a#b", "a:b", "Docs", "x" * 256])
def test_names_that_none_may_have(http: Any, name: str) -> None:
    answer = http.put(f"/{name.replace('#', '%23')}", json=QUIET)
    assert answer.status_code in (400, 405)
    assert http.put("/" + "x" * 255, json=QUIET).status_code == 200
