"""The real application over a small bilingual index, and one browser for all tests of the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from browser import Browser, installed
from end_to_end.service import Service

DOCUMENTS = [json.loads(line) for line in Path(__file__).with_name("documents.jsonl").open(encoding="utf-8")]
BLOCKS = 27  # documents about granite: three pages of results


class Site:
    """A running service and the documents in its index `library`; `words` has no vectors."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.documents = {document["_id"]: document for document in DOCUMENTS}

    def page(self, **state: str) -> str:
        """The page's address for a state: q, mode, index, page, ask, filter."""
        return f"{self.url}/?{urlencode({'index': 'library', **state})}"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if installed() is None:
        pytest.skip("needs Chromium and chromedriver (on Debian: chromium, chromium-driver)")
    service = Service(tmp_path_factory.mktemp("site") / "data", workers=1, threads=8)
    service.start()
    try:
        _fill(service.url)
        yield Site(service.url)
    finally:
        service.stop()


def _fill(url: str) -> None:
    blocks = [
        {
            "_id": f"block-{n}",
            "title": f"Block {n}",
            "text": f"Granite block number {n}. " * (n % 5 + 1),
            "section": "stone",
        }
        for n in range(1, BLOCKS + 1)
    ]
    with httpx.Client(base_url=url, timeout=120, trust_env=False) as http:
        words_only = {"settings": {"semantic": {"families": []}}}
        http.put("/words", json=words_only).raise_for_status()
        for index, documents in (("library", [*DOCUMENTS, *blocks]), ("words", DOCUMENTS[:3])):
            lines = []
            for document in documents:
                source = {key: value for key, value in document.items() if key != "_id"}
                lines += [json.dumps({"index": {"_id": document["_id"]}}), json.dumps(source)]
            answer = http.post(
                f"/{index}/_bulk",
                content="\n".join(lines) + "\n",
                headers={"Content-Type": "application/x-ndjson"},
            )
            assert answer.status_code == 200, answer.text
            assert not answer.json()["errors"], answer.text
            http.post(f"/{index}/_refresh", params={"wait_for": "vectors"}).raise_for_status()


@pytest.fixture(scope="session")
def _chromium(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture
def browser(_chromium: Browser, site: Site) -> Iterator[Browser]:
    """The browser on an empty page: English, light, 1280 by 900, nothing remembered.

    After the test it has logged no error of the page's own: no exception, and nothing that the content
    security policy had to stop.
    """
    _chromium.emulate()
    _chromium.open(f"{site.url}/healthz")
    _chromium.run("localStorage.clear()")
    _chromium.log()
    yield _chromium
    _chromium.offline(False)
    own = [line for line in _chromium.log() if "Failed to load resource" not in line and "favicon" not in line]
    assert own == []
