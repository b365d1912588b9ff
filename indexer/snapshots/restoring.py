"""Bringing indices back from a snapshot: checked first, built out of sight, shown all at once.

Vectors come back with the index; where this machine's model is another one, the spaces notice by the
model's fingerprint and are filled anew, and segments of another version, or whose blobs are damaged, are
built from the truth.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import shutil
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import folders
from ..admin_errors import IllegalState, InvalidAliasName, RestoreRefused, SnapshotDamaged
from ..aliases import add, check_whole, concrete, drop_index
from ..errors import IndexNotFound, InvalidIndexName, InvalidRequest
from ..files import sync
from ..index_settings import STATIC, changed_settings, flat_settings
from ..names import check_name
from ..node import Node
from ..registry import Aliases, Change
from ..store import Store
from .blobs import Blobs, copy_out
from .contents import Snapshot, StoredIndex
from .repository import Repository
from .taking import MANIFEST, TRUTH

logger = logging.getLogger("quarry.indexer")
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Restoring:
    """What of a snapshot comes back, and how.

    `rename` is a regular expression over index names and its replacement, with `$1` for its first group.
    `settings` are changed, those in `without` left out.
    """

    indices: Sequence[str] | None = None
    missing_ok: bool = False
    aliases: bool = True
    templates: bool = False
    rename: tuple[str, str] | None = None
    settings: Mapping[str, Any] | None = None
    without: Sequence[str] = ()

    def check(self, node: Node, repository: Repository, name: str) -> dict[str, StoredIndex]:
        """The indices that would come back, by the name each gets; what is in the way of it otherwise.

        SnapshotMissing; RestoreRefused when a name is taken, SnapshotDamaged when a blob of the truth is.
        """
        snapshot = repository.get(name)
        where = f"[{repository.label}:{name}]"
        chosen = self._chosen(snapshot, where)
        _check_blobs(Blobs(repository.folder / "blobs"), chosen.values(), where)
        self._check_free(node, node.state().aliases, snapshot, chosen, where)
        fixed = set(flat_settings(self.settings)) & STATIC
        if fixed:
            raise InvalidRequest(f"cannot modify setting [index.{sorted(fixed)[0]}] on restore: reindex to change it")
        return chosen

    def run(self, node: Node, repository: Repository, name: str, progress: Progress | None = None) -> list[str]:
        """Restore; returns the names of the indices that came back, all their documents searchable.

        Refused as by `check`: then nothing has been changed.
        """
        chosen = self.check(node, repository, name)
        snapshot, where = repository.get(name), f"[{repository.label}:{name}]"
        blobs, changes = Blobs(repository.folder / "blobs"), flat_settings(self.settings)
        with _Stage(node) as stage:
            total, done = sum(index.size for index in chosen.values()), 0

            def advance(size: int) -> None:
                nonlocal done
                done += size
                if progress is not None:
                    progress("restore", done, total)

            for target, index in chosen.items():
                self._build(stage, node, target, index, blobs, changes, where, advance)
            with node.registry.change() as change:
                folders.settle(node.path, change)
                self._check_free(node, change.state.aliases, snapshot, chosen, where)
                self._change_state(change, node, snapshot, chosen)
                stage.show(change)
        for target in chosen:  # what was written before the snapshot, and not refreshed then
            node.index(target).refresh()
        return list(chosen)

    # --- before anything changes ----------------------------------------------------------------

    def _chosen(self, snapshot: Snapshot, where: str) -> dict[str, StoredIndex]:
        """The indices to bring back, by the name each gets."""
        known = {index.name: index for index in snapshot.indices}
        names = list(known)
        if self.indices is not None:
            try:
                names = _matching(self.indices, known, self.missing_ok)
            except IndexNotFound as error:
                raise IndexNotFound(str(error.details["index"])) from None
        out: dict[str, StoredIndex] = {}
        for name in names:
            target = self._renamed(name)
            try:
                check_name(target)
            except InvalidIndexName as error:
                raise RestoreRefused(f"{where} cannot restore index [{name}] as [{target}]: {error.reason}") from None
            if target in out:
                raise RestoreRefused(
                    f"{where} indices [{name}] and [{out[target].name}] are renamed into the same index [{target}]"
                )
            out[target] = known[name]
        return out

    def _renamed(self, name: str) -> str:
        if self.rename is None:
            return name
        pattern, replacement = self.rename
        try:
            # Elasticsearch writes groups as $1, Python as \g<1>
            escaped = re.sub(r"\$(\d)", r"\\g<\1>", replacement.replace("\\", "\\\\"))
            return re.sub(pattern, escaped, name)
        except (re.error, IndexError) as error:
            raise InvalidRequest(f"[rename_pattern] and [rename_replacement] do not fit together: {error}") from None

    def _check_free(
        self, node: Node, aliases: Aliases, snapshot: Snapshot, chosen: Mapping[str, StoredIndex], where: str
    ) -> None:
        for target, index in chosen.items():
            if node.exists(target):
                raise RestoreRefused(
                    f"{where} cannot restore index [{target}] because an open index with same name already exists in "
                    "the cluster. Either close or delete the existing index or restore the index under a different "
                    "name by providing a rename pattern and replacement name",
                    index=target,
                    snapshot_index=index.name,
                )
            if any(node.exists(member) for member in aliases.get(target, ())):
                raise RestoreRefused(f"{where} cannot restore index [{target}] because an alias has that name")
        scratch: Aliases = {alias: dict(members) for alias, members in aliases.items()}
        self._add_aliases(scratch, node, snapshot, chosen, where)

    def _add_aliases(
        self, known: Aliases, node: Node, snapshot: Snapshot, chosen: Mapping[str, StoredIndex], where: str
    ) -> None:
        names = {index.name: target for target, index in chosen.items()}
        for target in chosen:
            drop_index(known, target)
        for alias, members in snapshot.aliases.items() if self.aliases else ():
            bodies = {names[index]: body for index, body in members.items() if index in names}
            if not bodies:
                continue
            indices = [*node.names(), *chosen]
            try:
                add(known, alias, bodies, indices)
                check_whole(known, alias, indices)
            except (InvalidAliasName, IllegalState) as error:
                raise RestoreRefused(f"{where} cannot restore alias [{alias}]: {error.reason}") from None

    # --- out of sight ---------------------------------------------------------------------------

    def _build(
        self,
        stage: _Stage,
        node: Node,
        target: str,
        index: StoredIndex,
        blobs: Blobs,
        changes: Mapping[str, Any],
        where: str,
        advance: Callable[[int], None],
    ) -> None:
        folder = stage.new(target)
        try:
            for file in index.files:
                if file.path == TRUTH:
                    copy_out(blobs, file.blobs, folder / file.path)
                    advance(file.size)
            for file in index.analysis:
                there = node.settings.data / "analysis" / file.path
                if not there.exists():
                    stage.keep(file.path, blobs, file.blobs)
                advance(file.size)
        except SnapshotDamaged as error:
            raise SnapshotDamaged(
                f"{where} {error.reason}; index [{index.name}] cannot be restored, nothing was changed", **error.details
            ) from None
        derived = [file for file in index.files if file.path != TRUTH]
        try:
            for file in derived:
                copy_out(blobs, file.blobs, folder / file.path)
                advance(file.size)
        except SnapshotDamaged as error:
            logger.warning("%s %s; index [%s] is built again from its documents", where, error.reason, index.name)
            for part in {Path(file.path).parts[0] for file in derived}:
                shutil.rmtree(folder / part, ignore_errors=True)
            (folder / MANIFEST).unlink(missing_ok=True)
        store = Store(folder / TRUTH)
        try:
            store.connection.execute("PRAGMA journal_mode=WAL")
            with store.transaction() as tx:
                tx.set_meta("name", target)
                tx.set_meta("uuid", uuid.uuid4().hex[:22])
                settings = {k: v for k, v in tx.meta("settings").items() if not self._is_left_out(k)}
                tx.set_meta("settings", changed_settings(settings, changes))
        finally:
            store.close()

    def _is_left_out(self, key: str) -> bool:
        names = [name.removeprefix("index.") for name in self.without]
        return any(key == name or (name.endswith("*") and key.startswith(name[:-1])) for name in names)

    def _change_state(self, change: Change, node: Node, snapshot: Snapshot, chosen: Mapping[str, StoredIndex]) -> None:
        state = change.state
        self._add_aliases(state.aliases, node, snapshot, chosen, "")
        if self.templates and snapshot.templates is not None:
            state.component_templates.update(snapshot.templates["component"])
            state.index_templates.update(snapshot.templates["index"])


def _matching(expressions: Sequence[str], known: Mapping[str, StoredIndex], missing_ok: bool) -> list[str]:
    """The indices of a snapshot that names, patterns and exclusions mean."""
    out: list[str] = []
    for expression in expressions:
        if expression.startswith("-") and len(expression) > 1:
            gone = concrete([expression[1:]], known, {}, missing_ok=True)
            out = [name for name in (out or list(known)) if name not in gone]
        else:
            out += concrete([expression], known, {}, missing_ok)
    return list(dict.fromkeys(out))


def _check_blobs(blobs: Blobs, indices: Collection[StoredIndex], where: str) -> None:
    """SnapshotDamaged when a blob that nothing can replace is not there; what is in it is checked as it is read."""
    for index in indices:
        for file in (*(f for f in index.files if f.path == TRUTH), *index.analysis):
            for name, size in file.blobs:
                if blobs.missing(name, size):
                    raise SnapshotDamaged(
                        f"{where} the blob [{name}] of index [{index.name}] is missing or cut short; nothing changed",
                        blob=name,
                    )


class _Stage:
    """Hidden folders in which indices are built; gone at the end, unless they were shown."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._folders: dict[str, tuple[Path, int]] = {}
        self._analysis: dict[str, Path] = {}

    def __enter__(self) -> _Stage:
        with self._node.registry.change() as change:
            folders.settle(self._node.path, change)
            folders.sweep(self._node.path)
        return self

    def __exit__(self, *_: object) -> None:
        for folder, lock in self._folders.values():
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)

    def new(self, target: str) -> Path:
        """A folder for the index `target`, held so that no sweep takes it."""
        folder = self._node.path / f".{uuid.uuid4().hex}.restore"
        with self._node.registry.change():  # a sweep holds it too: it sees the folder with its owner or not at all
            folder.mkdir()
            lock = os.open(folder / folders.OWNER, os.O_RDWR | os.O_CREAT, 0o644)
            fcntl.flock(lock, fcntl.LOCK_EX)
        self._folders[target] = (folder, lock)
        return folder

    def keep(self, name: str, blobs: Blobs, parts: Sequence[tuple[str, int]]) -> None:
        """Build a file of the `analysis` folder as well."""
        if name not in self._analysis:
            folder = next(iter(self._folders.values()))[0] / ".analysis"
            copy_out(blobs, parts, folder / name)
            self._analysis[name] = folder / name

    def show(self, change: Change) -> None:
        """Let all of it appear, in one step (under the registry's lock)."""
        data = self._node.settings.data / "analysis"
        for name, path in self._analysis.items():
            (data / name).parent.mkdir(parents=True, exist_ok=True)
            if not (data / name).exists():
                os.replace(path, data / name)
                sync((data / name).parent)
        for target, (folder, _) in self._folders.items():
            shutil.rmtree(folder / ".analysis", ignore_errors=True)
            (folder / folders.OWNER).unlink()
            for path in (folder, *(p for p in folder.rglob("*") if p.is_dir())):
                sync(path)
            change.state.moves[folder.name] = target
        change.save()  # decided: whoever comes next finishes it
        for _, lock in self._folders.values():
            os.close(lock)
        self._folders.clear()
        folders.settle(self._node.path, change)
