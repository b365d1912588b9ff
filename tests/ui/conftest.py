"""The real service over a small bilingual index, and one browser for all tests of the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from end_to_end.service import Service

from .browser import Browser, installed
from .library import Site, fill


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if installed() is None:
        pytest.skip("needs Chromium and chromedriver (on Debian: chromium, chromium-driver)")
    service = Service(tmp_path_factory.mktemp("site") / "data", workers=1, threads=8)
    service.start()
    try:
        fill(service.url)
        yield Site(service.url)
    finally:
        service.stop()


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
