"""A frozen view of an index: what a search runs over.

A view is made of immutable files and stays valid for as long as somebody holds it, whatever is
written, merged or deleted meanwhile.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .errors import TruthDamaged
from .files import identity
from .manifest import Manifest, SegmentEntry, SpaceEntry
from .rows import Row
from .segment import SegmentError
from .segment.vectors import VectorPart

if TYPE_CHECKING:
    from .engine import Index
    from .mapping import Mapping
    from .segment import Segment, Tombstones


BROKEN = (SegmentError, OSError, EOFError, ValueError, RuntimeError, LookupError)
"""What opening a damaged, lost or foreign derived file raises."""


class SpaceView:
    """The vectors of one space as a view sees them: parts, and each part's global document numbers."""

    def __init__(self, entry: SpaceEntry, parts: Sequence[VectorPart], view: IndexView) -> None:
        self.entry = entry
        self.parts = parts
        self._view = view

    @cached_property
    def documents(self) -> list[np.ndarray]:
        """For each part int64[part documents]: global numbers, -1 for documents that are not live here."""
        return [self._view.numbers(part.seqs) for part in self.parts]


class IndexView:
    """One moment of an index. Documents are numbered 0 … documents-1 in the order of their writes."""

    def __init__(
        self,
        index: Index,
        manifest: Manifest,
        segments: list[Segment],
        tombstones: list[Tombstones | None],
        parts: dict[str, list[VectorPart]],
    ) -> None:
        self.index = index
        self.manifest = manifest
        self.segments = segments
        self.tombstones = tombstones
        self.documents = sum(s.documents for s in segments)
        self.spaces = {n: SpaceView(e, parts[n], self) for n, e in manifest.spaces.items()}
        #: documents that turned out to be damaged in the truth, and what is to be said of them
        self.damaged: dict[int, str] = {}

    @property
    def mapping(self) -> Mapping:
        return self.index.mapping

    @cached_property
    def seqs(self) -> np.ndarray:
        """int64[documents]: each document's sequence number, ascending."""
        return np.concatenate([np.asarray(s.seqs) for s in self.segments] or [np.zeros(0, np.int64)])

    @cached_property
    def live(self) -> np.ndarray:
        """bool[documents]: false for deleted and superseded ones."""
        out = np.ones(self.documents, bool)
        start = 0
        for segment, dead in zip(self.segments, self.tombstones, strict=True):
            if dead is not None:
                out[start : start + segment.documents] = ~dead.mask
            start += segment.documents
        return out

    @cached_property
    def live_documents(self) -> int:
        return sum(entry.documents - entry.dead for entry in self.manifest.segments)

    def numbers(self, seqs: np.ndarray) -> np.ndarray:
        """int64[n]: the global numbers of sequence numbers; -1 where the document is not live here."""
        if self.documents == 0 or len(seqs) == 0:
            return np.full(len(seqs), -1, np.int64)
        found = np.minimum(np.searchsorted(self.seqs, seqs), self.documents - 1)
        hit = (self.seqs[found] == seqs) & self.live[found]
        return np.where(hit, found, -1)

    def numbers_of_ids(self, ids: Sequence[str]) -> np.ndarray:
        """int64[m]: the global numbers of the live documents among `ids`, ascending."""
        seqs = self.index.store.seqs_of(list(dict.fromkeys(ids)), self.manifest.covered)
        found = self.numbers(np.array(seqs, np.int64))
        return found[found >= 0]

    def fetch(self, documents: Sequence[int]) -> list[Row]:
        """The stored rows of documents, in the order asked for. TruthDamaged; such a document is then among
        `damaged`."""
        seqs = [int(self.seqs[d]) for d in documents]
        try:
            rows = self.index.store.fetch(seqs)
        except TruthDamaged as error:
            if error.seq is not None:
                self.damaged[int(np.searchsorted(self.seqs, error.seq))] = error.reason
            raise
        return [rows[seq] for seq in seqs]


class ViewCache:
    """The current view of an index in this process; loads a new one when the manifest has changed."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._manifest = index.manifest_path
        self._lock = threading.Lock()
        self._key: tuple[int, int, int] | None = None
        self._view: IndexView | None = None
        self._older: weakref.WeakValueDictionary[int, IndexView] = weakref.WeakValueDictionary()

    def current(self) -> IndexView:
        """The view of the newest manifest. Damaged files are rebuilt on the way."""
        key = identity(self._manifest)
        view = self._view
        if view is not None and key == self._key:
            return view
        with self._lock:
            if self._view is None:
                self._index.check_analysis()
            for _ in range(20):
                key = identity(self._manifest)
                if self._view is not None and key == self._key:
                    return self._view
                manifest = self._index.read_manifest()
                if manifest.generation == 0 and self._index.has_lost_its_manifest():
                    there = self._manifest.exists()  # not yet, while another makes the first one: nobody waits for that
                    if self._index.refresh(wait=there):
                        continue
                try:
                    view = self._open(manifest)
                except BROKEN as error:
                    # another process may have merged these files away between our two reads;
                    # when the manifest is still the same, they are damaged and are built again
                    if self._index.read_manifest().generation == manifest.generation:
                        self._index.repair(manifest, error)
                    continue
                if identity(self._manifest) == key:
                    self._view, self._key = view, key
                    return view
            return self._open(self._index.read_manifest())

    def at(self, manifest: Manifest) -> IndexView:
        """The view of an older manifest whose files are still there; kept while somebody holds it."""
        current = self.current()
        if manifest.generation == current.manifest.generation:
            return current
        with self._lock:
            found = self._older.get(manifest.generation)
            if found is None or found.manifest != manifest:
                found = self._older[manifest.generation] = self._open(manifest)
            return found

    def _open(self, manifest: Manifest) -> IndexView:
        from .segment import Segment  # its kernels are not wanted by those who only write

        old = self._view
        known = {s.name: (s, t) for s, t in zip(old.segments, old.tombstones, strict=True)} if old else {}
        known_parts = {p.name: p for s in old.spaces.values() for p in s.parts} if old else {}
        dead_names = {e.name: e.tombstones for e in old.manifest.segments} if old else {}
        segments, tombstones = [], []
        for entry in manifest.segments:
            segment, dead = known.get(entry.name, (None, None))
            if segment is None:
                segment = Segment.open(self._index.segments_path / entry.name)
            if entry.tombstones != dead_names.get(entry.name) or dead is None:
                dead = load_tombstones(self._index.segments_path, entry, segment)
            segments.append(segment)
            tombstones.append(dead)
        parts: dict[str, list[VectorPart]] = {}
        for name, space in manifest.spaces.items():
            parts[name] = [
                known_parts.get(p.name) or VectorPart(self._index.vectors_path / p.name) for p in space.parts
            ]
        return IndexView(self._index, manifest, segments, tombstones, parts)


def load_tombstones(path: Path, entry: SegmentEntry, segment: Segment) -> Tombstones | None:
    """The dead documents of a segment, None when there are none."""
    from .segment import Tombstones

    return None if entry.tombstones is None else Tombstones.load(path / entry.tombstones, segment)
