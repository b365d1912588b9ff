"""Searching: results, highlights, why they matched, rankings, pages, filters, and the address."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from .browser import Browser
from .library import BLOCKS, Site

MODES = ["hybrid", "bm25", "tfidf", "word2vec", "glove", "bert"]


def search(browser: Browser, site: Site, **state: str) -> list[str]:
    """Opens a search; the titles of its results once they are there."""
    browser.open(site.page(**state))
    return titles(browser)


def titles(browser: Browser) -> list[str]:
    return browser.until(lambda: browser.texts(".hit .title"), "results")


def state_of(browser: Browser) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(browser.url).query).items()}


def test_the_start_page_is_ready_to_type(browser: Browser, site: Site) -> None:
    browser.open(site.url)
    browser.until(lambda: browser.texts("#index option"), "indices")
    assert browser.run("return document.activeElement.id") == "query"
    assert browser.run("return document.getElementById('index').value") == "library"
    assert browser.run("return [...document.querySelectorAll('#modes input')].map(e => e.value)") == MODES
    browser.type("harbour bridge")
    browser.press("Enter")
    assert titles(browser)[0] == "Sydney Harbour Bridge"
    assert state_of(browser) == {"q": "harbour bridge", "index": "library"}


def test_matched_words_are_marked(browser: Browser, site: Site) -> None:
    search(browser, site, q="harbour bridge", mode="bm25")
    marked = {word.lower() for word in browser.texts(".hit:first-child mark")}
    assert marked <= {"harbour", "bridge", "harbour bridge"}
    assert marked


def test_a_matched_value_is_marked_beside_the_text(browser: Browser, site: Site) -> None:
    assert search(browser, site, q="nature", mode="bm25")[0] == "Great Barrier Reef"
    assert browser.texts(".hit:first-child .meta mark") == ["nature"]
    assert (browser.text(".hit:first-child .snippet") or "").startswith("The Great Barrier Reef is the largest")


def test_chinese_matches_are_marked_exactly(browser: Browser, site: Site) -> None:
    assert search(browser, site, q="紫禁城", mode="bm25")[0] == "故宫"
    assert browser.texts(".hit:first-child .snippet mark")[0] == "紫禁城"
    assert browser.run("return document.querySelector('.snippet').lang") == "zh-Hans"


def test_simplified_words_find_and_mark_traditional_text(browser: Browser, site: Site) -> None:
    assert search(browser, site, q="台湾大学图书馆", mode="bm25")[0] == "臺灣大學圖書館"
    assert "臺灣大學圖書館" in "".join(browser.texts(".hit:first-child .title mark"))
    assert browser.run("return document.querySelector('.snippet').lang") == "zh-Hant"


def test_every_hit_says_why_it_matched(browser: Browser, site: Site) -> None:
    search(browser, site, q="coral reef system")
    assert "BM25 #1" in (browser.text(".hit:first-child .why") or "")
    assert "BERT #1" in (browser.text(".hit:first-child .why") or "")
    browser.click(".hit:first-child .why")
    rows = browser.run(
        "return [...document.querySelectorAll('.legs tr')].map(r => [...r.cells].map(c => c.innerText.trim()))"
    )
    legs, fused = rows[1:-1], rows[-1]
    assert [leg[0] for leg in legs] == ["BM25", "BERT"]
    assert sum(float(leg[3]) for leg in legs) == pytest.approx(float(fused[1]), abs=0.002)
    assert sum(int(leg[4].removesuffix(" %")) for leg in legs) in (99, 100, 101)
    assert float(browser.text(".tree b") or "nan") == pytest.approx(float(fused[1]), abs=0.002)
    browser.click(".hit:first-child .why")
    assert browser.run("return document.querySelector('.why-panel').hidden")


@pytest.mark.parametrize("mode", MODES)
def test_every_ranking_can_be_chosen(browser: Browser, site: Site, mode: str) -> None:
    search(browser, site, q="coral reef", mode="bm25" if mode == "hybrid" else "hybrid")
    browser.click(f"#modes label:has([value={mode}])")
    browser.until(lambda: state_of(browser).get("mode", "hybrid") == mode, "the address")
    browser.until(lambda: browser.run("return document.querySelector('#results').ariaBusy !== 'true'"), "an answer")
    assert "Great Barrier Reef" in titles(browser)


def test_a_meaning_is_shown_by_its_passage(browser: Browser, site: Site) -> None:
    search(browser, site, q="who found the first antibiotic", mode="bert")
    assert browser.text(".hit:first-child .title") == "Penicillin"
    assert (browser.text(".hit:first-child mark.quote") or "") in site.documents["penicillin"]["text"]


def test_a_result_opens_in_place(browser: Browser, site: Site) -> None:
    search(browser, site, q="harbour bridge", mode="bm25")
    browser.click(".hit:first-child .title")
    text = browser.until(lambda: browser.text(".reader .passage"), "the document")
    assert text == site.documents["bridge"]["text"]
    assert "https://example.org/bridge" in (browser.text(".reader .rest") or "")


def test_pages_hold_ten_and_do_not_overlap(browser: Browser, site: Site) -> None:
    seen = search(browser, site, q="granite block", mode="bm25")
    assert len(seen) == 10
    assert f"{BLOCKS} results" in (browser.text(".tally") or "")
    for page, expected in ((2, 10), (3, BLOCKS - 20)):
        browser.click(".paging .next")
        browser.until(lambda page=page: state_of(browser).get("page") == str(page), "the page")
        browser.until(lambda page=page: browser.text(".meta .rank") == str(page * 10 - 9), "its results")
        found = titles(browser)
        assert len(found) == expected
        assert not set(found) & set(seen)
        seen += found
    browser.back()
    browser.back()
    browser.until(lambda: titles(browser) == seen[:10], "the first page again")


def test_the_address_is_the_state(browser: Browser, site: Site) -> None:
    search(browser, site, q="granite", mode="bm25", page="2")
    assert browser.run("return document.getElementById('query').value") == "granite"
    assert browser.run("return document.querySelector('#modes :checked').value") == "bm25"
    assert browser.text(".paging [aria-current=page]") == "2"
    browser.click("#clear")
    browser.type("penicillin")
    browser.press("Enter")
    browser.until(lambda: browser.text(".hit .title") == "Penicillin", "the new search")
    browser.back()
    browser.until(lambda: browser.text(".paging [aria-current=page]") == "2", "the old search")
    assert browser.run("return document.getElementById('query').value") == "granite"
    browser.forward()
    browser.until(lambda: browser.text(".hit .title") == "Penicillin", "the new search again")


def test_another_index_can_be_chosen_and_is_remembered(browser: Browser, site: Site) -> None:
    search(browser, site, q="coral")
    choose = "const e = document.getElementById('index'); e.value = 'words'; e.dispatchEvent(new Event('change'))"
    browser.run(choose)
    browser.until(lambda: state_of(browser)["index"] == "words", "the address")
    browser.open(site.url)
    browser.until(lambda: browser.run("return document.getElementById('index').value") == "words", "the choice")


def test_a_value_narrows_the_search(browser: Browser, site: Site) -> None:
    before = search(browser, site, q="the largest reef and the bridge", mode="bm25")
    assert {"Sydney Harbour Bridge", "Great Barrier Reef"} <= set(before)
    browser.click(".meta a[href*=nature]")
    browser.until(lambda: browser.texts(".hit .title") == ["Great Barrier Reef"], "the narrowed results")
    assert state_of(browser)["filter"] == "section.keyword:nature"
    browser.click(".filters .chip")
    browser.until(lambda: titles(browser) == before, "all results again")


def test_no_result_offers_other_rankings(browser: Browser, site: Site) -> None:
    browser.open(site.page(q="zzyzx", mode="bm25"))
    browser.until(lambda: "Nothing matches" in (browser.text(".notice h2") or ""), "the notice")
    browser.click(".notice .chip")
    browser.until(lambda: "mode" not in state_of(browser), "the hybrid search")


def test_a_refused_search_shows_the_reason(browser: Browser, site: Site) -> None:
    browser.open(site.page(q="coral", index="words", mode="bert"))
    assert "bert" in browser.until(lambda: browser.text(".notice .problem"), "the reason")


def test_an_unknown_index_offers_those_that_exist(browser: Browser, site: Site) -> None:
    browser.open(site.page(q="coral", index="nowhere"))
    browser.until(lambda: "nowhere" in (browser.text(".notice h2") or ""), "the notice")
    assert browser.texts(".notice .chip") == ["library", "words"]
    browser.click(".notice .chip")
    assert "Great Barrier Reef" in titles(browser)


def test_a_lost_service_is_told_and_found_again(browser: Browser, site: Site) -> None:
    search(browser, site, q="coral")
    browser.offline(True)
    browser.click("#modes label:has([value=tfidf])")
    browser.until(lambda: "cannot be reached" in (browser.text(".notice h2") or ""), "the notice")
    browser.offline(False)
    assert "Great Barrier Reef" in titles(browser)


def test_the_search_as_a_command(browser: Browser, site: Site) -> None:
    search(browser, site, q="St Mary's", mode="bm25")
    browser.click(".as-command summary")
    command = browser.text(".as-command code") or ""
    assert command.startswith(
        f"curl -s --get '{site.url}/library/_search' --data-urlencode 'q=St Mary'\\''s' -d mode=bm25"
    )
