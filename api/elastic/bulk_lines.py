"""The lines of a bulk body as operations.

A line that says what to do (an action) and cannot be understood ends the request, as in Elasticsearch:
what follows it cannot be told apart. A document that cannot be taken fails alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import orjson

from api.body import parse_json
from api.elastic.documents import fill_update
from api.errors import ContentTooLong, UnreadableContent, as_quarry_error
from api.ndjson import Line
from api.shapes import UpdateRequest
from indexer.errors import InvalidDocument, InvalidRequest, QuarryError
from indexer.writes import Kind, Operation
from retrieval.source import SourceFilter

_KINDS = ("index", "create", "update", "delete")
_KEYS = {"_index", "_id", "_source", "if_seq_no", "if_primary_term", "require_alias", "retry_on_conflict", "routing"}


@dataclass(slots=True)
class Action:
    """What one action line asks for."""

    index: str
    operation: Operation
    require_alias: bool | None = None
    shown: SourceFilter | None = None
    """Parts of the document to return after an update, where its lines say."""


@dataclass(slots=True)
class BulkLine:
    """One operation, or what is wrong with its document; `size` in bytes of its lines."""

    action: Action
    size: int
    error: QuarryError | None = None


def read_actions(lines: Iterable[Line], default_index: str | None, document_limit: int) -> Iterator[BulkLine]:
    """The operations of a bulk body, as its lines arrive.

    Raises InvalidRequest, UnreadableContent at a line that cannot be an action, or when the body ends
    in the middle of an operation.
    """
    source = iter(lines)
    seen = False
    for line in source:
        if not line.data.strip() and not line.oversized:
            continue
        if not line.terminated:
            raise InvalidRequest("The bulk request must be terminated by a newline [\\n]")
        seen = True
        action = _parse_action(line, default_index)
        if action.operation.kind == "delete":
            yield BulkLine(action, len(line.data))
            continue
        document = next(source, None)
        if document is None:
            raise InvalidRequest(
                f"Malformed action/metadata line [{line.number}]: its document is missing, the body ends there"
            )
        if not document.terminated:
            raise InvalidRequest("The bulk request must be terminated by a newline [\\n]")
        error = _read_document(action, document, document_limit)
        yield BulkLine(action, len(line.data) + len(document.data), error)
    if not seen:
        raise InvalidRequest("request body is required: a bulk request needs at least one operation")


def _parse_action(line: Line, default_index: str | None) -> Action:
    where = f"Malformed action/metadata line [{line.number}]"
    if line.oversized:
        raise InvalidRequest(f"{where}: it is longer than a document may be")
    try:
        value = orjson.loads(line.data)
    except orjson.JSONDecodeError:
        # parse_json writes the sentence, with the byte or the column.
        parse_json(line.data, f"action/metadata line [{line.number}]")
        raise
    if not isinstance(value, dict) or len(value) != 1:
        raise InvalidRequest(f"{where}: expected an object with one key, one of {list(_KINDS)}")
    kind, meta = next(iter(value.items()))
    if kind not in _KINDS:
        raise InvalidRequest(f"{where}: expected one of {list(_KINDS)}, found [{kind}]")
    if not isinstance(meta, dict):
        raise InvalidRequest(f"{where}: expected an object after [{kind}]")
    if not meta.keys() <= _KEYS:
        unknown = sorted(meta.keys() - _KEYS)[0]
        raise InvalidRequest(f"Action/metadata line [{line.number}] contains an unknown parameter [{unknown}]")
    index = _string(meta, "_index", where) or default_index
    if index is None:
        raise InvalidRequest(f"{where}: index is missing; give [_index] or put it into the path")
    operation = Operation(cast(Kind, kind), _string(meta, "_id", where))
    if "if_seq_no" in meta or "if_primary_term" in meta:
        operation.if_seq_no = _integer(meta, "if_seq_no", where)
        operation.if_primary_term = _integer(meta, "if_primary_term", where)
    require_alias = meta.get("require_alias")
    if require_alias is not None and not isinstance(require_alias, bool):
        raise InvalidRequest(f"{where}: [require_alias] must be a boolean")
    shown = SourceFilter.of(meta["_source"]) if "_source" in meta else None
    return Action(index, operation, require_alias, shown)


def _string(meta: dict[str, Any], key: str, where: str) -> str | None:
    value = meta.get(key)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):  # Elasticsearch takes a number for an id
        return str(value)
    raise InvalidRequest(f"{where}: [{key}] must be a string")


def _integer(meta: dict[str, Any], key: str, where: str) -> int:
    value = meta.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidRequest(f"{where}: if_seq_no and if_primary_term are given together, as integers")
    return value


def _read_document(action: Action, line: Line, limit: int) -> QuarryError | None:
    """Put the line's document into the action's operation; what is wrong with it otherwise."""
    if line.oversized:
        return ContentTooLong(f"line [{line.number}]: the document has more than [{limit}] bytes, which is the limit")
    try:
        value = orjson.loads(line.data)
    except orjson.JSONDecodeError:
        return _malformed(line)
    if not isinstance(value, dict):
        return InvalidDocument(f"line [{line.number}]: a document is a JSON object")
    if action.operation.kind != "update":
        action.operation.source = value
        return None
    try:
        return _read_update(action, value)
    except QuarryError as error:
        return error


def _read_update(action: Action, value: dict[str, Any]) -> QuarryError | None:
    try:
        request = UpdateRequest.model_validate(value)
    except ValueError as error:
        return as_quarry_error(error)
    if request.doc is None and request.upsert is None:
        return InvalidRequest("Validation Failed: 1: doc is missing; an update needs [doc], or [upsert] for a new one")
    fill_update(action.operation, request)
    if request.source is not None:
        action.shown = SourceFilter.of(request.source)
    return None


def _malformed(line: Line) -> QuarryError:
    try:
        parse_json(line.data, f"document on line [{line.number}]")
    except UnreadableContent as error:
        return InvalidDocument(f"failed to parse: {error.reason}")
    raise AssertionError("orjson refused the line before")
