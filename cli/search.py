"""`quarry search "…" --index NAME`: the best passages, with the matched text highlighted."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from .places import AsJson, Data, Url
from .request import search_index

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text
    from rich.tree import Tree

Mode = Literal["bm25", "tfidf", "word2vec", "glove", "bert", "hybrid"]
BEGIN, END = "\ue000", "\ue001"  # private characters around a match: no text has them
SNIPPET = 160  # characters shown of a passage


def search(
    query: Annotated[str, typer.Argument(help="Plain words, or a question.")],
    index: Annotated[str, typer.Option("--index", "-i", help="The index to search.")],
    mode: Annotated[Mode, typer.Option("--mode", "-m", help="How to rank.")] = "hybrid",
    size: Annotated[int, typer.Option("--size", "-n", min=1, max=10_000, help="How many hits.")] = 10,
    explain: Annotated[bool, typer.Option("--explain", help="Show how each score came about.")] = False,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Search an index."""
    params: dict[str, Any] = {"q": query, "mode": mode, "size": size}
    if explain:
        params["explain"] = "true"
    body: dict[str, Any] = {}
    if not as_json:
        fields = {"title": {"number_of_fragments": 0}, "*": {"number_of_fragments": 2, "fragment_size": SNIPPET}}
        body["highlight"] = {"fields": fields, "pre_tags": [BEGIN], "post_tags": [END], "order": "score"}
    response = search_index(index, params, body, data, url)
    if as_json:
        print(json.dumps(response, ensure_ascii=False, indent=2))
        return
    from rich.console import Console

    console = Console(highlight=False)
    hits = response["hits"]["hits"]
    for warning in response.get("_warnings") or ():
        print(warning, file=sys.stderr)
    if not hits:
        console.print(f"Nothing in {index} matches.", markup=False)
        return
    console.print(_table(hits))
    if explain:
        for rank, hit in enumerate(hits, 1):
            if "_explanation" in hit:
                console.print(_tree(hit["_explanation"], f"{rank}. {hit['_id']}"))
    total = response["hits"].get("total") or {}
    found = f"{'at least ' if total.get('relation') == 'gte' else ''}{total.get('value', len(hits)):,}"
    console.print(f"{len(hits)} of {found} in {response['took']} ms, by {mode}", style="dim", markup=False)


def _table(hits: list[dict[str, Any]]) -> Table:
    from rich.table import Table

    table = Table("#", "score", "passage", box=None, header_style="dim", pad_edge=False)
    table.columns[0].justify = table.columns[1].justify = "right"
    table.columns[2].overflow = "fold"  # a line of Chinese has no spaces to break at
    for rank, hit in enumerate(hits, 1):
        table.add_row(str(rank), f"{hit['_score']:.4f}", _passage(hit))
    return table


def _passage(hit: dict[str, Any]) -> Text:
    """Title and id of a hit, its best fragment below them, and which leg of a fusion ranked it where."""
    source = hit.get("_source") or {}
    marked = {k: v for k, v in (hit.get("highlight") or {}).items() if not k.endswith(".keyword")}
    title = (marked.pop("title", None) or [str(source.get("title") or "")])[0]
    text = _marked(title, "bold")
    text.append("  " if title else "").append(hit["_id"], "dim")
    legs = hit.get("_legs") or {}
    if len(legs) > 1:
        ranks = [f"{name} #{leg['rank'] or '–'}" for name, leg in legs.items()]
        text.append(f"  {', '.join(ranks)}", "dim cyan")
    text.append("\n")
    if marked:  # the field with the most matches
        fragments = max(marked.values(), key=lambda found: sum(f.count(BEGIN) for f in found))
    elif "_passage" in hit:
        fragments = [hit["_passage"]["text"]]
    else:
        fragments = [next((v for k, v in source.items() if k != "title" and isinstance(v, str)), "")]
    shown = " … ".join(fragments)
    return text.append(_marked(shown if marked or len(shown) <= 2 * SNIPPET else f"{shown[: 2 * SNIPPET]}…", ""))


def _marked(fragment: str, style: str) -> Text:
    """A fragment with its matches in colour."""
    from rich.text import Text

    text = Text(style=style)
    for i, part in enumerate(" ".join(fragment.split()).split(BEGIN)):
        match, end, rest = part.partition(END)
        if i and end:
            text.append(match, "bold yellow")
            text.append(rest)
        else:
            text.append(part)
    return text


def _tree(explanation: dict[str, Any], label: str = "") -> Tree:
    from rich.text import Text
    from rich.tree import Tree

    head = f"{label}  " if label else ""
    tree = Tree(Text(f"{head}{explanation['value']:.6g}  {explanation['description']}"))
    for detail in explanation.get("details") or ():
        tree.add(_tree(detail))
    return tree
