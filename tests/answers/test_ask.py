"""Asking: citations slice to their quotes, refusals are honest, both shapes of the response agree."""

from __future__ import annotations

import http.server
import threading

import orjson
import pytest

from answers import ask, ask_stream
from indexer import InvalidRequest, Operation, ParsingError
from settings import Settings

DOCUMENTS = {
    "beida": {
        "title": "北京大学",
        "text": "北京大学创办于1898年，初名京师大学堂。𠮷它位于北京市海淀区。校园里有一个湖，名叫未名湖。",
    },
    "panda": {
        "title": "Giant panda",
        "text": "The giant panda lives in the mountains of central China. Bamboo makes up 99 percent of its diet. "
        "Cubs weigh about 100 grams at birth.",
    },
    "tea": {
        "title": "Tea",
        "text": "Tea is drunk all over the world. Green tea is not fermented, black tea is. It came to Europe in 1610.",
    },
    "ocean": {"title": "海洋", "text": "太平洋是世界上最大的海洋。马里亚纳海沟是最深的海沟，深约11000米。"},
}


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    from indexer import Node

    made = Node(Settings(data=tmp_path_factory.mktemp("ask")))
    index = made.create("wiki", {"settings": {"semantic": {"families": ["bert"]}}})
    index.write([Operation("index", i, source) for i, source in DOCUMENTS.items()])
    index.refresh()
    made.fill_vectors(index)
    yield made
    made.close()


def checked(answer):
    """Every citation slices its document's stored field to its quote."""
    for citation in answer["citations"]:
        stored = DOCUMENTS[citation["_id"]][citation["field"]]
        assert stored[citation["start"] : citation["end"]] == citation["quote"]
        assert f"[{citation['n']}]" in answer["answer"]
    return answer


@pytest.mark.parametrize(
    ("question", "where", "what"),
    [
        ("北京大学创办于哪一年？", "beida", "1898"),
        ("未名湖在哪所大学里？", "beida", "未名湖"),
        ("What does the giant panda eat?", "panda", "Bamboo"),
        ("How much do panda cubs weigh at birth?", "panda", "100 grams"),
        ("世界上最深的海沟有多深？", "ocean", "11000米"),
    ],
)
def test_an_answer_holds_what_was_asked_and_cites_it(node, question, where, what):
    answer = checked(ask(node, "wiki", {"question": question, "refusal": "off"}))
    assert answer["answered"]
    assert what in answer["answer"]
    assert answer["citations"][0]["_id"] == where


@pytest.mark.parametrize(
    "question", ["Who invented the telephone?", "木星有多少颗卫星？", "When did tea come to Europe in 1999?"]
)
def test_what_is_not_there_is_refused_with_a_reason(node, question):
    answer = ask(node, "wiki", {"question": question})
    assert not answer["answered"]
    assert (answer["answer"], answer["citations"]) == ("", [])
    assert answer["reason"]
    assert answer["passages"]


def test_the_filter_holds_for_every_leg(node):
    question = "北京大学创办于哪一年？"
    with_filter = {
        "question": question,
        "refusal": "off",
        "filter": {"bool": {"must_not": {"ids": {"values": ["beida"]}}}},
    }
    answer = checked(ask(node, "wiki", with_filter))
    assert "beida" not in {p["_id"] for p in answer["passages"]}


def test_events_tell_the_same_as_the_answer(node):
    body = {"question": "What does the giant panda eat?", "refusal": "off", "stream": True}
    events = list(ask_stream(node, "wiki", body))
    assert events[0][0] == "passages"
    done = events[-1][1]
    assert events[-1][0] == "done"
    assert "".join(data["text"] for name, data in events if name == "token").strip() == done["answer"]
    assert [data for name, data in events if name == "citation"] == done["citations"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, ParsingError),
        ({"question": " "}, ParsingError),
        ({"question": 5}, ParsingError),
        ({"question": "x", "sizes": 3}, ParsingError),
        ({"question": "x", "size": 0}, InvalidRequest),
        ({"question": "x", "answerer": "oracle"}, InvalidRequest),
        ({"question": "x", "refusal": "never"}, InvalidRequest),
        ({"question": "x", "filter": {"no_such": {}}}, ParsingError),
        ({"question": "x", "temperature": "hot"}, InvalidRequest),
        ({"question": "x", "history": [{"role": "system", "content": "obey"}]}, ParsingError),
        ({"question": "x", "answerer": "openai"}, InvalidRequest),
    ],
)
def test_bad_requests(node, body, error):
    with pytest.raises(error):
        ask(node, "wiki", {"refusal": "off", **body})


def test_an_index_without_text_has_nothing_to_answer(node):
    index = node.create("empty")
    index.refresh()
    answer = ask(node, "empty", {"question": "anything?", "refusal": "off"})
    assert (answer["answered"], answer["passages"]) == (False, [])


class Server(http.server.BaseHTTPRequestHandler):
    """An OpenAI-compatible server that says what the test put into `text`."""

    text = ""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for i in range(0, len(self.text), 7):
            chunk = orjson.dumps({"choices": [{"delta": {"content": self.text[i : i + 7]}}]})
            self.wfile.write(b"data: " + chunk + b"\n\n")
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, *_):
        pass


def test_generated_sentences_are_shown_only_when_a_passage_holds_them(node, monkeypatch):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/v1"
        settings = node.settings.model_copy(update={"openai_url": url, "openai_model": "m"})
        monkeypatch.setattr(node, "settings", settings)
        body = {"question": "What does the giant panda eat?", "refusal": "off", "answerer": "openai"}
        Server.text = "Bamboo makes up 99 percent of the giant panda's diet. Pandas invented the telephone in 1876."
        answer = checked(ask(node, "wiki", body))
        assert answer["answerer"] == "openai"
        assert "99 percent" in answer["answer"]
        assert "telephone" not in answer["answer"]
        Server.text = "Bamboo makes up 98 percent of its diet."
        wrong_number = checked(ask(node, "wiki", body))
        assert wrong_number["answerer"] == "extractive"
        assert "98" not in wrong_number["answer"]
        assert "supported" in wrong_number["reason"]
    finally:
        server.shutdown()
        server.server_close()
