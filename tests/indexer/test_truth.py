"""The truth: older stores open, damage is found and named, lost writes are told apart from unwritten ones."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from indexer import QuarryError
from indexer.errors import TruthDamaged
from indexer.store import Store

DOCUMENTS = {f"d{n}": json.dumps({"title": f"題目 {n}", "text": "圖書館 library " * n}).encode() for n in range(60)}


def made(path: Path) -> Store:
    """A store of 60 documents, ten of them written twice and five deleted."""
    Store.create(path, {"name": "x", "uuid": "u", "created": 1, "settings": {}, "mapping": {}, "mapping_version": 1})
    store = Store(path)
    for again in (False, True):
        with store.transaction() as tx:
            for number, (doc_id, body) in enumerate(DOCUMENTS.items()):
                if again and number % 6:
                    continue
                old = tx.current([doc_id]).get(doc_id)
                tx.put(doc_id, 2 if again else 1, body, old.seq if old else None)
            tx.flush()
    with store.transaction() as tx:
        for number in range(1, 60, 12):
            old = tx.current([f"d{number}"])[f"d{number}"]
            tx.put(f"d{number}", 2, None, old.seq)
        tx.flush()
    return store


def contents(store: Store) -> dict[str, bytes | None]:
    out: dict[str, bytes | None] = {}
    for doc_id in DOCUMENTS:
        row = store.get(doc_id)
        out[doc_id] = None if row is None else row.body
    return out


def copied(store: Store, folder: Path) -> Path:
    """A copy of a closed store's database without its log, in a fresh folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy(store.path, folder / "truth.db")
    return folder / "truth.db"


def outcome(path: Path) -> tuple[list[str], dict[str, bytes | None]]:
    """What is named as damaged in a store, and what its documents are if any can be read; other errors go up."""
    try:
        store = Store(path)
    except QuarryError as error:
        return [error.reason], {}
    try:
        return [error.reason for error in store.damaged_rows()], contents(store)
    except QuarryError as error:
        return [error.reason], {}
    finally:
        store.close()


def test_a_flipped_byte_is_never_taken_for_the_truth(tmp_path: Path) -> None:
    store = made(tmp_path / "truth.db")
    expected = contents(store)
    store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    size, chance, named = store.path.stat().st_size, random.Random(5), 0
    for _ in range(250):
        path = copied(store, tmp_path / "flipped")
        at, bit = chance.randrange(size), 1 << chance.randrange(8)
        with open(path, "r+b") as file:
            file.seek(at)
            old = file.read(1)[0]
            file.seek(at)
            file.write(bytes([old ^ bit]))
        damage, found = outcome(path)
        assert damage or found == expected, f"byte {at}"
        named += bool(damage)
    assert named > 20


def test_a_damaged_document_is_named_and_can_be_written_again(tmp_path: Path) -> None:
    store = made(tmp_path / "truth.db")
    store.connection.execute("UPDATE doc SET body = CAST(replace(body, '2', '3') AS BLOB) WHERE id = 'd2'")
    with pytest.raises(TruthDamaged, match=r"\[d2\].*write it again"):
        store.get("d2")
    seqs = [seq for seq, _ in store.live_rows(0, store.last_seq)]
    assert len(seqs) == 54
    assert store.damaged_rows()
    with store.transaction() as tx:
        tx.put("d2", 2, b'{"text": "whole"}', tx.current(["d2"])["d2"].seq)
        tx.flush()
    assert store.get("d2").body == b'{"text": "whole"}'  # type: ignore[union-attr]
    store.purge(store.last_seq)
    assert store.damaged_rows() == []


def test_a_log_with_a_flipped_byte_is_not_taken_for_a_crash(tmp_path: Path) -> None:
    store = made(tmp_path / "truth.db")
    log, last = tmp_path / "truth.db-wal", store.last_seq
    cut = tmp_path / "cut"
    cut.mkdir()
    for name in ("truth.db", "truth.db-wal", "acknowledged"):
        shutil.copy(tmp_path / name, cut / name)
    assert log.stat().st_size > 4096
    with open(cut / "truth.db-wal", "r+b") as file:  # a byte of the last transaction but two
        file.seek(32 + (4096 + 24) * 3 + 100)
        file.write(b"\xff\xfe\xfd")
    try:
        found = Store(cut / "truth.db")
    except TruthDamaged:
        return  # the very first transaction is gone: there is no database left
    lost = found.lost_writes()
    assert lost is not None
    assert lost.stop == last + 1
    found.accept_loss(lost)
    assert found.lost_writes() is None
    assert found.losses == [(lost.start, last)]
    with found.transaction() as tx:
        assert tx.put("new", 1, b"{}", None) == last + 1  # a number once given is not given again
        tx.flush()


def test_a_store_of_the_format_before_opens(tmp_path: Path) -> None:
    path = tmp_path / "truth.db"
    old = sqlite3.connect(path)
    old.executescript(
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE doc (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, version INTEGER NOT NULL, body BLOB, "
        "superseded INTEGER);"
        "CREATE UNIQUE INDEX doc_live ON doc (id) WHERE superseded IS NULL;"
        "CREATE INDEX doc_superseded ON doc (superseded) WHERE superseded IS NOT NULL;"
    )
    rows = [("format", "1"), ("last_seq", "3"), ("name", '"x"')]
    old.executemany("INSERT INTO meta VALUES (?, ?)", rows)
    documents = [(1, "a", 1, b"\0{}", 3), (2, "b", 1, b'\0{"text": "\xe5\x9b\xbe"}', None), (3, "a", 2, None, None)]
    old.executemany("INSERT INTO doc VALUES (?, ?, ?, ?, ?)", documents)
    old.commit()
    old.close()
    store = Store(path)
    assert store.damaged_rows() == []
    assert store.meta("name") == "x"
    assert store.get("a") is None
    assert store.get("b").body == '{"text": "图"}'.encode()
