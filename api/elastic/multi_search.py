"""`_msearch`: searches as pairs of lines, where and what. One that fails fails alone."""

from __future__ import annotations

import time
from typing import Any

from api.body import parse_json
from api.call import Call
from api.elastic.targets import resolve
from api.errors import as_quarry_error, error_body
from api.ndjson import Line
from indexer.errors import InvalidRequest, ParsingError
from retrieval import search as run_search

_WHERE = {"index", "ignore_unavailable", "allow_no_indices", "expand_wildcards", "preference", "search_type", "routing",
          "request_cache", "ccs_minimize_roundtrips", "allow_partial_search_results", "ignore_throttled",
          "max_concurrent_shard_requests"}  # fmt: skip


def multi_search(call: Call) -> dict[str, Any]:
    """The responses in the order of the searches, each with its status."""
    started = time.perf_counter()
    responses = [_one(call, where, what) for where, what in _pairs(call)]
    return {"took": round((time.perf_counter() - started) * 1000), "responses": responses}


def totals_as_numbers(answer: dict[str, Any]) -> dict[str, Any]:
    """A response with `hits.total` as a plain number, for clients that ask for it."""
    total = answer.get("hits", {}).get("total")
    if isinstance(total, dict):
        answer["hits"]["total"] = total["value"]
    return answer


def _pairs(call: Call) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    data = call.body.read(call.settings.max_body)
    lines = [Line(number, line) for number, line in enumerate(data.split(b"\n"), start=1)]
    while lines and not lines[-1].data.strip():
        lines.pop()
    if not lines:
        raise InvalidRequest("Validation Failed: 1: no requests added")
    if len(lines) % 2:
        raise InvalidRequest("The msearch request must be pairs of lines: where to search, and what for")
    pairs = []
    for where, what in zip(lines[::2], lines[1::2], strict=True):
        pairs.append((_object(where) if where.data.strip() else {}, _object(what)))
    return pairs


def _object(line: Line) -> dict[str, Any]:
    value = parse_json(line.data, f"line [{line.number}]")
    if not isinstance(value, dict):
        raise ParsingError(f"line [{line.number}] must be a JSON object")
    return value


def _one(call: Call, where: dict[str, Any], what: dict[str, Any]) -> dict[str, Any]:
    try:
        unknown = set(where) - _WHERE
        if unknown:
            raise InvalidRequest(f"key [{sorted(unknown)[0]}] is not supported in the metadata section")
        index = where.get("index", call.path.get("index"))
        expression = ",".join(map(str, index)) if isinstance(index, list) else index
        if expression is not None and not isinstance(expression, str):
            raise InvalidRequest(f"[index] must be a name or a list of names, not [{index}]")
        point = what.get("pit") is not None and not expression
        names = (
            []
            if point
            else resolve(
                call.node,
                expression,
                where.get("ignore_unavailable", call["ignore_unavailable"]) in (True, "true"),
                where.get("allow_no_indices", call["allow_no_indices"]) in (True, "true"),
            )
        )
        answer = run_search(call.node, names, what, {"typed_keys": "true"} if call["typed_keys"] else {})
        return {**(totals_as_numbers(answer) if call["rest_total_hits_as_int"] else answer), "status": 200}
    except Exception as error:
        return error_body(as_quarry_error(error))
