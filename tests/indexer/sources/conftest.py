"""Helpers of the reader tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from indexer.sources import ReadOptions, SourceDocument, SourceError, SourceSkipped, open_source


@dataclass
class Found:
    """What a source gave, sorted by kind; locations without their folder."""

    documents: list[SourceDocument] = field(default_factory=list)
    errors: list[SourceError] = field(default_factory=list)
    skipped: list[SourceSkipped] = field(default_factory=list)

    @property
    def sources(self) -> list[dict]:
        return [document.source for document in self.documents]

    @property
    def ids(self) -> list[str]:
        return [document.id for document in self.documents]

    @property
    def wrong(self) -> list[str]:
        """`file:line: reason` of each error, the file by its name."""
        return [f"{Path(e.location).name}: {e.reason}" for e in self.errors]


Read = Callable[..., Found]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a file that is given by name and content (or a path that is there already)."""

    def reader(name: str | Path, content: str | bytes | None = None, **options: object) -> Found:
        path = tmp_path / name
        if content is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        source = open_source(path, ReadOptions(**options))
        found = Found()
        for record in source:
            assert source.done <= source.total
            if isinstance(record, SourceDocument):
                found.documents.append(record)
            elif isinstance(record, SourceError):
                found.errors.append(record)
            else:
                found.skipped.append(record)
        assert source.done == source.total
        return found

    return reader


@pytest.fixture
def write_pdf() -> Callable[..., None]:
    """Writes a small PDF: `write_pdf(path, pages, title=None)`, a page a list of lines."""
    return _write_pdf


def _write_pdf(path: Path, pages: list[list[str]], title: str | None = None) -> None:
    """Write a hand-made PDF of Latin text, in a font that every reader has; a page is a list of lines."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for lines in pages:
        escaped = [line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for line in lines]
        shown = "BT /F1 12 Tf 72 720 Td 14 TL " + " ".join(f"({line}) Tj T*" for line in escaped) + " ET"
        objects.append(f"<< /Length {len(shown)} >>\nstream\n{shown}\nendstream")
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> "
            f"/Contents {len(objects)} 0 R >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    info = ""
    if title is not None:
        objects.append(f"<< /Title ({title}) >>")
        info = f"/Info {len(objects)} 0 R "
    out = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    out += (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
        f"trailer << /Size {len(objects) + 1} /Root 1 0 R {info}>>\nstartxref\n{len(out)}\n%%EOF"
    ).encode()
    path.write_bytes(out)
