"""`_ask` over the wire, with the real answers room: citations that slice, events that come, refusals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest

from .conftest import WORDS_ONLY
from .service import Service

DOCUMENTS = {
    "moon": {
        "title": "The moon 🌕",
        "text": "The moon circles the earth. It is 384,400 kilometres away from the earth.",
    },
    "北京": {"title": "北京", "text": "北京是中国的首都。北京有两千一百万人口，是一座古老的城市。"},
    "cats": {"title": "Cats", "text": "Cats sleep for most of the day. They were first tamed in the Near East."},
}


@pytest.fixture(scope="module")
def http(service: Service) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, timeout=120) as made:
        made.put("/facts", json={"settings": WORDS_ONLY})
        for doc_id, document in DOCUMENTS.items():
            made.put(f"/facts/_doc/{doc_id}?refresh=true", json=document)
        yield made


def check_citations(answer: dict[str, Any]) -> None:
    assert answer["citations"]
    for citation in answer["citations"]:
        assert citation["_index"] == "facts"
        stored = DOCUMENTS[citation["_id"]][citation["field"]]
        assert stored[citation["start"] : citation["end"]] == citation["quote"]
        assert f"[{citation['n']}]" in answer["answer"]


@pytest.mark.parametrize(
    ("question", "doc_id", "holds"),
    [("How far away from the earth is the moon?", "moon", "384,400"), ("北京有多少人口？", "北京", "两千一百万")],
)
def test_an_answer_cites_its_passages(http: httpx.Client, question: str, doc_id: str, holds: str) -> None:
    answer = http.post("/facts/_ask", json={"question": question, "refusal": "off", "size": 3}).json()
    assert answer["answered"] is True
    assert holds in answer["answer"]
    assert answer["citations"][0]["_id"] == doc_id
    assert {"took", "reason", "passages", "answerer", "timings"} <= set(answer)
    check_citations(answer)


def test_the_same_answer_comes_as_events(http: httpx.Client) -> None:
    request = {"question": "北京有多少人口？", "refusal": "off", "stream": True}
    names, last = [], {}
    with http.stream("POST", "/facts/_ask", json=request) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        name = ""
        for line in stream.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
                names.append(name)
            elif line.startswith("data: "):
                last = orjson.loads(line.removeprefix("data: "))
    assert names[0] == "passages"
    assert names[-1] == "done"
    assert {"token", "citation"} <= set(names)
    check_citations(last)
    whole = http.post("/facts/_ask", json={**request, "stream": False}).json()
    assert (last["answer"], last["citations"]) == (whole["answer"], whole["citations"])


def test_a_filter_holds_for_the_evidence(http: httpx.Client) -> None:
    request = {"question": "北京有多少人口？", "refusal": "off", "filter": {"ids": {"values": ["cats"]}}}
    answer = http.post("/facts/_ask", json=request).json()
    assert {passage["_id"] for passage in answer["passages"]} <= {"cats"}


def test_what_is_not_there_is_refused(http: httpx.Client) -> None:
    answer = http.post("/facts/_ask", json={"question": "Who won the 1974 world chess championship in Manila?"}).json()
    assert answer["answered"] is False
    assert answer["reason"]
    assert answer["citations"] == []


def test_clients_that_leave_a_stream_take_nothing_with_them(service: Service, http: httpx.Client) -> None:
    request = {"question": "How far away is the moon?", "refusal": "off", "stream": True}
    workers = service.workers()
    for _ in range(8):
        with http.stream("POST", "/facts/_ask", json=request) as stream:
            next(stream.iter_raw())
    assert http.get("/readyz").status_code == 200
    assert service.workers() == workers
