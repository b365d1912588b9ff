"""Checksums of the files of a derived folder, in a file of its own.

Segments carry checksums inside; FAISS's indices and numpy's arrays do not. A folder is sealed when it is
written; opening it reads the seal only, verifying it reads everything.
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path

from indexer.files import sync

NAME = "checksums.json"


def checksum(path: Path) -> int:
    """CRC-32 of a file."""
    crc = 0
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            crc = zlib.crc32(block, crc)
    return crc


def seal(folder: Path) -> None:
    """Sync a folder's files and write down their checksums."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != NAME)
    sums = {}
    for path in files:
        sums[str(path.relative_to(folder))] = checksum(path)
        sync(path)
    text = json.dumps(sums)
    (folder / NAME).write_text(json.dumps({"files": text, "crc": zlib.crc32(text.encode())}))
    sync(folder / NAME)
    sync(folder)


def damage(folder: Path) -> list[str]:
    """Names of a folder's files that are missing or differ from what was sealed; reads everything."""
    try:
        content = json.loads((folder / NAME).read_bytes())
        sums: dict[str, int] = json.loads(content["files"])
        if zlib.crc32(content["files"].encode()) != content["crc"]:
            return [NAME]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return [NAME]
    found = {}
    for name, crc in sums.items():
        try:
            found[name] = checksum(folder / name) == crc
        except OSError:
            found[name] = False
    return [name for name, sound in found.items() if not sound]
