"""Rule and word files that analysis settings name, and when they were read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path, PurePosixPath

Stamp = tuple[int, int, int]
LARGEST = 64 << 20  # bytes of one file


class UnreadableSource(ValueError):
    """A file that settings name and that cannot be used; the message says why."""


class Sources:
    """What one analyzer's settings read from ``folder`` (None: files are refused; a function: found when needed).

    ``updateable``: the filters that may change while an index is open, which therefore serve searches only.
    """

    def __init__(self, folder: Path | Callable[[], Path] | None = None) -> None:
        self._folder = folder
        self._watched: dict[Path, Stamp] = {}
        self.updateable: list[str] = []

    def lines(self, name: str, watched: bool) -> list[str]:
        """The lines of a UTF-8 file; ``watched``: :meth:`changed` notices when it is written again.

        Raises:
            UnreadableSource: it lies outside the folder, is missing, too large or not UTF-8.
        """
        path = self._path(name)
        stamp = _stamp(path)  # before reading: a write in between is noticed later
        try:
            if path.stat().st_size > LARGEST:
                raise UnreadableSource(f"the file [{name}] is larger than {LARGEST >> 20} MB")
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise UnreadableSource(f"the file [{name}] is not UTF-8 text: {error.reason}") from None
        except OSError as error:
            raise UnreadableSource(
                f"the file [{name}] cannot be read ({error.strerror}); put it into the folder [analysis] of the data "
                "directory"
            ) from None
        if watched:
            self._watched[path] = stamp
        return text.splitlines()

    @property
    def watches(self) -> bool:
        """Whether any file was read that may change."""
        return bool(self._watched)

    def changed(self) -> bool:
        """Whether a watched file is not the one that was read."""
        return any(_stamp(path) != stamp for path, stamp in self._watched.items())

    def accept(self) -> None:
        """Take the files as they are now for the ones that were read: what was wrong with them has been said."""
        self._watched = {path: _stamp(path) for path in self._watched}

    def _path(self, name: str) -> Path:
        """The file's place; a leading ``analysis/``, as Elasticsearch's examples have it, is the folder itself."""
        folder = self._folder() if callable(self._folder) else self._folder
        if folder is None:
            raise UnreadableSource(f"the file [{name}] cannot be read here; give the entries inline")
        pure = PurePosixPath(name)
        parts = pure.parts[1:] if pure.parts[:1] == ("analysis",) else pure.parts
        wrong = pure.is_absolute() or ".." in parts or "\\" in name or "\0" in name or not parts
        path = folder.joinpath(*parts) if not wrong else folder
        if wrong or not path.resolve().is_relative_to(folder.resolve()):
            raise UnreadableSource(
                f"the file [{name}] must lie inside the folder [analysis] of the data directory; name it relative to it"
            )
        return path


def _stamp(path: Path) -> Stamp:
    try:
        found = os.stat(path)
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)
