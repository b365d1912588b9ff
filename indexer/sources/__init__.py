"""Documents from files: one protocol, one file a format, a registry by suffix and content.

source = open_source(Path("docs"))
for record in source:  # SourceDocument, SourceError or SourceSkipped
    ...
source.done, source.total  # bytes
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .base import ReadOptions, Record, SourceDocument, SourceError, SourceSkipped
from .directory import SourceNotFound, corpus_of, find
from .file import READ_ERRORS, SourceFile
from .registry import FORMATS, PROSE, Format, by_content, by_suffix

__all__ = [
    "FORMATS",
    "PROSE",
    "ReadOptions",
    "Record",
    "Source",
    "SourceDocument",
    "SourceError",
    "SourceNotFound",
    "SourceSkipped",
    "corpus_of",
    "open_source",
]


class Source:
    """The files behind a path, read one after another.

    Attributes:
        total: bytes to read.
        files: how many files there are to read.
        properties: mapping of the fields that its documents bring, where the values do not say it.
    """

    def __init__(self, path: Path, options: ReadOptions) -> None:
        self._options = options
        self._found = list(find(path, options))
        self._single = not path.is_dir()
        sizes = [file.size for file in self._found if isinstance(file, SourceFile)]
        self.files = len(sizes)
        self.total = sum(sizes)
        formats = [self._format(file) for file in self._found if isinstance(file, SourceFile)]
        self.properties = dict(PROSE) if any(format and format.prose for format in formats) else {}
        self._before = 0
        self._current: SourceFile | None = None

    @property
    def done(self) -> int:
        """Bytes read so far."""
        return self._before + (self._current.done if self._current else 0)

    def __iter__(self) -> Iterator[Record]:
        self._before = 0
        for item in self._found:
            if not isinstance(item, SourceFile):
                yield item
                continue
            self._current = item
            yield from self._read(item)
            self._before += item.size
            self._current = None

    def _format(self, file: SourceFile) -> Format | None:
        return by_suffix(file) or (by_content(file) if self._single else None)

    def _read(self, file: SourceFile) -> Iterator[Record]:
        format = self._format(file)
        if format is None:
            yield SourceError(file.location, "unknown type, and the content is no text")
            return
        try:
            yield from format.read(file, self._options)
        except EOFError:
            yield SourceError(file.location, "the compressed file is cut off")
        except READ_ERRORS as error:
            yield SourceError(file.location, f"the file cannot be read: {_reason(error)}")
        except (UnicodeError, LookupError) as error:
            yield SourceError(file.location, f"the text cannot be decoded: {error}")


def _reason(error: Exception) -> str:
    return str((isinstance(error, OSError) and error.strerror) or error)


def open_source(path: Path, options: ReadOptions | None = None) -> Source:
    """The documents behind a path; :class:`SourceNotFound` if there is nothing there."""
    return Source(path, options or ReadOptions())
