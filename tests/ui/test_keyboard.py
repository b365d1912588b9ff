"""The page from the keyboard alone, and for assistive technology."""

from __future__ import annotations

from .browser import Browser
from .library import Site


def focused(browser: Browser) -> str:
    return browser.run(
        "return document.activeElement.id || document.activeElement.className || document.activeElement.tagName"
    )


def results(browser: Browser, site: Site) -> None:
    browser.open(site.page(q="granite block", mode="bm25"))
    browser.until(lambda: browser.texts(".hit .title"), "results")


def test_keys_move_open_and_close(browser: Browser, site: Site) -> None:
    results(browser, site)
    browser.press("j")
    assert focused(browser) == "hit-1"
    browser.press("j", "Down")
    assert focused(browser) == "hit-3"
    browser.press("k", "Up")
    assert focused(browser) == "hit-1"
    browser.press("Enter")
    browser.until(lambda: browser.text(".hit:first-child .reader .passage"), "the document")
    assert browser.run("return document.activeElement.ariaExpanded") == "true"
    browser.press("Escape")
    assert browser.text(".reader") is None
    assert focused(browser) == "hit-1"
    browser.press("w")
    assert not browser.run("return document.querySelector('.why-panel').hidden")
    browser.press("Escape")
    assert browser.run("return document.querySelector('.why-panel').hidden")


def test_slash_goes_to_the_box_and_types_nothing(browser: Browser, site: Site) -> None:
    results(browser, site)
    browser.press("/")
    assert focused(browser) == "query"
    browser.type("reef/")
    assert browser.run("return document.getElementById('query').value") == "reef/"
    browser.press("Down")
    assert focused(browser) == "hit-1"


def test_the_list_of_shortcuts(browser: Browser, site: Site) -> None:
    results(browser, site)
    browser.press("?")
    assert browser.run("return document.getElementById('keys').open")
    assert "Esc" in browser.texts("dialog kbd")
    browser.press("Escape")
    assert not browser.run("return document.getElementById('keys').open")


def test_the_focus_is_visible_everywhere(browser: Browser, site: Site) -> None:
    results(browser, site)
    browser.run("document.body.focus()")
    unseen = []
    for _ in range(30):
        browser.press("Tab")
        outlined = browser.run(
            "const e = document.activeElement;"
            "if (e === document.body || e.id === 'query') return true;"  # the box around the input is outlined
            "const drawn = e.type === 'radio' ? e.nextElementSibling : e;"
            "return getComputedStyle(drawn).outlineStyle !== 'none'"
        )
        if not outlined:
            unseen.append(focused(browser))
    assert unseen == []


def test_everything_has_a_name_and_what_changes_is_announced(browser: Browser, site: Site) -> None:
    results(browser, site)
    nodes = browser.devtools("Accessibility.getFullAXTree")["nodes"]
    named = {"button", "link", "textbox", "searchbox", "radio", "combobox", "region", "search", "navigation"}
    nameless = [
        node["role"]["value"]
        for node in nodes
        if not node["ignored"] and node["role"]["value"] in named and not node.get("name", {}).get("value")
    ]
    assert nameless == []
    assert "27 results" in (browser.text("#announcer") or "")
    ids = browser.run("return [...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
