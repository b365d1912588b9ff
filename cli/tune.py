"""`quarry tune FOLDER…`: fits when to refuse, from judged questions."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from .display import Display
from .evaluate import load
from .places import AsJson, Quiet, fill, opened, settings_with


def tune(
    folders: Annotated[list[Path], typer.Argument(help="Collections with answers.jsonl.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write the calibration to.")] = Path(
        "refusal.json"
    ),
    rate: Annotated[float, typer.Option(min=0.0, max=1.0, help="Most false answers of any collection.")] = 0.045,
    sample: Annotated[int | None, typer.Option(min=2, help="Use so many questions of each.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Fit the refusal's regression and threshold to judged questions, with and without their documents.

    Every other question is fitted to; the figures are of the rest.
    """
    settings_with()  # before the rooms below are imported: it says where compiled kernels are
    from evaluation import InvalidCollection, load_collection
    from evaluation.tuning import calibrate, examples_of, report
    from indexer.targets import EmbeddedTarget

    collections = [load_collection(folder) for folder in folders]
    for collection in collections:
        if not collection.questions:
            raise InvalidCollection(f"{collection.folder} has no answers.jsonl")
    sets = []
    with (
        Display(quiet) as display,
        tempfile.TemporaryDirectory(prefix="quarry-tune-") as folder,
        opened(Path(folder)) as node,
    ):
        for number, collection in enumerate(collections):
            name = f"tune-{number}"
            node.create(name, {"settings": {"semantic": {"families": ["bert"]}}})
            place = EmbeddedTarget(node, name)
            load(collection, place, display)
            fill(place, display)

            def follow(done: int, total: int, name: str = collection.name) -> None:
                display.phase(f"{name} questions", "questions")
                display.update(done / max(total, 1), done)

            chosen = collection.sample(sample) if sample else collection
            sets.append(examples_of(node, node.index(name), chosen, follow))
    calibration = calibrate(sets, rate)
    output.write_text(json.dumps(calibration.to_dict(), indent=2) + "\n")
    rows = report(calibration, sets)
    if as_json:
        print(json.dumps({"collections": rows, "calibration": calibration.to_dict()}, ensure_ascii=False, indent=2))
    else:
        _show(rows)
        print(f"Written to {output}")


def _show(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("collection", "questions", "answered", "false answers", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        shares = [f"{row[name]:.4f}" for name in ("answered", "false_answers")]
        table.add_row(row["collection"], f"{row['questions']:,}", *shares)
    Console(highlight=False).print(table)
