"""From a handler's result to the HTTP response: JSON in the client's media type, or text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from flask import Response

from api.filter_path import filter_response


@dataclass(frozen=True)
class Reply:
    """A JSON payload, or None for no body, with a status and headers."""

    payload: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def to_json(payload: Any, pretty: bool = False) -> bytes:
    """UTF-8 JSON of plain values, NumPy scalars and `orjson.Fragment`s."""
    option = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    if pretty:
        option |= orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    try:
        return orjson.dumps(payload, option=option)
    except orjson.JSONEncodeError as error:
        if "ecursion" not in str(error):
            raise
        # orjson nests 254 levels, a stored document may nest deeper.
        return json.dumps(payload, ensure_ascii=False, indent=2 if pretty else None).encode()


def render(result: Any, parameters: Mapping[str, Any], content_type: str) -> Response:
    """The response of what a handler returned: a Response, text, a Reply, or a payload."""
    if isinstance(result, Response):
        return result
    if isinstance(result, str):
        return Response(result, content_type="text/plain; charset=UTF-8")
    reply = result if isinstance(result, Reply) else Reply(result)
    if reply.payload is None:
        return Response(status=reply.status, headers=dict(reply.headers), content_type=content_type)
    payload = reply.payload
    chosen = parameters.get("filter_path")
    if chosen:
        payload = filter_response(orjson.loads(to_json(payload)), ",".join(chosen))
    data = to_json(payload, bool(parameters.get("pretty")))
    return Response(data, reply.status, dict(reply.headers), content_type=content_type)
