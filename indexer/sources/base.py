"""What every reader of a source takes and gives.

A *source* is what a user points at: a file, a folder, a judged collection. A *reader* turns one file into
records: documents to index, or errors that name the file and the line. Readers never raise for bad
content; what they cannot read becomes a :class:`SourceError` and reading goes on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import orjson

from .file import SourceFile

MAX_ID_BYTES = 512
"""Elasticsearch's limit on a document id, in UTF-8 bytes."""


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """A document to index: its stable id, its fields, and where it came from (`file:line`)."""

    id: str
    source: dict[str, Any]
    location: str


@dataclass(frozen=True, slots=True)
class SourceError:
    """A line, page or file that could not be read, and why."""

    location: str
    reason: str


@dataclass(frozen=True, slots=True)
class SourceSkipped:
    """A file of a folder that no reader knows; it is named, never silently left out."""

    location: str
    reason: str


Record = SourceDocument | SourceError | SourceSkipped


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read, where the file itself does not say.

    Attributes:
        id_field: the field whose value is the document's id; by default `_id`, then `id`.
        encoding: the text encoding of every file; by default each file's is detected.
        delimiter: one character between CSV columns; by default it is sniffed.
        columns: names of the columns of a CSV/TSV file without a header line.
        base: ids and the `path` field of passages of prose are relative to this folder; by default
            they hold the absolute path, so that equal names in two folders never overwrite each other.
    """

    id_field: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    columns: tuple[str, ...] | None = None
    base: Path | None = None


class Reader(Protocol):
    """One format: the records of one file, in order, lazily."""

    def __call__(self, file: SourceFile, options: ReadOptions) -> Iterator[Record]: ...


def content_id(row: dict[str, Any]) -> str:
    """A stable id for a row that has none: 20 hexadecimal digits of its content's hash."""
    text = orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(text, digest_size=10).hexdigest()


def row_record(row: Any, location: str, options: ReadOptions) -> Record:
    """The document of one row (a parsed JSON value or a CSV row).

    The id is the value of `options.id_field`, else of `_id`, else of `id`, else the content's hash.
    `_id` is taken out of the document, as Elasticsearch wants it; any other id field also stays in it.
    A row in the form of a search hit (`{"_id": …, "_source": {…}}`) gives its `_source`.
    """
    if not isinstance(row, dict):
        return SourceError(location, f"a JSON object is expected, not {_kind(row)}")
    fields = dict(row)
    given = fields.pop("_id", None)
    if isinstance(fields.get("_source"), dict):
        fields = fields["_source"]
    name = options.id_field
    if name is not None and name != "_id":
        given = fields.get(name)
    elif name is None and given is None:
        given = fields.get("id")
    if name is not None and given is None:
        return SourceError(location, f"the id field [{name}] is missing or null")
    if fields.get("metadata") == {}:  # BEIR's rows carry an empty object that says nothing
        del fields["metadata"]
    if not fields:
        return SourceError(location, "the document has no fields")
    if given is None:
        return SourceDocument(content_id(fields), fields, location)
    if isinstance(given, bool) or not isinstance(given, str | int):
        return SourceError(location, f"an id must be a string or an integer, not {_kind(given)}")
    identity = str(given)
    if not identity:
        return SourceError(location, "the id is empty")
    if len(identity.encode()) > MAX_ID_BYTES:
        return SourceError(location, f"the id is longer than {MAX_ID_BYTES} bytes")
    return SourceDocument(identity, fields, location)


def _kind(value: Any) -> str:
    """A JSON value's type in words."""
    kinds = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")
