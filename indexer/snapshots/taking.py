"""Taking an index into a snapshot: one moment of its truth and of what is derived from it.

Both are pinned together, for an instant under the index's refresh lock; writes and searches go on while
they are copied. A point in time keeps the derived files, a read transaction the truth.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from ..engine import Index
from ..files import file_lock
from ..manifest import Manifest, manifest_text
from ..store import storage_errors
from .blobs import Blobs
from .contents import StoredFile, StoredIndex

KEEP_SECONDS = 600.0  # that derived files are kept for a copy that does not report any more
TRUTH, MANIFEST = "truth.db", "manifest.json"
_FOLDERS = ("segments", "vectors", "models")
Known = Mapping[tuple[str, str, int], StoredFile]
"""(uuid of an index, path, size) of derived files that earlier snapshots have: such a file never changes."""
Report = Callable[[int], None]  # bytes taken


def take(index: Index, blobs: Blobs, known: Known, scratch: Path, report: Report) -> StoredIndex:
    """Copy an index as it is now; `scratch` is a folder for the copy of its truth while it is cut up."""
    before = blobs.added, blobs.added_bytes
    with closing(sqlite3.connect(index.store.path, timeout=60.0, isolation_level=None)) as source:
        with file_lock(index.path / "refresh.lock"):
            manifest = index.read_manifest()
            with storage_errors(index.store.path):
                source.execute("BEGIN")
                (last_seq,) = source.execute("SELECT value FROM meta WHERE key = 'last_seq'").fetchone()
            token = index.points.open(manifest, KEEP_SECONDS)
        try:
            files = [_truth(index, source, blobs, scratch, report)]
            files += _derived(index, manifest, token, blobs, known, report)
        finally:
            index.close_point(token)
    analysis = [StoredFile(name, path.stat().st_size, (blobs.add_file(path),)) for name, path in _analysis_files(index)]
    return StoredIndex(
        name=index.name,
        uuid=index.uuid,
        documents=sum(s.documents - s.dead for s in manifest.segments),
        last_seq=int(last_seq),
        files=tuple(files),
        analysis=tuple(analysis),
        added=blobs.added - before[0],
        added_bytes=blobs.added_bytes - before[1],
    )


def _truth(index: Index, source: sqlite3.Connection, blobs: Blobs, scratch: Path, report: Report) -> StoredFile:
    """The truth as it was when the transaction of `source` began, page for page."""
    copy = scratch / "truth.db"
    with storage_errors(index.store.path), closing(sqlite3.connect(copy)) as target:
        target.execute("PRAGMA synchronous=OFF")  # it is read back at once, and cut up
        source.backup(target)
    source.execute("COMMIT")
    parts = []
    for blob in blobs.add_blocks(copy):
        parts.append(blob)
        report(blob[1])
    size = copy.stat().st_size
    copy.unlink()
    return StoredFile(TRUTH, size, tuple(parts))


def _derived(
    index: Index, manifest: Manifest, token: str, blobs: Blobs, known: Known, report: Report
) -> list[StoredFile]:
    """The derived files of a manifest, and the manifest; nothing when one is gone: it is all built again."""
    text = manifest_text(manifest).encode()
    out = []
    try:
        for path in _files_of(index.path, manifest):
            name, size = path.relative_to(index.path).as_posix(), path.stat().st_size
            found = known.get((index.uuid, name, size))
            if found is None:
                index.points.get(token, KEEP_SECONDS)
                found = StoredFile(name, size, (blobs.add_file(path),))
            report(size)
            out.append(found)
    except FileNotFoundError:
        return []
    return [*out, StoredFile(MANIFEST, len(text), (blobs.add(text),))]


def _files_of(folder: Path, manifest: Manifest) -> Iterator[Path]:
    for name in sorted(manifest.files):
        places = [folder / part / name for part in _FOLDERS]
        there = [path for path in places if path.exists()]
        if not there:
            raise FileNotFoundError(name)
        for path in there:
            yield from sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else (path,)


def _analysis_files(index: Index) -> Iterator[tuple[str, Path]]:
    """The files in the data directory's `analysis` folder that the index's settings name."""
    folder = index.node.data / "analysis"
    if folder.is_dir():
        for name in sorted({s.removeprefix("analysis/") for s in _strings(index.settings.get("analysis", {}))}):
            path = folder / name
            inside = not Path(name).is_absolute() and ".." not in Path(name).parts
            if inside and 0 < len(name) < 256 and "\0" not in name and path.is_file():
                yield name, path


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
