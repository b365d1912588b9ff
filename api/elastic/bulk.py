"""`_bulk`: many writes in one request, taken from the socket line by line.

Operations are gathered into batches of bounded size; each batch is one transaction an index. Items are
kept as rendered JSON and go to a temporary file when they are many, so a request of any length needs a
bounded amount of memory. Nothing is answered before everything is durable.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import orjson
from flask import Response

from api.call import Call
from api.elastic.bulk_lines import Action, BulkLine, read_actions
from api.elastic.documents import SOURCE, chosen_source, make_visible, status_of, updated_source, written
from api.errors import as_quarry_error
from api.limits import BATCH_BYTES, BATCH_OPERATIONS
from api.parameters import REFRESH, WRITE_HINTS, boolean, hints
from api.render import Reply
from api.routing import Route
from indexer.errors import IndexNotFound, QuarryError
from indexer.writes import Operation, WriteResult
from retrieval.source import SourceFilter

_SPOOL_BYTES = 8 << 20
_ANSWER_PIECE = 256 << 10


class Items:
    """The answer's items as JSON, in a file when they are many."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115 (closed by close)
        self.count = 0
        self.errors = False

    def add(self, kind: str, item: dict[str, Any]) -> None:
        if "error" in item:
            self.errors = True
        self._file.write(b"," if self.count else b"[")
        self._file.write(orjson.dumps({kind: item}))
        self.count += 1

    def parsed(self) -> list[Any]:
        """All items, in memory: for answers that are reshaped by `filter_path` or `pretty`."""
        self._file.seek(0)
        items: list[Any] = orjson.loads(self._file.read() + b"]") if self.count else []
        return items

    def pieces(self) -> Iterator[bytes]:
        if not self.count:
            yield b"[]"
            return
        self._file.seek(0)
        while piece := self._file.read(_ANSWER_PIECE):
            yield piece
        yield b"]"

    def close(self) -> None:
        self._file.close()


class _Run:
    """One bulk request: its batches, its items, and what they touched."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.items = Items()
        self.shown = chosen_source(call, default=False)
        """What updates answer of the document, where their lines do not say."""
        self.last: dict[str, int] = {}
        """The last sequence number written to each index."""
        self.applied = 0

    def apply(self, batch: list[BulkLine]) -> None:
        """Write a batch: one transaction an index, items in the order of the lines."""
        outcomes: list[WriteResult | QuarryError | None] = [line.error for line in batch]
        groups: dict[tuple[str, bool], list[int]] = {}
        for place, line in enumerate(batch):
            if line.error is None:
                given = line.action.require_alias
                require_alias = self.call["require_alias"] if given is None else given
                groups.setdefault((line.action.index, require_alias), []).append(place)
        for (name, require_alias), places in groups.items():
            written = self._write(name, [batch[place].action for place in places], require_alias)
            for place, result in zip(places, written, strict=True):
                outcomes[place] = result
        counts: Counter[str] = Counter()
        for line, outcome in zip(batch, outcomes, strict=True):
            assert outcome is not None
            item = _item(line.action, outcome, self.shown)
            counts["failed" if "error" in item else item["result"]] += 1
            self.items.add(line.action.operation.kind, item)
        for outcome_name, count in counts.items():
            self.call.services.metrics.documents.labels(outcome_name).inc(count)
        self.applied += len(batch)

    def _write(self, name: str, actions: list[Action], require_alias: bool) -> list[WriteResult | QuarryError]:
        create = any(_may_create(action.operation) for action in actions)
        try:
            with self.call.node.writing(name, create, require_alias) as index:
                results = index.write([action.operation for action in actions])
        except Exception as error:  # one index's trouble is its own items', not the request's
            failure = as_quarry_error(error)
            return [failure] * len(actions)
        for action in actions:
            action.index = index.name  # an alias is answered by the index that took the write
        self.last[index.name] = max([self.last.get(index.name, -1), *(r.seq for r in results if r.error is None)])
        return [result.error if result.error is not None else result for result in results]

    def finish(self) -> None:
        for name, seq in self.last.items():
            with suppress(IndexNotFound):  # deleted meanwhile: nothing is left to be seen
                if seq >= 0:
                    make_visible(self.call, self.call.node.index(name), seq)


def _may_create(operation: Operation) -> bool:
    if operation.kind == "update":
        return operation.upsert is not None or operation.doc_as_upsert
    return operation.kind != "delete"


def _item(action: Action, outcome: WriteResult | QuarryError, shown: SourceFilter) -> dict[str, Any]:
    if isinstance(outcome, QuarryError):
        return {
            "_index": action.index,
            "_id": action.operation.id,
            "status": outcome.status,
            "error": outcome.to_dict(),
        }
    item = {**written(action.index, outcome), "status": status_of(outcome)}
    if action.operation.kind == "update":
        item.update(updated_source(outcome, shown if action.shown is None else action.shown))
    return item


def bulk(call: Call) -> Response | Reply:
    started = time.perf_counter()
    # Compressed bodies say nothing of how much they hold.
    declared = None if call.body.compressed else call.body.length
    run = _Run(call)
    try:
        with call.services.limits.bulk.reserve(declared) as held, _counted(call, held):
            _take(call, run)
        run.finish()
    except BaseException:
        run.items.close()
        raise
    took = round((time.perf_counter() - started) * 1000)
    return _answer(call, run.items, took)


@contextmanager
def _counted(call: Call, held: int) -> Iterator[None]:
    """Show the bytes held in the metrics for as long as they are."""
    gauge = call.services.metrics.bulk_bytes
    gauge.inc(held)
    try:
        yield
    finally:
        gauge.dec(held)


def _take(call: Call, run: _Run) -> None:
    batch: list[BulkLine] = []
    size = 0
    try:
        for line in read_actions(call.lines(), call.path.get("index"), call.settings.max_document):
            batch.append(line)
            size += line.size
            if size >= BATCH_BYTES or len(batch) >= BATCH_OPERATIONS:
                run.apply(batch)
                batch, size = [], 0
    except QuarryError as error:
        # What was applied stays applied: the refusal says how much, so that the client can go on.
        if run.applied:
            error.reason += f" (the first [{run.applied}] operations were applied, those after them not)"
            error.details["applied"] = run.applied
        raise
    if batch:
        run.apply(batch)


def _answer(call: Call, items: Items, took: int) -> Response | Reply:
    if call["filter_path"] or call["pretty"]:
        body = {"errors": items.errors, "took": took, "items": items.parsed()}
        items.close()
        return Reply(body)

    def pieces() -> Iterator[bytes]:
        yield b'{"errors":%s,"took":%d,"items":' % (b"true" if items.errors else b"false", took)
        yield from items.pieces()
        yield b"}"

    response = Response(pieces(), content_type=call.answer_type)
    response.call_on_close(items.close)
    return response


ROUTES = tuple(
    Route(
        ("POST", "PUT"),
        rule,
        bulk,
        "Write, update and delete many documents, as lines of JSON",
        "documents",
        (
            REFRESH,
            *WRITE_HINTS,
            *SOURCE,
            *hints("routing"),
            boolean("require_alias", "refuse to write but through an alias", False),
        ),
        ndjson=True,
    )
    for rule in ("/_bulk", "/<index>/_bulk")
)
