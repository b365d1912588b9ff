"""`quarry evaluate FOLDER`: retrieval and answer figures of a judged collection."""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .display import Display
from .places import AsJson, Data, Quiet, Url, fill, make_searchable, opened, settings_with

if TYPE_CHECKING:
    from evaluation import Collection, Searcher
    from indexer.loading import Target

FAMILIES = {"word2vec": "word2vec", "glove": "glove", "bert": "bert", "hybrid": "bert"}
"""The semantic space that a mode needs."""


def evaluate(
    folder: Annotated[Path, typer.Argument(help="A judged collection in BEIR's layout.")],
    index: Annotated[
        str | None, typer.Option("--index", "-i", help="An index that holds it. Default: a temporary one.")
    ] = None,
    mode: Annotated[
        list[str] | None, typer.Option("--mode", "-m", help="Modes to measure (several times, or a,b). Default: all.")
    ] = None,
    queries: Annotated[
        Path | None, typer.Option(help="Folder whose wording of the same queries is used (cross-language).")
    ] = None,
    runs: Annotated[Path | None, typer.Option(help="Folder to write TREC run files to.")] = None,
    ranking: Annotated[bool, typer.Option(help="Measure retrieval.")] = True,
    answers: Annotated[bool, typer.Option(help="Measure answers, if there are gold answers.")] = True,
    answerer: Annotated[str | None, typer.Option(help="Who answers. Default: the service's.")] = None,
    sample: Annotated[int | None, typer.Option(min=1, help="Use so many queries, evenly spread.")] = None,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Queries at a time.")] = 2,
    data: Data = None,
    url: Url = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Measure retrieval (nDCG@10, MAP, MRR@10, recall@100) and answers on a judged collection."""
    settings_with()  # before the rooms below are imported: it says where compiled kernels are
    from evaluation import MODES, load_collection

    asked = [name for given in mode or MODES for name in given.split(",")]
    unknown = [name for name in asked if name not in MODES]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]} is none of {', '.join(MODES)}", param_hint="--mode")
    collection = load_collection(folder)
    if queries is not None:
        collection = collection.with_queries(queries)
    if sample is not None:
        collection = collection.sample(sample)
    modes = list(dict.fromkeys(asked)) if ranking else []
    answers = answers and bool(collection.questions)
    with Display(quiet) as display, _searcher(collection, index, modes, answers, data, url, display) as searcher:
        result = _measure(collection, searcher, modes, answers, answerer, threads, runs, display)
    if as_json:
        print(json.dumps(result, ensure_ascii=False, indent=2))
    else:
        _show(result)


def _measure(
    collection: Collection,
    searcher: Searcher,
    modes: list[str],
    answers: bool,
    answerer: str | None,
    threads: int,
    runs: Path | None,
    display: Display,
) -> dict[str, Any]:
    """All figures; what was complete when the user interrupted is returned too."""
    from evaluation import evaluate_answers, evaluate_ranking, write_run

    def follow(phase: str, done: int, total: int) -> None:
        display.phase(phase, "queries")
        display.update(done / max(total, 1), done)

    found: dict[str, Any] = {
        "collection": collection.name,
        "documents": collection.documents,
        "queries": len(collection.queries),
        "modes": {},
    }
    try:
        for mode in modes:
            try:
                report = next(evaluate_ranking(collection, searcher, [mode], threads, follow))
            except Exception as error:
                reason = _unavailable(error)
                if reason is None:
                    raise
                found["modes"][mode] = {"unavailable": reason}
                continue
            rate = {"queries_per_second": round(report.rate, 1)}
            found["modes"][mode] = {k: round(v, 4) for k, v in report.figures.means.items()} | rate
            if runs is not None:
                write_run(runs / f"{collection.name}.{mode}.run", report.run, f"quarry-{mode}")
        if answers:
            answered = evaluate_answers(collection.questions, searcher, answerer, threads, follow)
            found["answers"] = {
                "questions": answered.questions,
                "held": round(answered.held, 4),
                "answered": round(answered.answered, 4),
                "answered_held": round(answered.answered_held, 4),
                "false_answers": round(answered.false_answers, 4),
                "citations": answered.citations.checked,
                "wrong_citations": list(answered.citations.wrong),
                "median_ms": round(answered.took, 1),
            }
    except KeyboardInterrupt:
        display.say("Interrupted: these are the figures that were complete.")
        found["interrupted"] = True
    return found


def _unavailable(error: Exception) -> str | None:
    """Why a mode cannot be searched here (no model, no vectors); None for any other error."""
    names = {parent.__name__ for parent in type(error).__mro__}
    if names & {"SpaceUnavailable", "ModelNotInstalled"}:
        return str(error)
    body = getattr(error, "body", None)
    if getattr(error, "status_code", None) == 409 and isinstance(body, dict):
        return str(body["error"]["reason"])
    return None


@contextmanager
def _searcher(
    collection: Collection,
    index: str | None,
    modes: list[str],
    answers: bool,
    data: Path | None,
    url: str | None,
    display: Display,
) -> Iterator[Searcher]:
    """The index to measure; a temporary one is loaded first and removed afterwards."""
    from evaluation import EmbeddedSearcher, RestSearcher
    from indexer.targets import EmbeddedTarget, RestTarget, connect

    families = sorted({FAMILIES[m] for m in modes if m in FAMILIES} | ({"bert"} if answers else set()))
    settings = {"semantic": {"families": families}}
    name = index or f"evaluation-{uuid.uuid4().hex[:8]}"
    with ExitStack() as stack:
        if url:
            client = stack.enter_context(connect(url))
            if index is None:
                client.indices.create(index=name, settings=settings)
                stack.callback(lambda: client.indices.delete(index=name))
            place: Target = RestTarget(client, name)
            searcher: Searcher = RestSearcher(client, name)
        else:
            if index is None:
                data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="quarry-evaluation-")))
            node = stack.enter_context(opened(data))
            if index is None:
                node.create(name, {"settings": settings})
            node.index(name)  # IndexNotFound now, not after the first phase
            place, searcher = EmbeddedTarget(node, name), EmbeddedSearcher(node, name)
        if index is None:
            load(collection, place, display)
        if families:
            fill(place, display)
        yield searcher


def load(collection: Collection, target: Target, display: Display) -> None:
    """Load a collection's corpus, and make it searchable by its words."""
    from indexer.loading import Loader
    from indexer.sources import open_source

    source = open_source(collection.corpus)
    loader = Loader(target)
    display.phase("documents")
    loader.load(source, lambda: display.update(source.done / source.total, loader.report.documents))
    make_searchable(target, loader.report.documents, display)
    if loader.report.failed:
        display.say(f"{loader.report.failed} documents could not be indexed; see quarry index {collection.folder}")


def _show(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    title = f"{result['collection']}: {result['documents']:,} documents, {result['queries']:,} queries"
    if result["modes"]:
        console.print(_ranking_table(result["modes"], title))
    found = result.get("answers")
    if found is None:
        return
    table = Table("answers", "share", box=None, header_style="bold", pad_edge=False)
    table.columns[1].justify = "right"
    table.title, table.title_justify = f"{result['collection']}: {found['questions']:,} questions", "left"
    for name, meaning in (
        ("held", "refusal off: the answer holds a gold answer"),
        ("answered", "refusal on: answered"),
        ("answered_held", "refusal on: answered, and the answer holds a gold answer"),
        ("false_answers", "refusal on, gold passages removed: answered all the same"),
    ):
        table.add_row(meaning, f"{found[name]:.4f}")
    console.print(table)
    wrong = len(found["wrong_citations"])
    console.print(
        f"{found['citations']:,} citations sliced: {wrong:,} differ from their quote. "
        f"Median answer: {found['median_ms']} ms.",
        style="bold red" if wrong else "dim",
    )


def _ranking_table(modes: dict[str, dict[str, Any]], title: str) -> Any:
    from rich.table import Table

    from evaluation import MEASURES

    table = Table("mode", *MEASURES, "queries/s", box=None, header_style="bold", pad_edge=False, title=title)
    table.title_justify = "left"
    for column in table.columns[1:]:
        column.justify = "right"
    measured = [row for row in modes.values() if "unavailable" not in row]
    best = {name: max((row[name] for row in measured), default=0.0) for name in MEASURES}
    for mode, row in modes.items():
        if "unavailable" in row:
            table.add_row(mode, row["unavailable"], style="dim")
            continue
        cells = [f"[bold]{row[n]:.4f}[/]" if row[n] == best[n] else f"{row[n]:.4f}" for n in MEASURES]
        table.add_row(mode, *cells, f"{row['queries_per_second']:.0f}")
    return table
