"""From the sections of a prose file (Markdown, HTML, PDF, DOCX, text) to passages of a search's size."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..chunking import chunk
from .base import MAX_ID_BYTES, Record, SourceDocument, SourceError
from .file import SourceFile

_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ud800-\udfff]")
_SLUG = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a document under one heading, or one page of it.

    Attributes:
        text: its text; paragraphs are parted by blank lines.
        headings: the headings above it, outermost first.
        line: the line it begins at, from 1, where the format has lines.
        page: the page, from 1, where the format has pages.
    """

    text: str
    headings: tuple[str, ...] = ()
    line: int | None = None
    page: int | None = None


def clean(text: str) -> str:
    """`text` without control characters and lone surrogates, which no store and no client wants."""
    return _UNWANTED.sub("", text)


def passages(file: SourceFile, title: str, sections: Iterable[Section]) -> Iterator[Record]:
    """The passages of a file: `title`, `text`, `path`, and `section` or `page`.

    The title of a passage is the document's and the nearest heading, since a passage is searched and
    encoded together with its title. The id is the path and an anchor (`guide.md#install`,
    `report.pdf#page=3`), then `:2`, `:3` … for further passages of one section, so that reading an
    unchanged file again gives the same ids.
    """
    title = " ".join(clean(title).split()) or file.stem
    seen: dict[str, int] = {}
    count = 0
    for section in sections:
        text = clean(section.text)
        headings = tuple(h for h in (" ".join(clean(h).split()) for h in section.headings) if h)
        anchor = f"page={section.page}" if section.page else _slug(headings[-1] if headings else "")
        seen[anchor] = seen.get(anchor, 0) + 1
        if seen[anchor] > 1:
            anchor = f"{anchor}-{seen[anchor] - 1}"  # as GitHub numbers equal headings
        for i, (start, end) in enumerate(chunk(text), 1):
            fields: dict[str, Any] = {"title": _title(title, headings), "text": text[start:end]}
            fields["path"] = file.key
            if headings:
                fields["section"] = " › ".join(headings)
            if section.page:
                fields["page"] = section.page
            count += 1
            yield SourceDocument(
                _identity(file.key, anchor if i == 1 else f"{anchor}:{i}"),
                fields,
                _location(file, section, text.count("\n", 0, start)),
            )
    if not count:
        yield SourceError(file.location, "there is no text in this file")


def _title(title: str, headings: tuple[str, ...]) -> str:
    return f"{title} › {headings[-1]}" if headings and headings[-1] != title else title


def _slug(heading: str) -> str:
    return _SLUG.sub("-", heading.lower()).strip("-")


def _identity(key: str, anchor: str) -> str:
    identity = f"{key.lstrip('/')}#{anchor}" if anchor else key.lstrip("/")
    if len(identity.encode()) <= MAX_ID_BYTES:
        return identity
    return hashlib.blake2b(identity.encode(), digest_size=20).hexdigest()


def _location(file: SourceFile, section: Section, lines: int) -> str:
    if section.page:
        return f"{file.location}:page {section.page}"
    return f"{file.location}:{section.line + lines}" if section.line else file.location
