"""One request as the handlers see it: typed parameters, the body, and the rooms below."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Request
from pydantic import BaseModel

from api import media, ndjson
from api.body import Body, parse_json
from api.limits import Limits
from api.metrics import Metrics
from api.parameters import parse_all
from api.routing import Route
from indexer.errors import InvalidRequest, ParsingError
from indexer.node import Node
from settings import Settings

Shape = TypeVar("Shape", bound=BaseModel)


@dataclass(frozen=True)
class Services:
    """What every handler may use."""

    node: Node
    settings: Settings
    limits: Limits
    metrics: Metrics
    routes: tuple[Route, ...]


PAGES = ("/", "/ui")


class Call:
    """One request. Made before the handler runs, so that what is unreadable is refused first."""

    def __init__(self, services: Services, route: Route, request: Request, path: dict[str, str]) -> None:
        self.services = services
        self.route = route
        self.request = request
        self.path = path
        """The path's parts by their names in the rule; ids are decoded."""
        self.answer_type = media.answer_type(request.headers.get("Accept"))
        # the search page keeps its state in its address: whatever stands there is the page's own
        page = route.rule in PAGES and "text/html" in request.headers.get("Accept", "")
        given = () if page else request.args.items(multi=True)
        self.parameters = parse_all(given, route.known, request.path)
        self.body = Body(request.environ)
        self._check_body()

    @property
    def node(self) -> Node:
        return self.services.node

    @property
    def settings(self) -> Settings:
        return self.services.settings

    def __getitem__(self, name: str) -> Any:
        """A query parameter's typed value, or its default."""
        return self.parameters[name]

    def json(self) -> Any:
        """The JSON body, None when there is none."""
        source = self.parameters["source"]
        if source is not None:
            return parse_json(source.encode(), "parameter [source]")
        data = self.body.read(self.settings.max_body)
        return parse_json(data) if data.strip() else None

    def object(self) -> dict[str, Any]:
        """The JSON body, which must be an object; empty when there is none."""
        value = self.json()
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise ParsingError(f"the request body must be a JSON object, not {_kind(value)}")
        return value

    def required_object(self) -> dict[str, Any]:
        value = self.json()
        if value is None:
            raise ParsingError("request body is required")
        if not isinstance(value, dict):
            raise ParsingError(f"the request body must be a JSON object, not {_kind(value)}")
        return value

    def shape(self, model: type[Shape]) -> Shape:
        """The JSON body checked against its shape."""
        return model.model_validate(self.object())

    def lines(self) -> Iterator[ndjson.Line]:
        """The body's lines as they arrive, in bounded memory."""
        return ndjson.lines(
            self.body.pieces(), self.settings.max_document, max(self.settings.max_body, 4 * self.settings.max_document)
        )

    def _check_body(self) -> None:
        if self.parameters["source"] is not None:
            declared = self.parameters["source_content_type"]
            if not declared:
                raise InvalidRequest("source and source_content_type parameters are required together")
            media.check_content_type(declared, self.route.ndjson)
            return
        if not self.body.expected:
            return
        if self.route.body is None and not self.route.ndjson:
            if self.body.length is None:  # a chunked transfer says nothing of its size until it ends
                return
            raise InvalidRequest(f"request [{self.request.method} {self.request.path}] does not support having a body")
        media.check_content_type(self.request.headers.get("Content-Type"), self.route.ndjson)


def _kind(value: Any) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "null")
