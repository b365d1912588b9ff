"""`quarry verify`: checks indices against their checksums and their truth, and rebuilds what is damaged."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from .display import Display
from .places import AsJson, Data, Quiet, opened


def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Indices. Default: all.")] = None,
    data: Data = None,
    forget_losses: Annotated[bool, typer.Option("--forget-losses", help="Stop naming lost writes.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Check every stored document, every derived file, and that the index holds what is stored.

    Damaged derived files are built again from the stored documents; damage of these is named. The exit code is 1
    when something could not be repaired. A service may run on the same directory.
    """
    with Display(quiet) as display, opened(data) as node:
        from indexer.verification import verify as check

        found = {}
        for name in names or node.names():
            index = node.index(name)
            if forget_losses:
                index.store.forget_losses()
            display.phase(f"{name}: checking", "files")
            found[name] = check(index, lambda file, name=name: display.phase(f"{name}: {file}", "files"))  # type: ignore[misc]
    if as_json:
        rows = {n: [vars(f) for f in findings] for n, findings in found.items()}
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        for name, findings in found.items():
            print(f"{name}: {'all is well' if not findings else ''}".rstrip())
            for finding in findings:
                outcome = "built again" if finding.repaired else "NOT REPAIRED"
                print(f"  {finding.file}: {finding.reason} ({outcome})")
    if not all(f.repaired for findings in found.values() for f in findings):
        raise typer.Exit(1)
