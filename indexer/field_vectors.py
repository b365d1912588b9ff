"""The values of dense_vector fields on their way from documents to parts of their spaces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import orjson

from .files import new_path
from .manifest import Manifest, PartEntry, SpaceEntry
from .segment.vectors import write_part

if TYPE_CHECKING:
    from .engine import Index

_OVERHEAD = 128  # bytes of a small array beside its numbers


@dataclass(slots=True)
class _Waiting:
    seqs: list[int] = field(default_factory=list)
    vectors: list[np.ndarray] = field(default_factory=list)


class FieldVectors:
    """Collects vectors and writes them as parts, each of at most ``memory`` bytes while it is collected."""

    def __init__(self, index: Index, memory: int) -> None:
        self._index = index
        self._memory = memory
        self._held = 0
        self._waiting: dict[str, _Waiting] = {}
        self._parts: dict[str, list[PartEntry]] = {}

    def add(self, path: str, seq: int, vector: list[float]) -> None:
        """The value of the field ``path`` in the document ``seq``; seqs ascend."""
        store = self._waiting.setdefault(path, _Waiting())
        store.seqs.append(seq)
        store.vectors.append(np.array(vector, np.float32))
        self._held += _OVERHEAD + store.vectors[-1].nbytes
        if self._held > self._memory:
            self.flush()

    def add_rows(self, rows: Iterable[tuple[int, bytes]], path: str) -> None:
        """The values of one field in (seq, JSON) rows."""
        for seq, body in rows:
            values = self._index.mapping.extract(orjson.loads(body), lenient=True).get(path)
            if values:
                self.add(path, seq, values[0])

    def flush(self) -> None:
        """Write what waits."""
        for path, found in self._waiting.items():
            space = self._index.spaces()[path]
            matrix = np.stack(found.vectors)
            if space.metric == "cosine":
                matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
            target = new_path(self._index.vectors_path)
            n = len(found.seqs)
            write_part(target, np.array(found.seqs), np.arange(n + 1), np.zeros((n, 2)), matrix, space.metric)
            self._parts.setdefault(path, []).append(PartEntry(target.name, n, n))
        self._waiting.clear()
        self._held = 0

    def added_to(self, manifest: Manifest) -> Manifest:
        """The manifest with all of these as parts of their spaces, which then cover what it covers."""
        self.flush()
        now, spaces = self._index.spaces(), dict(manifest.spaces)
        for path, parts in self._parts.items():
            entry = spaces.get(path) or SpaceEntry(now[path].identity)
            spaces[path] = replace(entry, parts=(*entry.parts, *parts))
        for name, entry in spaces.items():
            if name in now and now[name].family == "field":
                spaces[name] = replace(entry, covered=manifest.covered)
        return replace(manifest, spaces=spaces)
