"""What a snapshot holds: indices, their files, and of which blobs each file is made."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from ..admin_errors import SnapshotDamaged
from ..files import replace_file
from .blobs import Blob

FORMAT = 1
_HEAD = 4096  # bytes that hold a snapshot's name, id and time


@dataclass(frozen=True)
class StoredFile:
    """A file of an index, by its path in the index's folder."""

    path: str
    size: int
    blobs: tuple[Blob, ...]


@dataclass(frozen=True)
class StoredIndex:
    """One index: its truth, whatever was derived from it then, and files that its analyzers read."""

    name: str
    uuid: str
    documents: int
    last_seq: int
    files: tuple[StoredFile, ...]
    analysis: tuple[StoredFile, ...] = ()
    added: int = 0
    added_bytes: int = 0

    @property
    def size(self) -> int:
        return sum(file.size for file in (*self.files, *self.analysis))


@dataclass(frozen=True)
class Snapshot:
    """A finished snapshot."""

    name: str
    uuid: str
    start: float
    end: float
    version: str
    indices: tuple[StoredIndex, ...]
    aliases: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    templates: dict[str, dict[str, Any]] | None = None
    metadata: dict[str, Any] | None = None
    format: int = FORMAT

    def files(self) -> Iterator[tuple[StoredIndex, StoredFile]]:
        for index in self.indices:
            for file in (*index.files, *index.analysis):
                yield index, file

    def blobs(self) -> Iterator[Blob]:
        for _, file in self.files():
            yield from file.blobs


def write_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Write a snapshot's file whole and durably: its first line is the SHA-256 of the rest."""
    body = json.dumps(asdict(snapshot), ensure_ascii=False).encode()
    replace_file(path, hashlib.sha256(body).hexdigest().encode() + b"\n" + body)


def started(path: Path) -> float:
    """When a snapshot was begun, from the head of its file: a copied folder has other times of files.

    A file that does not say so, because it is damaged, counts as the oldest.
    """
    with open(path, "rb") as file:
        found = re.search(rb'"start": ([0-9.]+)', file.read(_HEAD))
    return float(found[1]) if found else 0.0


def read_snapshot(path: Path) -> Snapshot:
    """The snapshot in a file; SnapshotDamaged when it is not what was written, FileNotFoundError."""
    digest, _, body = path.read_bytes().partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise SnapshotDamaged(f"the file [{path.name}] of a snapshot is not what was written", file=path.name)
    found = json.loads(body)
    if found["format"] != FORMAT:
        raise SnapshotDamaged(
            f"the snapshot [{found['name']}] has format {found['format']}, this version of Quarry reads {FORMAT}"
        )
    found["indices"] = tuple(_index(index) for index in found["indices"])
    return Snapshot(**found)


def _index(body: dict[str, Any]) -> StoredIndex:
    body["files"] = tuple(_file(file) for file in body["files"])
    body["analysis"] = tuple(_file(file) for file in body["analysis"])
    return StoredIndex(**body)


def _file(body: dict[str, Any]) -> StoredFile:
    path = PurePosixPath(body["path"])
    if path.is_absolute() or ".." in path.parts:  # it is written where an index is restored
        raise SnapshotDamaged(f"a snapshot holds a file [{path}] that is outside of its index", file=str(path))
    return StoredFile(body["path"], body["size"], tuple((name, size) for name, size in body["blobs"]))
