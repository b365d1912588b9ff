"""One request to an index, in this process or to a running service, with the same response."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .places import opened


def search_index(
    index: str, params: dict[str, Any], body: dict[str, Any], data: Path | None, url: str | None
) -> dict[str, Any]:
    """The response of `GET /{index}/_search` with these parameters and this body."""
    if url:
        return _post(url, f"/{index}/_search", params, body)
    with opened(data) as node:
        from retrieval import search

        targets = node.resolve(index)
        for target in targets:
            _catch_up(node, target)
        return search(node, targets, body, {name: str(value) for name, value in params.items()})


def ask_index(index: str, body: dict[str, Any], data: Path | None, url: str | None) -> dict[str, Any]:
    """The response of `POST /{index}/_ask` with this body."""
    if url:
        return _post(url, f"/{index}/_ask", {}, body)
    with opened(data) as node:
        from answers import ask

        _catch_up(node, index)
        return ask(node, index, body)


def _catch_up(node: Any, name: str) -> None:
    """Make writes searchable that nobody did since (a load was killed, and no service runs)."""
    index = node.index(name)
    if index.needs_refresh():
        index.refresh(wait=False)


def _post(url: str, path: str, params: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    from indexer.targets import connect

    headers = {"accept": "application/json", "content-type": "application/json"}
    with connect(url) as client:
        response = client.perform_request("POST", path, params=params, headers=headers, body=body)
        return dict(response.body)
