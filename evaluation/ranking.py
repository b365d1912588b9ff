"""Retrieval figures of one index, mode by mode."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from .collection import Collection
from .measures import DEPTH, Figures, measure
from .runs import Ranking
from .searchers import Searcher

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class RankingReport:
    """The figures of one mode, the run they are of, and its queries a second."""

    mode: str
    figures: Figures
    run: dict[str, Ranking]
    rate: float


def evaluate_ranking(
    collection: Collection, searcher: Searcher, modes: Iterable[str], threads: int, progress: Progress
) -> Iterator[RankingReport]:
    """Search every judged query in each mode; yields each mode's report when it is complete."""
    queries = list(collection.queries.items())
    for mode in modes:

        def one(query: tuple[str, str], mode: str = mode) -> tuple[str, Ranking]:
            return query[0], searcher.search(query[1], mode, DEPTH)

        def done(number: int, mode: str = mode) -> None:
            progress(mode, number, len(queries))

        begin = time.perf_counter()
        run = dict(parallel(one, queries, threads, done))
        seconds = time.perf_counter() - begin
        yield RankingReport(mode, measure(collection.judgments, run), run, len(queries) / max(seconds, 1e-9))


def parallel(work: Callable[[T], R], items: list[T], threads: int, done: Callable[[int], None]) -> Iterator[R]:
    """The results of `work` in the order of `items`; an interruption or an error drops what is waiting."""
    pool = ThreadPoolExecutor(threads)
    try:
        for number, result in enumerate(pool.map(work, items), 1):
            done(number)
            yield result
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
