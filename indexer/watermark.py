"""The last acknowledged write, noted outside the database.

SQLite ends its write-ahead log at the first frame whose checksum fails: what a crash left half written, but
also everything after a byte that went bad. The note tells the two apart: a store whose last write is older
than the note has lost acknowledged writes. It is written without a sync, after the commit, so it may be
behind (which says nothing) but never ahead of what was durable.
"""

from __future__ import annotations

import logging
import os
import struct
import zlib
from pathlib import Path

logger = logging.getLogger("quarry.indexer")
_NOTE = struct.Struct("<QI")


class Watermark:
    """The note of one store: a file of 12 bytes beside it, in the open directory `folder`."""

    def __init__(self, path: Path, folder: int) -> None:
        self.path = path
        self._folder = folder

    def read(self) -> int:
        """The last write noted; 0 when there is no note or it is damaged."""
        try:
            seq, crc = _NOTE.unpack(self.path.read_bytes())
        except (OSError, struct.error):
            return 0
        return int(seq) if crc == zlib.crc32(str(seq).encode()) else 0

    def write(self, seq: int) -> None:
        """Note a write. A note that cannot be written is only a check less."""
        try:
            descriptor = os.open(self.path.name, os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=self._folder)
            try:
                os.pwrite(descriptor, _NOTE.pack(seq, zlib.crc32(str(seq).encode())), 0)
            finally:
                os.close(descriptor)
        except FileNotFoundError:  # the index was deleted meanwhile
            return
        except OSError as error:
            logger.warning("the note of the last write, %s, cannot be written: %s", self.path, error)
