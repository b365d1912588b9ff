"""Asking: the answer, its citations opened in place, the refusal."""

from __future__ import annotations

from .browser import Browser
from .library import Site

QUESTION = "When was the Sydney Harbour Bridge opened to traffic?"


def answered(browser: Browser) -> str:
    browser.until(
        lambda: browser.run("return document.querySelector('#answer').dataset.status") == "answered", "an answer"
    )
    return browser.text(".answer-text") or ""


def quotes(browser: Browser) -> list[tuple[str, str]]:
    """Opens one citation after another: each quote as it is marked, and the document that it is marked in."""
    found = []
    for nth, number in enumerate(browser.texts(".answer-text .cite")):
        browser.click(".answer-text .cite", nth)
        open_now = f".source[data-n='{number}'].current + .opened"
        found.append(
            (
                browser.until(lambda place=open_now: browser.text(f"{place} mark.quote"), "the quote"),
                browser.text(f"{open_now} .passage") or "",
            )
        )
        assert len(browser.all(".reader")) == 1
        assert browser.run(IN_VIEW)
    return found


IN_VIEW = """
  const box = document.querySelector('.reader').getBoundingClientRect();
  const mark = document.querySelector('mark.quote').getBoundingClientRect();
  return mark.top >= box.top - 1 && mark.top < box.bottom && box.top < innerHeight && box.bottom > 0;
"""


def test_a_question_is_answered_on_top_of_its_results(browser: Browser, site: Site) -> None:
    browser.open(site.page(q=QUESTION))
    assert "19 March 1932" in answered(browser)
    assert browser.until(lambda: browser.texts(".hit .title"), "results")[0] == "Sydney Harbour Bridge"
    above = (
        "const bottom = document.querySelector('#answer').getBoundingClientRect().bottom;"
        "return bottom <= document.querySelector('.hits').getBoundingClientRect().top"
    )
    assert browser.run(above)


def test_a_citation_opens_the_quoted_span_in_place(browser: Browser, site: Site) -> None:
    browser.open(site.page(q=QUESTION))
    answered(browser)
    opened = quotes(browser)
    texts = [document["text"] for document in site.documents.values()]
    assert all(quote in text and text in texts for quote, text in opened)
    assert any("19 March 1932" in quote and text == site.documents["bridge"]["text"] for quote, text in opened)
    assert browser.run("return [...document.querySelectorAll('.cite')].at(-1).ariaExpanded") == "true"
    browser.press("Escape")
    assert browser.text(".reader") is None
    assert browser.run("return document.activeElement.className").startswith("cite")


def test_a_chinese_question(browser: Browser, site: Site) -> None:
    browser.emulate(language="zh-CN")
    browser.open(site.page(q="故宫占地面积有多少平方米？"))
    assert "七十二万平方米" in answered(browser)
    assert browser.run("return document.querySelector('.answer-text').lang") == "zh-Hans"
    assert any(
        "七十二万平方米" in quote and text == site.documents["gugong"]["text"] for quote, text in quotes(browser)
    )


def test_ask_answers_what_is_not_worded_as_a_question(browser: Browser, site: Site) -> None:
    browser.open(site.page(q="discovery of penicillin in 1928"))
    browser.until(lambda: browser.texts(".hit .title"), "results")
    assert browser.run("return document.querySelector('#answer').hidden")
    browser.click("#ask")
    browser.until(lambda: not browser.run("return document.querySelector('#answer').hidden"), "the card")
    assert "ask=1" in browser.url


def test_a_refusal_shows_the_nearest_passages(browser: Browser, site: Site) -> None:
    browser.open(site.page(q="What is the boiling point of tungsten hexafluoride in Denmark?", ask="1"))
    browser.until(
        lambda: browser.run("return document.querySelector('#answer').dataset.status") == "refused", "the refusal"
    )
    assert browser.text("#answer h2") == "No sure answer in this index"
    assert browser.texts(".source")
    browser.click(".source")
    assert browser.until(lambda: browser.text(".reader mark.quote"), "the passage")


def test_a_question_without_answer_does_not_push_results_away(browser: Browser, site: Site) -> None:
    browser.open(site.page(q="What is the boiling point of tungsten hexafluoride in Denmark?"))
    browser.until(lambda: browser.text(".quiet-refusal summary"), "the notice")
    assert browser.run("return document.querySelector('#answer').offsetHeight") < 60
    browser.click(".quiet-refusal summary")
    assert browser.texts(".quiet-refusal .source")


def test_an_answer_is_there_again_when_going_back(browser: Browser, site: Site) -> None:
    browser.open(site.page(q=QUESTION))
    text = answered(browser)
    browser.click("#clear")
    browser.type("granite")
    browser.press("Enter")
    browser.until(lambda: browser.run("return document.querySelector('#answer').hidden"), "no card")
    browser.back()
    assert answered(browser) == text


def test_a_lost_connection_is_told_with_a_way_to_go_on(browser: Browser, site: Site) -> None:
    browser.open(site.page(q="coral reef"))
    browser.until(lambda: browser.texts(".hit .title"), "results")
    browser.offline(True)
    browser.click("#ask")
    browser.until(lambda: "cannot be reached" in (browser.text(".notice h2") or ""), "the notice")
    browser.offline(False)
    browser.click(".notice .action")
    browser.until(lambda: browser.texts(".hit .title"), "results")
