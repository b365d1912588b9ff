"""The Flask application: the route table, dispatch, and what every answer carries."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, Response, g, request
from werkzeug.exceptions import MethodNotAllowed as WerkzeugMethodNotAllowed
from werkzeug.exceptions import NotFound

from api import media
from api.body import discard
from api.call import Call, Services
from api.errors import ClientGone, ClientTooSlow, UnknownHandler, as_quarry_error, error_body
from api.limits import RETRY_AFTER, Limits
from api.metrics import Metrics
from api.render import render, to_json
from api.routing import DocumentId, PageFile, Route, keep_escaped_slashes
from api.table import ROUTES
from indexer.errors import QuarryError
from indexer.node import Node
from settings import Settings

log = structlog.get_logger("quarry.request")
METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE"}


def create_app(node: Node, settings: Settings) -> Flask:
    """The WSGI application that serves `node`'s indices."""
    app = Flask(__name__, static_folder=None, template_folder="templates")
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.url_map.converters["doc"] = DocumentId
    app.url_map.converters["file"] = PageFile
    limits = Limits(settings.indexing_memory, settings.threads, settings.data / ".run", settings.generations)
    services = Services(node, settings, limits, Metrics(), ROUTES)
    app.extensions["quarry"] = services
    on_index = {method: route for route in ROUTES if route.rule == "/<index>" for method in route.methods}
    for number, route in enumerate(ROUTES):
        view = _view(services, route)
        if _may_name_index(route.rule):
            view = _page_or_index(services, route, on_index)
        # Flask adds HEAD to GET by itself.
        app.add_url_rule(route.rule, endpoint=f"{number}:{route.name}", view_func=view, methods=list(route.methods))
    for rule, methods in _fixed_paths().items():
        others = METHODS - methods
        if _may_name_index(rule):
            for method in sorted(others & on_index.keys()):
                app.add_url_rule(
                    rule,
                    endpoint=f"index:{method}:{rule}",
                    view_func=_index_view(services, on_index[method], rule),
                    methods=[method],
                    provide_automatic_options=False,
                )
            others -= on_index.keys()
        app.add_url_rule(
            rule,
            endpoint=f"not allowed:{rule}",
            view_func=_not_allowed(METHODS - others),
            methods=sorted(others),
            provide_automatic_options=False,
        )
    app.register_error_handler(Exception, _answer_error)
    app.before_request(_start)
    app.after_request(lambda response: _finish(response, services.metrics))
    app.wsgi_app = _with_whole_ids(app.wsgi_app)  # type: ignore[method-assign]
    return app


def _view(services: Services, route: Route) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        g.route = route.name
        call = Call(services, route, request, path)
        return render(route.handler(call), call.parameters, call.answer_type)

    return view


def _may_name_index(rule: str) -> bool:
    """Whether an index may be called as a page of the service is: `docs`, `metrics`."""
    return rule.count("/") == 1 and "<" not in rule and rule != "/" and not rule.startswith("/_")


def _index_view(services: Services, route: Route, rule: str) -> Callable[..., Response]:
    """The index of this name, for methods that the page does not have."""
    view = _view(services, route)
    return lambda: view(index=rule[1:])


def _page_or_index(services: Services, page: Route, on_index: dict[str, Route]) -> Callable[..., Response]:
    """The page, or the index of the same name for who asks as Elasticsearch's clients do, or for JSON where the
    page has none."""
    of_page = _view(services, page)
    of_index = {method: _index_view(services, route, page.rule) for method, route in on_index.items()}

    def view() -> Response:
        accepted = media.parse(request.headers.get("Accept", ""))
        wants_json = accepted.essence == "application/json" and page.produces != "application/json"
        if wants_json or accepted.essence.startswith("application/vnd.elasticsearch+"):
            return of_index[request.method]()
        return of_page()

    return view


def _fixed_paths() -> dict[str, set[str]]:
    """Paths of one fixed part, which an index's path would match too, and the methods they have."""
    found: dict[str, set[str]] = {}
    for route in ROUTES:
        if route.rule.count("/") == 1 and "<" not in route.rule and route.rule != "/":
            found.setdefault(route.rule, set()).update(route.methods)
    for methods in found.values():
        methods.update({"HEAD"} if "GET" in methods else ())
    return found


def _not_allowed(methods: set[str]) -> Callable[[], Response]:
    def view() -> Response:
        raise WerkzeugMethodNotAllowed(sorted(methods))

    return view


def _answer_error(error: Exception) -> Response:
    """Any exception as Elasticsearch's error body."""
    found: QuarryError
    if isinstance(error, NotFound) and error.response is None:
        found = _unknown_path()
    else:
        found = as_quarry_error(error)
    if not isinstance(found, ClientGone | ClientTooSlow):
        discard(request.environ)
    try:
        content_type = media.answer_type(request.headers.get("Accept"))
    except QuarryError:
        content_type = "application/json"
    pretty = request.args.get("pretty", "false") != "false"
    response = Response(to_json(error_body(found), pretty), found.status, content_type=content_type)
    if found.status == 429:
        response.headers["Retry-After"] = str(RETRY_AFTER)
    if isinstance(error, WerkzeugMethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _unknown_path() -> QuarryError:
    parts = request.path.strip("/").split("/")
    why = ": Quarry does not have this; /docs lists what it has" if any(p.startswith("_") for p in parts) else ""
    return UnknownHandler(f"no handler found for uri [{request.path}] and method [{request.method}]{why}")


def _start() -> None:
    g.started = time.perf_counter()
    g.route = "unmatched"


def _finish(response: Response, metrics: Metrics) -> Response:
    response.headers["X-Elastic-Product"] = "Elasticsearch"
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    opaque = request.headers.get("X-Opaque-Id")
    if opaque and opaque.isascii() and opaque.isprintable():
        response.headers["X-Opaque-Id"] = opaque
    method, path, route, started = request.method, request.path, g.route, g.started
    if method not in METHODS:
        method = "other"  # a client must not be able to make labels up

    def closed() -> None:
        seconds = time.perf_counter() - started
        metrics.requests.labels(method, route, response.status_code).inc()
        metrics.latency.labels(route).observe(seconds)
        if response.status_code == 429:
            metrics.rejected.labels(route).inc()
        log.info("request", method=method, path=path, status=response.status_code, ms=round(seconds * 1000, 2))

    response.call_on_close(closed)
    return response


def _with_whole_ids(application: Callable[..., Any]) -> Callable[..., Any]:
    """The WSGI application behind :func:`keep_escaped_slashes`, which must come before routing."""

    def edge(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        keep_escaped_slashes(environ)
        return application(environ, start_response)

    return edge
