"""One index brought up to another and kept there: copied, then caught up with by sequence number.

Writes to the source go on meanwhile. A document is written as it is in the source when it is read, so
reading a document twice does no harm, and an interrupted copy goes on where it stopped.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import orjson

from .admin_errors import WritesNotCopied
from .engine import Index
from .files import replace_file
from .store import storage_errors
from .writes import Operation

BATCH = 1000
PROGRESS = "reindex.json"
_SHOWN = 3  # documents that a refusal names
_KEYS = (
    "SELECT seq, id, body IS NOT NULL FROM doc WHERE seq > ? AND seq <= ? AND superseded IS NULL ORDER BY seq LIMIT ?"
)
_GONE = (
    "SELECT id FROM doc AS mine WHERE superseded IS NULL AND body IS NOT NULL AND NOT EXISTS "
    "(SELECT 1 FROM source.doc AS theirs WHERE theirs.id = mine.id AND theirs.superseded IS NULL "
    "AND theirs.body IS NOT NULL)"
)
Report = Callable[[int, int], None]  # documents done, documents in all


class Follower:
    """Brings `target` up to `source`, from the writes after `done` on."""

    def __init__(self, source: Index, target: Index, done: int = 0) -> None:
        self.source = source
        self.target = target
        self.done = done
        """The last write of the source that the target has."""

    @property
    def behind(self) -> int:
        """How many writes of the source the target has not yet."""
        return self.source.store.last_seq - self.done

    def catch_up(self, report: Report = lambda done, total: None) -> None:
        """Take over every write up to now. WritesNotCopied when the target cannot take a document, TruthDamaged."""
        upto = self.source.store.last_seq
        total, taken = self.source.store.live_count(self.done), 0
        while keys := self._keys(upto):
            self._write(keys)
            taken += len(keys)
            self._advance(keys[-1][0])
            report(min(taken, total), total)
        self._advance(upto)

    def _keys(self, upto: int) -> list[tuple[int, str, bool]]:
        with storage_errors(self.source.store.path):
            return list(self.source.store.connection.execute(_KEYS, (self.done, upto, BATCH)))

    def _write(self, keys: list[tuple[int, str, bool]]) -> None:
        rows = self.source.store.fetch([seq for seq, _, there in keys if there])
        operations = []
        for seq, doc_id, there in keys:
            row = rows.get(seq)
            if row is not None and row.body is not None:
                operations.append(Operation("index", doc_id, orjson.loads(row.body)))
            elif not there:
                operations.append(Operation("delete", doc_id))
        refused = [result for result in self.target.write(operations) if result.error is not None]
        if refused:
            shown = "; ".join(f"[{r.id}]: {r.error.reason}" for r in refused[:_SHOWN] if r.error is not None)
            raise WritesNotCopied(
                f"[{len(refused)}] of [{len(operations)}] documents cannot be written to [{self.target.name}], the "
                f"first: {shown}. Nothing was switched; change the mappings or the documents and start again",
                failures=[{"id": r.id, "cause": r.error.to_dict()} for r in refused[:100] if r.error is not None],
            )

    def _advance(self, done: int) -> None:
        """Remember how far the target is, once that is durable there."""
        self.done = done
        note = {"source": self.source.uuid, "done": done}
        replace_file(self.target.path / PROGRESS, json.dumps(note).encode(), durable=False)

    def drop_deleted(self) -> int:
        """Delete from the target what the source does not have any more; returns how many documents.

        The store forgets a delete after a while, so a copy that takes longer cannot rely on seeing it.
        """
        count = 0
        for ids in self._gone():
            self.target.write([Operation("delete", doc_id) for doc_id in ids])
            count += len(ids)
        return count

    def _gone(self) -> Iterator[list[str]]:
        with (
            storage_errors(self.target.store.path),
            closing(sqlite3.connect(self.target.store.path, timeout=60.0)) as db,
        ):
            db.execute("ATTACH ? AS source", (str(self.source.store.path),))
            gone = [doc_id for (doc_id,) in db.execute(_GONE)]
        for start in range(0, len(gone), BATCH):
            yield gone[start : start + BATCH]


def progress_of(target: Path, source_uuid: str) -> int:
    """The last write of the source that the index in the folder `target` has, as far as was noted."""
    try:
        note = json.loads((target / PROGRESS).read_bytes())
        return int(note["done"]) if note["source"] == source_uuid else 0
    except (OSError, ValueError, KeyError, TypeError):
        return 0
