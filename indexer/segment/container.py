"""A file of named, checksummed little-endian arrays, written once and memory-mapped.

Layout: sections, each aligned to 64 bytes; then a JSON directory (attributes, and of each section its
name, dtype, shape, offset, CRC-32); then a fixed trailer: directory length, its CRC-32, format version,
magic. Opening reads the trailer and the directory only; :meth:`SectionFile.verify` reads everything.

A file is written under a temporary name, synced, and renamed, so that it is there whole or not at all.
"""

from __future__ import annotations

import json
import mmap
import os
import shutil
import struct
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from indexer.files import sync
from indexer.segment.errors import DamagedSegment, ForeignSegment

FORMAT_VERSION = 1
_MAGIC = b"QRYSEGMT"
_TRAILER = struct.Struct("<QII8s")
_ALIGNMENT = 64
FILE_NAME = "segment.qry"  # of a segment, in its directory
_SPILL = 1 << 20  # bytes of a section held in memory
_LEAD = 8 << 20  # bytes from which a section may lead the container
_BLOCK = 32 << 20


class _Section:
    """One array being written: held in memory up to a megabyte, then in a temporary file or the container itself."""

    def __init__(self, name: str, dtype: np.dtype, folder: Path) -> None:
        self.name = name
        self.dtype = dtype
        self.offset = self.size = self.crc = 0
        # kept for the life of the container and closed by it
        self.data: Any = tempfile.SpooledTemporaryFile(max_size=_SPILL, dir=str(folder))  # noqa: SIM115

    def append(self, values: np.ndarray) -> None:
        array = np.ascontiguousarray(values, dtype=self.dtype)
        view = array.reshape(-1).view(np.uint8).data if array.size else memoryview(b"")
        self.data.write(view)
        self.crc = zlib.crc32(view, self.crc)
        self.size += len(view)

    def move(self, out: BinaryIO) -> None:
        """Write what there is to ``out``, and what comes as well."""
        self.data.seek(0)
        shutil.copyfileobj(self.data, out, 1 << 20)
        self.data.close()
        self.data = out


class SectionFileWriter:
    """Writes one container; sections may be appended to in any interleaving.

    Parameters: ``path`` of the finished file. Errors of the file system come through as ``OSError`` and
    leave nothing under that name.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._temporary = path.with_name(path.name + ".tmp")
        self._sections: dict[str, _Section] = {}
        self._first: _Section | None = None  # the first large one: it is written in place

    def append(self, name: str, values: np.ndarray) -> None:
        """Add values to the end of a section; its dtype is that of the first call."""
        section = self._sections.get(name)
        if section is None:
            section = _Section(name, values.dtype.newbyteorder("<"), self.path.parent)
            self._sections[name] = section
        section.append(values)
        if section.size > _LEAD and self._first is None:
            self._first = section
            section.move(open(self._temporary, "wb"))  # noqa: SIM115  (closed with the section)

    def finish(self, attributes: Mapping[str, Any]) -> int:
        """Put the sections together, sync, rename; returns the file's size in bytes."""
        try:
            with open(self._temporary, "wb") if self._first is None else self._first.data as out:
                size = self._write(out, attributes)
                out.flush()
                os.fsync(out.fileno())
            os.replace(self._temporary, self.path)
        finally:
            self.close()
        sync(self.path.parent)
        return size

    def _write(self, out: BinaryIO, attributes: Mapping[str, Any]) -> int:
        order = [] if self._first is None else [self._first]
        offset = sum(section.size for section in order)
        for section in self._sections.values():
            if section is self._first:
                continue
            order.append(section)
            padding = -offset % _ALIGNMENT
            out.write(b"\0" * padding)
            section.offset = offset + padding
            section.move(out)
            offset = section.offset + section.size
        directory = [
            {"name": s.name, "dtype": s.dtype.str, "offset": s.offset, "size": s.size, "crc": s.crc} for s in order
        ]
        listing = json.dumps({"attributes": attributes, "sections": directory}, ensure_ascii=False).encode()
        out.write(listing)
        out.write(_TRAILER.pack(len(listing), zlib.crc32(listing), FORMAT_VERSION, _MAGIC))
        return offset + len(listing) + _TRAILER.size

    def close(self) -> None:
        """Let go of the temporary files; harmless after :meth:`finish`."""
        for section in self._sections.values():
            section.data.close()
        self._sections.clear()
        self._temporary.unlink(missing_ok=True)


class SectionFile:
    """A container, mapped read-only. Arrays are views of the mapping and keep it alive."""

    def __init__(self, path: Path) -> None:
        """Raises DamagedSegment when the file is absent, cut or altered at its end; ForeignSegment when
        another format version wrote it."""
        self.path = path
        try:
            with open(path, "rb") as file:
                self.size = os.fstat(file.fileno()).st_size
                if self.size < _TRAILER.size:
                    raise DamagedSegment(f"{path} is cut short; build the segment again")
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except FileNotFoundError:
            raise DamagedSegment(f"{path} is missing; build the segment again") from None
        self.bytes = np.frombuffer(self._map, np.uint8)
        self.address: int = self.bytes.__array_interface__["data"][0]
        length, crc, version, magic = _TRAILER.unpack(self._map[-_TRAILER.size :])
        if magic != _MAGIC:
            raise DamagedSegment(f"{path} does not end as a segment file does; build the segment again")
        if version != FORMAT_VERSION:
            raise ForeignSegment(
                f"{path} is in format {version}, this program reads {FORMAT_VERSION}; build the segment again"
            )
        end = self.size - _TRAILER.size
        listing = self._map[max(0, end - length) : end]
        if len(listing) != length or zlib.crc32(listing) != crc:
            raise DamagedSegment(f"{path} has a damaged directory; build the segment again")
        content = json.loads(listing)
        self.attributes: dict[str, Any] = content["attributes"]
        self._sections: dict[str, dict[str, Any]] = {s["name"]: s for s in content["sections"]}

    def __contains__(self, name: str) -> bool:
        return name in self._sections

    def array(self, name: str) -> np.ndarray:
        """A section as a read-only one-dimensional array."""
        section = self._sections[name]
        offset, size = section["offset"], section["size"]
        return self.bytes[offset : offset + size].view(section["dtype"])

    def at(self, name: str) -> int:
        """A section's address in memory."""
        return self.address + int(self._sections[name]["offset"])

    def release(self) -> None:
        """Give the pages that were read back to the system; reading them again is possible and costs faults."""
        self._map.madvise(mmap.MADV_DONTNEED)

    def verify(self) -> list[str]:
        """Names of the sections whose bytes differ from what was written, the zeros between them included."""
        damaged, end = [], 0
        for name, section in self._sections.items():
            offset, size, crc = section["offset"], section["size"], 0
            for start in range(offset, offset + size, _BLOCK):
                crc = zlib.crc32(self.bytes[start : min(start + _BLOCK, offset + size)].data, crc)
                self.release()
            if crc != section["crc"] or self.bytes[end:offset].any():
                damaged.append(name)
            end = offset + size
        return damaged
