"""One file of a source: opened (through its compression), measured, read by lines or whole."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, BinaryIO, cast

MAX_LINE = 64 << 20
"""Bytes of the longest line that is read; a longer one is a damaged file, not a document."""
MAX_WHOLE = 256 << 20
"""Bytes of the largest file of a format that is read as a whole (Markdown, HTML, DOCX, text)."""

COMPRESSIONS: dict[str, Callable[[BinaryIO], IO[bytes]]] = {
    ".gz": lambda raw: cast(IO[bytes], gzip.GzipFile(fileobj=raw)),
    ".bz2": lambda raw: bz2.BZ2File(raw),
    ".xz": lambda raw: lzma.LZMAFile(raw),  # noqa: SIM115 (SourceFile.open's caller closes it)
}
READ_ERRORS = (OSError, EOFError, zlib.error, lzma.LZMAError)
"""What reading a damaged or truncated file raises."""


class FileTooLarge(OSError):
    """A file too large for a format that is read as a whole."""


class SourceFile:
    """A file, and how far it has been read.

    Attributes:
        path: where it is.
        location: how messages name it.
        key: what the ids of its passages begin with, and their `path` field.
        size: bytes on disk, compressed ones if it is compressed.
    """

    def __init__(self, path: Path, location: str, key: str) -> None:
        self.path = path
        self.location = location
        self.key = key
        self.size = path.stat().st_size
        self._raw: BinaryIO | None = None
        self._fraction = 0.0

    @property
    def suffix(self) -> str:
        """The lower-case suffix without a compression's: `.jsonl` of `news.jsonl.gz`."""
        name = self.path.name.lower()
        for ending in COMPRESSIONS:
            name = name.removesuffix(ending)
        return Path(name).suffix

    @property
    def stem(self) -> str:
        """The name without its suffixes."""
        name = self.path.name
        for ending in COMPRESSIONS:
            if name.lower().endswith(ending):
                name = name[: -len(ending)]
        return Path(name).stem

    @property
    def done(self) -> int:
        """Bytes on disk read so far."""
        if self._fraction:
            return int(self._fraction * self.size)
        if self._raw is not None and not self._raw.closed:
            return min(self._raw.tell(), self.size)
        return 0

    def finish(self, fraction: float = 1.0) -> None:
        """Say how much is done of a file that is not read from front to back, or that all is."""
        self._fraction = fraction

    def open(self) -> IO[bytes]:
        """The file's bytes, decompressed by its suffix; close it after use."""
        self._raw = self.path.open("rb")
        opener = COMPRESSIONS.get(self.path.suffix.lower())
        # A context manager on the result must close the file on disk too, so it is the raw file's owner.
        return _Stream(self._raw, opener(self._raw) if opener else self._raw)

    def head(self, size: int) -> bytes:
        """The first `size` bytes, or all of a shorter file."""
        with self.open() as stream:
            return stream.read(size)

    def read(self) -> bytes:
        """The whole file; :class:`FileTooLarge` above :data:`MAX_WHOLE` bytes."""
        with self.open() as stream:
            data = stream.read(MAX_WHOLE + 1)
        if len(data) > MAX_WHOLE:
            raise FileTooLarge(f"larger than {MAX_WHOLE >> 20} MiB; split it or convert it to JSON lines")
        return data

    def lines(self) -> Iterator[tuple[int, bytes | None]]:
        """(number from 1, line without its end); None for a line longer than :data:`MAX_LINE`."""
        with self.open() as stream:
            number = 0
            while line := stream.readline(MAX_LINE + 1):
                number += 1
                if len(line) > MAX_LINE and not line.endswith(b"\n"):
                    while (rest := stream.readline(MAX_LINE)) and not rest.endswith(b"\n"):
                        pass
                    yield number, None
                else:
                    yield number, line.rstrip(b"\r\n")


class _Stream(io.BufferedReader):
    """A buffered (decompressed) stream that closes the file on disk with itself."""

    def __init__(self, raw: BinaryIO, stream: IO[bytes]) -> None:
        super().__init__(cast(io.RawIOBase, stream), 1 << 16)
        self._disk = raw

    def close(self) -> None:
        super().close()
        self._disk.close()
