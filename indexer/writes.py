"""Writes: operations in, rows of the store out, one result each.

A batch of operations is one transaction. An operation that cannot be taken fails alone and leaves the
others; the batch is durable when `apply` returns.
"""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from .errors import DocumentMissing, InvalidDocument, InvalidRequest, QuarryError, VersionConflict
from .index_settings import stored_mapping
from .mapping import Mapping
from .objects import overlaid
from .rows import Row
from .store import Store
from .transaction import Transaction

MAX_ID_BYTES = 512
Kind = Literal["index", "create", "update", "delete"]


@dataclass(slots=True)
class Operation:
    """One write. `source` is the document (for `update` the partial document), parsed from JSON."""

    kind: Kind
    id: str | None = None
    source: dict[str, Any] | None = None
    upsert: dict[str, Any] | None = None
    doc_as_upsert: bool = False
    detect_noop: bool = True
    if_seq_no: int | None = None
    if_primary_term: int | None = None


@dataclass(slots=True)
class WriteResult:
    """What became of an operation; `error` is None when it was taken."""

    id: str
    seq: int = -1
    version: int = 0
    result: str = ""  # created | updated | deleted | not_found | noop
    error: QuarryError | None = None
    source: bytes | None = field(default=None, repr=False)  # the document after an update


def new_id() -> str:
    """A fresh id of 20 URL-safe characters: time first, so that ids made together sort together."""
    raw = (time.time_ns() // 1000).to_bytes(7, "big") + os.urandom(8)
    return base64.urlsafe_b64encode(raw).decode()


class Writer:
    """Applies operations to a store under its mapping."""

    def __init__(self, store: Store, max_document: int) -> None:
        self.store = store
        self.max_document = max_document

    def apply(self, operations: Sequence[Operation], mapping: Mapping, version: int) -> list[WriteResult]:
        """Write a batch. `mapping` is the caller's, of mapping version `version`; another one is looked up."""
        checked = self._check(operations, mapping)
        with self.store.transaction() as tx:
            if tx.meta("mapping_version") != version:
                mapping = stored_mapping(tx.meta)
                checked = self._check(operations, mapping)
            ids = [op.id for op in operations if op.id is not None]
            current = tx.current(ids, bodies=any(op.kind == "update" for op in operations)) if ids else {}
            changed = mapping
            results: list[WriteResult] = []
            for op, found in zip(operations, checked, strict=True):
                if isinstance(found, QuarryError):
                    results.append(WriteResult(op.id or "", error=found))
                    continue
                try:
                    result, changed = self._one(tx, op, found, current, changed)
                except QuarryError as error:
                    result = WriteResult(op.id or "", error=error)
                results.append(result)
            if changed is not mapping:
                tx.set_meta("mapping", changed.to_dict())
                tx.set_meta("mapping_version", int(tx.meta("mapping_version")) + 1)
            tx.flush()
        return results

    def _check(self, operations: Sequence[Operation], mapping: Mapping) -> list[bytes | QuarryError | None]:
        """Each operation's document as JSON, or what is wrong with it; partial updates come later."""
        out: list[bytes | QuarryError | None] = []
        for op in operations:
            try:
                _check_id(op)
                if op.kind in ("index", "create"):
                    mapping, body = self._validated(op.source, mapping, op.id)
                    out.append(body)
                else:
                    out.append(None)
            except QuarryError as error:
                out.append(error)
        return out

    def _validated(self, source: Any, mapping: Mapping, doc_id: str | None) -> tuple[Mapping, bytes]:
        if not isinstance(source, dict):
            raise InvalidDocument("failed to parse: a document is a JSON object")
        try:
            if not mapping.is_plain(source):
                mapping = mapping.observed(source)
                mapping.extract(source)
            body = orjson.dumps(source)
        except InvalidDocument as error:
            where = f" in document with id '{doc_id}'" if doc_id is not None else ""
            raise type(error)(error.reason + where, **error.details) from None
        except (TypeError, orjson.JSONEncodeError) as error:
            raise InvalidDocument(f"failed to parse: {error}") from None
        if len(body) > self.max_document:
            raise InvalidRequest(
                f"the document has {len(body)} bytes, more than QUARRY_MAX_DOCUMENT={self.max_document}"
            )
        return mapping, body

    def _one(
        self, tx: Transaction, op: Operation, body: bytes | None, current: dict[str, Row], mapping: Mapping
    ) -> tuple[WriteResult, Mapping]:
        doc_id = op.id if op.id is not None else new_id()
        old = current.get(doc_id)
        live = old is not None and old.body is not None
        if op.if_seq_no is not None and (
            not live or old is None or old.seq != op.if_seq_no or op.if_primary_term not in (None, 1)
        ):
            raise VersionConflict(
                f"[{doc_id}]: version conflict, required seqNo [{op.if_seq_no}], "
                f"primary term [{op.if_primary_term or 1}]. "
                + (
                    f"current document has seqNo [{old.seq}] and primary term [1]"
                    if live and old
                    else "but no document was found"
                )
            )
        version = old.version + 1 if old is not None else 1
        if op.kind == "delete":
            if not live or old is None:
                return WriteResult(doc_id, old.seq if old else tx.last_seq, version, "not_found"), mapping
            seq = tx.put(doc_id, version, None, old.seq)
            current[doc_id] = Row(seq, doc_id, version, None)
            return WriteResult(doc_id, seq, version, "deleted"), mapping
        if op.kind == "create" and live and old is not None:
            raise VersionConflict(
                f"[{doc_id}]: version conflict, document already exists (current version [{old.version}])"
            )
        if op.kind == "update":
            source = self._updated(op, old if live else None, doc_id)
            if source is None and old is not None:
                return WriteResult(doc_id, old.seq, old.version, "noop", source=old.body), mapping
            mapping, body = self._validated(source, mapping, doc_id)
        elif op.source is not None and not mapping.is_plain(op.source):
            mapping = mapping.observed(op.source)
        assert body is not None
        seq = tx.put(doc_id, version, body, old.seq if old else None)
        current[doc_id] = Row(seq, doc_id, version, body)
        return WriteResult(doc_id, seq, version, "updated" if live else "created", source=body), mapping

    @staticmethod
    def _updated(op: Operation, old: Row | None, doc_id: str) -> dict[str, Any] | None:
        """The document after a partial update; None when nothing would change."""
        if old is None or old.body is None:
            if op.upsert is not None:
                return op.upsert
            if op.doc_as_upsert and op.source is not None:
                return op.source
            raise DocumentMissing(f"[{doc_id}]: document missing")
        before: dict[str, Any] = orjson.loads(old.body)
        if not isinstance(op.source, dict):
            raise InvalidRequest("an update needs [doc], an object with the fields to change")
        after = overlaid(before, op.source)
        return None if op.detect_noop and after == before else after


def _check_id(op: Operation) -> None:
    if op.kind == "create" and op.if_seq_no is not None:
        raise InvalidRequest("create operations do not support compare and set. use index instead")
    if op.id is None:
        if op.kind in ("update", "delete"):
            raise InvalidRequest(f"an id must be provided for [{op.kind}]")
        return
    if op.id == "":
        raise InvalidRequest("if _id is specified it must not be empty")
    if len(op.id) > MAX_ID_BYTES // 4 and len(op.id.encode("utf-8", "surrogatepass")) > MAX_ID_BYTES:
        raise InvalidRequest(f"id [{op.id[:32]}…] is too long, must be no longer than {MAX_ID_BYTES} bytes")
    try:
        op.id.encode()
    except UnicodeEncodeError:
        raise InvalidRequest("an id must be valid Unicode") from None
