"""A persistent cache of passage vectors, so that text which was encoded once is never encoded again.

One SQLite file, shared by all processes of the machine. It is derived data: whatever goes wrong with it
(locked, full disk, damaged) costs time, never an error. The key of a vector is a 128-bit BLAKE2b of the
encoder's fingerprint and the text; the vector is stored as float32, so that a cached vector equals the
fresh one to the last bit.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import threading
import time
import weakref
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from embeddings.base import Vectors

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_live: weakref.WeakSet[EmbeddingCache] = weakref.WeakSet()
_inherited: list[sqlite3.Connection] = []  # a parent's connections, which SQLite forbids to close here

_SCHEMA = """
CREATE TABLE IF NOT EXISTS vectors (
    key BLOB PRIMARY KEY,
    used INTEGER NOT NULL,   -- days since 1970 when it was last asked for
    crc INTEGER NOT NULL,    -- CRC-32 of vector
    vector BLOB NOT NULL     -- float32, little-endian
);
CREATE INDEX IF NOT EXISTS by_use ON vectors (used);
"""
_BATCH = 500  # keys of one statement, vectors of one transaction
_DAY = 86_400


class EmbeddingCache:
    """Vectors by (fingerprint, text). Safe for threads, processes and forks.

    ``max_bytes`` bounds the file: beyond it the vectors longest unused are dropped, a tenth at a time.
    """

    def __init__(self, path: Path, max_bytes: int = 1 << 30) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        _live.add(self)

    def get(self, fingerprint: str, texts: Sequence[str]) -> list[Vectors | None]:
        """The vector of each text, float32[dimension], or None where it is not cached."""
        keys = [_key(fingerprint, text) for text in texts]
        nothing: dict[bytes, Vectors] = {}
        found = self._attempt(lambda connection: _select(connection, keys), nothing)
        return [found.get(key) for key in keys]

    def put(self, fingerprint: str, texts: Sequence[str], vectors: Vectors) -> None:
        """Store float32[len(texts), dimension]."""
        rows = [
            (_key(fingerprint, text), _today(), zlib.crc32(blob), blob)
            for text, blob in zip(texts, map(_blob, vectors), strict=True)
        ]
        self._attempt(lambda connection: self._insert(connection, rows), None)

    def close(self) -> None:
        """Close this process's connection; the next use opens another."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _insert(self, connection: sqlite3.Connection, rows: Sequence[tuple[bytes, int, int, bytes]]) -> None:
        for batch in _batches(rows):
            with connection:
                connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", batch)
                self._evict(connection)

    def _evict(self, connection: sqlite3.Connection) -> None:
        pages, free, page_size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        if (pages - free) * page_size > self._max_bytes:
            connection.execute(
                "DELETE FROM vectors WHERE rowid IN (SELECT rowid FROM vectors ORDER BY used, rowid "
                "LIMIT (SELECT count(*) / 10 + 1 FROM vectors))"
            )

    def _attempt(self, action: Callable[[sqlite3.Connection], _T], otherwise: _T) -> _T:
        """The action's result; ``otherwise`` when the file does not serve, a damaged one being replaced."""
        with self._lock:
            try:
                return action(self._open())
            except sqlite3.OperationalError as error:  # locked, full, read-only
                _log.warning("embedding cache %s is passed over: %s", self._path, error)
            except sqlite3.DatabaseError as error:
                _log.warning("embedding cache %s is damaged and starts anew: %s", self._path, error)
                self._discard()
            except OSError as error:
                _log.warning("embedding cache %s is passed over: %s", self._path, error)
        return otherwise

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=10, check_same_thread=False)
            try:
                connection.execute("PRAGMA page_size = 8192")
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.executescript(_SCHEMA)
            except sqlite3.Error:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _discard(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)

    def _forget(self) -> None:
        if self._connection is not None:
            _inherited.append(self._connection)
        self._lock = threading.Lock()
        self._connection = None


def _select(connection: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
    found, stale = {}, []
    for batch in _batches(keys):
        marks = ",".join("?" * len(batch))
        rows = connection.execute(f"SELECT key, used, crc, vector FROM vectors WHERE key IN ({marks})", batch)  # noqa: S608
        for key, used, crc, blob in rows:
            if zlib.crc32(blob) == crc:
                found[key] = np.frombuffer(blob, "<f4")
                if used != _today():
                    stale.append((_today(), key))
    if stale:
        with connection:
            connection.executemany("UPDATE vectors SET used = ? WHERE key = ?", stale)
    return found


def _batches(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))


def _key(fingerprint: str, text: str) -> bytes:
    data = f"{fingerprint}\0{text}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=16).digest()


def _blob(vector: Vectors) -> bytes:
    return np.ascontiguousarray(vector, "<f4").tobytes()


def _today() -> int:
    return int(time.time()) // _DAY


def _forget_inherited() -> None:
    for cache in list(_live):
        cache._forget()


os.register_at_fork(after_in_child=_forget_inherited)
