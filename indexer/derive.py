"""Deriving an index's files from its truth: refresh, merge, repair.

Each step writes new files, then replaces the manifest; a crash in between leaves files that nobody
knows, which `tidy` removes. The caller holds the lock that the step's docstring names.
"""

from __future__ import annotations

import logging
import shutil
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .documents import add_documents, batches
from .field_vectors import FieldVectors
from .files import file_lock, new_path
from .manifest import Manifest, PartEntry, SegmentEntry, write_manifest
from .merging import find_merge
from .points import files_of
from .segment import Segment, SegmentError, SegmentInfo, SegmentWriter, Tombstones, merge, merge_memory
from .segment.vectors import VectorPart, merge_parts
from .segment.vectors import merge_memory as vectors_memory
from .view import BROKEN, load_tombstones

if TYPE_CHECKING:
    from .engine import Index

logger = logging.getLogger("quarry.indexer")
KEEP_SECONDS = 60.0  # a superseded row outlives its refresh by this: no view is older
HISTORY = 64
ORPHAN_SECONDS = 3600.0


class Deriver:
    """Builds the derived files of one index."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._merge_memory: dict[str, int] = {}  # of segments: see merge_memory

    # --- refresh (under refresh.lock) -----------------------------------------------------------

    def refresh(self) -> None:
        """Build segments of the writes that the manifest does not cover, and mark what they killed."""
        index = self.index
        with index.store.snapshot():
            old = index.read_manifest()
            upto = index.store.last_seq
            if upto == old.covered and old.generation:
                return
            entries = [e for e in self._with_dead(old, upto) if e.dead < e.documents]
            vectors = FieldVectors(index, index.node.indexing_memory // 4)
            entries += self._build(index.store.live_rows(old.covered, upto), vectors)
        analysis = {**old.analysis, **index.analysis()}
        new = old.next(covered=upto, segments=tuple(entries), history=self._history(old, upto), analysis=analysis)
        self.publish(old, vectors.added_to(new))

    def _with_dead(self, old: Manifest, upto: int) -> list[SegmentEntry]:
        """The manifest's segments with what the writes up to `upto` superseded marked dead."""
        dead = np.array(self.index.store.superseded(old.covered, upto, old.covered), np.int64)
        if len(dead) == 0:
            return list(old.segments)
        out = []
        for entry in old.segments:
            lo, hi = np.searchsorted(dead, [entry.first_seq, entry.last_seq + 1])
            out.append(self._mark(entry, dead[lo:hi]) if hi > lo else entry)
        return out

    def _mark(self, entry: SegmentEntry, dead_seqs: np.ndarray) -> SegmentEntry:
        """`entry` with the documents of the given sequence numbers dead as well."""
        segment = Segment.open(self.index.segments_path / entry.name)
        seqs = segment.seqs
        found = np.minimum(np.searchsorted(seqs, dead_seqs), segment.documents - 1)
        local = found[seqs[found] == dead_seqs]
        if len(local) == 0:
            return entry
        known = load_tombstones(self.index.segments_path, entry, segment) or Tombstones.none(segment)
        marked = known.with_dead(local.astype(np.int64))
        name = f"{entry.name}.{uuid.uuid4().hex[:8]}.dead"
        marked.save(self.index.segments_path / name)
        return replace(entry, dead=int(marked.count), tombstones=name)

    def _build(self, rows: Iterable[tuple[int, bytes]], vectors: FieldVectors | None) -> list[SegmentEntry]:
        """New segments of (seq, JSON) rows, each at most the memory setting allows: half of it is a segment's, the
        rest is for vectors and for the dictionaries that the analyzers keep."""
        index = self.index
        mapping, out = index.mapping, []
        writer: SegmentWriter | None = None
        for part in batches(rows):
            if writer is None:
                writer = SegmentWriter(new_path(index.segments_path))
            add_documents(writer, part, mapping, index.analyzers, vectors)
            if writer.memory > index.node.indexing_memory // 2:
                out.append(_entry(writer.finish()))
                writer = None
        if writer is not None:
            out.append(_entry(writer.finish()))
        return out

    # --- merge (under merge.lock) ---------------------------------------------------------------

    def merge_once(self, to_one: bool) -> bool:
        """Merge one run of neighbouring segments; False when there is none to merge."""
        index = self.index
        before = index.read_manifest()
        try:
            run = self._run_to_merge(before, to_one)
            if run is None:
                return False
            chosen = before.segments[slice(*run)]
            segments = [Segment.open(index.segments_path / e.name) for e in chosen]
            dead = [load_tombstones(index.segments_path, e, s) for e, s in zip(chosen, segments, strict=True)]
        except SegmentError as error:
            # a refresh may have replaced a file between our reads; when it has not, the file is damaged
            if index.read_manifest().generation == before.generation:
                index.repair(before, error)
            return True
        masks = [None if d is None else d.mask for d in dead]
        info = merge(new_path(index.segments_path), segments, masks)
        with file_lock(index.path / "refresh.lock"):
            old = index.read_manifest()
            names = [e.name for e in old.segments]
            if any(e.name not in names for e in chosen):  # dropped or rebuilt meanwhile: begin again
                shutil.rmtree(info.path, ignore_errors=True)
                return True
            at = names.index(chosen[0].name)
            now = old.segments[at : at + len(chosen)]
            entry = self._carry_dead(_entry(info), chosen, now, segments, masks)
            merged = (*old.segments[:at], entry, *old.segments[at + len(chosen) :])
            self.publish(old, old.next(segments=tuple(e for e in merged if e.dead < e.documents)))
        return True

    def _run_to_merge(self, manifest: Manifest, to_one: bool) -> tuple[int, int] | None:
        """Which segments to merge; the memory setting bounds what the policy chooses."""
        entries = manifest.segments
        if to_one:
            return (0, len(entries)) if len(entries) > 1 or any(e.dead for e in entries) else None
        known = {e.name: self._merge_memory[e.name] for e in entries if e.name in self._merge_memory}
        self._merge_memory = known

        def memory(number: int) -> int:
            name = entries[number].name
            if name not in known:
                known[name] = merge_memory(Segment.open(self.index.segments_path / name))
            return known[name]

        return find_merge([e.documents - e.dead for e in entries], [e.dead for e in entries], self._fits(memory))

    def _fits(self, memory: Callable[[int], int]) -> Callable[[int, int], bool]:
        """Whether the units [start, stop), each of which takes so much, may be merged together."""
        return lambda start, stop: sum(map(memory, range(start, stop))) <= self.index.node.indexing_memory

    def _carry_dead(
        self,
        entry: SegmentEntry,
        chosen: Sequence[SegmentEntry],
        now: Sequence[SegmentEntry],
        segments: list[Segment],
        masks: list[np.ndarray | None],
    ) -> SegmentEntry:
        """Mark in the merged segment what died while the merge ran."""
        died = []
        for then, later, segment, mask in zip(chosen, now, segments, masks, strict=True):
            if later.tombstones != then.tombstones:
                newer = load_tombstones(self.index.segments_path, later, segment)
                assert newer is not None
                died.append(segment.seqs[newer.mask if mask is None else newer.mask & ~mask])
        return self._mark(entry, np.concatenate(died)) if died else entry

    def merge_parts_once(self) -> bool:
        """Merge one run of neighbouring vector parts of some space; False when there is none to merge."""
        index = self.index
        view = index.view()
        for name, space in view.spaces.items():
            alive = [numbers >= 0 for numbers in space.documents]
            live = [int(a.sum()) for a in alive]
            dead = [len(a) - n for a, n in zip(alive, live, strict=True)]
            run = find_merge(live, dead, self._fits([vectors_memory(part) for part in space.parts].__getitem__))
            if run is None:
                continue
            metric = index.spaces()[name].metric if name in index.spaces() else "cosine"
            chosen = space.entry.parts[slice(*run)]
            path = new_path(index.vectors_path)
            merge_parts(path, space.parts[slice(*run)], alive[slice(*run)], metric)
            merged = VectorPart(path)
            part = PartEntry(path.name, merged.documents, merged.rows)
            with file_lock(index.path / "refresh.lock"):
                old = index.read_manifest()
                entry = old.spaces.get(name)
                names = [p.name for p in entry.parts] if entry else []
                if entry is None or any(p.name not in names for p in chosen):
                    shutil.rmtree(path, ignore_errors=True)
                    return True
                at = names.index(chosen[0].name)
                parts = (*entry.parts[:at], part, *entry.parts[at + len(chosen) :])
                self.publish(old, old.with_space(name, replace(entry, parts=parts)))
            return True
        return False

    def tidy(self) -> None:
        """Drop files and rows that no manifest, view or point in time can want any more (under merge.lock).

        A file that nobody knows goes when it is too old to be in the making.
        """
        index = self.index
        with file_lock(index.path / "refresh.lock"):
            points, manifest = index.points.live(), index.read_manifest()
            known = manifest.files | files_of(points)
            for folder in ("segments", "vectors", "models"):
                for path in (index.path / folder).glob("*"):
                    if path.name not in known and path.stat().st_mtime < time.time() - ORPHAN_SECONDS:
                        self._remove(path.name)
        kept = [point.manifest.covered for point in points]
        old = [covered for moment, covered in manifest.history if moment < time.time() - KEEP_SECONDS]
        horizon = min([max(old, default=0), *kept])
        if horizon and index.store.superseded(0, horizon, horizon)[:1]:
            index.store.purge(horizon)

    # --- repair (under refresh.lock) ------------------------------------------------------------

    def repair(self, error: object, damaged: Collection[str] = ()) -> None:
        """Build again from the truth every derived file of the manifest that cannot be opened or is in `damaged`."""
        index, old = self.index, self.index.read_manifest()
        logger.warning("index %s: %s; building it again from the stored documents", index.name, error)
        entries: list[SegmentEntry] = []
        lost = FieldVectors(index, index.node.indexing_memory)
        for entry in old.segments:
            try:
                if entry.name in damaged or entry.tombstones in damaged:
                    raise SegmentError(f"{entry.name} is damaged")
                segment = Segment.open(index.segments_path / entry.name)
                load_tombstones(index.segments_path, entry, segment)
                entries.append(entry)
            except BROKEN:
                rows = index.store.rows_as_of(entry.first_seq, entry.last_seq, old.covered)
                entries += self._build(rows, None)
        spaces = {}
        for name, space in old.spaces.items():
            try:
                if space.model in damaged or any(part.name in damaged for part in space.parts):
                    raise SegmentError(f"the vectors of {name} are damaged")
                for part in space.parts:
                    VectorPart(index.vectors_path / part.name)
                spaces[name] = space
            except BROKEN:
                field = index.spaces().get(name)
                if field is not None and field.family == "field":
                    rows = index.store.rows_as_of(0, old.covered, old.covered)
                    lost.add_rows(rows, name)
        new = old.next(segments=tuple(entries), spaces=spaces)
        self.publish(old, lost.added_to(new))

    # --- files ----------------------------------------------------------------------------------

    @staticmethod
    def _history(old: Manifest, upto: int) -> tuple[tuple[float, int], ...]:
        return (*old.history, (time.time(), upto))[-HISTORY:]

    def publish(self, old: Manifest, new: Manifest) -> None:
        """Replace the manifest and drop the files that only the old one needed (under refresh.lock)."""
        write_manifest(self.index.store.folder, self.index.manifest_path.name, new)
        dropped = old.files - new.files
        if dropped:
            for name in dropped - files_of(self.index.points.live()):
                self._remove(name)

    def _remove(self, name: str) -> None:
        for folder in ("segments", "vectors", "models"):
            path = self.index.path / folder / name
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def rebuild(self, reason: str) -> None:
        """Build all segments again, under refresh.lock; vectors stay."""
        index, old = self.index, self.index.read_manifest()
        logger.warning("index %s: %s; building it again from the stored documents", index.name, reason)
        entries = self._build(index.store.rows_as_of(0, old.covered, old.covered), None)
        self.publish(old, old.next(segments=tuple(entries), analysis=index.analysis()))

    def reset(self) -> None:
        """Forget all that is derived, under refresh.lock: it says what the truth does not."""
        old = self.index.read_manifest()
        self.publish(old, Manifest(generation=old.generation + 1))


def _entry(info: SegmentInfo) -> SegmentEntry:
    return SegmentEntry(Path(info.path).name, info.documents, info.first_seq, info.last_seq)
