"""A row of the truth as stored: its document packed, its checksum.

SQLite notices a damaged page only when its structure breaks. So every row carries the CRC-32 of all that
it says; a mark of supersession, which comes later, is folded in by exclusive or, which SQL can do.
"""

from __future__ import annotations

import threading
import zlib
from dataclasses import dataclass

import zstandard

_RAW, _ZSTD = b"\0", b"\1"
_local = threading.local()


@dataclass(frozen=True, slots=True)
class Row:
    """One write: `body` is the document's JSON, None for a delete."""

    seq: int
    id: str
    version: int
    body: bytes | None


def pack(body: bytes) -> bytes:
    """A document as stored: zstd where it pays (above half a kilobyte, and only when smaller)."""
    if len(body) > 512:
        compressor = getattr(_local, "compressor", None)
        if compressor is None:
            compressor = _local.compressor = zstandard.ZstdCompressor(level=1)
        small = compressor.compress(body)
        if len(small) < len(body):
            return _ZSTD + small
    return _RAW + body


def unpack(stored: bytes) -> bytes:
    """The document that `pack` stored."""
    if stored[:1] == _ZSTD:
        decompressor = getattr(_local, "decompressor", None)
        if decompressor is None:
            decompressor = _local.decompressor = zstandard.ZstdDecompressor()
        return bytes(decompressor.decompress(stored[1:]))
    return stored[1:]


def row_checksum(seq: int, doc_id: str, version: int, stored: bytes | None) -> int:
    """CRC-32 of a row that nothing has superseded yet; `stored` is its packed body."""
    head = f"{seq}\0{version}\0{'-' if stored is None else '+'}{doc_id}\0".encode()
    return zlib.crc32(stored, zlib.crc32(head)) if stored is not None else zlib.crc32(head)


def mark_checksum(superseded: int | None) -> int:
    """What a mark of supersession adds to a row's checksum, by exclusive or."""
    return 0 if superseded is None else zlib.crc32(b"superseded %d" % superseded)


def meta_checksum(key: str, value: str) -> int:
    """CRC-32 of a piece of metadata."""
    return zlib.crc32(f"{key}\0{value}".encode())
