"""Phone width, dark, both languages; and documents that try to be markup."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .browser import Browser
from .library import Site

UI = Path(__file__).resolve().parents[2] / "api" / "ui"
QUESTION = "When was the Sydney Harbour Bridge opened to traffic?"


def fits(browser: Browser, width: int) -> bool:
    """Whether nothing makes the page wider than the screen."""
    return browser.run("return Math.max(document.documentElement.scrollWidth, innerWidth)") == width


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_a_phone_never_scrolls_sideways(browser: Browser, site: Site, language: str) -> None:
    browser.emulate(width=360, height=780, language=language)
    browser.open(site.url)
    browser.until(lambda: browser.texts("#index option"), "the start page")
    assert fits(browser, 360)
    browser.open(site.page(q=QUESTION))
    browser.until(lambda: browser.texts("[data-status=answered] .cite"), "the answer")
    browser.until(lambda: browser.texts(".hit"), "results")
    browser.click(".cite")
    browser.until(lambda: browser.texts("mark.quote"), "the quote")
    browser.click(".hit .title")
    browser.click(".hit .why")
    assert fits(browser, 360)
    browser.open(site.page(q="granite", mode="bm25", page="2"))
    browser.until(lambda: browser.texts(".paging"), "pages")
    browser.click(".as-command summary")
    assert fits(browser, 360)
    browser.open(site.page(q="x" * 300, mode="bm25"))
    browser.until(lambda: browser.texts(".notice"), "the notice")
    assert fits(browser, 360)


def test_what_is_touched_is_large_enough(browser: Browser, site: Site) -> None:
    browser.emulate(width=360, height=780)
    browser.open(site.page(q="granite", mode="bm25"))
    browser.until(lambda: browser.texts(".paging"), "pages")
    small = browser.run(
        "const touched = [...document.querySelectorAll('button:not(.title), select, .paging a, .modes label')];"
        "const sizes = touched.filter(e => e.offsetParent).map(e => [e.className, e.offsetWidth, e.offsetHeight]);"
        "return sizes.filter(([, width, height]) => width < 24 || height < 24)"  # WCAG 2.2, criterion 2.5.8
    )
    assert small == []


def test_the_interface_follows_the_browser_then_the_reader(browser: Browser, site: Site) -> None:
    browser.emulate(language="zh-CN")
    browser.open(site.page(q="故宫"))
    browser.until(lambda: "条结果" in (browser.text(".tally") or ""), "Chinese")
    assert browser.run("return document.documentElement.lang") == "zh-Hans"
    assert browser.run("return getComputedStyle(document.body).letterSpacing") == "normal"
    browser.click("#language")
    browser.until(lambda: "result" in (browser.text(".tally") or ""), "English")
    browser.open(site.page(q="西湖"))
    browser.until(lambda: "result" in (browser.text(".tally") or ""), "English again")
    assert browser.run("return document.documentElement.lang") == "en"


def test_dark_where_the_reader_prefers_it(browser: Browser, site: Site) -> None:
    def colours() -> list[list[float]]:
        script = "const own = getComputedStyle(document.documentElement); return [own.color, own.backgroundColor]"
        return [[float(part) for part in re.findall(r"\d+", colour)] for colour in browser.run(script)]

    for dark in (False, True):
        browser.emulate(dark=dark)
        browser.open(site.url)
        ink, page = colours()
        assert (sum(page) < sum(ink)) == dark


def test_a_document_stays_text(browser: Browser, site: Site) -> None:
    browser.open(site.page(q="wombat burrow markup", mode="bm25"))
    title = browser.until(lambda: browser.text(".hit .title"), "the document")
    assert title == site.documents["typed"]["title"]
    browser.click(".hit .title")
    browser.until(lambda: browser.text(".reader .passage"), "its text")
    assert browser.text(".reader .passage") == site.documents["typed"]["text"]
    browser.click(".hit .why")
    inside = (
        "#results img, #results script, #results b:not(.why b, .tree b, .legs b), #results [onload], #results [onerror]"
    )
    assert browser.texts(inside) == []
    assert browser.texts("#results a[href^=javascript]") == []
    assert browser.run("return window.hacked ?? null") is None


@pytest.mark.parametrize(
    "query", ["<img src=x onerror=window.hacked=1>", "';alert(1)//", '"><svg onload=window.hacked=1>']
)
def test_a_query_stays_text(browser: Browser, site: Site, query: str) -> None:
    browser.open(site.page(q=query, filter=f"section.keyword:{query}", mode="bm25"))
    browser.until(lambda: browser.text("#results h2"), "the results")
    assert browser.run("return document.getElementById('query').value") == query
    assert browser.texts("#results img, #results svg[onload]") == []
    assert browser.run("return window.hacked ?? null") is None
