"""Loads a source into an index: only what is new or has changed is written.

Loading is made to be run again. A document whose stored fields equal the source's is left alone, so a
second run changes nothing, and a run that was interrupted goes on where it stopped: what it wrote is
found unchanged, at reading speed.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .sources import Record, SourceDocument, SourceError, SourceSkipped

BATCH = 1000
BATCH_BYTES = 8 << 20
KEPT_FAILURES = 1000
"""Failures that a report names; more are counted."""


class Records(Protocol):
    """What can be loaded: records, and the mapping of fields whose values do not say their type."""

    properties: dict[str, Any]

    def __iter__(self) -> Iterator[Record]: ...


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one document that was to be written; `error` says why it was not taken."""

    created: bool
    error: str | None = None


class Target(Protocol):
    """Where documents go: an index of this process's data directory, or one behind a REST address."""

    def prepare(self, properties: dict[str, Any]) -> None:
        """Make the index if it is not there, with `properties` mapped if nothing else is said of them."""
        ...

    def stored(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The documents of these ids that are there, as last written."""
        ...

    def write(self, documents: Sequence[SourceDocument]) -> list[Written]:
        """Write documents, durably; what became of each, in order."""
        ...

    def refresh(self) -> None:
        """Make what was written searchable by its words."""
        ...

    def fill(self, progress: Callable[[str, int, int], None]) -> None:
        """Make it searchable by its vectors; `progress` gets the space, documents done, documents in all."""
        ...


@dataclass
class LoadReport:
    """What became of the documents of a source.

    Attributes:
        failures: the first :data:`KEPT_FAILURES`, by file and line; `failed` counts all.
        skipped: files that no reader knows.
        stopped: whether `strict` ended the run at a failure.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    failures: list[SourceError] = field(default_factory=list)
    skipped: list[SourceSkipped] = field(default_factory=list)
    stopped: bool = False
    seconds: float = 0.0

    @property
    def documents(self) -> int:
        """Documents that are in the index now."""
        return self.added + self.updated + self.unchanged

    def to_dict(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "added": self.added,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "failed": self.failed,
            "failures": [{"location": f.location, "reason": f.reason} for f in self.failures],
            "skipped": [{"location": s.location, "reason": s.reason} for s in self.skipped],
            "stopped": self.stopped,
            "seconds": round(self.seconds, 3),
        }


class SeenIds:
    """A set of ids whose memory does not grow with it: 64-bit hashes in a temporary database of SQLite's."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)  # a file of its own, gone when it is closed
        self._database.executescript(
            "PRAGMA cache_size = -16384; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "CREATE TABLE seen (hash INTEGER PRIMARY KEY)"
        )
        self._new: set[int] = set()

    def add(self, identity: str) -> None:
        self._new.add(hash(identity))
        if len(self._new) >= BATCH:
            self._database.execute("BEGIN")
            self._database.executemany("INSERT OR IGNORE INTO seen VALUES (?)", ((h,) for h in self._new))
            self._database.execute("COMMIT")
            self._new.clear()

    def discard(self, identity: str) -> None:
        self._new.discard(hash(identity))
        self._database.execute("DELETE FROM seen WHERE hash = ?", (hash(identity),))

    def __contains__(self, identity: str) -> bool:
        if hash(identity) in self._new:
            return True
        found = self._database.execute("SELECT 1 FROM seen WHERE hash = ?", (hash(identity),)).fetchone()
        return found is not None

    def close(self) -> None:
        self._database.close()


class Loader:
    """One run of loading; `report` is true at every moment, also after an interruption."""

    def __init__(self, target: Target, batch: int = BATCH, strict: bool = False) -> None:
        self.report = LoadReport()
        self._target = target
        self._batch = batch
        self._strict = strict
        self._waiting: list[SourceDocument] = []
        self._bytes = 0

    def load(self, source: Records, progress: Callable[[], None] = lambda: None) -> LoadReport:
        """Read all of `source`; `progress` is called every few records (`report` is current then)."""
        begin = time.perf_counter()
        self._target.prepare(source.properties)
        # Ids that this run has put in: a second row of the same id would otherwise overwrite the first one, in
        # every run again.
        self._seen = SeenIds()
        try:
            for number, record in enumerate(source):
                if not self._take(record):
                    break
                if number % 64 == 0:
                    progress()
            if not self.report.stopped:
                self._flush()
        finally:
            self._seen.close()
            self.report.seconds = time.perf_counter() - begin
        progress()
        return self.report

    def _take(self, record: Record) -> bool:
        """Take one record; false when the run is to stop."""
        if isinstance(record, SourceDocument):
            self._waiting.append(record)
            self._bytes += 64
            for value in record.source.values():
                self._bytes += len(value) if type(value) is str else 64
            if len(self._waiting) >= self._batch or self._bytes >= BATCH_BYTES:
                self._flush()
        elif isinstance(record, SourceSkipped):
            self.report.skipped.append(record)
        else:
            if self._strict:
                self._flush()  # the lines before the bad one are good
            self._fail(record)
        return not self.report.stopped

    def _fail(self, failure: SourceError) -> None:
        self.report.failed += 1
        if len(self.report.failures) < KEPT_FAILURES:
            self.report.failures.append(failure)
        self.report.stopped = self.report.stopped or self._strict

    def _flush(self) -> None:
        """Write the waiting documents that are new or changed."""
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        if not waiting:
            return
        stored = self._target.stored([document.id for document in waiting])
        changed: list[SourceDocument] = []
        for document in waiting:
            known = stored.get(document.id)
            if known == document.source:
                self.report.unchanged += 1
                self._seen.add(document.id)
            elif known is not None and document.id in self._seen:
                reason = f"the id [{document.id}] came before with other fields; the first document is kept"
                self._fail(SourceError(document.location, reason))
            else:
                changed.append(document)
                self._seen.add(document.id)
                stored[document.id] = document.source
            if self.report.stopped:
                break
        if not changed:
            return
        for document, written in zip(changed, self._target.write(changed), strict=True):
            if written.error is not None:
                self._seen.discard(document.id)
                self._fail(SourceError(document.location, written.error))
            elif written.created:
                self.report.added += 1
            else:
                self.report.updated += 1
