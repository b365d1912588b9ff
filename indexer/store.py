"""The truth of one index: every accepted write is a row of one SQLite database.

A write gets the next sequence number and becomes a row. A row that a later write of the same id
replaces is kept, marked with the sequence number that superseded it, until no view can want it: so a
search that began before still finds what it saw, and a refresh learns from the marks alone which
documents of older segments are dead. A delete is a row without a body.

Durability: write-ahead log with `synchronous=FULL`; when `write` returns, the rows survive kill -9 and
power loss. Damage is found by checksums (`rows.py`) and by the note of the last write (`watermark.py`).
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .errors import IndexNotFound, IndexUnreadable, StorageFailure, StorageFull, TooManyRequests, TruthDamaged
from .files import Identity, identity
from .migration import FORMAT, SCHEMA, migrate
from .rows import Row, mark_checksum, meta_checksum, row_checksum, unpack
from .transaction import Transaction, read_meta
from .watermark import Watermark

logger = logging.getLogger("quarry.indexer")
_COARSE = 50_000_000  # nanoseconds: the clock of files may stand still for some of them


class _Connection(sqlite3.Connection):
    """A connection that is closed when nothing refers to it any more: closed by another thread in the middle of
    a statement, SQLite would read memory that is gone."""

    def __del__(self) -> None:
        with suppress(sqlite3.ProgrammingError):  # it was never opened
            self.close()


class Store:
    """The documents of one index. Safe in many threads and processes: one connection a thread."""

    def __init__(self, path: Path) -> None:
        """Open the store at `path`; IndexUnreadable when a version of Quarry wrote it that this one cannot read,
        TruthDamaged when its metadata is damaged."""
        self.path = path
        self.folder = os.open(path.parent, os.O_RDONLY)
        """Held open: no other folder gets its inode number, and what is written by it lands in no other."""
        weakref.finalize(self, os.close, self.folder)
        self.inode = os.fstat(self.folder).st_ino
        self.watermark = Watermark(path.with_name("acknowledged"), self.folder)
        self._log = path.with_name(path.name + "-wal")
        self._local = threading.local()
        self._closed = False
        with self._errors():
            found = migrate(self.connection)
        if found != FORMAT:
            raise IndexUnreadable(
                f"the store {path} has format {found}, this version of Quarry reads {FORMAT}; open it with the "
                "version that wrote it and reindex, or restore a snapshot"
            )

    @staticmethod
    def create(path: Path, meta: dict[str, Any]) -> None:
        """Make an empty store with the given metadata."""
        with storage_errors(path):
            connection = sqlite3.connect(path)
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=FULL")
                with connection:
                    connection.executescript(SCHEMA)
                    rows = {k: json.dumps(v) for k, v in {"format": FORMAT, "last_seq": 0, **meta}.items()}
                    connection.executemany(
                        "INSERT INTO meta VALUES (?, ?, ?)", [(k, v, meta_checksum(k, v)) for k, v in rows.items()]
                    )
            finally:
                connection.close()

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            if self._closed or not self.is_there():
                raise IndexNotFound(self.path.parent.name)
            found = sqlite3.connect(
                self.path, timeout=60.0, isolation_level=None, check_same_thread=False, factory=_Connection
            )
            found.execute("PRAGMA synchronous=FULL")
            found.execute("PRAGMA cache_size=-16384")
            found.execute("PRAGMA wal_autocheckpoint=4000")
            self._local.connection = found
        return found

    def is_there(self) -> bool:
        """Whether the database is where it was: not deleted, moved, or another one of the same name."""
        try:
            return self.path.parent.stat().st_ino == self.inode and self.path.is_file()
        except FileNotFoundError:
            return False

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """`storage_errors`, and IndexNotFound where the database was deleted meanwhile."""
        try:
            with storage_errors(self.path):
                yield
        except StorageFailure:
            if self.is_there():
                raise
            raise IndexNotFound(self.path.parent.name) from None

    def close(self) -> None:
        """Close this thread's connection, and let go of those of others, which may be in use."""
        own: sqlite3.Connection | None = getattr(self._local, "connection", None)
        self._closed = True
        self._local = threading.local()
        if own is not None:
            own.close()

    def lost_writes(self) -> range | None:
        """The acknowledged writes that are gone, if any."""
        noted, last = self.watermark.read(), self.last_seq
        return range(last + 1, noted + 1) if noted > last else None

    def accept_loss(self, lost: range) -> None:
        """Go on without the writes that are gone: their numbers are never given again, and `losses` names them."""
        logger.error(
            "%s has lost the acknowledged writes %d to %d: its write-ahead log is damaged. Send them again, or "
            "restore a snapshot",
            self.path, lost.start, lost.stop - 1,
        )  # fmt: skip
        with self.transaction() as tx:
            tx.set_meta("losses", [*(tx.meta("losses") or []), [lost.start, lost.stop - 1]])
            tx.skip_to(lost.stop - 1)

    @property
    def losses(self) -> list[tuple[int, int]]:
        """(first, last) of acknowledged writes that were found gone when the store was opened."""
        return [(first, last) for first, last in self.meta("losses") or []]

    def forget_losses(self) -> None:
        """Stop naming lost writes."""
        with self.transaction() as tx:
            tx.set_meta("losses", [])

    # --- metadata -------------------------------------------------------------------------------

    def meta(self, key: str) -> Any:
        """A piece of metadata, or None; TruthDamaged."""
        with self._errors():
            return read_meta(self.connection, key)

    def settled(self) -> Identity | None:
        """What changes with the next commit of any process; None when one was made just now, as a file's time is
        coarse: the next may not show."""
        found = identity(self._log)
        return found if time.time_ns() - found[0] > _COARSE else None

    @property
    def last_seq(self) -> int:
        return int(self.meta("last_seq"))

    def size(self) -> int:
        """Bytes on disk."""
        return sum(p.stat().st_size for p in self.path.parent.glob(self.path.name + "*") if p.exists())

    # --- transactions ---------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A write transaction; what it wrote is durable when the block ends, gone when it raises.

        StorageFull, StorageFailure, TruthDamaged and TooManyRequests say why it could not be.
        """
        with self._errors():
            connection = self.connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                tx = Transaction(connection)
                yield tx
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        if tx.last_seq != tx.first_seq:
            self.watermark.write(tx.last_seq)

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

    # --- rows -----------------------------------------------------------------------------------

    def _rows(self, where: str, values: Sequence[Any]) -> Iterator[tuple[Row, bool]]:
        """The rows that a condition finds, each with whether its checksum holds."""
        query = f"SELECT seq, id, version, body, superseded, crc FROM doc WHERE {where}"  # noqa: S608
        with self._errors():
            for seq, doc_id, version, body, superseded, crc in self.connection.cursor().execute(query, values):
                if row_checksum(seq, doc_id, version, body) ^ mark_checksum(superseded) == crc:
                    yield Row(seq, doc_id, version, None if body is None else unpack(body)), True
                else:
                    yield Row(seq, doc_id, version, None), False

    def get(self, doc_id: str) -> Row | None:
        """The document's latest write, acknowledged a moment ago or long since; None when it is not there."""
        found = next(self._rows("id = ? AND superseded IS NULL AND body IS NOT NULL", (doc_id,)), None)
        return None if found is None else _sound(found)

    def get_many(self, ids: Sequence[str]) -> dict[str, Row]:
        """`get` of many documents at once; those that are not there are left out."""
        out: dict[str, Row] = {}
        for start in range(0, len(ids), 500):
            part = list(ids[start : start + 500])
            marks = ",".join("?" * len(part))
            for found in self._rows(f"id IN ({marks}) AND superseded IS NULL AND body IS NOT NULL", part):
                out[found[0].id] = _sound(found)
        return out

    def fetch(self, seqs: Sequence[int]) -> dict[int, Row]:
        """The rows of the given sequence numbers, by sequence number; purged ones are left out. TruthDamaged."""
        out: dict[int, Row] = {}
        for start in range(0, len(seqs), 500):
            part = [int(s) for s in seqs[start : start + 500]]
            marks = ",".join("?" * len(part))
            for found in self._rows(f"seq IN ({marks}) AND body IS NOT NULL", part):
                out[found[0].seq] = _sound(found)
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
        """(seq, JSON) of the documents written in (after, upto] that are still live, in order.

        A damaged row is left out and named in the log, so that it does not keep the others from being searched.
        """
        where = "seq > ? AND seq <= ? AND superseded IS NULL AND body IS NOT NULL ORDER BY seq"
        yield from self._sound_rows(where, (after, upto))

    def rows_as_of(self, first: int, last: int, as_of: int) -> Iterator[tuple[int, bytes]]:
        """(seq, JSON) of the documents written in [first, last] that were live after write `as_of`."""
        where = "seq BETWEEN ? AND ? AND body IS NOT NULL AND (superseded IS NULL OR superseded > ?) ORDER BY seq"
        yield from self._sound_rows(where, (first, last, as_of))

    def _sound_rows(self, where: str, values: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        for row, sound in self._rows(where, values):
            if sound and row.body is not None:
                yield row.seq, row.body
            else:
                logger.error("%s: %s", self.path, TruthDamaged.row(row.seq, row.id).reason)

    def damaged_rows(self) -> list[TruthDamaged]:
        """Every row whose checksum fails, and what SQLite itself finds wrong; reads everything."""
        found: list[TruthDamaged] = []
        try:
            with self._errors():
                for (line,) in self.connection.execute("PRAGMA integrity_check"):
                    if line != "ok":
                        found.append(TruthDamaged(str(line)))
            found += [TruthDamaged.row(row.seq, row.id) for row, sound in self._rows("1", ()) if not sound]
        except TruthDamaged as error:
            found.append(error)
        return found

    def superseded(self, after: int, upto: int, before: int) -> list[int]:
        """Sequence numbers up to `before` that a write in (after, upto] superseded, ascending."""
        query = "SELECT seq FROM doc WHERE superseded > ? AND superseded <= ? AND seq <= ? ORDER BY seq"
        return [row[0] for row in self.connection.execute(query, (after, upto, before))]

    def live_count(self, after: int = 0) -> int:
        """How many live documents were written after `after`."""
        query = "SELECT count(*) FROM doc WHERE seq > ? AND superseded IS NULL AND body IS NOT NULL"
        return int(self.connection.execute(query, (after,)).fetchone()[0])

    def live_seqs(self, upto: int) -> Iterator[int]:
        """Sequence numbers of the documents that were live after write `upto`, ascending."""
        query = (
            "SELECT seq FROM doc WHERE seq <= ? AND body IS NOT NULL AND (superseded IS NULL OR superseded > ?) "
            "ORDER BY seq"
        )
        for (seq,) in self.connection.cursor().execute(query, (upto, upto)):
            yield seq

    def purge(self, horizon: int) -> int:
        """Drop rows that a write up to `horizon` superseded, and deletes that old; returns how many."""
        with self.transaction() as tx:
            return tx.purge(horizon)


def _sound(found: tuple[Row, bool]) -> Row:
    row, sound = found
    if not sound:
        raise TruthDamaged.row(row.seq, row.id)
    return row


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """SQLite's errors as the product's: a full disk, a failing one, a damaged file, a lock held too long."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.DatabaseError as error:
        text = str(error)
        if "is full" in text:
            raise StorageFull(f"{path}: no space left on the device; nothing of this write was kept") from error
        if "locked" in text or "busy" in text:
            raise TooManyRequests(f"{path}: another writer holds the index for too long; try again") from error
        if isinstance(error, sqlite3.OperationalError) and "malformed" not in text:
            raise StorageFailure(f"{path}: {text}; nothing of this write was kept") from error
        raise TruthDamaged(f"{path} is damaged ({text}); restore a snapshot") from error


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
