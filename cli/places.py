"""Where a command works: a data directory in this process, or a running service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from indexer.loading import Target
    from indexer.node import Node
    from settings import Settings

    from .display import Display

Data = Annotated[Path | None, typer.Option("--data", help="Data directory. Default: QUARRY_DATA or ./data.")]
Url = Annotated[str | None, typer.Option("--url", help="A running service, instead of the data directory.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]


def settings_with(**changes: Any) -> Settings:
    """The process's settings, with options of the command line over them (None is no change)."""
    from settings import Settings, get_settings, prepare_kernel_cache

    prepare_kernel_cache()
    get_settings.cache_clear()  # it was read without the options; workers of a service inherit what is kept
    return Settings(**{name: value for name, value in changes.items() if value is not None})


@contextmanager
def opened(data: Path | None) -> Iterator[Node]:
    """The node of a data directory; a service may run on the same directory."""
    settings = settings_with(data=data)
    from indexer.node import Node

    node = Node(settings)
    try:
        yield node
    finally:
        node.close()


@contextmanager
def target(name: str, data: Path | None, url: str | None) -> Iterator[Target]:
    """An index to load into."""
    if url:
        from indexer.targets import RestTarget, connect

        with connect(url) as client:
            yield RestTarget(client, name)
    else:
        with opened(data) as node:
            from indexer.targets import EmbeddedTarget

            place = EmbeddedTarget(node, name)
            try:
                yield place
            finally:
                place.close()


def make_searchable(target: Target, written: int, display: Display) -> None:
    """Make what was written searchable by its words."""
    display.phase("words")
    target.refresh()
    display.update(1.0, written)


def fill(target: Target, display: Display) -> None:
    """Make the vectors of what was loaded, a phase a space; says so if a model is missing."""

    def follow(space: str, done: int, total: int) -> None:
        display.phase(space if space.endswith("training") else f"{space} vectors")
        display.update(done / max(total, 1), done)

    try:
        target.fill(follow)
    except RuntimeError as error:
        display.say(f"Searchable by words, but not all vectors were made: {error}")
