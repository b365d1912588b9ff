"""The folders of indices: made, renamed and removed so that each is there whole or not at all.

A folder whose name begins with a dot is no index: it is on its way in or out. All of this is called
under the registry's lock.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Mapping as MappingABC
from contextlib import suppress
from pathlib import Path
from typing import Any

from .engine import Index
from .files import sync
from .mapping import Mapping
from .registry import Change, owner_alive
from .store import Store

OWNER = "owner.lock"


def create(indices: Path, name: str, mapping: Mapping, settings: MappingABC[str, Any]) -> None:
    """Make the folder of an empty index."""
    hidden = indices / f".{uuid.uuid4().hex}.new"
    Index.create(hidden, name, mapping, settings)
    show(indices, hidden, name)


def show(indices: Path, hidden: Path, name: str) -> None:
    """Let a finished hidden folder become the index `name`."""
    os.rename(hidden, indices / name)
    sync(indices)


def hide(indices: Path, name: str) -> Path:
    """Take an index out of sight, to be removed; returns where it is."""
    gone = indices / f".{uuid.uuid4().hex}.deleted"
    os.rename(indices / name, gone)
    sync(indices)
    return gone


def settle(indices: Path, change: Change) -> None:
    """Finish the moves that the registry has decided: also those of a process that died in the middle."""
    for name, to in list(change.state.moves.items()):
        if to is None:
            with suppress(FileNotFoundError):
                shutil.rmtree(hide(indices, name), ignore_errors=True)
        else:
            with suppress(FileNotFoundError):
                _rename(indices / name, to)
                show(indices, indices / name, to)
        del change.state.moves[name]
    change.save()


def _rename(folder: Path, name: str) -> None:
    """Write an index's new name into its store."""
    store = Store(folder / "truth.db")
    try:
        with store.transaction() as tx:
            tx.set_meta("name", name)
    finally:
        store.close()


def sweep(indices: Path) -> None:
    """Remove hidden folders that nobody works on: what killed processes left."""
    for path in indices.glob(".*"):
        if path.is_dir() and not owner_alive(path / OWNER):
            shutil.rmtree(path, ignore_errors=True)
