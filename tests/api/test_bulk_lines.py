"""Bulk bodies: which operation each pair of lines is, and what is refused where."""

from __future__ import annotations

from typing import Any

import pytest

from api.elastic.bulk_lines import BulkLine, read_actions
from api.errors import ContentTooLong, UnreadableContent
from api.ndjson import lines
from indexer.errors import InvalidDocument, InvalidRequest


def read(text: str | bytes, index: str | None = "news", limit: int = 1000) -> list[BulkLine]:
    data = text.encode() if isinstance(text, str) else text
    return list(read_actions(lines([data], limit, 10 * limit), index, limit))


def test_each_kind_of_operation() -> None:
    found = read(
        '{"index": {"_id": "1"}}\n{"t": "甲"}\n'
        '{"create": {"_index": "other", "_id": 7}}\n{"t": "b"}\n'
        '{"update": {"_id": "1", "if_seq_no": 3, "if_primary_term": 1, "retry_on_conflict": 3}}\n'
        '{"doc": {"t": "c"}, "doc_as_upsert": true}\n'
        '{"delete": {"_id": "1"}}\n'
        '\n{"index": {}}\r\n{"t": "d"}\r\n'
    )
    kinds: list[tuple[Any, ...]] = [
        (line.action.operation.kind, line.action.index, line.action.operation.id) for line in found
    ]
    assert kinds == [
        ("index", "news", "1"),
        ("create", "other", "7"),
        ("update", "news", "1"),
        ("delete", "news", "1"),
        ("index", "news", None),
    ]
    update = found[2].action.operation
    assert (update.source, update.doc_as_upsert, update.if_seq_no) == ({"t": "c"}, True, 3)
    assert found[0].action.operation.source == {"t": "甲"}
    assert all(line.error is None for line in found)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"index": {}}\n{"t": 1}\n{"erase": {"_id": "1"}}\n', r"line \[3\].*erase"),
        ('{"index": {"_typ": "x"}}\n{}\n', r"line \[1\].*_typ"),
        ("[1]\n", r"line \[1\]"),
        ('{"index": "x"}\n{}\n', r"line \[1\]"),
        ('{"index": {}, "delete": {}}\n{}\n', r"line \[1\]"),
        ('{"index": {"_id": ["1"]}}\n{}\n', "_id"),
        ('{"index": {"if_seq_no": 1}}\n{}\n', "if_primary_term"),
        ('{"index": {}}\n', "document is missing"),
        ('{"index": {}}\n{"t": 1}', "terminated by a newline"),
        ('{"delete": {"_id": "1"}}', "terminated by a newline"),
        ("\n\n", "required"),
        ("", "required"),
    ],
)
def test_lines_that_cannot_be_understood_end_the_request(text: str, says: str) -> None:
    with pytest.raises(InvalidRequest, match=says):
        read(text)


def test_broken_json_in_an_action_is_placed() -> None:
    with pytest.raises(UnreadableContent, match=r"line \[1\] is not JSON"):
        read('{"index": {]}\n{}\n')


def test_an_index_must_come_from_somewhere() -> None:
    with pytest.raises(InvalidRequest, match="index is missing"):
        read('{"index": {}}\n{}\n', index=None)


def test_a_document_that_cannot_be_taken_fails_alone() -> None:
    found = read(
        b'{"index": {"_id": "1"}}\n{"t": \n'
        b'{"index": {"_id": "2"}}\n["t"]\n'
        b'{"index": {"_id": "3"}}\n{"t": "\xff"}\n'
        b'{"index": {"_id": "4"}}\n{"t": "' + b"x" * 2000 + b'"}\n'
        b'{"update": {"_id": "5"}}\n{"script": "x"}\n'
        b'{"update": {"_id": "6"}}\n{}\n'
        b'{"index": {"_id": "7"}}\n{"t": "good"}\n'
    )
    errors = [type(line.error) for line in found]
    assert errors[:4] == [InvalidDocument, InvalidDocument, InvalidDocument, ContentTooLong]
    assert found[4].error is not None
    assert "script" in found[4].error.reason
    assert found[5].error is not None
    assert errors[6] is type(None)
