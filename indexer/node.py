"""All indices of one data directory, and the background work that keeps them fresh.

Any number of processes may open the same directory. Each index is a folder under `indices/`, named by
its name; making and deleting one is a rename, so that it is there whole or not at all.
"""

from __future__ import annotations

import fnmatch
import logging
import re
import shutil
import threading
import time
import uuid
from collections.abc import Mapping as MappingABC
from pathlib import Path
from typing import Any

from settings import Settings

from .embedding import Progress, SpaceFiller
from .encoders import Encoders
from .engine import Index, parse_interval
from .errors import IndexExists, IndexNotFound, InvalidIndexName, InvalidRequest
from .manifest import file_lock
from .mapping import Mapping
from .spaces import spaces_of

logger = logging.getLogger("quarry.indexer")
_FORBIDDEN = re.compile(r'[\\/*?"<>| ,#:\x00-\x1f]')
MERGE_SECONDS = 5.0
KNOWN_SETTINGS = {
    "number_of_shards", "number_of_replicas", "refresh_interval", "analysis", "semantic", "similarity",
    "max_result_window", "query", "hidden", "provided_name", "creation_date", "uuid", "version", "mapping", "codec",
}  # fmt: skip


class Node:
    """The indices of `settings.data`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.path = Path(settings.data) / "indices"
        self.path.mkdir(parents=True, exist_ok=True)
        self.encoders = Encoders(settings)
        self._open: dict[str, Index] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    # --- indices --------------------------------------------------------------------------------

    def names(self, pattern: str = "*") -> list[str]:
        """The names of the indices that match a pattern (`*` and `?`), sorted."""
        found = (p.name for p in self.path.iterdir() if not p.name.startswith(".") and (p / "truth.db").is_file())
        return sorted(name for name in found if fnmatch.fnmatchcase(name, pattern))

    def exists(self, name: str) -> bool:
        return _is_name(name) and (self.path / name / "truth.db").is_file()

    def index(self, name: str) -> Index:
        """The open index of that name; IndexNotFound."""
        found = self._open.get(name)
        if found is not None and self._is_current(found):
            return found
        with self._lock:
            found = self._open.get(name)
            if found is not None and self._is_current(found):
                return found
            self._open.pop(name, None)
            if not self.exists(name):
                raise IndexNotFound(name)
            try:
                found = self._open[name] = Index(self.path / name, self.settings)
            except FileNotFoundError:
                raise IndexNotFound(name) from None
            return found

    @staticmethod
    def _is_current(index: Index) -> bool:
        """Whether the index's folder is still the one that was opened (another process may replace it)."""
        try:
            return index.path.stat().st_ino == index.inode
        except FileNotFoundError:
            return False

    def create(self, name: str, body: MappingABC[str, Any] | None = None) -> Index:
        """Make an index from `{"mappings": …, "settings": …}`; IndexExists, InvalidIndexName, InvalidMapping."""
        check_name(name)
        body = dict(body or {})
        unknown = set(body) - {"mappings", "settings", "aliases"}
        if unknown:
            raise InvalidRequest(f"unknown key [{sorted(unknown)[0]}] for create index")
        if body.get("aliases"):
            raise InvalidRequest("[aliases] are not supported when an index is created")
        settings = flat_settings(body.get("settings"))
        mapping = Mapping(body.get("mappings"))
        spaces_of(mapping, settings, self.settings.encoder)
        check_analyzers(mapping, settings)
        with self._lock:
            if self.exists(name):
                raise IndexExists(name, str(self._uuid(name)))
            try:
                Index.create(self.path / name, name, mapping, settings)
            except OSError:
                if self.exists(name):
                    raise IndexExists(name, str(self._uuid(name))) from None
                raise
        return self.index(name)

    def _uuid(self, name: str) -> str:
        found = self._open.get(name)
        return found.uuid if found else Index(self.path / name, self.settings).uuid

    def get_or_create(self, name: str) -> Index:
        """The index, made with an empty mapping when it is not there yet."""
        try:
            return self.index(name)
        except IndexNotFound:
            try:
                return self.create(name)
            except IndexExists:
                return self.index(name)

    def delete(self, name: str) -> None:
        """Remove an index and all its documents; IndexNotFound."""
        with self._lock:
            if not self.exists(name):
                raise IndexNotFound(name)
            gone = self.path / f".{name}.{uuid.uuid4().hex}.deleted"
            (self.path / name).rename(gone)
            found = self._open.pop(name, None)
        if found is not None:
            found.close()
        shutil.rmtree(gone, ignore_errors=True)

    def fill_vectors(self, index: Index, progress: Progress | None = None, wait: bool = True) -> bool:
        """Bring the spaces of an index up to its last refresh; False when another process is at it."""
        with file_lock(index.path / "vectors.lock", wait) as got:
            if got:
                SpaceFiller(index, self.encoders, self._stop.is_set).fill(progress)
            return got

    # --- background -----------------------------------------------------------------------------

    def start(self) -> None:
        """Refresh, merge and fill spaces in the background of this process until `close`."""
        if self._threads:
            return
        for work, name in (
            (self._refresh_all, "refresh"),
            (self._merge_all, "merge"),
            (self._fill_all, "vectors"),
        ):
            thread = threading.Thread(target=self._loop, args=(work,), name=f"quarry-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def _loop(self, work: Any) -> None:
        while not self._stop.wait(MERGE_SECONDS if work == self._merge_all else self.settings.refresh_interval / 2):
            for name in self.names():
                if self._stop.is_set():
                    return
                try:
                    work(self.index(name))
                except IndexNotFound:
                    continue
                except Exception:
                    if self.exists(name):
                        logger.exception("background work on index %s failed; it is tried again", name)
                        self._stop.wait(5.0)

    def _refresh_all(self, index: Index) -> None:
        if index.refresh_due():
            index.refresh(wait=False)

    def _merge_all(self, index: Index) -> None:
        index.merge(wait=False)

    def _fill_all(self, index: Index) -> None:
        if index.spaces_due():
            try:
                self.fill_vectors(index, wait=False)
                index.space_error = None
            except RuntimeError as error:
                if str(error) != index.space_error:
                    logger.warning("index %s: %s", index.name, error)
                index.space_error = str(error)
                index.space_retry = time.monotonic() + 30.0

    def close(self) -> None:
        """Stop the background work and release everything."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=30.0)
        with self._lock:
            for index in self._open.values():
                index.close()
            self._open.clear()


def _is_name(name: str) -> bool:
    return (
        bool(name)
        and not _FORBIDDEN.search(name)
        and name[0] not in "-_+."
        and len(name.encode("utf-8", "replace")) <= 255
    )


def check_name(name: str) -> None:
    """InvalidIndexName unless `name` may name an index (Elasticsearch's rules)."""
    if name != name.lower():
        raise InvalidIndexName(f"Invalid index name [{name}], must be lowercase", index=name)
    if not _is_name(name):
        raise InvalidIndexName(
            f"Invalid index name [{name}], must not start with '_', '-', '+' or '.', be longer than 255 bytes, or "
            'contain spaces or any of \\ / * ? " < > | , # :',
            index=name,
        )


def flat_settings(body: Any) -> dict[str, Any]:
    """Index settings without the `index.` prefix, dotted keys made into objects; InvalidRequest on unknown ones."""
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise InvalidRequest("[settings] must be an object")
    out: dict[str, Any] = {}

    def put(path: list[str], value: Any, into: dict[str, Any]) -> None:
        if len(path) == 1 and isinstance(value, dict):
            for key, inner in value.items():
                put([path[0], *key.split(".")], inner, into)
        elif len(path) == 1:
            into[path[0]] = value
        else:
            put(path[1:], value, into.setdefault(path[0], {}))

    for key, value in body.items():
        if key == "index" and isinstance(value, dict):
            for inner, deep in value.items():
                put(inner.split("."), deep, out)
        else:
            put(key.removeprefix("index.").split("."), value, out)
    for name in ("analysis", "semantic", "query"):
        if not isinstance(out.get(name, {}), dict):
            raise InvalidRequest(f"[index.{name}] must be an object, not [{out[name]}]")
    if "refresh_interval" in out:
        parse_interval(out["refresh_interval"])
    unknown = set(out) - KNOWN_SETTINGS
    if unknown:
        raise InvalidRequest(
            f"unknown setting [index.{sorted(unknown)[0]}] please check that any required plugins are installed, "
            "or check the breaking changes documentation for removed settings"
        )
    return out


def check_analyzers(mapping: Mapping, settings: MappingABC[str, Any]) -> None:
    """InvalidRequest when a field names an analyzer that there is not, or a custom one is wrong."""
    from .analyzers import Analyzers

    analyzers = Analyzers(dict(settings.get("analysis", {})))
    names = {f.analyzer for f in mapping.fields.values() if f.is_text}
    names |= {f.search_analyzer for f in mapping.fields.values() if f.is_text}
    custom = settings.get("analysis", {}).get("analyzer", {})
    if not isinstance(custom, dict):
        raise InvalidRequest("[index.analysis.analyzer] must be an object of analyzers")
    names |= set(custom)
    for name in names:
        try:
            analyzers.get(name)
        except ValueError as error:
            raise InvalidRequest(str(error)) from None
        except TypeError as error:
            raise InvalidRequest(f"the settings of analyzer [{name}] are malformed: {error}") from None
