"""The how-to pages: every request on them works and answers what they show, and both languages say the same.

A block ```sh with a `curl` is run; a block ```json after it is a part of the last answer. The blocks ```python of a
page are run as one program; a block ```text after one is what it prints. Commands `quarry` are checked against
their help, and on the page of administration they are run too: a block ```text after one is in what it prints. What
a page shows may be shortened: keys are left out, and a text ends in "…".
"""

from __future__ import annotations

import json
import math
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli import main
from settings import Settings

from .service import ROOT, Service

DOCS = ROOT / "docs"
ADDRESS = "localhost:9280"
NEAR = 0.05  # relative: scores of a quantized encoder differ a little between processors
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
RUN = "administration.md"  # the page whose commands `quarry` are run
QUERIES = "queries.md"  # the page with queries in tables
_CURL = 'curl() { command curl --silent --show-error --fail-with-body --max-time 130 "$@"; echo; }\n'
_COMMAND = f'quarry() {{ {shlex.quote(sys.executable)} -W error -m cli "$@"; }}\n'
_QUARRY = re.compile(r"^(?:[A-Z_]+=\S+ )*(?:docker-compose .*quarry )?quarry (.+)$", re.MULTILINE)
_BETWEEN = "\x1e"


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> list[Block]:
    text = page.read_text("utf-8")
    return [Block(page, text.count("\n", 0, m.start()) + 1, m[1], m[2]) for m in _FENCE.finditer(text)]


def pages() -> list[str]:
    """The pages in the order of the index page, which is the order to follow them in."""
    return re.findall(r"^\| \[[^\]]+\]\((\w+\.md)\)", (DOCS / "README.md").read_text("utf-8"), re.MULTILINE)


def slugs(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    prose = _FENCE.sub("", page.read_text("utf-8"))
    headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


# --- both languages -----------------------------------------------------------------------------


def test_both_languages_have_all_pages() -> None:
    for folder in (DOCS, DOCS / "zh"):
        assert sorted(path.name for path in folder.glob("*.md")) == sorted([*pages(), "README.md"])


@pytest.mark.parametrize("name", [*pages(), "README.md"])
def test_both_languages_have_the_same_blocks_and_questions(name: str) -> None:
    english, chinese = DOCS / name, DOCS / "zh" / name
    assert [(b.language, b.text) for b in blocks(english)] == [(b.language, b.text) for b in blocks(chinese)]
    assert _depths(english) == _depths(chinese)


def _depths(page: Path) -> list[int]:
    prose = _FENCE.sub("", page.read_text("utf-8"))
    return [len(marks) for marks in re.findall(r"^(#+) ", prose, re.MULTILINE)]


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: str(page.relative_to(DOCS)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(_FENCE.sub("", page.read_text("utf-8"))):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {link}"
        assert not anchor or anchor in slugs(target), f"{page.name}: {link}"


# --- commands and settings ----------------------------------------------------------------------


def test_commands_and_their_options_exist(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")

    @cache
    def options(command: str) -> set[str]:
        assert main([command, "--help"]) == 0
        return set(re.findall(r"(?<!\S)--?[a-z][\w-]*", capsys.readouterr().out))

    for block in (b for name in pages() for b in blocks(DOCS / name) if b.language == "sh"):
        for called in _QUARRY.findall(block.text):
            command, *rest = shlex.split(called)
            unknown = {word for word in rest if re.match(r"--?[a-z]", word)} - options(command)
            assert not unknown, f"{block.place}: quarry {command} has no {unknown}"


def test_settings_exist() -> None:
    known = {f"QUARRY_{name.upper()}" for name in Settings.model_fields}
    for page in DOCS.rglob("*.md"):
        assert set(re.findall(r"QUARRY_[A-Z_]+", page.read_text("utf-8"))) <= known, page.name


# --- requests -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that follows the pages from the first one on."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    folder = tmp_path_factory.mktemp("docs")
    running = Service(folder / "data", workers=1, threads=4, snapshots=folder / "snapshots")
    running.start()
    yield running
    assert running.stop() == 0


@pytest.mark.parametrize("name", pages())
def test_requests_of_a_page(documented: Service, name: str) -> None:
    printed = ""
    for block in blocks(DOCS / name):
        if block.language == "json":
            _assert_within(json.loads(block.text), _last_answer(printed), block.place)
        elif block.language == "text" and name == RUN:
            _assert_printed(block, printed)
        printed = ""
        wanted = r"^(curl|quarry) " if name == RUN else r"^curl "
        if block.language == "sh" and re.search(wanted, block.text, re.MULTILINE):
            printed = _run_shell(documented, block)
    _run_python(documented, [b for b in blocks(DOCS / name) if b.language in ("python", "text")])


def test_queries_in_tables(documented: Service) -> None:
    text = (DOCS / QUERIES).read_text("utf-8")
    spans = [found.replace("\\|", "|") for found in re.findall(r"`(\{.+?\})`(?=[ ,|])", text)]
    assert len(spans) > 30
    for span in spans:
        response = httpx.post(f"{documented.url}/bridges/_search", json={"query": json.loads(span)}, timeout=60)
        assert response.status_code == 200, response.text
        assert response.json()["hits"]["total"]["value"] > 0, span


def _at(service: Service, text: str) -> str:
    """A block's text for the service of the test."""
    return text.replace(ADDRESS, f"127.0.0.1:{service.port}")


def _run_shell(service: Service, block: Block) -> str:
    """What a block prints."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("QUARRY_")}
    environment.update(QUARRY_DATA=str(service.data), PYTHONPATH=str(ROOT), PYTHONIOENCODING="utf-8")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", _CURL + _COMMAND + _at(service, block.text)], env=environment,
        capture_output=True, encoding="utf-8", errors="replace", timeout=150, cwd=service.data.parent,
    )  # fmt: skip
    assert done.returncode == 0, f"{block.place}: {done.stdout}{done.stderr}"
    return done.stdout


def _assert_printed(block: Block, printed: str) -> None:
    """Each line shown is a line of what was printed; "…" stands for anything."""
    for line in block.text.splitlines():
        pattern = ".*".join(map(re.escape, line.split("…")))
        assert re.search(f"^{pattern}$", printed, re.MULTILINE), f"{block.place}: {line!r} is not in {printed!r}"


def _last_answer(printed: str) -> Any:
    """The last JSON answer among what was printed, None when there is none."""
    for line in reversed(printed.strip().splitlines()):
        if line.startswith("{"):
            return json.loads(line)
    return None


def _run_python(service: Service, found: list[Block]) -> None:
    code = [block for block in found if block.language == "python"]
    if not code:
        return
    program = f"print({_BETWEEN!r})\n".join(block.text for block in code)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _at(service, program)],
        capture_output=True, encoding="utf-8", timeout=120, cwd=service.data.parent,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert done.returncode == 0, f"{code[0].place}: {done.stderr}"
    printed = done.stdout.split(_BETWEEN)
    for block, following in zip(found, [*found[1:], None], strict=True):
        if block.language == "python":
            out = printed[code.index(block)].strip()
            if following is not None and following.language == "text":
                assert out == following.text.strip(), following.place


def _assert_within(shown: Any, true: Any, where: str) -> None:
    """What a page shows is a part of the true answer; lists are shown from their beginning."""
    if isinstance(shown, dict):
        assert isinstance(true, dict), where
        for key, value in shown.items():
            assert key in true, f"{where}: {key} is not in {sorted(true)}"
            _assert_within(value, true[key], f"{where} {key}")
    elif isinstance(shown, list):
        assert isinstance(true, list), where
        assert len(shown) <= len(true), where
        for number, value in enumerate(shown):
            _assert_within(value, true[number], f"{where} [{number}]")
    elif isinstance(shown, float):
        assert math.isclose(shown, true, rel_tol=NEAR, abs_tol=1e-3), f"{where}: {shown} is shown, {true} is true"
    elif isinstance(shown, str) and shown.endswith("…"):
        assert true.startswith(shown.removesuffix("…")), f"{where}: {true}"
    else:
        assert shown == true, where
