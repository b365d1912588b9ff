"""For operators and browsers: health, readiness, metrics, the API's description, the page's files."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import structlog
from flask import Response, render_template
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from api.call import Call
from api.errors import Unavailable
from api.openapi import description
from api.page import search_page, secured, static_file
from api.routing import Route
from retrieval import search

log = structlog.get_logger("quarry.api")
_TEMPLATES = Path(__file__).parent / "templates"
_PROBE = {"size": 1, "query": {"match_all": {}}, "_source": False}
_PROBE_WORDS = "ready 搜索"


def healthz(_: Call) -> dict[str, Any]:
    """The process answers."""
    return {"status": "ok"}


def readyz(call: Call) -> dict[str, Any]:
    """A search succeeds on every index: each is really searched, its documents and its words."""
    for name in call.node.names("*"):
        try:
            search(call.node, [name], dict(_PROBE), {})
            search(call.node, [name], {"size": 1}, {"q": _PROBE_WORDS, "mode": "bm25"})
        except Exception as error:
            log.warning("not ready", index=name, exc_info=error)
            raise Unavailable(f"a search of index [{name}] does not succeed; the server's log says why") from None
    return {"status": "ready"}


def metrics(call: Call) -> Response:
    return Response(call.services.metrics.expose(call.node), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def openapi(call: Call) -> dict[str, Any]:
    return description(call.services.routes)


def docs(call: Call) -> Response:
    """The API's description for people, without a script."""
    page = render_template("docs.html", api=description(call.services.routes)).encode()
    return secured(call.request, page, "text/html; charset=UTF-8", hashlib.sha256(page).hexdigest()[:32])


def docs_style(call: Call) -> Response:
    return static_file(call.request, "docs.css", _TEMPLATES)


def page(call: Call) -> Response:
    return search_page(call.request)


def page_file(call: Call) -> Response:
    return static_file(call.request, call.path["name"])


def _route(rule: str, handler: Any, summary: str, produces: str = "application/json") -> Route:
    return Route(("GET",), rule, handler, summary, "operations", produces=produces)


ROUTES = (
    _route("/healthz", healthz, "Whether the process answers"),
    _route("/readyz", readyz, "Whether a search would succeed"),
    _route("/metrics", metrics, "Numbers for Prometheus", "text/plain"),
    _route("/openapi.json", openapi, "This description"),
    _route("/docs", docs, "This description for people", "text/html"),
    _route("/docs/docs.css", docs_style, "The look of /docs", "text/css"),
    _route("/ui", page, "The search page", "text/html"),
    _route("/ui/<file:name>", page_file, "A file of the search page", "text/html"),
)
