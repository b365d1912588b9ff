"""The store's schema, and the step from the schema before it.

Format 1 had no checksums. A store is brought up to date when it is opened, in one transaction.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from .rows import mark_checksum, meta_checksum, row_checksum

FORMAT = 2
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE doc (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    body BLOB,
    superseded INTEGER,
    crc INTEGER NOT NULL
);
CREATE UNIQUE INDEX doc_live ON doc (id) WHERE superseded IS NULL;
CREATE INDEX doc_superseded ON doc (superseded) WHERE superseded IS NOT NULL;
"""


def migrate(connection: sqlite3.Connection) -> Any:
    """Bring an older store to this format; returns the format that the store has now."""
    found = _format(connection)
    if found != 1:
        return found
    connection.create_function("row_crc", 5, lambda s, i, v, b, m: row_checksum(s, i, v, b) ^ mark_checksum(m))
    connection.create_function("meta_crc", 2, meta_checksum)
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _format(connection) == 1:  # no other process was faster
            for table in ("meta", "doc"):
                connection.execute(f"ALTER TABLE {table} ADD COLUMN crc INTEGER NOT NULL DEFAULT 0")
            connection.execute("UPDATE doc SET crc = row_crc(seq, id, version, body, superseded)")
            connection.execute("UPDATE meta SET value = ? WHERE key = 'format'", (json.dumps(FORMAT),))
            connection.execute("UPDATE meta SET crc = meta_crc(key, value)")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return FORMAT


def _format(connection: sqlite3.Connection) -> Any:
    found = connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
    return None if found is None else json.loads(found[0])
