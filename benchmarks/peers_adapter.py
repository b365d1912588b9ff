"""Quarry behind the interface of a harness that times several engines: built and asked as a program would.

:class:`Quarry` takes documents through the index's write call. A harness asks with terms, so
:class:`Quarry` ranks by the query of these terms, as the others' searchers do; :class:`QuarryText` takes them as the
text of a search request, which is analysed, planned and prepared to be fetched. Each query has the surroundings of a
request of its own; HTTP, JSON and the fetching of stored documents are left out, and both hold one view::

    Quarry.build(corpus, folder) -> timings         # corpus: a directory with docs.txt, a document a line
    engine = Quarry(folder)
    engine.search(["two", "words"], 10, "or") -> (document numbers, scores)     # or, and, phrase
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from indexer import Node, Operation
from retrieval import SearchContext, SearchRequest, rank_query, run
from retrieval.lexical import PhraseQuery, WordQuery
from retrieval.query.base import Query
from retrieval.query.lexical_leaf import Lexical
from retrieval.query.match import Match
from retrieval.query.match_phrase import MatchPhrase
from settings import Settings

INDEX = "documents"
BATCH = 2000
MODES: dict[str, Callable[[str], Query]] = {
    "or": lambda text: Match("text", text),
    "and": lambda text: Match("text", text, operator="and"),
    "phrase": lambda text: MatchPhrase("text", text),
}


def open_node(folder: Path) -> Node:
    """The data directory of a benchmark."""
    return Node(Settings(data=folder, refresh_interval=3600.0))  # type: ignore[call-arg]


def batches(corpus: Path, size: int = BATCH) -> Iterator[list[str]]:
    """The lines of a corpus, `size` at a time."""
    with open(corpus / "docs.txt", encoding="utf-8") as lines:
        stripped = (line.rstrip("\n") for line in lines)
        while part := list(itertools.islice(stripped, size)):
            yield part


class Quarry:
    """One field, `text`, in one segment; hits are documents by number, in the order of the corpus."""

    name = "quarry"
    modes = ("or", "and", "phrase")

    @classmethod
    def build(cls, corpus: str, folder: str, analyzer: str = "whitespace", merge: bool = True) -> dict[str, Any]:
        """Index a corpus durably; returns documents and seconds of processor time of each step."""
        node = open_node(Path(folder))
        text = {"type": "text", "analyzer": analyzer}
        index = node.create(INDEX, {"mappings": {"dynamic": False, "properties": {"text": text}}})
        began, count = time.process_time(), 0
        for part in batches(Path(corpus)):
            index.write([Operation("index", str(count + i), {"text": line}) for i, line in enumerate(part)])
            count += len(part)
        written = time.process_time()
        index.refresh()
        refreshed = time.process_time()
        if merge:
            index.merge(to_one=True)
        ended = time.process_time()
        segments = len(index.view().segments)
        node.close()
        return {
            "docs": count, "segments": segments, "write_s": written - began, "refresh_s": refreshed - written,
            "merge_s": ended - refreshed, "total_s": ended - began,
        }  # fmt: skip

    def __init__(self, folder: str) -> None:
        self.node = open_node(Path(folder))
        self.ctx = SearchContext(self.node, self.node.index(INDEX))

    def search(self, terms: Sequence[str], k: int, mode: str = "or") -> tuple[np.ndarray, np.ndarray]:
        """Numbers and scores of the best k documents, best first."""
        query: WordQuery | PhraseQuery
        if mode == "phrase":
            query = PhraseQuery("text", terms)
        else:
            query = WordQuery(("text",), terms, minimum=len(terms) if mode == "and" else 1)
        ranked = rank_query(self.request(), Lexical(query), k, None, 0)
        return ranked.docs, ranked.scores

    def request(self) -> SearchContext:
        """What one request knows."""
        return SearchContext(self.node, self.ctx.index, view=self.ctx.view)


class QuarryText(Quarry):
    """The same index asked with a text."""

    name = "quarry-text"

    def search(self, terms: Sequence[str], k: int, mode: str = "or") -> tuple[np.ndarray, np.ndarray]:
        """Numbers and scores of the best k documents, best first."""
        request = SearchRequest(query=MODES[mode](" ".join(terms)), size=k, count_to=None)
        ranked = run(self.request(), request).ranked
        return ranked.docs, ranked.scores
