"""Plain text in any encoding."""

from __future__ import annotations

from collections.abc import Iterator

from .base import ReadOptions, Record
from .encoding import decode
from .file import SourceFile
from .prose import Section, passages

_TITLE = 80  # characters of the longest first line that can be a title


def read(file: SourceFile, options: ReadOptions) -> Iterator[Record]:
    """Passages of the text; its title is a short first line that stands alone, else the file's name."""
    text = decode(file.read(), options.encoding)
    body = text.lstrip()
    first, _, rest = body.partition("\n")
    line = 1 + text.count("\n", 0, len(text) - len(body))
    title = file.stem
    if rest.startswith("\n") and rest.strip() and len(first.strip()) <= _TITLE:
        title = first.strip()
        body = rest.lstrip()
        line = 1 + text.count("\n", 0, len(text) - len(body))
    yield from passages(file, title, [Section(body, line=line)])
