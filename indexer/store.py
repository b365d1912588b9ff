"""The truth of one index: every accepted write is a row of one SQLite database.

A write gets the next sequence number and becomes a row. A row that a later write of the same id
replaces is kept, marked with the sequence number that superseded it, until no view can want it: so a
search that began before still finds what it saw, and a refresh learns from the marks alone which
documents of older segments are dead. A delete is a row without a body.

Durability: write-ahead log with `synchronous=FULL`; when `write` returns, the rows survive kill -9 and
power loss.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zstandard

from .errors import IndexUnreadable

FORMAT = 1
_RAW, _ZSTD = b"\0", b"\1"
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE doc (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    body BLOB,
    superseded INTEGER
);
CREATE UNIQUE INDEX doc_live ON doc (id) WHERE superseded IS NULL;
CREATE INDEX doc_superseded ON doc (superseded) WHERE superseded IS NOT NULL;
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One write: `body` is the document's JSON, None for a delete."""

    seq: int
    id: str
    version: int
    body: bytes | None


class Store:
    """The documents of one index. Safe in many threads and processes: one connection a thread."""

    def __init__(self, path: Path) -> None:
        """Open the store at `path`; IndexUnreadable when another version of Quarry wrote it."""
        self.path = path
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        found = self.meta("format")
        if found != FORMAT:
            raise IndexUnreadable(
                f"the store {path} has format {found}, this version of Quarry reads {FORMAT}; open it with the "
                "version that wrote it and reindex, or restore a snapshot"
            )

    @staticmethod
    def create(path: Path, meta: dict[str, Any]) -> None:
        """Make an empty store with the given metadata."""
        connection = sqlite3.connect(path)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            with connection:
                connection.executescript(_SCHEMA)
                rows = {"format": FORMAT, "last_seq": 0, **meta}
                connection.executemany("INSERT INTO meta VALUES (?, ?)", [(k, json.dumps(v)) for k, v in rows.items()])
        finally:
            connection.close()

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            if not self.path.is_file():  # connect would make an empty database of a deleted index
                raise FileNotFoundError(self.path)
            found = sqlite3.connect(self.path, timeout=60.0, isolation_level=None, check_same_thread=False)
            found.execute("PRAGMA synchronous=FULL")
            found.execute("PRAGMA cache_size=-16384")
            found.execute("PRAGMA mmap_size=268435456")
            found.execute("PRAGMA wal_autocheckpoint=4000")
            self._local.connection = found
            with self._lock:
                self._connections.append(found)
        return found

    def close(self) -> None:
        """Close every thread's connection."""
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        self._local = threading.local()

    def meta(self, key: str) -> Any:
        """A piece of metadata, or None."""
        row = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    def data_version(self) -> int:
        """A number that changes when another connection has written."""
        return int(self.connection.execute("PRAGMA data_version").fetchone()[0])

    @property
    def last_seq(self) -> int:
        return int(self.connection.execute("SELECT value FROM meta WHERE key = 'last_seq'").fetchone()[0])

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A write transaction; what it wrote is durable when the block ends, gone when it raises."""
        connection = self.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield Transaction(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All reads of this thread inside the block see one moment."""
        connection = self.connection
        if connection.in_transaction:
            yield
            return
        connection.execute("BEGIN")
        try:
            yield
        finally:
            connection.execute("COMMIT")

    def get(self, doc_id: str) -> Row | None:
        """The document's latest write, acknowledged a moment ago or long since; None when it is not there."""
        row = self.connection.execute(
            "SELECT seq, id, version, body FROM doc WHERE id = ? AND superseded IS NULL AND body IS NOT NULL",
            (doc_id,),
        ).fetchone()
        return None if row is None else Row(row[0], row[1], row[2], unpack(row[3]))

    def fetch(self, seqs: Sequence[int]) -> dict[int, Row]:
        """The rows of the given sequence numbers, by sequence number; purged ones are left out."""
        out: dict[int, Row] = {}
        for start in range(0, len(seqs), 500):
            part = [int(s) for s in seqs[start : start + 500]]
            marks = ",".join("?" * len(part))
            query = f"SELECT seq, id, version, body FROM doc WHERE seq IN ({marks}) AND body IS NOT NULL"  # noqa: S608
            for seq, doc_id, version, body in self.connection.execute(query, part):
                out[seq] = Row(seq, doc_id, version, unpack(body))
        return out

    def seqs_of(self, ids: Sequence[str], as_of: int) -> list[int]:
        """The sequence numbers that held the given ids when `as_of` was the last write, ascending."""
        out: list[int] = []
        for start in range(0, len(ids), 500):
            part = list(ids[start : start + 500])
            marks = ",".join("?" * len(part))
            query = (
                f"SELECT seq FROM doc WHERE id IN ({marks}) AND superseded IS NULL "  # noqa: S608
                "AND seq <= ? AND body IS NOT NULL UNION ALL "
                f"SELECT seq FROM doc WHERE id IN ({marks}) AND superseded > ? "
                "AND seq <= ? AND body IS NOT NULL"
            )
            out.extend(row[0] for row in self.connection.execute(query, [*part, as_of, *part, as_of, as_of]))
        return sorted(out)

    def live_rows(self, after: int, upto: int) -> Iterator[tuple[int, bytes]]:
        """(seq, JSON) of the documents written in (after, upto] that are still live, in order."""
        cursor = self.connection.cursor()
        query = (
            "SELECT seq, body FROM doc WHERE seq > ? AND seq <= ? AND superseded IS NULL AND body IS NOT NULL "
            "ORDER BY seq"
        )
        for seq, body in cursor.execute(query, (after, upto)):
            yield seq, unpack(body)

    def rows_as_of(self, first: int, last: int, as_of: int) -> Iterator[tuple[int, bytes]]:
        """(seq, JSON) of the documents written in [first, last] that were live after write `as_of`."""
        query = (
            "SELECT seq, body FROM doc WHERE seq BETWEEN ? AND ? AND body IS NOT NULL "
            "AND (superseded IS NULL OR superseded > ?) ORDER BY seq"
        )
        for seq, body in self.connection.cursor().execute(query, (first, last, as_of)):
            yield seq, unpack(body)

    def superseded(self, after: int, upto: int, before: int) -> list[int]:
        """Sequence numbers up to `before` that a write in (after, upto] superseded, ascending."""
        query = "SELECT seq FROM doc WHERE superseded > ? AND superseded <= ? AND seq <= ? ORDER BY seq"
        return [row[0] for row in self.connection.execute(query, (after, upto, before))]

    def live_count(self, after: int = 0) -> int:
        """How many live documents were written after `after`."""
        query = "SELECT count(*) FROM doc WHERE seq > ? AND superseded IS NULL AND body IS NOT NULL"
        return int(self.connection.execute(query, (after,)).fetchone()[0])

    def purge(self, horizon: int) -> int:
        """Drop rows that a write up to `horizon` superseded, and deletes that old; returns how many."""
        with self.transaction() as tx:
            return tx.purge(horizon)

    def size(self) -> int:
        """Bytes on disk."""
        return sum(p.stat().st_size for p in self.path.parent.glob(self.path.name + "*") if p.exists())


class Transaction:
    """The writes of one transaction; made by `Store.transaction`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.last_seq = int(self.meta("last_seq"))
        self._inserts: list[tuple[int, str, int, bytes | None]] = []
        self._supersedes: list[tuple[int, int]] = []

    def meta(self, key: str) -> Any:
        row = self._connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    def set_meta(self, key: str, value: Any) -> None:
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value)))

    def current(self, ids: Sequence[str], bodies: bool = False) -> dict[str, Row]:
        """The latest rows of the given ids, deletes included; bodies only when asked for."""
        out: dict[str, Row] = {}
        column = "body" if bodies else "body IS NOT NULL"
        for start in range(0, len(ids), 500):
            part = list(ids[start : start + 500])
            marks = ",".join("?" * len(part))
            query = f"SELECT seq, id, version, {column} FROM doc WHERE id IN ({marks}) AND superseded IS NULL"  # noqa: S608
            for seq, doc_id, version, body in self._connection.execute(query, part):
                known = (unpack(body) if body is not None else None) if bodies else (b"" if body else None)
                out[doc_id] = Row(seq, doc_id, version, known)
        return out

    def put(self, doc_id: str, version: int, body: bytes | None, supersedes: int | None) -> int:
        """Add one write; returns its sequence number. Rows reach the database at `flush`."""
        self.last_seq += 1
        self._inserts.append((self.last_seq, doc_id, version, None if body is None else pack(body)))
        if supersedes is not None:
            self._supersedes.append((self.last_seq, supersedes))
        return self.last_seq

    def flush(self) -> None:
        """Send the writes to the database, in the order that keeps one live row an id."""
        if not self._inserts:
            return
        latest = {row[1]: row[0] for row in self._inserts}
        marks = {old: new for new, old in self._supersedes}
        rows = [(s, i, v, b, marks.pop(s, None)) for s, i, v, b in self._inserts]
        self._connection.executemany("UPDATE doc SET superseded = ? WHERE seq = ?", [(n, o) for o, n in marks.items()])
        self._connection.executemany("INSERT INTO doc VALUES (?, ?, ?, ?, ?)", rows)
        assert all(row[4] is not None or latest[row[1]] == row[0] for row in rows)
        self.set_meta("last_seq", self.last_seq)
        self._inserts.clear()
        self._supersedes.clear()

    def purge(self, horizon: int) -> int:
        gone = self._connection.execute("DELETE FROM doc WHERE superseded <= ?", (horizon,)).rowcount
        old = "DELETE FROM doc WHERE body IS NULL AND superseded IS NULL AND seq <= ?"
        return gone + self._connection.execute(old, (horizon,)).rowcount


_local = threading.local()


def pack(body: bytes) -> bytes:
    """A document as stored: zstd where it pays (above half a kilobyte, and only when smaller)."""
    if len(body) > 512:
        compressor = getattr(_local, "compressor", None)
        if compressor is None:
            compressor = _local.compressor = zstandard.ZstdCompressor(level=1)
        small = compressor.compress(body)
        if len(small) < len(body):
            return _ZSTD + small
    return _RAW + body


def unpack(stored: bytes) -> bytes:
    """The document that `pack` stored."""
    if stored[:1] == _ZSTD:
        decompressor = getattr(_local, "decompressor", None)
        if decompressor is None:
            decompressor = _local.decompressor = zstandard.ZstdDecompressor()
        return bytes(decompressor.decompress(stored[1:]))
    return stored[1:]


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
