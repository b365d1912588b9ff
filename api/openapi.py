"""The API's description in OpenAPI 3.1, made from the route table and the shapes of bodies."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.parameters import Parameter
from api.routing import Route

_TYPES: dict[str, dict[str, Any]] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "string": {"type": "string"},
    "list": {"type": "array", "items": {"type": "string"}},
    "duration": {"type": "string", "pattern": r"^(-1|0|\d+(nanos|micros|ms|s|m|h|d))$"},
}
_PART = re.compile(r"<(?:\w+:)?(\w+)>")
_ERROR = {
    "type": "object",
    "required": ["error", "status"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["type", "reason", "root_cause"],
            "properties": {
                "type": {"type": "string"},
                "reason": {"type": "string"},
                "root_cause": {"type": "array", "items": {"type": "object"}},
            },
        },
        "status": {"type": "integer"},
    },
}


def path_of(rule: str) -> str:
    """OpenAPI's form of a rule: `/<index>/_doc/<doc:id>` is `/{index}/_doc/{id}`."""
    return _PART.sub(r"{\1}", rule)


def description(routes: Iterable[Route]) -> dict[str, Any]:
    """The whole description, as a JSON-ready object."""
    routes = tuple(routes)
    shapes: list[type[BaseModel]] = list(dict.fromkeys(route.body for route in routes if route.body is not None))
    references, schemas = models_json_schema(
        [(shape, "validation") for shape in shapes], ref_template="#/components/schemas/{model}"
    )
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        body = references[(route.body, "validation")] if route.body is not None else None
        for method in route.methods:
            paths.setdefault(path_of(route.rule), {})[method.lower()] = _operation(route, method, body)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Quarry",
            "version": _version(),
            "description": "Search and cited answers in Chinese and in English, in Elasticsearch's shapes.",
        },
        "paths": paths,
        "components": {
            "schemas": {**schemas.get("$defs", {}), "Error": _ERROR},
            "responses": {
                "Error": {
                    "description": "what is wrong, in a sentence",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
                }
            },
        },
    }


def _version() -> str:
    try:
        return version("quarry-search")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"


def _operation(route: Route, method: str, body: Any) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PART.findall(route.rule)
    ]
    parameters.extend(_parameter(parameter) for parameter in route.known.values())
    operation: dict[str, Any] = {
        "operationId": route.name if method == route.methods[0] else f"{method.lower()}_{route.name}",
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": parameters,
        "responses": {
            "200": {"description": "done", "content": {route.produces: {}}},
            "default": {"$ref": "#/components/responses/Error"},
        },
    }
    if body is not None:
        operation["requestBody"] = {"content": {"application/json": {"schema": body}}}
    if route.ndjson:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
        }
    return operation


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = dict(_TYPES[parameter.kind])
    if parameter.choices:
        schema["enum"] = list(parameter.choices)
    if parameter.default is not None:
        schema["default"] = parameter.default
    shown: dict[str, Any] = {
        "name": parameter.name,
        "in": "query",
        "description": parameter.description,
        "schema": schema,
    }
    if parameter.kind == "list":
        shown.update(style="form", explode=False)
    return shown
