"""A folder of snapshots.

    quarry-snapshots.json      what this folder is
    snapshots/NAME.json        a finished snapshot, written last
    blobs/ab/abcdef…           bytes, named by their SHA-256
    running.json, work/        of the snapshot that is being taken

One process at a time changes the folder. What a killed one leaves is no snapshot, only blobs that nothing
needs, which the next change removes.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..admin_errors import (
    InvalidSnapshotName,
    RepositoryRefused,
    RepositoryUnverified,
    SnapshotDamaged,
    SnapshotMissing,
)
from ..errors import QuarryError
from ..files import file_lock, replace_file, sync
from ..node import Node
from ..registry import owner_alive
from .blobs import Blobs
from .contents import Snapshot, StoredFile, read_snapshot, started, write_snapshot
from .taking import MANIFEST, TRUTH, Known, take

logger = logging.getLogger("quarry.indexer")
FORMAT = 1
_MARK = "quarry-snapshots.json"
_REPORT_SECONDS = 0.5
Progress = Callable[[str, int, int], None]  # what is worked on, bytes done, bytes in all


@dataclass(frozen=True)
class Damage:
    """Something that is not what was stored, and what of it is in which snapshot."""

    what: str
    reason: str
    users: tuple[str, ...]


class Repository:
    """The snapshots in a folder; `label` is what messages call it."""

    def __init__(self, folder: Path, label: str | None = None, create: bool = False) -> None:
        """RepositoryRefused when the folder is none of snapshots; with `create` an empty one becomes one."""
        self.folder = folder
        self.label = label or str(folder)
        self._snapshots = folder / "snapshots"
        self._running = folder / "running.json"
        self._lock = folder / "lock"
        try:
            if create and not (folder / _MARK).exists():
                self._make()
            mark = json.loads((folder / _MARK).read_bytes())
        except FileNotFoundError:
            raise RepositoryRefused(f"[{self.label}] there are no snapshots in [{folder}]") from None
        except (OSError, ValueError) as error:
            raise RepositoryRefused(f"[{self.label}] [{folder}] cannot be a folder of snapshots: {error}") from None
        if mark.get("format") != FORMAT:
            raise RepositoryRefused(
                f"[{self.label}] the snapshots in [{folder}] have format {mark.get('format')}, this version of Quarry "
                f"reads {FORMAT}"
            )
        self.uuid: str = mark["uuid"]

    def _make(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        strange = [p.name for p in self.folder.iterdir() if p.name not in ("lock",) and not p.name.endswith(".tmp")]
        if strange:
            raise RepositoryRefused(
                f"[{self.label}] [{self.folder}] has other files in it ([{strange[0]}]); give an empty folder"
            )
        self._snapshots.mkdir()
        (self.folder / "blobs").mkdir()
        replace_file(self.folder / _MARK, json.dumps({"format": FORMAT, "uuid": uuid.uuid4().hex[:22]}).encode())

    # --- looking --------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """The names of the finished snapshots, oldest first."""
        return [name for _, name in sorted((started(path), path.stem) for path in self._snapshots.glob("*.json"))]

    def get(self, name: str) -> Snapshot:
        """A finished snapshot; SnapshotMissing, SnapshotDamaged."""
        if name.startswith(".") or "/" in name:
            raise SnapshotMissing(self.label, name)
        try:
            return read_snapshot(self._file(name))
        except FileNotFoundError:
            raise SnapshotMissing(self.label, name) from None
        except SnapshotDamaged as error:
            raise SnapshotDamaged(f"[{self.label}:{name}] {error.reason}", **error.details) from None

    def running(self) -> dict[str, Any] | None:
        """The snapshot that is being taken now: `name`, `uuid`, `start`, `indices`, `done`, `total` (bytes)."""
        if not owner_alive(self._lock):
            return None
        try:
            found: dict[str, Any] = json.loads(self._running.read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        return found

    def check_access(self) -> None:
        """RepositoryUnverified unless files can be written here and read back."""
        probe = self.folder / f"probe-{uuid.uuid4().hex}.tmp"
        try:
            replace_file(probe, probe.name.encode())
            same = probe.read_bytes() == probe.name.encode()
            probe.unlink()
        except OSError as error:
            raise RepositoryUnverified(f"[{self.label}] [{self.folder}] cannot be used: {error.strerror}") from None
        if not same:
            raise RepositoryUnverified(f"[{self.label}] [{self.folder}] does not give back what was written")

    def verify(self, names: Sequence[str] | None = None, progress: Progress | None = None) -> list[Damage]:
        """Read everything that snapshots (all, or the named ones) need; what is damaged, with its snapshots."""
        users: dict[tuple[str, int], list[str]] = {}
        damaged = []
        for name in self.names() if names is None else names:
            try:
                snapshot = self.get(name)
            except SnapshotDamaged as error:
                damaged.append(Damage(f"snapshots/{name}.json", error.reason, (name,)))
                continue
            for index, file in snapshot.files():
                for blob in file.blobs:
                    users.setdefault(blob, []).append(f"{name}/{index.name}/{file.path}")
        blobs = Blobs(self.folder / "blobs")
        total, done = sum(size for _, size in users), 0
        for (digest, size), where in users.items():
            reason = blobs.damage(digest, size)
            if reason is not None:
                damaged.append(Damage(f"blobs/{digest[:2]}/{digest}", reason, tuple(dict.fromkeys(where))))
            done += size
            if progress is not None:
                progress("blobs", done, total)
        return damaged

    def _file(self, name: str) -> Path:
        return self._snapshots / f"{name}.json"

    # --- changing -------------------------------------------------------------------------------

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder, without what a killed process left in it."""
        with file_lock(self._lock):
            shutil.rmtree(self.folder / "work", ignore_errors=True)
            self._running.unlink(missing_ok=True)
            for left in (*self.folder.glob("*.tmp"), *self._snapshots.glob("*.tmp")):
                left.unlink(missing_ok=True)
            yield

    def check_name(self, name: str) -> None:
        """InvalidSnapshotName unless a new snapshot may be called so."""
        why = None
        if not name or name != name.lower():
            why = "must be lowercase and not empty"
        elif name[0] in "_.-+" or len(name.encode("utf-8", "replace")) > 200:
            why = "must not start with '_', '.', '-' or '+', or be longer than 200 bytes"
        elif any(c in ' ,#*"<>|\\/?' or c < " " for c in name):
            why = 'must not contain a space or any of , # * " < > | \\ / ?'
        elif self._file(name).exists():
            why = "snapshot with the same name already exists"
        if why:
            raise InvalidSnapshotName(self.label, name, why)

    def create(
        self,
        node: Node,
        name: str,
        indices: Sequence[str],
        templates: bool = True,
        metadata: dict[str, Any] | None = None,
        progress: Progress | None = None,
    ) -> Snapshot:
        """Take a snapshot of indices, while they are written to. Nothing is left of one that does not end.

        InvalidSnapshotName, IndexNotFound. Waits for another snapshot of this folder to end.
        """
        self.check_name(name)
        with self._alone():
            self.check_name(name)
            known, files = self._known()
            if known is not None:
                Blobs(self.folder / "blobs").drop_all_but(known)
            work = self.folder / "work"
            work.mkdir()
            start = time.time()
            opened = [node.index(index) for index in indices]
            total = sum((i.stats().store_bytes + i.stats().index_bytes) for i in opened)
            status = _Status(self._running, name, list(indices), start, total, progress)
            blobs = Blobs(self.folder / "blobs", known or ())
            try:
                taken = tuple(take(index, blobs, files, work, status.add) for index in opened)
                status.add(total)
                os.sync()  # one for all blobs, before anything says that they are there
                state = node.state()
                snapshot = Snapshot(
                    name=name,
                    uuid=uuid.uuid4().hex[:22],
                    start=start,
                    end=time.time(),
                    version=_version(),
                    indices=taken,
                    aliases=_of_indices(node, indices),
                    templates={"index": state.index_templates, "component": state.component_templates}
                    if templates
                    else None,
                    metadata=metadata,
                )
                write_snapshot(self._file(name), snapshot)
            finally:
                shutil.rmtree(work, ignore_errors=True)
                self._running.unlink(missing_ok=True)
        return snapshot

    def delete(self, names: Sequence[str]) -> None:
        """Delete snapshots, and the blobs that only they needed; SnapshotMissing."""
        for name in names:
            if not self._file(name).exists():
                raise SnapshotMissing(self.label, name)
        with self._alone():
            for name in names:
                self._file(name).unlink(missing_ok=True)
            sync(self._snapshots)
            self._clean()

    def clean(self) -> tuple[int, int]:
        """Remove what no snapshot needs; returns how many blobs and bytes."""
        with self._alone():
            return self._clean()

    def _clean(self) -> tuple[int, int]:
        known, _ = self._known()
        if known is None:
            return (0, 0)
        return Blobs(self.folder / "blobs").drop_all_but(known)

    def _known(self) -> tuple[set[str] | None, Known]:
        """The blobs that snapshots need (None: one cannot be read, so nobody knows), and their derived files."""
        blobs: set[str] = set()
        files: dict[tuple[str, str, int], StoredFile] = {}
        sound = True
        for name in self.names():
            try:
                snapshot = self.get(name)
            except QuarryError as error:
                logger.error("%s; nothing is removed from %s while it is there", error.reason, self.folder)
                sound = False
                continue
            for index, file in snapshot.files():
                blobs.update(blob for blob, _ in file.blobs)
                if file.path not in (TRUTH, MANIFEST):
                    files[index.uuid, file.path, file.size] = file
        return (blobs if sound else None), files


class _Status:
    """How far a snapshot is, for whoever asks meanwhile."""

    def __init__(
        self, path: Path, name: str, indices: list[str], start: float, total: int, progress: Progress | None
    ) -> None:
        self._path = path
        self._body = {"name": name, "uuid": uuid.uuid4().hex[:22], "start": start, "indices": indices}
        self._total, self._done = total, 0
        self._progress = progress
        self._saved = 0.0
        self.add(0)

    def add(self, size: int) -> None:
        self._done = min(self._done + size, self._total)
        if time.monotonic() - self._saved > _REPORT_SECONDS:
            body = {**self._body, "done": self._done, "total": self._total}
            replace_file(self._path, json.dumps(body, ensure_ascii=False).encode(), durable=False)
            self._saved = time.monotonic()
        if self._progress is not None:
            self._progress("snapshot", self._done, self._total)


def _of_indices(node: Node, indices: Sequence[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """The aliases of some indices."""
    found = {alias: {i: b for i, b in members.items() if i in indices} for alias, members in node.aliases().items()}
    return {alias: members for alias, members in found.items() if members}


def _version() -> str:
    try:
        return version("quarry-search")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"
