"""What a data directory knows beside its indices: aliases, templates, repositories, and moves under way.

One small JSON file, replaced atomically under a lock, so that every process sees one state or the next.
Indices are the folders that exist: an alias of a folder that does not is as good as none, and is dropped
when an index of that name is made again.
"""

from __future__ import annotations

import copy
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from .admin_errors import RegistryDamaged
from .files import Identity, file_lock, identity, replace_file

FORMAT = 1
NAME = "registry.json"
Aliases = dict[str, dict[str, dict[str, Any]]]
"""Alias, index, and what the alias is there: `filter`, `is_write_index`, …, each only when given."""


@dataclass
class State:
    """The registry at one moment; read it, and change it only inside `Registry.change`."""

    aliases: Aliases = field(default_factory=dict)
    index_templates: dict[str, dict[str, Any]] = field(default_factory=dict)
    component_templates: dict[str, dict[str, Any]] = field(default_factory=dict)
    repositories: dict[str, dict[str, Any]] = field(default_factory=dict)
    rebuilds: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Alias, and how far its reindexing is."""
    moves: dict[str, str | None] = field(default_factory=dict)
    """Index, and the name its folder is about to get; None: it is about to be removed."""
    format: int = FORMAT


class Change:
    """A change under way: `state` is a copy to alter; what it is at the end is what all will see."""

    def __init__(self, path: Path, state: State) -> None:
        self._path = path
        self._saved = asdict(state)
        self.state = copy.deepcopy(state)

    def save(self) -> None:
        """Make the state so far durable and visible; the change goes on."""
        now = asdict(self.state)
        if now != self._saved:
            replace_file(self._path, json.dumps(now, ensure_ascii=False).encode())
            self._saved = copy.deepcopy(now)


class Registry:
    """The registry of the data directory `folder`. Safe in many threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._lock_path = folder / "registry.lock"
        self._lock = threading.Lock()
        self._known: tuple[Identity, State] | None = None

    def state(self) -> State:
        """The state now, in whichever process it was last changed; not to be altered.

        RegistryDamaged when the file cannot be read.
        """
        while True:
            now = identity(self._path)
            known = self._known
            if known is not None and known[0] == now:
                return known[1]
            state = self._read()
            if identity(self._path) == now:
                self._known = (now, state)
                return state

    def _read(self) -> State:
        try:
            body = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return State()
        except ValueError as error:
            raise self._damaged(str(error)) from None
        if not isinstance(body, dict) or body.get("format") != FORMAT:
            raise self._damaged(f"this version of Quarry reads format {FORMAT}")
        known = {f.name for f in fields(State)}
        return State(**{name: value for name, value in body.items() if name in known})

    def _damaged(self, why: str) -> RegistryDamaged:
        return RegistryDamaged(
            f"{self._path}, the file of aliases and templates, cannot be read ({why}); put a copy of it back, or "
            "remove it to go on without them: no document is in it"
        )

    @contextmanager
    def change(self) -> Iterator[Change]:
        """Change the state, alone among all threads and processes; durable when the block ends.

        Nothing of it is kept when the block raises, but what `Change.save` made durable before. Not to be
        nested.
        """
        with file_lock(self._lock_path):
            change = Change(self._path, self._read())
            yield change
            change.save()

    def sweep(self) -> None:
        """Remove what a killed process left beside the file."""
        for left in self._path.parent.glob(f"{NAME}.*.tmp"):
            with file_lock(self._lock_path):
                left.unlink(missing_ok=True)


def owner_alive(path: Path) -> bool:
    """Whether some process holds the lock file at `path`: its owner runs."""
    if not os.path.exists(path):
        return False
    with file_lock(path, wait=False) as got:
        return not got
