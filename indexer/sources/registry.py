"""Which reader reads a file: by its suffix, else, for a file that was named itself, by its content."""

from __future__ import annotations

import importlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from .base import Reader, ReadOptions, Record
from .file import READ_ERRORS, SourceFile


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its name (of the module in this package too) and the suffixes of its files."""

    name: str
    suffixes: tuple[str, ...]
    prose: bool = False  # cut into passages, with the fields of PROSE

    def read(self, file: SourceFile, options: ReadOptions) -> Iterator[Record]:
        """The records of a file. The reader's module, with its parser, is loaded at first use."""
        reader: Reader = importlib.import_module(f"{__package__}.{self.name}").read
        return reader(file, options)


PROSE: dict[str, dict[str, str]] = {
    "path": {"type": "keyword"},
    "section": {"type": "keyword"},
    "page": {"type": "integer"},
}
"""Mapping of the fields that passages of prose bring beside `title` and `text`: to filter by, not to search."""

FORMATS = (
    Format("jsonl", (".jsonl", ".ndjson", ".json", ".jsonlines")),
    Format("delimited", (".csv", ".tsv", ".tab")),
    Format("markdown", (".md", ".markdown", ".mdown", ".mkd"), prose=True),
    Format("html", (".html", ".htm", ".xhtml"), prose=True),
    Format("pdf", (".pdf",), prose=True),
    Format("docx", (".docx",), prose=True),
    Format("text", (".txt", ".text", ".rst", ".log"), prose=True),
)
_BY_SUFFIX = {suffix: format for format in FORMATS for suffix in format.suffixes}
_BY_NAME = {format.name: format for format in FORMATS}


def by_suffix(file: SourceFile) -> Format | None:
    """The format that a file's name says, None if it says none."""
    return _BY_SUFFIX.get(file.suffix)


def by_content(file: SourceFile) -> Format | None:
    """The format that a file's first bytes say, None for bytes that are no text."""
    try:
        head = file.head(4096)
    except READ_ERRORS:
        return None
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"%PDF-"):
        return _BY_NAME["pdf"]
    if head.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(file.path) as archive:
                return _BY_NAME["docx"] if "word/document.xml" in archive.namelist() else None
        except (zipfile.BadZipFile, OSError):
            return None
    if start[:1] in (b"{", b"["):
        return _BY_NAME["jsonl"]
    if start[:200].lower().startswith((b"<!doctype html", b"<html")):
        return _BY_NAME["html"]
    marked = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    return None if b"\0" in head and not marked else _BY_NAME["text"]
