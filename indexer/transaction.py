"""A write transaction of the store: rows and metadata that become durable together."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from .errors import TruthDamaged
from .rows import Row, mark_checksum, meta_checksum, pack, row_checksum, unpack


class Transaction:
    """The writes of one transaction; made by `Store.transaction`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.first_seq = self.last_seq = int(self.meta("last_seq"))
        self._inserts: list[tuple[int, str, int, bytes | None, int]] = []
        self._supersedes: list[tuple[int, int]] = []

    def meta(self, key: str) -> Any:
        """A piece of metadata, or None."""
        return read_meta(self._connection, key)

    def set_meta(self, key: str, value: Any) -> None:
        text = json.dumps(value)
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?, ?)", (key, text, meta_checksum(key, text)))

    def current(self, ids: Sequence[str], bodies: bool = False) -> dict[str, Row]:
        """The latest rows of the given ids, deletes included; bodies only when asked for."""
        out: dict[str, Row] = {}
        column = "body" if bodies else "body IS NOT NULL"
        for start in range(0, len(ids), 500):
            part = list(ids[start : start + 500])
            marks = ",".join("?" * len(part))
            query = f"SELECT seq, id, version, {column}, crc FROM doc WHERE id IN ({marks}) AND superseded IS NULL"  # noqa: S608
            for seq, doc_id, version, body, crc in self._connection.execute(query, part):
                if bodies and crc != row_checksum(seq, doc_id, version, body):
                    raise TruthDamaged.row(seq, doc_id)
                known = (unpack(body) if body is not None else None) if bodies else (b"" if body else None)
                out[doc_id] = Row(seq, doc_id, version, known)
        return out

    def put(self, doc_id: str, version: int, body: bytes | None, supersedes: int | None) -> int:
        """Add one write; returns its sequence number. Rows reach the database at `flush`."""
        self.last_seq += 1
        stored = None if body is None else pack(body)
        self._inserts.append(
            (self.last_seq, doc_id, version, stored, row_checksum(self.last_seq, doc_id, version, stored))
        )
        if supersedes is not None:
            self._supersedes.append((self.last_seq, supersedes))
        return self.last_seq

    def flush(self) -> None:
        """Send the writes to the database, in the order that keeps one live row an id."""
        if not self._inserts:
            return
        latest = {row[1]: row[0] for row in self._inserts}
        marks = {old: new for new, old in self._supersedes}
        rows = []
        for seq, doc_id, version, stored, crc in self._inserts:
            mark = marks.pop(seq, None)
            rows.append((seq, doc_id, version, stored, mark, crc ^ mark_checksum(mark)))
        # (a | b) - (a & b) is a exclusive or b
        self._connection.executemany(
            "UPDATE doc SET superseded = ?1, crc = (crc | ?2) - (crc & ?2) WHERE seq = ?3",
            [(new, mark_checksum(new), old) for old, new in marks.items()],
        )
        self._connection.executemany("INSERT INTO doc VALUES (?, ?, ?, ?, ?, ?)", rows)
        assert all(row[4] is not None or latest[row[1]] == row[0] for row in rows)
        self.set_meta("last_seq", self.last_seq)
        self._inserts.clear()
        self._supersedes.clear()

    def skip_to(self, seq: int) -> None:
        """Leave out sequence numbers up to `seq`: they were given to writes that are lost."""
        self.last_seq = max(self.last_seq, seq)
        self.set_meta("last_seq", self.last_seq)

    def purge(self, horizon: int) -> int:
        """Drop rows that a write up to `horizon` superseded, and deletes that old; returns how many."""
        gone = self._connection.execute("DELETE FROM doc WHERE superseded <= ?", (horizon,)).rowcount
        old = "DELETE FROM doc WHERE body IS NULL AND superseded IS NULL AND seq <= ?"
        return gone + self._connection.execute(old, (horizon,)).rowcount


def read_meta(connection: sqlite3.Connection, key: str) -> Any:
    """A piece of metadata, or None; TruthDamaged when it is not what was written."""
    found = connection.execute("SELECT value, crc FROM meta WHERE key = ?", (key,)).fetchone()
    if found is None:
        return None
    if found[1] != meta_checksum(key, found[0]):
        raise TruthDamaged(f"the metadata [{key}] is damaged")
    return json.loads(found[0])
