"""Content negotiation, with the headers that clients really send."""

from __future__ import annotations

import pytest

from api.errors import UnsupportedMediaType
from api.media import answer_type, check_content_type, wants

VENDOR = "application/vnd.elasticsearch+json"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        (f"{VENDOR}; compatible-with=9", f"{VENDOR};compatible-with=9"),
        (f"{VENDOR};compatible-with=8", f"{VENDOR};compatible-with=8"),
        (f"{VENDOR}; compatible-with=9,text/plain", f"{VENDOR};compatible-with=9"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
        ("text/event-stream", "application/json"),
    ],
)
def test_answers_come_in_the_clients_type(accept: str | None, expected: str) -> None:
    assert answer_type(accept) == expected


@pytest.mark.parametrize("accept", [f"{VENDOR}; compatible-with=7", VENDOR, "application/cbor", "application/yaml"])
def test_unknown_answer_types_are_refused(accept: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        answer_type(accept)


@pytest.mark.parametrize(
    ("header", "ndjson", "taken"),
    [
        ("application/json", False, True),
        ("application/json; charset=utf-8", False, True),
        (f"{VENDOR}; compatible-with=9", False, True),
        ("application/x-ndjson", False, False),
        ("application/x-ndjson", True, True),
        ("application/json", True, True),
        ("application/vnd.elasticsearch+x-ndjson; compatible-with=9", True, True),
        ("application/x-www-form-urlencoded", False, False),
        ("text/plain", True, False),
        (f"{VENDOR}; compatible-with=7", False, False),
        (None, False, False),
    ],
)
def test_content_types(header: str | None, ndjson: bool, taken: bool) -> None:
    if taken:
        check_content_type(header, ndjson)
    else:
        with pytest.raises(UnsupportedMediaType):
            check_content_type(header, ndjson)


def test_event_streams_are_asked_for_by_name() -> None:
    assert wants("text/event-stream", "text/event-stream")
    assert wants("text/event-stream, application/json", "text/event-stream")
    assert not wants("application/json, text/event-stream", "text/event-stream")
    assert not wants("*/*", "text/event-stream")
    assert not wants(None, "text/event-stream")
