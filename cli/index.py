"""`quarry index PATH --index NAME`, also `python -m indexer`: bulk-loads files into an index."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .display import Display
from .places import AsJson, Data, Quiet, Url, fill, make_searchable, settings_with, target
from .terminal import FAILED, INTERRUPTED

if TYPE_CHECKING:
    from indexer.loading import Loader, LoadReport, Target
    from indexer.sources import Source

SHOWN = 20  # failures and skipped files that are named on the screen


def index(
    path: Annotated[Path, typer.Argument(help="A file, a folder of files, or a judged collection (BEIR).")],
    name: Annotated[str, typer.Option("--index", "-i", help="The index; it is made if it is not there.")],
    id_field: Annotated[str | None, typer.Option(help="Field that is the id. Default: _id, then id.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first failure.")] = False,
    no_vectors: Annotated[bool, typer.Option("--no-vectors", help="Leave them to a running service.")] = False,
    batch: Annotated[int, typer.Option(min=1, max=100_000, help="Documents of a transaction.")] = 1000,
    encoding: Annotated[str | None, typer.Option(help="Encoding of text files. Default: detected.")] = None,
    delimiter: Annotated[str | None, typer.Option(help="Between CSV columns. Default: detected.")] = None,
    columns: Annotated[str | None, typer.Option(help="Comma-separated names for a CSV without header.")] = None,
    base: Annotated[Path | None, typer.Option(help="Folder that the ids of passages are relative to.")] = None,
    data: Data = None,
    url: Url = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Load documents into an index.

    Reads JSON lines and arrays, CSV, TSV, BEIR folders, Markdown, HTML, PDF, DOCX and plain text, also
    compressed (.gz, .bz2, .xz), or a folder of these. Only what is new or has changed is written: run it
    again to go on after an interruption, or to follow changes.
    """
    if delimiter is not None and len(delimiter := delimiter.replace("\\t", "\t")) != 1:
        raise typer.BadParameter("one character is expected", param_hint="--delimiter")
    settings_with()  # before the rooms below are imported: it says where compiled kernels are
    from indexer.loading import Loader
    from indexer.sources import ReadOptions, open_source

    names = tuple(columns.split(",")) if columns else None
    source = open_source(path, ReadOptions(id_field, encoding, delimiter, names, base))
    with Display(quiet) as display, target(name, data, url) as place:
        loader = Loader(place, batch, strict)
        try:
            _load(source, loader, place, not no_vectors, display)
        except KeyboardInterrupt:
            display.say("Interrupted. What was added is safe; run the same command again to go on.")
            _print(loader.report, name, as_json)
            raise typer.Exit(INTERRUPTED) from None
    _print(loader.report, name, as_json)
    if loader.report.stopped or (loader.report.failed and not loader.report.documents):
        raise typer.Exit(FAILED)


def _load(source: Source, loader: Loader, place: Target, vectors: bool, display: Display) -> None:
    report = loader.report

    def follow() -> None:
        display.update(source.done / max(source.total, 1), report.documents + report.failed)

    display.phase("documents")
    loader.load(source, follow)
    make_searchable(place, report.added + report.updated, display)
    if vectors and not report.stopped:
        fill(place, display)


def _print(report: LoadReport, name: str, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"index": name, **report.to_dict()}, ensure_ascii=False))
        return
    for what, records, count in (
        ("failed", report.failures, report.failed),
        ("skipped", report.skipped, len(report.skipped)),
    ):
        for record in records[:SHOWN]:
            print(f"{what}: {record.location}: {record.reason}", file=sys.stderr)
        if count > SHOWN:
            print(f"{what}: {count - SHOWN:,} more (--json names them)", file=sys.stderr)
    skipped = f", {len(report.skipped):,} files skipped" if report.skipped else ""
    print(
        f"{name}: {report.added:,} added, {report.updated:,} updated, {report.unchanged:,} unchanged, "
        f"{report.failed:,} failed{skipped} in {report.seconds:.1f} s"
    )
