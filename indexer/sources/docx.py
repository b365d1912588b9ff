"""Word documents (DOCX): paragraphs and tables in order, sections by heading styles."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator

from docx import Document
from docx.document import Document as Docx
from docx.opc.exceptions import PackageNotFoundError
from docx.table import Table
from docx.text.paragraph import Paragraph

from .base import ReadOptions, Record, SourceError
from .file import SourceFile
from .prose import Section, passages

_HEADING = re.compile(r"^heading (\d)$", re.IGNORECASE)
_COMPOUND_FILE = bytes.fromhex("d0cf11e0a1b11ae1")  # the container of .doc and of encrypted .docx
_UNREADABLE = (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError, SyntaxError, AttributeError)


def read(file: SourceFile, options: ReadOptions) -> Iterator[Record]:
    """Passages of each section; the title is the Title paragraph, the properties', or the first heading."""
    if file.head(8) == _COMPOUND_FILE:
        yield SourceError(
            file.location,
            "the document is encrypted or in the old .doc format: save it as .docx without password",
        )
        return
    try:
        with file.open() as stream:
            document = Document(stream)
            sections, title = _sections(document)
            title = title or (document.core_properties.title or "").strip()
    except _UNREADABLE as error:
        yield SourceError(file.location, f"not a readable DOCX: {error}")
        return
    if not title:
        title = next((s.headings[0] for s in sections if s.headings), "")
    yield from passages(file, title, sections)


def _sections(document: Docx) -> tuple[list[Section], str]:
    """(sections, the text of the paragraph in the style Title)."""
    sections: list[Section] = []
    headings: list[tuple[int, str]] = []
    blocks: list[str] = []
    title = ""

    def end() -> None:
        if blocks:
            sections.append(Section("\n\n".join(blocks), tuple(h for _, h in headings)))
            blocks.clear()

    for item in document.iter_inner_content():
        if isinstance(item, Table):
            blocks.append(_table(item))
            continue
        text = item.text.strip()
        if not text:
            continue
        style = _style(item)
        heading = _HEADING.match(style)
        if heading:
            end()
            depth = int(heading[1])
            headings = [(d, h) for d, h in headings if d < depth] + [(depth, text)]
        elif style == "title" and not title:
            title = text
        else:
            blocks.append(text)
    end()
    return sections, title


def _style(paragraph: Paragraph) -> str:
    """The built-in name of the paragraph's style, lower-case, whatever the language of Word was."""
    style = paragraph.style
    return (style.name or "").lower() if style is not None else ""


def _table(table: Table) -> str:
    rows = []
    for row in table.rows:
        cells: list[str] = []
        for cell in row.cells:
            text = " ".join(cell.text.split())
            if not cells or cells[-1] != text:  # a merged cell comes once for each column it spans
                cells.append(text)
        rows.append(" | ".join(cells))
    return "\n".join(row for row in rows if row.strip(" |"))
