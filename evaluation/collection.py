"""Judged collections in BEIR's layout: a corpus, queries, judgments, and perhaps answers.

corpus.jsonl    {"_id", "title", "text"}
queries.jsonl   {"_id", "text"}
qrels.tsv       header, query-id, corpus-id, score   (or qrels/test.tsv, or TREC's four columns)
answers.jsonl   {"_id", "question", "answers", "context_ids"}   (question answering only)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from indexer.sources import corpus_of

Judgments = dict[str, dict[str, int]]
"""Relevance by query id and document id; above 0 is relevant."""


class InvalidCollection(ValueError):
    """A folder that is no judged collection, or a line of it that cannot be read."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its gold answers and the documents that hold them."""

    id: str
    text: str
    answers: tuple[str, ...]
    contexts: tuple[str, ...]


@dataclass(frozen=True)
class Collection:
    """Queries with judgments, over a corpus.

    Attributes:
        name: the folder's name; with queries of another folder, `theirs→ours`.
        corpus: the file of the documents.
        queries: text by query id; only queries with a relevant document.
        judgments: see :data:`Judgments`.
        questions: questions with gold answers, in the file's order; empty for retrieval collections.
    """

    name: str
    folder: Path
    corpus: Path
    queries: dict[str, str]
    judgments: Judgments
    questions: tuple[Question, ...] = ()

    @cached_property
    def documents(self) -> int:
        """How many documents the corpus has."""
        with self.corpus.open("rb") as file:
            return sum(1 for line in file if line.strip())

    def with_queries(self, folder: Path) -> Collection:
        """The same corpus and judgments, with another folder's wording of the same query ids.

        For cross-language retrieval: the questions of one language on the passages of another.
        """
        queries = _queries(folder)
        shared = {key: queries[key] for key in self.queries if key in queries}
        if not shared:
            raise InvalidCollection(f"no query id of {folder} is judged in {self.folder}")
        questions = tuple(replace(q, text=queries[q.id]) for q in self.questions if q.id in queries)
        return Collection(
            f"{folder.name}→{self.name}",
            self.folder,
            self.corpus,
            shared,
            {key: self.judgments[key] for key in shared},
            questions,
        )

    def sample(self, size: int) -> Collection:
        """At most `size` queries and questions, evenly spread, the same ones each time."""
        queries = dict(_spread(list(self.queries.items()), size))
        judgments = {key: self.judgments[key] for key in queries}
        return replace(self, queries=queries, judgments=judgments, questions=tuple(_spread(list(self.questions), size)))


def load_collection(folder: Path) -> Collection:
    """Read a folder; :class:`InvalidCollection` says what is missing or which line is wrong."""
    if not folder.is_dir():
        raise InvalidCollection(f"there is no folder {folder}")
    corpus = corpus_of(folder)
    if corpus is None:
        raise InvalidCollection(f"{folder} is no judged collection: corpus.jsonl and queries.jsonl are expected")
    judgments = _judgments(folder)
    relevant = {query for query, judged in judgments.items() if any(score > 0 for score in judged.values())}
    queries = {key: text for key, text in _queries(folder).items() if key in relevant}
    if not queries:
        raise InvalidCollection(f"no query of {folder} has a relevant document in its judgments")
    judged = {key: judgments[key] for key in queries}
    return Collection(folder.resolve().name, folder, corpus, queries, judged, tuple(_questions(folder)))


def _queries(folder: Path) -> dict[str, str]:
    path = folder / "queries.jsonl"
    return {str(row["_id"]): str(row["text"]) for row in _rows(path, ("_id", "text"))}


def _questions(folder: Path) -> Iterator[Question]:
    path = folder / "answers.jsonl"
    if not path.is_file():
        return
    for row in _rows(path, ("_id", "question", "answers", "context_ids")):
        answers = tuple(str(answer) for answer in row["answers"])
        yield Question(str(row["_id"]), str(row["question"]), answers, tuple(map(str, row["context_ids"])))


def _judgments(folder: Path) -> Judgments:
    names = ("qrels.tsv", "qrels/test.tsv", "qrels/dev.tsv", "qrels.txt")
    path = next((folder / name for name in names if (folder / name).is_file()), None)
    if path is None:
        raise InvalidCollection(f"{folder} has no judgments: qrels.tsv or qrels/test.tsv is expected")
    found: Judgments = {}
    for number, line in enumerate(path.read_text("utf-8-sig").split("\n"), 1):
        cells = line.rstrip("\r").split("\t") if "\t" in line else line.split()
        if not line.strip() or (number == 1 and not cells[-1].strip().lstrip("-").isdigit()):
            continue  # the header
        try:
            query, document = (cells[0], cells[2]) if len(cells) == 4 else (cells[0], cells[1])
            found.setdefault(query, {})[document] = int(cells[-1])
        except (IndexError, ValueError):
            reason = "query id, document id and a whole number are expected"
            raise InvalidCollection(f"{path}:{number}: {reason}") from None
    return found


def _rows(path: Path, keys: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InvalidCollection(f"{path} cannot be read: {error.strerror}") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise InvalidCollection(f"{path}:{number}: not valid JSON: {error.msg}") from None
        missing = [key for key in keys if not isinstance(row, dict) or key not in row]
        if missing:
            raise InvalidCollection(f"{path}:{number}: {', '.join(missing)} is missing")
        yield row


def _spread(items: list[Any], size: int) -> list[Any]:
    if len(items) <= size:
        return items
    return [items[i * len(items) // size] for i in range(size)]
