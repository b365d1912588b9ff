"""Newline-delimited JSON, line by line from pieces of a stream, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from api.errors import ContentTooLong


@dataclass(frozen=True, slots=True)
class Line:
    """One line, counted from 1, without its newline.

    `oversized`: the line was longer than the reader's limit; `data` holds nothing of it.
    `terminated`: a newline ended it (only the last line of a stream can lack one).
    """

    number: int
    data: bytes
    oversized: bool = False
    terminated: bool = True


def lines(pieces: Iterable[bytes], line_limit: int, skip_limit: int) -> Iterator[Line]:
    """The lines of a stream, blank ones included.

    A line over `line_limit` bytes is read past and reported, not held; one over `skip_limit` bytes
    raises ContentTooLong, so that no body keeps a worker busy for ever.
    """
    number = 0
    held: list[bytes] = []
    size = 0  # bytes of the line so far, held or skipped
    for piece in pieces:
        first, *rest = piece.split(b"\n")
        size += len(first)
        if size > skip_limit:
            raise ContentTooLong(f"line [{number + 1}] has more than [{skip_limit}] bytes")
        if size > line_limit:
            held.clear()
        else:
            held.append(first)
        if not rest:
            continue
        number += 1
        yield Line(number, b"".join(held), oversized=size > line_limit)
        for data in rest[:-1]:
            number += 1
            oversized = len(data) > line_limit
            yield Line(number, b"" if oversized else data, oversized)
        held, size = [rest[-1]], len(rest[-1])
        if size > line_limit:
            held.clear()
    if size:
        yield Line(number + 1, b"".join(held), oversized=size > line_limit, terminated=False)
