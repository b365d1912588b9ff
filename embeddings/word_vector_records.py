"""One record after another: the text and binary formats of word2vec and GloVe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from io import BufferedReader
from itertools import chain, islice

import numpy as np

from embeddings.word_vector_table import Table

_LONGEST_LINE = 1 << 22  # bytes
_LONGEST_WORD = 1000  # bytes; more without a space means that the records are out of step
_WIDEST = 1 << 16  # dimensions
_SAMPLE = 1000  # lines that tell the dimension of a file without a header
_CHUNK = 1 << 20  # bytes of a binary file read at a time


def read_records(file: BufferedReader, table: Table, limit: int | None) -> None:
    """Read all, or ``limit``, words of a word2vec (text or binary) or GloVe file into ``table``."""
    first = file.readline(_LONGEST_LINE)
    header = first.split()
    if len(header) != 2 or not all(part.isdigit() and len(part) < 19 for part in header):
        lines = chain([first], _lines(file))
        sample = list(islice(lines, _SAMPLE))
        _read_text(chain(sample, lines), table, _dimension(sample, table), limit, start=1)
        return
    words, dimension = map(int, header)
    if not words or not 1 <= dimension <= _WIDEST:
        raise table.error("line 1", f"it promises {words} words of {dimension} dimensions")
    wanted = words if limit is None else min(words, limit)
    if _is_text(file.peek(_CHUNK), dimension):
        read, rest = _read_text(_lines(file), table, dimension, wanted, start=2), b""
    else:
        read, rest = _read_binary(file, table, dimension, wanted)
    if read < wanted:
        raise table.error("at the end", f"only {read} of the {words} words that line 1 promises are there")
    if wanted == words and (rest + file.read(4096)).strip():
        raise table.error("at the end", f"there is more than the {words} words that line 1 promises")


def _lines(file: BufferedReader) -> Iterator[bytes]:
    return iter(lambda: file.readline(_LONGEST_LINE), b"")


def _fields(line: bytes, dimension: int = -1) -> list[bytes]:
    # Only these bytes: Unicode white space may be part of a word.
    return line.rstrip(b" \t\r\n").replace(b"\t", b" ").rsplit(b" ", dimension)


def _dimension(sample: list[bytes], table: Table) -> int:
    """The commonest width of the first lines: words with spaces, and damaged lines, are rare."""
    widths = Counter(len(_fields(line)) - 1 for line in sample if line.strip())
    if not widths:
        raise table.error("line 1", "the file is empty")
    width = max(widths, key=lambda width: (widths[width], -width))
    if not 1 <= width <= _WIDEST:
        raise table.error("line 1", "a word and its numbers, separated by spaces, are expected")
    return width


def _read_text(lines: Iterable[bytes], table: Table, dimension: int, limit: int | None, start: int) -> int:
    """Lines of a word and ``dimension`` numbers, the first numbered ``start``; returns words read."""
    read = 0
    for number, line in enumerate(lines, start):
        fields = _fields(line, dimension)
        if fields == [b""]:
            continue
        where = f"line {number}"
        if len(line) == _LONGEST_LINE:
            raise table.error(where, "it is longer than 4 MB: this is not a file of word vectors")
        if len(fields) <= dimension:
            raise table.error(where, f"a word and {dimension} numbers are expected, not {len(fields)} fields")
        try:
            with np.errstate(over="ignore"):  # the table refuses what overflows
                vector = np.array(list(map(float, fields[1:])), np.float32)
        except ValueError as error:
            raise table.error(where, f"a word and {dimension} numbers are expected: {error}") from None
        table.add(fields[0], vector, where)
        read += 1
        if read == limit:
            break
    return read


def _is_text(beginning: bytes, dimension: int) -> bool:
    """Whether what follows the header is text: its first line reads as such, or nothing speaks against it."""
    line, newline, _ = beginning.partition(b"\n")
    if newline and len(fields := _fields(line, dimension)) > dimension:
        try:
            list(map(float, fields[1:]))
        except ValueError:
            pass
        else:
            return True
    return not any(byte < 32 and byte not in b"\t\r\n" for byte in beginning) and _is_utf8(beginning)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.end >= len(data) - 3 and error.reason == "unexpected end of data"
    return True


def _read_binary(file: BufferedReader, table: Table, dimension: int, limit: int) -> tuple[int, bytes]:
    """Records "word " + float32[dimension] (+ newline); returns words read, and bytes read too far."""
    width = 4 * dimension
    data, position, ended = b"", 0, False
    for read in range(limit):
        space = data.find(b" ", position)
        while (space < 0 or len(data) < space + 1 + width) and not ended:
            if space < 0 and len(data) - position > _LONGEST_WORD:
                break
            more = file.read(max(_CHUNK, width))
            ended = not more
            data, position = data[position:] + more, 0
            space = data.find(b" ", position)
        where = f"record {read + 1}"
        if space - position > _LONGEST_WORD or (space < 0 and len(data) - position > _LONGEST_WORD):
            raise table.error(where, f"no word is found: line 1 may promise a wrong dimension ({dimension})")
        if space < 0 or len(data) < space + 1 + width:
            if data[position:].strip():
                raise table.error(where, "the file ends inside it")
            return read, b""
        vector = np.frombuffer(data, "<f4", dimension, space + 1)
        table.add(data[position:space].lstrip(b"\n"), vector, where)
        position = space + 1 + width
    return limit, data[position:]
