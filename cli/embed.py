"""`quarry embed`: makes the vectors of indices, or makes them again with another model."""

from __future__ import annotations

from typing import Annotated

import typer

from .display import Display
from .places import Data, Quiet, fill, opened


def embed(
    names: Annotated[list[str] | None, typer.Argument(help="Indices. Default: all.")] = None,
    data: Data = None,
    again: Annotated[bool, typer.Option("--again", help="Drop the vectors that are there first.")] = False,
    quiet: Quiet = False,
) -> None:
    """Make the vectors that are still to come, as a running service does in the background.

    With --again all are made anew: after QUARRY_ENCODER has changed. Interrupted, it goes on where it stopped when
    called again without --again.
    """
    with Display(quiet) as display, opened(data) as node:
        from indexer.targets import EmbeddedTarget

        for name in names or node.names():
            if again:
                node.index(name).forget_vectors()
            fill(EmbeddedTarget(node, name), display)
            pending = {space: count for space, count in node.index(name).pending().items() if count}
            if pending:
                left = ", ".join(f"{count} of {space}" for space, count in pending.items())
                print(f"{name}: still to come: {left}")
                raise typer.Exit(1)
            print(f"{name}: all vectors are made")
