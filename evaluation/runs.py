"""Runs: what a searcher returned for each query, in TREC's file format.

query-id Q0 document-id rank score tag
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote, unquote

Ranking = Sequence[tuple[str, float]]
"""(document id, score), best first."""
Run = Mapping[str, Ranking]
"""A ranking by query id."""


def write_run(path: Path, run: Run, tag: str) -> None:
    """Write a run. White space in ids, which the format cannot hold, is written as `%20` and so on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for query, ranking in run.items():
            for rank, (document, score) in enumerate(ranking, 1):
                file.write(f"{_token(query)} Q0 {_token(document)} {rank} {score:.9g} {tag}\n")


def read_run(path: Path) -> dict[str, list[tuple[str, float]]]:
    """Read a run, in the order of its ranks; ValueError names a line that is none."""
    ranked: dict[str, list[tuple[int, str, float]]] = {}
    for number, line in enumerate(path.read_text("utf-8").removesuffix("\n").split("\n"), 1):
        try:
            query, _, document, rank, score, _ = line.split()
            ranked.setdefault(unquote(query), []).append((int(rank), unquote(document), float(score)))
        except ValueError:
            raise ValueError(f"{path}:{number}: not a line of a TREC run") from None
    return {query: [(d, s) for _, d, s in sorted(rows)] for query, rows in ranked.items()}


def _token(identity: str) -> str:
    if "%" not in identity and not any(c.isspace() for c in identity):
        return identity
    return "".join(quote(c, safe="") if c == "%" or c.isspace() else c for c in identity)
