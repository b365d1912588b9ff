"""The manifest: which derived files make up an index now.

One small JSON file, replaced atomically, so that every process sees either the old set or the new one.
It is derived like all the rest: without it an index is rebuilt from its store.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from .files import replace_within

FORMAT = 2


@dataclass(frozen=True)
class SegmentEntry:
    """A segment, the writes it spans, and the file of its dead documents (None: none is dead)."""

    name: str
    documents: int
    first_seq: int
    last_seq: int
    dead: int = 0
    tombstones: str | None = None


@dataclass(frozen=True)
class PartEntry:
    """A part of a space's vectors."""

    name: str
    documents: int
    rows: int


@dataclass(frozen=True)
class SpaceEntry:
    """The vectors of one semantic space: parts in document order, and how far they reach."""

    fingerprint: str
    covered: int = 0
    parts: tuple[PartEntry, ...] = ()
    model: str | None = None  # folder of a model trained on this index
    trained_on: int = 0  # documents it was trained on
    model_crc: int = 0  # CRC-32 of its file
    encoder: str = ""  # what made the vectors: name, dimension, pooling, metric


@dataclass(frozen=True)
class Manifest:
    """A moment of an index: `covered` is the last write that its segments know."""

    generation: int = 0
    covered: int = 0
    segments: tuple[SegmentEntry, ...] = ()
    spaces: dict[str, SpaceEntry] = field(default_factory=dict)
    history: tuple[tuple[float, int], ...] = ()  # (time, covered) of the last generations
    analysis: dict[str, str] = field(default_factory=dict)  # text field -> what its analyzer did to a sample
    format: int = FORMAT

    def next(self, **changes: Any) -> Manifest:
        """The manifest after this one, with the given changes."""
        return replace(self, generation=self.generation + 1, **changes)

    def with_space(self, name: str, entry: SpaceEntry) -> Manifest:
        return self.next(spaces={**self.spaces, name: entry})

    @property
    def files(self) -> set[str]:
        """Names of all files and folders that this manifest needs."""
        names = {s.name for s in self.segments} | {s.tombstones for s in self.segments if s.tombstones}
        for space in self.spaces.values():
            names |= {part.name for part in space.parts}
            if space.model:
                names.add(space.model)
        return names


def read_manifest(path: Path) -> Manifest | None:
    """The manifest at `path`; None when it is not there, damaged, or of another format."""
    try:
        return manifest_of(path.read_text())
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def manifest_of(text: str) -> Manifest | None:
    """The manifest that `manifest_text` wrote; None when it is damaged or of another format."""
    try:
        crc, _, listing = text.partition(" ")
        if int(crc, 16) != zlib.crc32(listing.encode()):
            return None
        body = json.loads(listing)
        if body["format"] != FORMAT:
            return None
        body["segments"] = tuple(SegmentEntry(**s) for s in body["segments"])
        body["spaces"] = {n: _space(s) for n, s in body["spaces"].items()}
        body["history"] = tuple((t, c) for t, c in body["history"])
        return Manifest(**body)
    except (ValueError, KeyError, TypeError):
        return None


def _space(body: dict[str, Any]) -> SpaceEntry:
    return SpaceEntry(**{**body, "parts": tuple(PartEntry(**part) for part in body["parts"])})


def manifest_text(manifest: Manifest) -> str:
    """A manifest as one line: CRC-32 in hexadecimal, then JSON."""
    listing = json.dumps(asdict(manifest), ensure_ascii=False)
    return f"{zlib.crc32(listing.encode()):08x} {listing}"


def write_manifest(folder: int, name: str, manifest: Manifest) -> None:
    """Replace the manifest of this name in an open directory atomically and durably."""
    replace_within(folder, name, manifest_text(manifest).encode())
