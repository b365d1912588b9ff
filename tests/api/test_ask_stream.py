"""`_ask` over HTTP: events and status codes, and that a slot comes back however an answer ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

import answers
from api.app import create_app
from indexer import Node, SpaceUnavailable
from settings import Settings

DONE = {"took": 1, "answered": True, "answer": "猫 [1]", "answerer": "builtin", "citations": [], "passages": []}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FlaskClient]:
    settings = Settings(data=tmp_path / "data", generations=1)
    node = Node(settings)
    made = create_app(node, settings).test_client()
    made.put("/news", json={"settings": {"semantic": {"families": []}}})
    yield made
    node.close()


def answer_with(monkeypatch: pytest.MonkeyPatch, *events: Any) -> list[dict[str, Any]]:
    """Let the answers room give these events; an exception among them is raised. Returns the bodies asked."""
    asked: list[dict[str, Any]] = []

    def stream(_: Node, index: str, body: dict[str, Any]) -> Iterator[Any]:
        asked.append({"index": index, **body})
        for event in events:
            if isinstance(event, Exception):
                raise event
            yield event

    def whole(node: Node, index: str, body: dict[str, Any]) -> Any:
        return dict(stream(node, index, body))["done"]

    monkeypatch.setattr(answers, "ask_stream", stream)
    monkeypatch.setattr(answers, "ask", whole)
    return asked


def parsed(data: bytes) -> list[tuple[str, Any]]:
    """Events of a stream, as a browser's EventSource reads them."""
    out = []
    for block in data.decode().removesuffix("\n\n").split("\n\n"):
        name, content = block.split("\n")
        assert name.startswith("event: ")
        assert content.startswith("data: ")
        out.append((name[7:], orjson.loads(content[6:])))
    return out


EVENTS = (("passages", {"passages": []}), ("token", {"text": "两行\n文字"}), ("done", DONE))


def test_events_in_order(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answer_with(monkeypatch, *EVENTS)
    answer = client.post("/news/_ask", json={"question": "猫？", "stream": True, "size": 3})
    assert answer.headers["Content-Type"] == "text/event-stream; charset=UTF-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert parsed(answer.data) == list(EVENTS)
    assert asked == [{"index": "news", "question": "猫？", "size": 3, "refusal": "calibrated", "stream": True}]


def test_a_stream_can_be_asked_for_by_accept(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, *EVENTS)
    answer = client.post("/news/_ask", json={"question": "x"}, headers={"Accept": "text/event-stream"})
    assert [name for name, _ in parsed(answer.data)] == ["passages", "token", "done"]
    assert client.post("/news/_ask", json={"question": "x"}).json == DONE


def test_an_error_before_the_first_event_is_a_status_code(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, SpaceUnavailable("install the model"))
    for stream in (True, False):
        answer = client.post("/news/_ask", json={"question": "x", "stream": stream, "answerer": "builtin"})
        assert answer.status_code == 409
        assert answer.json["error"]["reason"] == "install the model"


def test_an_error_in_the_middle_is_an_event(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, EVENTS[0], RuntimeError("secret"))
    answer = client.post("/news/_ask", json={"question": "x", "stream": True})
    (first, _), (last, body) = parsed(answer.data)
    assert (first, last) == ("passages", "error")
    assert body["status"] == 500
    assert "secret" not in answer.text


def test_generations_are_bounded_and_slots_come_back(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, *EVENTS)
    request = {"question": "x", "stream": True, "answerer": "builtin"}
    running = client.post("/news/_ask", json=request, buffered=False)
    refused = client.post("/news/_ask", json=request)
    assert refused.status_code == 429
    assert refused.json["error"]["type"] == "es_rejected_execution_exception"
    assert refused.headers["Retry-After"] == "1"
    assert client.post("/news/_ask", json={"question": "x"}).status_code == 200  # extractive needs no slot
    running.close()  # the client left before it read anything
    for _ in range(3):
        assert client.post("/news/_ask", json={**request, "stream": False}).status_code == 200
    answer_with(monkeypatch, ValueError())
    for _ in range(3):
        assert client.post("/news/_ask", json=request).status_code == 500
    answer_with(monkeypatch, *EVENTS)
    assert client.post("/news/_ask", json=request).status_code == 200


def test_answers_are_counted(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, *EVENTS)
    client.post("/news/_ask", json={"question": "x"})
    metrics = client.get("/metrics").text
    assert 'quarry_answers_total{answered="yes",answerer="builtin"} 1.0' in metrics
    assert "quarry_generations_running 0.0" in metrics
