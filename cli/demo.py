"""`quarry demo`: the demonstration index, from installed packages and the project's own pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .display import Display
from .places import Data, Quiet, Url, fill, make_searchable, target

if TYPE_CHECKING:
    from indexer.sources import Record

PAGES = ("README.md", "README.zh.md", "ARCHITECTURE.md", "docs")
TITLE_WORDS = 14


def demo(
    name: Annotated[str, typer.Option("--index", "-i", help="The index to make.")] = "demo",
    data: Data = None,
    url: Url = None,
    quiet: Quiet = False,
) -> None:
    """Make the demonstration index: English news (the Lee corpus) and Quarry's pages in both languages."""
    with Display(quiet) as display, target(name, data, url) as place:
        from indexer.loading import Loader

        corpus = Demonstration()
        loader = Loader(place)
        display.phase("documents")
        report = loader.load(corpus, lambda: display.update(corpus.fraction, loader.report.documents))
        make_searchable(place, report.added + report.updated, display)
        fill(place, display)
    print(
        f"{name}: {report.added:,} added, {report.updated:,} updated, {report.unchanged:,} unchanged"
        + (f", {report.failed} failed" if report.failed else "")
    )


@dataclass
class Demonstration:
    """The documents of the demonstration, with stable ids."""

    fraction: float = 0.0
    properties: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        from indexer.sources import PROSE

        self.properties = dict(PROSE)

    def __iter__(self) -> Iterator[Record]:
        parts: list[Iterable[Record]] = [news("lee_background.cor"), news("lee.cor"), pages()]
        for i, part in enumerate(parts):
            yield from part
            self.fraction = (i + 1) / len(parts)


def news(file_name: str) -> Iterator[Record]:
    """One document a line of a file of the Lee news corpus (Lee, Pincombe & Welsh 2005), as gensim carries it."""
    from importlib.util import find_spec

    from indexer.sources import SourceDocument, SourceError

    spec = find_spec("gensim")  # found, not imported: importing takes seconds
    if spec is None or spec.origin is None:
        yield SourceError(file_name, "gensim is not installed, and the news corpus comes with it")
        return
    path = Path(spec.origin).parent / "test" / "test_data" / file_name
    try:
        lines = path.read_text("utf-8", errors="replace").split("\n")
    except OSError as error:
        yield SourceError(str(path), f"the news corpus cannot be read: {error.strerror}")
        return
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if text:
            fields = {"title": headline(text), "text": text}
            yield SourceDocument(f"{path.stem}-{number}", fields, f"{path}:{number}")


def headline(text: str) -> str:
    """The beginning of a news text, as its title: its first sentence, or the first words of a long one."""
    from analysis import sentences

    start, end = sentences(text)[0]
    words = text[start:end].strip().rstrip(".").split()
    return " ".join(words[:TITLE_WORDS]) + ("…" if len(words) > TITLE_WORDS else "")


def pages() -> Iterator[Record]:
    """The passages of the project's pages, in Chinese and English."""
    from indexer.sources import ReadOptions, SourceSkipped, open_source

    root = pages_root()
    for page in PAGES:
        if root and (root / page).exists():
            found = open_source(root / page, ReadOptions(base=root))
            yield from (record for record in found if not isinstance(record, SourceSkipped))  # pictures


def pages_root() -> Path | None:
    """Where the pages are: the checkout, or what an installation put into share/doc."""
    import sys

    candidates = (Path(__file__).resolve().parent.parent, Path(sys.prefix) / "share" / "doc" / "quarry")
    return next((folder for folder in candidates if (folder / "README.md").is_file()), None)
