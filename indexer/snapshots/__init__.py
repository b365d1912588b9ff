"""Snapshots: copies of indices in a folder, stored by content so that what has not changed is stored once."""

from .contents import Snapshot, StoredFile, StoredIndex
from .repository import Damage, Repository
from .restoring import Restoring

__all__ = ["Damage", "Repository", "Restoring", "Snapshot", "StoredFile", "StoredIndex"]
