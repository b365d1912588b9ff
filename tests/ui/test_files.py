"""The page's files: nothing that a strict policy forbids, nothing missing, nothing left over."""

from __future__ import annotations

import json
import re
from pathlib import Path

UI = Path(__file__).resolve().parents[2] / "api" / "ui"
PAGE = (UI / "index.html").read_text("utf-8")
SCRIPTS = {path.name: path.read_text("utf-8") for path in UI.glob("*.js")}
MESSAGES = {name: json.loads((UI / f"messages.{name}.json").read_text("utf-8")) for name in ("en", "zh")}


def test_no_text_is_ever_parsed_as_markup() -> None:
    parsing = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|createContextualFragment"
    assert {name for name, script in SCRIPTS.items() if re.search(parsing, script)} == set()


def test_the_page_has_no_inline_script_or_style_and_nothing_from_elsewhere() -> None:
    assert re.findall(r"<script(?![^>]*\ssrc=)", PAGE) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=", PAGE) == []
    everything = [PAGE, *SCRIPTS.values(), *(path.read_text("utf-8") for path in UI.glob("*.css"))]
    links = {link for text in everything for link in re.findall(r"https?://[\w.]+", text)}
    assert links <= {"http://www.w3.org"}  # a namespace, never fetched


def test_every_file_that_the_page_names_is_there_and_every_module_is_named() -> None:
    named = set(re.findall(r'(?:src|href)="ui/([^"]+)"', PAGE))
    assert {name for name in named if not (UI / name).is_file()} == set()
    assert set(SCRIPTS) <= named
    assert {path.name for path in UI.glob("*.css")} <= named


def test_every_text_is_there_in_both_languages_and_used() -> None:
    english, chinese = ({re.sub(r"\.(one|other)$", "", key) for key in MESSAGES[language]} for language in ("en", "zh"))
    assert english == chinese
    source = "\n".join([PAGE, *SCRIPTS.values()])
    named = set(re.findall(r'"([a-z]+(?:\.[a-z0-9]+)*)"', source))
    stems = {stem.removesuffix(".") for stem in re.findall(r"`([a-z]+(?:\.[a-z]+)*\.)\$\{", source)}
    unused = {key for key in english if key not in named and key.split(".")[0] not in stems}
    assert unused == set()
    asked = set(re.findall(r'\bt\(\s*"([^"]+)"', source)) | set(re.findall(r'data-(?:text|label|hint)="([^"]+)"', PAGE))
    assert asked - english == set()


def test_the_texts_take_the_same_values() -> None:
    def values(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", text))

    for key, text in MESSAGES["zh"].items():
        assert values(text) == values(MESSAGES["en"].get(key) or MESSAGES["en"][f"{key}.other"]), key
