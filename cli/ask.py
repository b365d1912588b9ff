"""`quarry ask "…" --index NAME`: an answer with numbered citations, or an honest refusal."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import typer

from .places import AsJson, Data, Url
from .request import ask_index


def ask(
    question: Annotated[str, typer.Argument(help="The question.")],
    index: Annotated[str, typer.Option("--index", "-i", help="The index to answer from.")],
    answerer: Annotated[
        Literal["extractive", "builtin", "openai"] | None,
        typer.Option("--answerer", "-a", help="Who words the answer. Default: QUARRY_ANSWERER."),
    ] = None,
    size: Annotated[int | None, typer.Option("--size", "-n", min=1, help="Passages to look at.")] = None,
    refusal: Annotated[
        Literal["calibrated", "off"], typer.Option(help="Refuse when the evidence is weak, or never.")
    ] = "calibrated",
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Ask an index a question; the answer cites its passages."""
    body: dict[str, Any] = {"question": question, "refusal": refusal}
    if answerer:
        body["answerer"] = answerer
    if size:
        body["size"] = size
    response = ask_index(index, body, data, url)
    if as_json:
        print(json.dumps(response, ensure_ascii=False, indent=2))
        return
    _show(response)


def _show(response: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    if response["answered"]:
        console.print(response["answer"], style="bold", markup=False)
    else:
        console.print(f"No answer: {response['reason']}", style="yellow", markup=False)
    if response["citations"]:
        console.print()
    for citation in response["citations"]:
        line = Text.assemble(
            (f"[{citation['n']}] ", "cyan"),
            f"{citation.get('title') or citation['_id']}  ",
            (f"{citation['_id']}, {citation['field']} {citation['start']}–{citation['end']}", "dim"),
        )
        line.append(f"\n    “{' '.join(citation['quote'].split())}”")
        console.print(line)
    if not response["answered"] and response["passages"]:
        console.print("\nNearest passages:", style="dim")
        for passage in response["passages"][:3]:
            text = " ".join(passage["text"].split())
            console.print(Text.assemble((f"  {passage['_id']}  ", "dim"), text[:120]))
    console.print(f"\n{response['answerer']}, {response['took']} ms", style="dim", markup=False)
