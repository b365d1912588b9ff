"""Writing by query: copying, deleting and refreshing all documents that a query matches.

The documents are those that a search finds at the beginning, kept by a point in time, so that what the
work itself writes, and what others write meanwhile, changes nothing about which they are. Batch by batch
they are read and written; a batch is durable before the next is read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import orjson

from indexer import Index, InvalidRequest, Node, Operation, Row, VersionConflict, WriteResult

from .context import SearchContext
from .points import filter_of
from .query.base import Parser, Query
from .query.match_all import MatchAll
from .source import SourceFilter

KEEP_SECONDS = 600.0  # that a batch may take
Report = Callable[[dict[str, Any]], None]


@dataclass
class Outcome:
    """What became of the documents, as Elasticsearch counts them."""

    total: int = 0
    created: int = 0
    updated: int = 0
    deleted: int = 0
    batches: int = 0
    version_conflicts: int = 0
    failures: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    last: dict[str, int] = field(default_factory=dict)
    """The last sequence number written to each index."""

    def to_dict(self) -> dict[str, Any]:
        return {
            "total": self.total,
            "created": self.created,
            "updated": self.updated,
            "deleted": self.deleted,
            "batches": self.batches,
            "version_conflicts": self.version_conflicts,
            "noops": 0,
            "retries": {"bulk": 0, "search": 0},
            "throttled_millis": 0,
            "requests_per_second": -1.0,
            "throttled_until_millis": 0,
        }

    def response(self, began: float, names: Sequence[str]) -> dict[str, Any]:
        """The whole answer; `names` are the counts that this kind of work has beside those of all."""
        counts = self.to_dict()
        for name in {"created", "updated", "deleted"} - set(names):
            del counts[name]
        took = round((time.monotonic() - began) * 1000)
        return {"took": took, "timed_out": False, **counts, "failures": self.failures}


@dataclass(frozen=True)
class Selection:
    """Which documents: of which indices (with their aliases' filters), how many, read how many at a time."""

    targets: Sequence[str]
    query: dict[str, Any] | None = None
    max_docs: int | None = None
    batch: int = 1000

    def parsed(self, node: Node) -> Query:
        if self.query is None:
            return MatchAll()
        return Parser(node.settings.max_clauses, node.settings.max_depth).query(self.query)


def copy(
    node: Node,
    selection: Selection,
    destination: str,
    *,
    kind: Literal["index", "create"] = "index",
    source: SourceFilter | None = None,
    proceed: bool = False,
    require_alias: bool = False,
    report: Report = lambda status: None,
) -> Outcome:
    """Write the documents to another index; with `kind` create only those that it does not have.

    InvalidRequest when the destination is one of the indices that are read. The outcome has failures, and
    their status, when a document could not be written; with `proceed` conflicts are only counted.
    """
    meant = {node.writer(destination) if node.is_alias(destination) else destination}
    if meant & {str(name) for name in selection.targets}:
        raise InvalidRequest(
            f"Validation Failed: 1: reindex cannot write into an index its reading from [{destination}];"
        )
    chosen = source or SourceFilter()

    def operation(row: Row) -> Operation:
        assert row.body is not None
        return Operation(kind, row.id, chosen.chosen(orjson.loads(row.body)))

    def write(_: Index, operations: Sequence[Operation]) -> tuple[Index, list[WriteResult]]:
        with node.writing(destination, create=True, require_alias=require_alias) as index:
            return index, index.write(operations)

    return _run(node, selection, operation, write, proceed, report)


def delete(node: Node, selection: Selection, *, proceed: bool = False, report: Report = lambda status: None) -> Outcome:
    """Delete the documents, those that were changed meanwhile excepted: they are version conflicts."""
    return _run(
        node,
        selection,
        lambda row: Operation("delete", row.id, if_seq_no=row.seq, if_primary_term=1),
        _in_place(node),
        proceed,
        report,
    )


def refresh(
    node: Node, selection: Selection, *, proceed: bool = False, report: Report = lambda status: None
) -> Outcome:
    """Write the documents again as they are, so that fields mapped since are indexed."""

    def operation(row: Row) -> Operation:
        assert row.body is not None
        return Operation("index", row.id, orjson.loads(row.body), if_seq_no=row.seq, if_primary_term=1)

    return _run(node, selection, operation, _in_place(node), proceed, report)


Write = Callable[[Index, Sequence[Operation]], tuple[Index, list[WriteResult]]]


def _in_place(node: Node) -> Write:
    def write(read: Index, operations: Sequence[Operation]) -> tuple[Index, list[WriteResult]]:
        with node.writing(read.name) as index:
            return index, index.write(operations)

    return write


def _run(
    node: Node,
    selection: Selection,
    operation: Callable[[Row], Operation],
    write: Write,
    proceed: bool,
    report: Report,
) -> Outcome:
    outcome = Outcome()
    for index, rows in _batches(node, selection, outcome):
        written, results = write(index, [operation(row) for row in rows])
        outcome.batches += 1
        _count(outcome, written, results, proceed)
        report(outcome.to_dict())
        if outcome.failures:
            break
    return outcome


def _count(outcome: Outcome, index: Index, results: Sequence[WriteResult], proceed: bool) -> None:
    for result in results:
        error = result.error
        if error is None:
            counted = result.result if result.result != "not_found" else "deleted"
            setattr(outcome, counted, getattr(outcome, counted) + 1)
            outcome.last[index.name] = max(outcome.last.get(index.name, -1), result.seq)
            continue
        conflict = isinstance(error, VersionConflict)
        outcome.version_conflicts += conflict
        if not (conflict and proceed):
            failure = {"index": index.name, "id": result.id, "cause": error.to_dict(), "status": error.status}
            outcome.failures.append(failure)
            outcome.status = max(outcome.status, error.status)


def _batches(node: Node, selection: Selection, outcome: Outcome) -> Iterator[tuple[Index, list[Row]]]:
    """The documents, in the order of their writes; the total is known before the first batch."""
    query = selection.parsed(node)
    opened: list[tuple[Index, str]] = []
    try:
        found = []
        left = selection.max_docs
        for target in selection.targets:
            index = node.index(target)
            token = index.open_point(KEEP_SECONDS)
            opened.append((index, token))
            docs = _matching(node, index, token, query, filter_of(node, target))[:left]
            left = None if left is None else left - len(docs)
            outcome.total += len(docs)
            found.append((index, token, docs))
        for index, token, docs in found:
            for start in range(0, len(docs), selection.batch):
                view = index.point_view(token, KEEP_SECONDS)
                yield index, view.fetch(docs[start : start + selection.batch].tolist())
    finally:
        for index, token in opened:
            index.close_point(token)


def _matching(node: Node, index: Index, token: str, query: Query, visible: Query | None) -> np.ndarray:
    """int64[n]: the numbers of the live documents that match, ascending."""
    ctx = SearchContext(node, index, view=index.point_view(token, KEEP_SECONDS))
    mask = query.mask(ctx) & ctx.live
    if visible is not None:
        mask &= visible.mask(ctx)
    return np.flatnonzero(mask)
