"""What filters cost through the ranking call: ``python -m benchmarks.filtering`` from the repository's root.

Documents of the synthetic corpus of :mod:`benchmarks.lexical`, each with one of ten tags and a number below 1000, in
one segment of a data directory (kept in ``--work``). Printed, by processor time of one thread: each class of queries
without a filter, and with filters that let through about a tenth; then what a filter costs when it is seen for the
first time.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.lexical import BATCH, Asked, asked, made
from benchmarks.peers_adapter import INDEX, open_node
from indexer import Index, Node, Operation
from retrieval import SearchContext, rank_query
from retrieval.query.base import Parser, Query
from retrieval.query.bool import Bool
from retrieval.query.lexical_leaf import Lexical

TYPES = {"text": {"type": "text", "analyzer": "whitespace"}, "tag": {"type": "keyword"}, "number": {"type": "long"}}
FILTERS: dict[str, Any] = {
    "term of a keyword": {"term": {"tag": "t3"}},
    "range of a number": {"range": {"number": {"gte": 100, "lt": 200}}},
    "a tag and not a number": {
        "bool": {"filter": [{"term": {"tag": "t4"}}], "must_not": [{"range": {"number": {"lt": 10}}}]}
    },
}
console = Console(width=150)


def build(node: Node, lines: Path, documents: int) -> Index:
    """The index, made when it is not there."""
    if INDEX in node.names():
        return node.index(INDEX)
    index = node.create(INDEX, {"mappings": {"dynamic": False, "properties": TYPES}})
    rng = np.random.default_rng(5)
    with open(lines, encoding="utf-8") as source:
        number = 0
        while texts := [line.rstrip("\n") for line in islice(source, BATCH)]:
            drawn = rng.integers(0, 1000, (len(texts), 2)).tolist()
            rows = [
                {"text": text, "tag": f"t{tag % 10}", "number": value}
                for text, (tag, value) in zip(texts, drawn, strict=True)
            ]
            index.write([Operation("index", str(number + i), row) for i, row in enumerate(rows)])
            number += len(texts)
    index.refresh()
    index.merge(to_one=True)
    assert index.view().documents == documents
    return index


def spent(node: Node, index: Index, queries: Sequence[Query], k: int) -> float:
    """Mean milliseconds of processor time, each query in the surroundings of a request of its own."""
    total = 0
    for query in queries:
        began = time.thread_time_ns()
        rank_query(SearchContext(node, index), query, k, None, 0)
        total += time.thread_time_ns() - began
    return total / len(queries) / 1e6


def with_filter(queries: Sequence[Asked], body: Any | None) -> list[Query]:
    """Queries within a filter."""
    plain = [Lexical(asked_.query) for asked_ in queries]
    return [Bool(must=(query,), filter=(Parser().query(body),)) for query in plain] if body is not None else list(plain)


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description="What filters cost.")
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=500, help="of each class (default 500)")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "quarry-lexical")
    arguments = parser.parse_args()
    work: Path = arguments.work
    work.mkdir(parents=True, exist_ok=True)
    lines = made(work, "synthetic", arguments.documents)
    node = open_node(work / f"filtering-{arguments.documents}")
    index = build(node, lines, arguments.documents)
    table = Table("class", "without, us", *FILTERS, title="k 10: times the cost without a filter")
    for name, queries in asked("synthetic", lines, arguments.queries).items():
        sets = [with_filter(queries, body) for body in (None, *FILTERS.values())]
        best = np.full(len(sets), np.inf)
        for _ in range(4):  # in turns; the first one looks terms and filters up
            best = np.minimum(best, [spent(node, index, some, 10) for some in sets])
        table.add_row(name, f"{1e3 * best[0]:.0f}", *(f"{value / best[0]:.2f}" for value in best[1:]))
    console.print(table)
    for name, body in FILTERS.items():
        ctx = SearchContext(node, index)
        times = []
        for number in range(20):  # never the same
            changed = {"bool": {"filter": [body, {"range": {"number": {"gte": -1 - number}}}]}}
            began = time.thread_time_ns()
            ctx.reader.accepted(Parser().query(changed).mask(ctx))
            times.append((time.thread_time_ns() - began) / 1e3)
        console.print(f"{name}, and a range that all are in, for the first time: {np.median(times):.0f} us")
    node.close()


if __name__ == "__main__":
    main()
