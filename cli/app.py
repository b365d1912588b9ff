"""Which commands there are, and how the one that is called gets loaded."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from .terminal import run

COMMANDS = {
    "run": "Prepare, make the demonstration index, start the service, and print what to try.",
    "serve": "Start the service.",
    "index": "Load files into an index.",
    "search": "Search an index.",
    "ask": "Ask an index a question; the answer cites its passages.",
    "embed": "Make the vectors of indices, or make them again with another model.",
    "verify": "Check indices against their checksums and their truth; rebuild what is damaged.",
    "evaluate": "Measure retrieval and answers on a judged collection.",
    "tune": "Fit when to refuse to answer, from judged questions.",
    "demo": "Make the demonstration index.",
    "prepare": "Compile kernels and build model graphs, so that the first request waits for neither.",
    "alias": "Give indices other names, take and move them.",
    "reindex": "Put a new index behind an alias, without a moment of absence.",
    "snapshot": "Copy indices into a folder, and bring them back.",
    "config": "Show every setting, its value and where it comes from.",
}
"""Command (also the module in this package, and the function in it): what it does."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `quarry`; returns the exit code. Called wrongly it prints one line and returns 2."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    called = next((word for word in words if not word.startswith("-")), "")
    return run(_build(called), f"quarry {called}" if called in COMMANDS else "quarry", words)


def _build(called: str) -> typer.Typer:
    """The application with the called command complete, and the others by name and summary only."""
    app = typer.Typer(add_completion=False)
    app.callback()(_root)
    for name, summary in COMMANDS.items():
        function = _only_named
        if name == called:
            function = getattr(importlib.import_module(f"{__package__}.{name}"), name)
        app.command(name, short_help=summary)(function)
    return app


def _print_version(wanted: bool) -> None:
    if not wanted:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        print(f"quarry {version('quarry-search')}")
    except PackageNotFoundError:
        print("quarry (a checkout that is not installed)")
    raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Quarry finds passages and answers from them."""


def _only_named() -> None:
    """Stands for a command that was not called."""
