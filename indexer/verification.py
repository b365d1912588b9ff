"""Checking an index: its truth against checksums, its derived files against theirs and against the truth."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import orjson

from .files import file_lock, replace_file
from .manifest import Manifest, SegmentEntry, read_manifest
from .seals import checksum
from .segment import Segment
from .segment.vectors import VectorPart
from .view import BROKEN, load_tombstones

if TYPE_CHECKING:
    from .engine import Index

RECHECK_SECONDS = 24 * 3600.0
Follow = Callable[[str], None]


@dataclass(frozen=True)
class Finding:
    """A file (relative to the index's folder) and what is wrong with it."""

    file: str
    reason: str
    repaired: bool = False


def verify(index: Index, follow: Follow = lambda _: None) -> list[Finding]:
    """Check everything and build damaged derived files again from the truth; empty when all is well.

    Damage of the truth itself is named, not repaired. Searches and writes go on meanwhile.
    """
    follow("the stored documents")
    found = [Finding("truth.db", error.reason) for error in index.store.damaged_rows()]
    for first, last in index.store.losses:
        found.append(Finding("truth.db-wal", f"the acknowledged writes {first} to {last} were lost"))
    manifest = read_manifest(index.manifest_path)
    if manifest is None and index.manifest_path.exists():
        found.append(Finding("manifest.json", "damaged or of another version", repaired=True))
    damaged = damage(index, manifest or Manifest(), follow)
    if damaged:
        index.repair_files(damaged)
    found += [Finding(file, reason, repaired=True) for file, reason in damaged.items()]
    follow("the index against the documents")
    index.refresh()
    if not _agrees(index):
        with file_lock(index.path / "refresh.lock"):
            index.deriver.reset()
        index.refresh()
        reason = "does not hold the documents of the truth"
        found.append(Finding("manifest.json", reason, repaired=_agrees(index)))
    return found


def damage(index: Index, manifest: Manifest, follow: Follow = lambda _: None) -> dict[str, str]:
    """What is wrong with which file of a manifest; files that a newer manifest no longer needs are left out."""
    found: dict[str, str] = {}
    for file, check in _checks(index, manifest):
        follow(file)
        try:
            reasons = check()
        except BROKEN as error:
            reasons = [str(error)]
        if reasons:
            found[file] = ", ".join(reasons)
    if found:
        needed = index.read_manifest().files
        found = {file: reason for file, reason in found.items() if Path(file).name in needed}
    return found


def _checks(index: Index, manifest: Manifest) -> Iterator[tuple[str, Callable[[], list[str]]]]:
    """For each derived file a function that reads all of it and names its damaged parts."""
    for entry in manifest.segments:
        yield f"segments/{entry.name}", partial(_segment, index.segments_path / entry.name)
        if entry.tombstones is not None:
            yield f"segments/{entry.tombstones}", partial(_tombstones, index.segments_path, entry)
    for space in manifest.spaces.values():
        for part in space.parts:
            yield f"vectors/{part.name}", partial(_part, index.vectors_path / part.name)
        if space.model is not None:
            yield f"models/{space.model}", partial(_model, index.models_path / space.model, space.model_crc)


def _segment(path: Path) -> list[str]:
    return Segment.open(path).verify()


def _tombstones(folder: Path, entry: SegmentEntry) -> list[str]:
    try:
        segment = Segment.open(folder / entry.name)
    except BROKEN:
        return []  # the segment is named already, and its deletions are found again with it
    load_tombstones(folder, entry, segment)
    return []


def _part(path: Path) -> list[str]:
    return VectorPart(path).verify()


def _model(path: Path, crc: int) -> list[str]:
    return [] if checksum(path) == crc else ["differs from what was written"]


def _agrees(index: Index) -> bool:
    """Whether the live documents of the view are those of the truth at its moment."""
    view = index.view()
    with index.store.snapshot():
        truth = np.fromiter(index.store.live_seqs(view.manifest.covered), np.int64)
    return bool(np.array_equal(view.seqs[view.live], truth))


class Scrubber:
    """Reads derived files in the background, each once a day whichever process does it, and repairs."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._path = index.path / "checked.json"

    def scrub(self, seconds: float = 1.0) -> None:
        """Check files that were not checked for a day, for about so many seconds (under merge.lock)."""
        index, began = self._index, time.monotonic()
        manifest = index.read_manifest()
        try:
            known: dict[str, float] = orjson.loads(self._path.read_bytes())
        except (OSError, ValueError):
            known = {}
        now = time.time()
        due = sorted(
            (f for f in _files(manifest) if not now - RECHECK_SECONDS < known.get(f.name, 0.0) <= now),
            key=lambda f: known.get(f.name, 0.0),
        )
        if not due:
            return
        for one in due:
            damaged = damage(index, one.manifest)
            if damaged:
                index.repair_files(damaged)
            known[one.name] = time.time()
            if time.monotonic() - began > seconds:
                break
        files = index.read_manifest().files
        replace_file(self._path, orjson.dumps({n: t for n, t in known.items() if n in files}), durable=False)


@dataclass(frozen=True)
class _File:
    name: str
    manifest: Manifest  # of this file alone


def _files(manifest: Manifest) -> list[_File]:
    out = [_File(e.name, Manifest(segments=(e,))) for e in manifest.segments]
    for name, space in manifest.spaces.items():
        alone = replace(space, parts=(), model=None)
        out += [_File(part.name, Manifest(spaces={name: replace(alone, parts=(part,))})) for part in space.parts]
        if space.model:
            out.append(_File(space.model, Manifest(spaces={name: replace(space, parts=())})))
    return out
