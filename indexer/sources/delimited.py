"""CSV and TSV (RFC 4180): a header line, then one document a row; empty cells are left out.

Cells stay strings: a mapping that says `long` or `date` converts them, and nothing loses leading zeros.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import IO

from .base import ReadOptions, Record, SourceError, row_record
from .encoding import SAMPLE, detect
from .file import MAX_LINE, SourceFile

_DELIMITERS = ",;\t|"
MAX_ROW_LINES = 2000
"""Lines that one quoted cell may span; beyond them its opening quote is taken for a stray one."""


class _Unclosed(Exception):
    """A quoted cell that does not end where a sane one would have."""


def read(file: SourceFile, options: ReadOptions) -> Iterator[Record]:
    """One document a row. A row with too many or too few cells, or bad quoting, is reported and skipped."""
    encoding = options.encoding or detect(file.head(SAMPLE), complete=False)
    delimiter = options.delimiter or _delimiter(file, encoding)
    # The csv module keeps its limit for the whole process; ours is that of a line.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE))
    # Bytes that do not decode come through as lone surrogates, so that their row can be named.
    with (
        file.open() as stream,
        io.TextIOWrapper(stream, encoding, errors="surrogateescape", newline="") as text,
    ):
        yield from _rows(file, text, delimiter, encoding, options)


def _rows(file: SourceFile, text: IO[str], delimiter: str, encoding: str, options: ReadOptions) -> Iterator[Record]:
    columns = list(options.columns or ())
    for number, cells in _cells(_Lines(text), delimiter):
        location = f"{file.location}:{number}"
        if isinstance(cells, str):
            yield SourceError(location, cells)
        elif not any(cells):
            continue
        elif not columns:
            columns = [name.strip() or f"column{i}" for i, name in enumerate(cells, 1)]
            columns[0] = columns[0].removeprefix("\ufeff")
            repeated = {name for name in columns if columns.count(name) > 1}
            if repeated:
                yield SourceError(location, f"the header names {_list(repeated)} more than once")
                return
        elif len(cells) != len(columns):
            yield SourceError(location, f"{len(cells)} cells, but the header has {len(columns)}")
        elif any("\udc80" <= c <= "\udcff" for cell in cells for c in cell if c >= "\ud800"):
            yield SourceError(location, f"the text is not valid {encoding}; try --encoding")
        else:
            row = {name: cell for name, cell in zip(columns, cells, strict=True) if cell.strip()}
            yield row_record(row, location, options)
    if not columns:
        yield SourceError(file.location, "the file is empty: a header line is expected")


class _Lines:
    """Lines with their number, which can be read again after a row that went wrong."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self._again: list[str] = []
        self.row: list[str] = []
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else self._text.readline(MAX_LINE)
        if not line:
            raise StopIteration
        self.row.append(line)
        self.number += 1
        if len(self.row) > MAX_ROW_LINES:
            raise _Unclosed
        return line.replace("\0", "")

    def skip_first(self) -> None:
        """Give back every line of the row but its first."""
        rest = self.row[1:]
        self._again.extend(reversed(rest))
        self.number -= len(rest)


def _cells(lines: _Lines, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """(line number, the row's cells or what is wrong with it)."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.row.clear()
        first = lines.number + 1
        try:
            yield first, next(reader)
            continue
        except StopIteration:
            return
        except (_Unclosed, csv.Error) as error:
            reason = "a quoted cell has no end" if _is_unclosed(error) else str(error)
        lines.skip_first()
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        line = lines.row[0].rstrip("\r\n")
        # Tab-separated files mostly do not quote at all: a quote mark there is an ordinary character.
        yield first, line.split(delimiter) if delimiter == "\t" else reason


def _is_unclosed(error: Exception) -> bool:
    return isinstance(error, _Unclosed) or "unexpected end of data" in str(error)


def _delimiter(file: SourceFile, encoding: str) -> str:
    """The candidate that cuts the first lines into the same, largest number of cells."""
    if file.suffix in (".tsv", ".tab"):
        return "\t"
    sample = file.head(1 << 16).decode(encoding, "replace").splitlines()[:20]
    best, most = ",", 1
    for candidate in _DELIMITERS:
        try:
            rows = [len(row) for row in csv.reader(sample, delimiter=candidate) if row]
        except csv.Error:
            continue
        if rows and rows[0] > most and sum(width == rows[0] for width in rows) * 2 > len(rows):
            best, most = candidate, rows[0]
    return best


def _list(names: set[str]) -> str:
    return ", ".join(f"[{name}]" for name in sorted(names))
