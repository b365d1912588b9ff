"""`_ask`: a question in, a cited answer out, as one JSON body or as server-sent events."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from flask import Response

import answers
from api.call import Call
from api.elastic.targets import one_index
from api.errors import as_quarry_error, error_body
from api.limits import Slot
from api.media import wants
from api.render import to_json
from api.routing import Route
from api.shapes import AskRequest

EVENT_STREAM = "text/event-stream"
Event = tuple[str, dict[str, Any]]


def ask(call: Call) -> Any:
    request = call.shape(AskRequest)
    one_index(call)  # what is not there is refused before an answer begins
    index = call.path["index"]
    body = request.model_dump(exclude_none=True)
    body["stream"] = request.stream or wants(call.request.headers.get("Accept"), EVENT_STREAM)
    running = _Running(call, request.answerer or call.settings.answerer)
    if body["stream"]:
        return _streamed(call, index, body, running)
    try:
        answer = answers.ask(call.node, index, body)
    finally:
        running.end()
    running.count(answer)
    return answer


class _Running:
    """One answer in the making. A generation holds a slot; an extractive answer needs none."""

    def __init__(self, call: Call, answerer: str) -> None:
        self._metrics = call.services.metrics
        self._answerer = answerer
        self._slot: Slot | None = None
        if answerer != "extractive":
            self._slot = call.services.limits.generations.acquire()
            self._metrics.generating.inc()

    def count(self, answer: dict[str, Any]) -> None:
        answered = "yes" if answer.get("answered") else "no"
        self._metrics.generations.labels(answer.get("answerer", self._answerer), answered).inc()

    def end(self) -> None:
        slot, self._slot = self._slot, None
        if slot is not None:
            slot.release()
            self._metrics.generating.dec()


def _streamed(call: Call, index: str, body: dict[str, Any], running: _Running) -> Response:
    try:
        events = answers.ask_stream(call.node, index, body)
        # What fails before the first event still becomes a status code.
        first = next(events)
    except BaseException:
        running.end()
        raise
    response = Response(_events(first, events, running), content_type=f"{EVENT_STREAM}; charset=UTF-8")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"  # a proxy in between must not hold events back
    # Also when the client left before the first event: then the generator never starts.
    response.call_on_close(running.end)
    return response


def _events(first: Event, rest: Iterator[Event], running: _Running) -> Iterator[bytes]:
    try:
        for event, data in chain([first], rest):
            if event == "done":
                running.count(data)
            yield _event(event, data)
    except Exception as error:  # the head is sent: the error has to be an event
        yield _event("error", error_body(as_quarry_error(error)))


def _event(name: str, data: Any) -> bytes:
    """One server-sent event (WHATWG HTML, 9.2); JSON holds no raw newline, so one data line is enough."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), to_json(data))


ROUTES = (
    Route(
        ("POST",), "/<index>/_ask", ask, "Answer a question from an index, with citations", "answers", (), AskRequest
    ),
)
