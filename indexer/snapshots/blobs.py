"""Bytes named by what they are: each blob is a file whose name is the SHA-256 of its content."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from ..admin_errors import SnapshotDamaged

PIECE = 1 << 20  # bytes that are read at a time
BLOCK = 128 << 10
"""Bytes of a block of a file that changes in places: 32 of SQLite's pages."""
Blob = tuple[str, int]
"""A blob's name (64 hexadecimal digits) and its size in bytes."""


class Blobs:
    """The blobs in a folder. Adding and removing is for the one who holds the repository's lock."""

    def __init__(self, folder: Path, known: Collection[str] = ()) -> None:
        """`known`: the blobs that finished snapshots need, which are there and durable."""
        self.folder = folder
        self._known = set(known)
        self.added = 0
        self.added_bytes = 0

    def path(self, name: str) -> Path:
        return self.folder / name[:2] / name

    def add(self, data: bytes) -> Blob:
        """Keep some bytes, once."""
        name = hashlib.sha256(data).hexdigest()
        if name not in self._known:
            with self._temporary() as file:
                file.write(data)
            self._keep(Path(file.name), name, len(data))
        return name, len(data)

    def add_file(self, path: Path) -> Blob:
        """Keep a file's bytes as one blob, once."""
        digest, size = hashlib.sha256(), 0
        with open(path, "rb") as source, self._temporary() as file:
            while piece := source.read(PIECE):
                digest.update(piece)
                file.write(piece)
                size += len(piece)
        name = digest.hexdigest()
        if name in self._known:
            os.unlink(file.name)
        else:
            self._keep(Path(file.name), name, size)
        return name, size

    def add_blocks(self, path: Path) -> Iterator[Blob]:
        """Keep a file as blocks, so that those that another file has too are stored once."""
        with open(path, "rb") as source:
            while data := source.read(BLOCK):
                yield self.add(data)

    def _temporary(self) -> BinaryIO:
        self.folder.mkdir(exist_ok=True)
        return tempfile.NamedTemporaryFile(dir=self.folder, suffix=".tmp", delete=False)  # type: ignore[return-value]

    def _keep(self, temporary: Path, name: str, size: int) -> None:
        target = self.path(name)
        target.parent.mkdir(exist_ok=True)
        os.replace(temporary, target)
        self._known.add(name)
        self.added += 1
        self.added_bytes += size

    def pieces(self, name: str, size: int) -> Iterator[bytes]:
        """A blob's bytes; SnapshotDamaged, at the end at the latest, when they are not those that were kept."""
        digest, left = hashlib.sha256(), size
        try:
            with open(self.path(name), "rb") as file:
                while piece := file.read(PIECE):
                    digest.update(piece)
                    left -= len(piece)
                    yield piece
        except FileNotFoundError:
            raise SnapshotDamaged(f"the blob [{name}] is missing", blob=name) from None
        if left or digest.hexdigest() != name:
            raise SnapshotDamaged(f"the blob [{name}] is not what was stored", blob=name)

    def damage(self, name: str, size: int) -> str | None:
        """What is wrong with a blob, None when it is sound."""
        try:
            for _ in self.pieces(name, size):
                pass
        except SnapshotDamaged as error:
            return error.reason
        except OSError as error:
            return f"the blob [{name}] cannot be read: {error.strerror}"
        return None

    def missing(self, name: str, size: int) -> bool:
        """Whether a blob is not there with its size; its content is not read."""
        try:
            return self.path(name).stat().st_size != size
        except FileNotFoundError:
            return True

    def drop_all_but(self, needed: Collection[str]) -> tuple[int, int]:
        """Remove every other blob, and what interrupted work left; returns how many blobs and bytes."""
        count = size = 0
        for path in self.folder.glob("*"):
            if not path.is_dir():
                path.unlink(missing_ok=True)
                continue
            for blob in path.iterdir():
                if blob.name not in needed:
                    count, size = count + 1, size + blob.stat().st_size
                    blob.unlink(missing_ok=True)
            with suppress(OSError):
                path.rmdir()
        return count, size


def copy_out(blobs: Blobs, parts: Collection[Blob], target: Path) -> None:
    """Write a file from its blobs, durably; SnapshotDamaged."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target, "xb") as file:
        for name, size in parts:
            for piece in blobs.pieces(name, size):
                file.write(piece)
        file.flush()
        os.fsync(file.fileno())
