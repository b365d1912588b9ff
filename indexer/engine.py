"""One index's life: writes into the truth, refreshes, merges and rebuilds of what is derived from it.

Any number of processes may have the same index open. Writes are ordered by the store; everything
derived changes only under a lock file and becomes visible by replacing the manifest, so a search never
waits for a writer, a merge or another process.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as MappingABC
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from settings import Settings

from .analyzers import Analyzers
from .durations import parse_interval
from .errors import IndexNotFound, InvalidRequest
from .files import Identity, file_lock, replace_file
from .index_settings import STATIC, changed_settings, check_analyzers, stored_mapping
from .manifest import Manifest, read_manifest
from .mapping import Mapping
from .points import Points
from .rows import Row
from .segment import SegmentError
from .spaces import Space, spaces_of
from .store import Store, now_ms
from .view import IndexView, ViewCache
from .writes import Operation, Writer, WriteResult

if TYPE_CHECKING:
    from .derive import Deriver
    from .verification import Scrubber

logger = logging.getLogger("quarry.indexer")


@dataclass(frozen=True)
class IndexStats:
    """Figures of one index; `pending` counts documents whose vectors are still to come, by space."""

    documents: int
    deleted: int
    unrefreshed: int
    segments: int
    store_bytes: int
    index_bytes: int
    pending: dict[str, int]


class Index:
    """An open index. `settings` are the index's own, `node` the process's."""

    def __init__(self, path: Path, node: Settings) -> None:
        self.path = path
        self.node = node
        self.store = Store(path / "truth.db")
        self.name: str = self.store.meta("name")
        self.uuid: str = self.store.meta("uuid")
        self.created: int = self.store.meta("created")
        self._writer = Writer(self.store, node.max_document)
        self._write_lock = threading.Lock()
        self._mapping: tuple[int, Mapping] | None = None
        self._settled: Identity | None = None  # nothing was written since the mapping was looked at
        self._settings: dict[str, Any] = {}
        self._analysis: tuple[int, dict[str, str]] | None = None
        self._rules = Path(node.data) / "analysis"  # files that analyzers' settings name
        self.analyzers = Analyzers(dict(self.settings.get("analysis", {})), self._rules)
        self.points = Points(path / "points")
        self._views = ViewCache(self)
        self.space_retry = 0.0
        self._reconcile()

    @cached_property
    def deriver(self) -> Deriver:
        """What derives this index's files; it brings compiled code, which those who only write do not need."""
        from .derive import Deriver

        return Deriver(self)

    @cached_property
    def _scrubber(self) -> Scrubber:
        from .verification import Scrubber

        return Scrubber(self)

    def _reconcile(self) -> None:
        """Drop what is derived from writes that the truth does not have: they were lost with a damaged log, or
        somebody put an older truth in its place."""
        if not self.store.lost_writes() and self.read_manifest().covered <= self.store.last_seq:
            return
        with file_lock(self.path / "refresh.lock"):
            lost = self.store.lost_writes()
            if lost or self.read_manifest().covered > self.store.last_seq:
                logger.error("index %s: its derived files know writes that %s has not; building them again",
                             self.name, self.store.path)  # fmt: skip
                self.deriver.reset()
            if lost:
                self.store.accept_loss(lost)

    @staticmethod
    def create(path: Path, name: str, mapping: Mapping, settings: MappingABC[str, Any]) -> None:
        """Make the files of an empty index in the new folder `path`; it appears whole or not at all."""
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
        temporary.mkdir(parents=True)
        meta = {
            "name": name, "uuid": uuid.uuid4().hex[:22], "created": now_ms(), "settings": dict(settings),
            "mapping": mapping.to_dict(), "mapping_version": 1,
        }  # fmt: skip
        Store.create(temporary / "truth.db", meta)
        try:
            temporary.rename(path)
        except OSError:
            shutil.rmtree(temporary, ignore_errors=True)
            raise

    # --- what it is -----------------------------------------------------------------------------

    @property
    def mapping(self) -> Mapping:
        """The mapping now, in whichever process it was last changed."""
        return self._current_mapping()[1]

    def analysis(self) -> dict[str, str]:
        """For each text field what its analyzer makes of a sample, in 16 hexadecimal digits: it changes with the
        analyzer's settings, its tables, and the code."""
        version, mapping = self._current_mapping()
        if self._analysis is None or self._analysis[0] != version:
            found = {f.path: self.analyzers.digest(f.analyzer) for f in mapping.fields.values() if f.is_text}
            self._analysis = version, found
        return self._analysis[1]

    def _current_mapping(self) -> tuple[int, Mapping]:
        known = self._mapping
        settled = self.store.settled()
        if known is not None and settled is not None and settled == self._settled:
            return known
        version = self.store.meta("mapping_version")
        if known is None or known[0] != version:
            with self.store.snapshot():
                self._settings = self.store.meta("settings")
                known = (self.store.meta("mapping_version"), stored_mapping(self.store.meta))
            self._mapping = known
        self._settled = settled
        return known

    @property
    def settings(self) -> dict[str, Any]:
        """The index's settings (without the `index.` prefix)."""
        self._current_mapping()
        return self._settings

    def schema(self) -> tuple[Mapping, dict[str, Any]]:
        """The mapping and the settings of one moment."""
        return self._current_mapping()[1], self._settings

    def spaces(self, mapping: Mapping | None = None) -> dict[str, Space]:
        """The semantic spaces of this index."""
        return spaces_of(mapping or self.mapping, self.settings, self.node.encoder)

    @property
    def space_error(self) -> str | None:
        """Why vectors could not be made, in whichever process it was last tried; None when they could."""
        try:
            return (self.path / "vectors.error").read_text() or None
        except FileNotFoundError:
            return None

    def note_space_error(self, reason: str | None) -> None:
        """Tell every process why vectors could not be made, or that they could."""
        path = self.path / "vectors.error"
        if reason is None:
            path.unlink(missing_ok=True)
        elif reason != self.space_error:
            logger.warning("index %s: %s", self.name, reason)
            replace_file(path, reason.encode(), durable=False)

    def put_mapping(self, body: MappingABC[str, Any]) -> None:
        """Add fields; InvalidRequest when a field's type would change."""
        with self._write_lock, self.store.transaction() as tx:
            merged = stored_mapping(tx.meta).merged(body)
            self._check_analyzers(merged)
            tx.set_meta("mapping", merged.to_dict())
            tx.set_meta("mapping_version", int(tx.meta("mapping_version")) + 1)

    def check_mapping(self, body: MappingABC[str, Any]) -> None:
        """InvalidRequest, InvalidMapping when `put_mapping` could not take this."""
        self._check_analyzers(self.mapping.merged(body))

    def _check_analyzers(self, mapping: Mapping) -> None:
        """InvalidRequest when a field names an analyzer that there is not: no refresh could take it."""
        check_analyzers(mapping, self.settings, self._rules)

    def put_settings(self, changes: MappingABC[str, Any]) -> None:
        """Change settings that can change on an open index."""
        fixed = set(changes) & STATIC
        if fixed:
            raise InvalidRequest(f"Can't update non dynamic settings [[index.{sorted(fixed)[0]}]] for open indices")
        with self._write_lock, self.store.transaction() as tx:
            tx.set_meta("settings", changed_settings(tx.meta("settings"), changes))
            tx.set_meta("mapping_version", int(tx.meta("mapping_version")) + 1)  # one version for both

    # --- documents ------------------------------------------------------------------------------

    def write(self, operations: Sequence[Operation]) -> list[WriteResult]:
        """Apply a batch in one transaction; durable when it returns. One result an operation, in order."""
        version, mapping = self._current_mapping()
        with self._write_lock:
            return self._writer.apply(operations, mapping, version)

    def get(self, doc_id: str) -> Row | None:
        """The document as last written, whether searchable yet or not."""
        return self.store.get(doc_id)

    def get_many(self, ids: Sequence[str]) -> dict[str, Row]:
        """The documents of these ids that are there, as last written."""
        return self.store.get_many(ids)

    # --- what is derived ------------------------------------------------------------------------

    @property
    def manifest_path(self) -> Path:
        return self.path / "manifest.json"

    @property
    def segments_path(self) -> Path:
        return self.path / "segments"

    @property
    def vectors_path(self) -> Path:
        return self.path / "vectors"

    @property
    def models_path(self) -> Path:
        return self.path / "models"

    def read_manifest(self) -> Manifest:
        """The manifest now; an empty one (everything is to be built) when there is none that can be read."""
        found = read_manifest(self.manifest_path)
        if found is None and self.manifest_path.exists():
            logger.warning("%s is damaged or of another version; building the index again from the stored "
                           "documents", self.manifest_path)  # fmt: skip
        return found or Manifest()

    def has_lost_its_manifest(self) -> bool:
        """Whether there was a manifest that cannot be read any more: what it named is still there."""
        return self.manifest_path.exists() or (self.segments_path.is_dir() and any(self.segments_path.iterdir()))

    def view(self) -> IndexView:
        """The index as of its last refresh: a frozen view that any number of searches can share."""
        return self._views.current()

    def needs_refresh(self) -> bool:
        """Whether there are writes that searches do not see yet."""
        return self.store.last_seq > self.view().manifest.covered

    def refresh_due(self) -> bool:
        """Whether the background should refresh now, by the index's `refresh_interval`."""
        interval = parse_interval(self.settings.get("refresh_interval", self.node.refresh_interval))
        if interval < 0 or not self.needs_refresh():
            return False
        history = self.view().manifest.history
        return not history or time.time() - history[-1][0] >= interval

    def spaces_due(self) -> bool:
        """Whether some space has documents to embed and the last try did not just fail."""
        if time.monotonic() < self.space_retry:
            return False
        manifest = self.view().manifest
        for name, space in self.spaces().items():
            entry = manifest.spaces.get(name)
            if space.family != "field" and (entry.covered if entry else 0) < manifest.covered:
                return True
        return False

    def check_analysis(self) -> None:
        """Build the index again when its text was analyzed otherwise than it would be now: another version wrote it."""
        known, now = self.read_manifest().analysis, self.analysis()
        if any(now.get(path, digest) != digest for path, digest in known.items()):
            with file_lock(self.path / "refresh.lock"):
                known = self.read_manifest().analysis
                changed = [path for path, digest in known.items() if now.get(path, digest) != digest]
                if changed:
                    self.deriver.rebuild(f"the analyzers of {', '.join(changed)} have changed")

    def forget_vectors(self) -> None:
        """Drop the vectors that models made, so that they are made again."""
        with file_lock(self.path / "refresh.lock"):
            old = self.read_manifest()
            field = {name for name, space in self.spaces().items() if space.family == "field"}
            self.deriver.publish(old, old.next(spaces={n: s for n, s in old.spaces.items() if n in field}))

    def refresh(self, wait: bool = True) -> bool:
        """Make all writes up to now searchable by their words.

        Returns False when another thread or process is at it and `wait` is false.
        """
        with self._while_there(), file_lock(self.path / "refresh.lock", wait) as got:
            if got:
                try:
                    self.deriver.refresh()
                except SegmentError as error:  # a damaged file was in the way
                    self.deriver.repair(error)
                    self.deriver.refresh()
            return got

    @contextmanager
    def _while_there(self) -> Iterator[None]:
        """IndexNotFound where the index was deleted before the block or while it ran, and its files with it."""
        if not self.store.is_there():
            raise IndexNotFound(self.name)
        try:
            yield
        except FileNotFoundError:
            if self.store.is_there():
                raise
            raise IndexNotFound(self.name) from None

    def merge(self, to_one: bool = False, wait: bool = True) -> bool:
        """Merge segments and vectors as the policy says, or all segments into one, then drop what nobody wants any
        more; returns whether anything was merged."""
        merged = False
        with self._while_there(), file_lock(self.path / "merge.lock", wait) as got:
            if not got:
                return False
            while self.deriver.merge_once(to_one) or self.deriver.merge_parts_once():
                merged = True
            self.deriver.tidy()
            self._scrubber.scrub()
        return merged

    # --- points in time -------------------------------------------------------------------------

    def open_point(self, keep_alive: float, kind: str = "") -> str:
        """Keep what a search sees now for `keep_alive` seconds; the token, which begins with `kind`, finds it in any
        process."""
        with self._while_there(), file_lock(self.path / "refresh.lock"):
            return self.points.open(self.read_manifest(), keep_alive, kind)

    def point_view(self, token: str, keep_alive: float | None = None) -> IndexView:
        """What a search saw when the point was opened, kept for `keep_alive` more seconds; PointMissing."""
        return self._views.at(self.points.get(token, keep_alive).manifest)

    def close_point(self, token: str) -> bool:
        """Let go of a point; False when it was not there."""
        return self.points.close(token)

    def repair(self, manifest: Manifest, error: Exception) -> None:
        """Rebuild what cannot be opened of `manifest` from the truth."""
        with file_lock(self.path / "refresh.lock"):
            if self.read_manifest().generation == manifest.generation:
                self.deriver.repair(error)

    def repair_files(self, damaged: MappingABC[str, str]) -> None:
        """Rebuild derived files that were found damaged: path in the index's folder -> what is wrong."""
        with file_lock(self.path / "refresh.lock"):
            names = {Path(file).name for file in damaged} & self.read_manifest().files
            if names:
                listed = "; ".join(f"{file}: {reason}" for file, reason in damaged.items())
                self.deriver.repair(listed, names)

    def pending(self) -> dict[str, int]:
        """For each semantic space, how many documents' vectors are still to come."""
        manifest = self.view().manifest
        out = {}
        for name, space in self.spaces().items():
            entry = manifest.spaces.get(name)
            if space.family != "field":
                out[name] = self.store.live_count(entry.covered if entry else 0)
        return out

    def stats(self) -> IndexStats:
        """Counts and sizes."""
        view = self.view()
        size = sum(s.size for s in view.segments) + sum(p.size() for s in view.spaces.values() for p in s.parts)
        return IndexStats(
            documents=view.live_documents,
            deleted=view.documents - view.live_documents,
            unrefreshed=self.store.last_seq - view.manifest.covered,
            segments=len(view.segments),
            store_bytes=self.store.size(),
            index_bytes=size,
            pending=self.pending(),
        )

    def close(self) -> None:
        """Let go of the store; views in use stay valid."""
        self.store.close()
