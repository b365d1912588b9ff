"""The page's modules on their own, with Python as the independent reading."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .browser import Browser
from .library import Site

SHARED = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXTS = st.text(st.sampled_from("ab 故宫臺𠮷😀é\u0301½\n"), max_size=30)


def call(browser: Browser, module: str, function: str, *arguments: Any) -> Any:
    """The result of a module's exported function."""
    script = f"return import('/ui/{module}.js').then(m => m.{function}(...arguments[0]))"
    return browser.run(script, list(arguments))


@SHARED
@given(text=TEXTS, ends=st.tuples(st.integers(0, 30), st.integers(0, 30)))
def test_offsets_count_code_points(browser: Browser, site: Site, text: str, ends: tuple[int, int]) -> None:
    start, end = sorted(ends)
    first, last = call(browser, "text", "utf16Range", text, start, end)
    assert text.encode("utf-16-le")[2 * first : 2 * last].decode("utf-16-le") == text[start:end]


@SHARED
@given(pieces=st.lists(st.tuples(TEXTS, st.booleans()), max_size=6))
def test_marks_are_found_where_they_were_put(browser: Browser, site: Site, pieces: list[tuple[str, bool]]) -> None:
    marked = "".join(f"\ue000{text}\ue001" if mark else text for text, mark in pieces)
    found = call(browser, "text", "parseMarks", marked)
    plain = "".join(text for text, _ in pieces)
    assert found["text"] == plain
    units = plain.encode("utf-16-le")
    shown = [units[2 * a : 2 * b].decode("utf-16-le") for a, b in found["ranges"]]
    assert shown == [text for text, mark in pieces if mark and text]


@pytest.mark.parametrize(
    ("query", "asks"),
    [
        ("When did the bridge open", True),
        ("bridge opening date", False),
        ("Is This It", False),
        ("is this it by the strokes", True),
        ("how to", False),
        ("what's a reef", True),
        ("Who?", True),
        ("故宫有多少房间", True),
        ("苏堤是谁建的", True),
        ("西湖", False),
        ("北京天气", False),
        ("西湖在杭州吗", True),
        ("為什麼天空是藍的", True),
    ],
)
def test_which_queries_ask(browser: Browser, site: Site, query: str, asks: bool) -> None:
    assert call(browser, "text", "isQuestion", query) is asks


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The Great Barrier Reef", "en"),
        ("北京故宫是明清两代的宫殿", "zh-Hans"),
        ("臺灣大學圖書館的藏書", "zh-Hant"),
        ("第二次世界大戦は1939年に始まった", "ja"),
        ("서울의 날씨", "ko"),
        ("GPT-4 与 C++ 的比较", "zh-Hans"),
        ("白岳峰（백악봉）是韩国的一座山峰", "zh-Hans"),
        ("战国无双的日文原名是「戦国無双」，又作せんごく", "zh-Hans"),
    ],
)
def test_a_text_chooses_its_glyphs(browser: Browser, site: Site, text: str, language: str) -> None:
    assert call(browser, "text", "language", text) == language


@pytest.mark.parametrize(
    ("current", "count", "expected"),
    [
        (1, 1, [1]),
        (1, 5, [1, 2, 3, 4, 5]),
        (1, 20, [1, 2, 3, 4, 0, 20]),
        (10, 20, [1, 0, 9, 10, 11, 0, 20]),
        (20, 20, [1, 0, 17, 18, 19, 20]),
        (4, 20, [1, 2, 3, 4, 5, 0, 20]),
    ],
)
def test_page_numbers(browser: Browser, site: Site, current: int, count: int, expected: list[int]) -> None:
    assert call(browser, "paging", "pageNumbers", current, count) == expected


def test_events_survive_any_cut_of_the_stream(browser: Browser, site: Site) -> None:
    token = 'event: token\r\ndata: {"text": "故宫"}\r\n\r\n: a comment\n\n'
    stream = token + "event: done\ndata: 1\ndata: 2\n\nevent: cut\ndata: 3\n"
    script = """
      const [text, size] = arguments;
      const bytes = new TextEncoder().encode(text);
      const body = new ReadableStream({start(c) {
        for (let i = 0; i < bytes.length; i += size) c.enqueue(bytes.slice(i, i + size));
        c.close();
      }});
      return import('/ui/client.js').then(async ({serverSentEvents}) => {
        const events = [];
        for await (const {event, data} of serverSentEvents(body)) events.push([event, data]);
        return events;
      });
    """
    for size in (1, 2, 3, 7, 1000):
        assert browser.run(script, stream, size) == [["token", '{"text": "故宫"}'], ["done", "1\n2"]]


@pytest.mark.parametrize(
    "query",
    [
        "q=a+b&mode=bm25&index=news&page=3&filter=section%3Aworld&filter=url%3Ahttps%3A%2F%2Fx&ask=1&answerer=builtin",
        "",
    ],
)
def test_an_address_is_read_as_it_was_written(browser: Browser, site: Site, query: str) -> None:
    state = call(browser, "state", "readState", query)
    assert call(browser, "state", "readState", call(browser, "state", "address", state).lstrip("/")) == state


def test_a_malformed_address_gives_the_defaults(browser: Browser, site: Site) -> None:
    state = call(browser, "state", "readState", "page=-3&mode=magic&filter=nocolon&answerer=oracle")
    assert (state["page"], state["mode"], state["filters"], state["answerer"]) == (1, "hybrid", [], "")
