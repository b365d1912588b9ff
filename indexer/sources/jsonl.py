"""JSON lines, JSON arrays, and JSON values one after another (all also compressed)."""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Iterator
from typing import IO, Any, NoReturn

import orjson

from .base import ReadOptions, Record, SourceError, row_record
from .encoding import detect
from .file import MAX_LINE, SourceFile

_PIECE = 1 << 18  # bytes read at a time of a JSON array


def read(file: SourceFile, options: ReadOptions) -> Iterator[Record]:
    """One document an object. A malformed line is reported and reading goes on with the next.

    In an array (or a pretty-printed stream of objects) no line tells where the next object begins, so
    there a syntax error ends the file.
    """
    head = file.head(1 << 16)
    encoding = options.encoding or detect(head, complete=False)
    if encoding not in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32") and (
        options.encoding is None
    ):
        encoding = "utf-8"  # JSON is Unicode (RFC 8259, section 8.1); anything else is damage to report
    start = head.decode(encoding, "replace").removeprefix("\ufeff").lstrip()
    if start.startswith("[") or (start.startswith("{") and not _first_line_is_whole(start)):
        yield from _values(file, encoding, options)
    else:
        yield from _lines(file, encoding, options)


def _first_line_is_whole(start: str) -> bool:
    """Whether each line is a JSON text by itself, to judge by the first."""
    line, end, rest = start.partition("\n")
    if not end:
        return True  # one line, or one too long to see its end: lines is what is usual
    try:
        json.loads(line)
    except ValueError:
        # A first line that is damaged must not turn a file of lines into one stream of values, so the
        # second line decides: in JSON lines it begins an object too.
        return rest.startswith("{")
    return True


def _lines(file: SourceFile, encoding: str, options: ReadOptions) -> Iterator[Record]:
    lines = file.lines() if encoding in ("utf-8", "utf-8-sig") else _transcoded(file, encoding)
    for number, line in lines:
        location = f"{file.location}:{number}"
        if line is None:
            yield SourceError(location, f"the line is longer than {MAX_LINE >> 20} MiB")
            continue
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if not line or line.isspace():
            continue
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield SourceError(location, f"not valid JSON: {_sentence(error)}")
            continue
        yield row_record(row, location, options)


def _transcoded(file: SourceFile, encoding: str) -> Iterator[tuple[int, bytes]]:
    with file.open() as stream, io.TextIOWrapper(stream, encoding, errors="replace") as text:
        for number, line in enumerate(text, 1):
            yield number, line.strip("\ufeff\r\n").encode()


def _values(file: SourceFile, encoding: str, options: ReadOptions) -> Iterator[Record]:
    with file.open() as stream:
        values = _Values(stream, encoding)
        try:
            for row, line in values:
                yield row_record(row, f"{file.location}:{line}", options)
        except (ValueError, RecursionError) as error:
            reason = "nested too deeply" if isinstance(error, RecursionError) else _sentence(error)
            yield SourceError(
                f"{file.location}:{values.line}",
                f"not valid JSON, the rest of the file is not read: {reason}",
            )


class _Values:
    """JSON values of an array or of a bare sequence, with a window over the text instead of all of it."""

    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("strict")
        self._json = json.JSONDecoder(parse_constant=_no_constant)
        self._text = ""
        self._at = 0
        self._ended = False
        self.line = 1  # of `_at`

    def __iter__(self) -> Iterator[tuple[Any, int]]:
        opening = self._next_character()
        array = opening == "["
        if array:
            self._at += 1
        while True:
            character = self._next_character()
            if array and character == "]":
                self._at += 1
                if self._next_character():
                    raise ValueError("text after the end of the array")
                return
            if not character:
                if array:
                    raise ValueError("the array has no end")
                return
            line = self.line
            yield self._value(), line
            if not array:
                continue
            character = self._next_character()
            if character == ",":
                self._at += 1
                if self._next_character() == "]":
                    raise ValueError("a comma before the end of the array")
            elif character not in ("]", ""):
                raise ValueError("a comma or the end of the array is expected")

    def _value(self) -> Any:
        size = _PIECE
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
            except ValueError:
                # Cut off by the window's end, or malformed: only more text tells. Doubling keeps it linear.
                if self._ended or len(self._text) - self._at > MAX_LINE:
                    raise
                self._fill(size)
                size *= 2
                continue
            if end == len(self._text) and not self._ended:  # "12" may go on as "123"
                self._fill(size)
                continue
            self._advance(end)
            return value

    def _next_character(self) -> str:
        """The next character that is not blank, "" at the end; `_at` stands on it."""
        while True:
            end = self._at
            while end < len(self._text) and self._text[end] in " \t\r\n\ufeff":
                end += 1
            self._advance(end)
            if end < len(self._text):
                return self._text[end]
            if self._ended:
                return ""
            self._fill(_PIECE)

    def _advance(self, end: int) -> None:
        self.line += self._text.count("\n", self._at, end)
        self._at = end

    def _fill(self, size: int) -> None:
        piece = self._stream.read(size)
        self._ended = not piece
        self._text = self._text[self._at :] + self._decoder.decode(piece, self._ended)
        self._at = 0


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _sentence(error: ValueError) -> str:
    """A parser's message without its position in the buffer, which means nothing to a reader."""
    if isinstance(error, orjson.JSONDecodeError):
        return f"{error.msg}, column {error.colno}"
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error)
