"""PDF: the text of each page, with its number."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

from pypdf import PdfReader
from pypdf.errors import DependencyError, PyPdfError

from .base import ReadOptions, Record, SourceError
from .file import SourceFile
from .prose import Section, passages

logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what is wrong comes as records, not as log lines

_HYPHEN = re.compile(r"(?<=[a-z])[-\u00ad]\n(?=[a-z])")
_HAN_BREAK = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef])[ \t]*\n[ \t]*(?=[\u3000-\u9fff\uff00-\uffef])")
_BREAK = re.compile(r"[ \t]*(?<!\n)\n(?!\s*\n)[ \t]*")
_GENERATED = re.compile(r"^(untitled|microsoft word|document\d*|.*\.(docx?|tex|dvi|indd|qxd|pages))\b", re.IGNORECASE)


def read(file: SourceFile, options: ReadOptions) -> Iterator[Record]:
    """Passages of each page; a page that cannot be read is reported and skipped.

    An encrypted file is opened where its user password is empty, as printers' protections are.
    """
    with file.open() as stream:
        try:
            reader = PdfReader(stream, strict=False)
            if reader.is_encrypted and not reader.decrypt(""):
                yield SourceError(file.location, "the PDF is encrypted: remove its password first")
                return
            pages = len(reader.pages)
        except DependencyError:
            yield SourceError(file.location, "the PDF is encrypted: remove its password first")
            return
        except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            yield SourceError(file.location, f"not a readable PDF: {error}")
            return
        sections: list[Section] = []
        for number in range(pages):
            try:
                text = reader.pages[number].extract_text()
            except Exception as error:
                # Fonts and content streams fail in every way there is; the other pages are still good.
                yield SourceError(f"{file.location}:page {number + 1}", f"the page cannot be read: {error}")
                continue
            sections.append(Section(flow(text), page=number + 1))
            file.finish((number + 1) / pages)
        title = _title(reader)
    if sections and not any(section.text.strip() for section in sections):
        yield SourceError(file.location, "the PDF has no text, only images: recognise its text (OCR) first")
        return
    yield from passages(file, title, sections)


def flow(text: str) -> str:
    """Lines of a page joined into paragraphs: Han characters without a space, hyphenated words whole."""
    text = text.replace("\r\n", "\n")
    text = _HYPHEN.sub("", text)
    text = _HAN_BREAK.sub("", text)
    return _BREAK.sub(" ", text).strip()


def _title(reader: PdfReader) -> str:
    """The title of the metadata, unless a program wrote a file's name there; "" takes the file's name."""
    try:
        title = str((reader.metadata and reader.metadata.title) or "").strip()
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError):
        return ""
    return "" if _GENERATED.match(title) else title
