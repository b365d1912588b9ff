"""Request bodies from the socket: counted, bounded, decompressed; JSON with clear refusals.

Nothing here holds more than it must: a JSON body up to its limit, a stream one piece at a time.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import orjson

from api.errors import ClientGone, ClientTooSlow, ContentTooLong, UnreadableContent

PIECE = 256 << 10
"""Bytes that are read, or decompressed, at a time."""
DISCARD_BYTES = 512 << 20
DISCARD_SECONDS = 30.0


class Body:
    """The body of one request, read once.

    `environ` is the WSGI environment: `wsgi.input`, the declared length or chunked transfer, and the
    content encoding (none or gzip) come from it.
    """

    def __init__(self, environ: dict[str, Any]) -> None:
        self._stream = environ["wsgi.input"]
        self._encoding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
        chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        declared = environ.get("CONTENT_LENGTH") or ("" if chunked else "0")
        if declared and not declared.isdigit():
            raise UnreadableContent(f"Content-Length [{declared}] is not a number")
        self.length: int | None = int(declared) if declared else None
        """Declared bytes on the wire; None when the transfer is chunked."""

    @property
    def expected(self) -> bool:
        """Whether the client announced a body."""
        return self.length != 0

    @property
    def compressed(self) -> bool:
        return self._encoding not in ("", "identity")

    def pieces(self) -> Iterator[bytes]:
        """The decompressed body, in pieces of bounded size.

        Raises ClientGone when it ends early, ClientTooSlow when the client stalls, UnreadableContent
        when the compression is damaged.
        """
        if not self.compressed:
            return self._raw()
        if self._encoding not in ("gzip", "x-gzip"):
            raise UnreadableContent(
                f"Content-Encoding [{self._encoding}] is not supported; send the body plain or as gzip"
            )
        return _inflated(self._raw())

    def read(self, limit: int) -> bytes:
        """The whole decompressed body; ContentTooLong above `limit` bytes, sent or decompressed."""
        if self.length is not None and self.length > limit:
            raise ContentTooLong(f"the body has [{self.length}] bytes; at most [{limit}] are taken")
        pieces, total = [], 0
        for piece in self.pieces():
            total += len(piece)
            if total > limit:
                raise ContentTooLong(f"the body has more than [{limit}] bytes, which is the limit")
            pieces.append(piece)
        return b"".join(pieces)

    def _raw(self) -> Iterator[bytes]:
        left = self.length
        while left is None or left > 0:
            try:
                piece = self._stream.read(PIECE if left is None else min(PIECE, left))
            except TimeoutError:
                raise ClientTooSlow("the body did not arrive in time; send it again") from None
            except OSError as error:  # a reset connection, or a chunked transfer cut short
                raise ClientGone("the connection ended before the body was complete") from error
            if not piece:
                if left is None:
                    return
                raise ClientGone(f"the body ended [{left}] bytes before its Content-Length")
            if left is not None:
                left -= len(piece)
            yield piece


def discard(environ: dict[str, Any]) -> None:
    """Read what is left of a body that is refused, so that the client hears the refusal.

    A client that is still sending when the connection closes sees a reset, and the answer is lost. The
    bounds keep one that never ends from holding the thread.
    """
    until = time.monotonic() + DISCARD_SECONDS
    left = DISCARD_BYTES
    with suppress(OSError):  # a client that is gone hears nothing anyway
        while left > 0 and time.monotonic() < until:
            piece = environ["wsgi.input"].read(min(PIECE, left))
            if not piece:
                return
            left -= len(piece)


def _inflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Gzip members, decompressed to pieces of at most PIECE bytes (RFC 1952)."""
    member = zlib.decompressobj(wbits=31)
    started = False
    for piece in pieces:
        while piece:
            if member.eof:
                member = zlib.decompressobj(wbits=31)
            started = True
            try:
                yield from _drain(member, piece)
            except zlib.error as error:
                raise UnreadableContent(f"the body is not gzip: {error}") from None
            piece = member.unused_data if member.eof else b""
    if started and not member.eof:
        raise UnreadableContent("the gzip body is truncated")


def _drain(member: Any, piece: bytes) -> Iterator[bytes]:
    while True:
        plain = member.decompress(piece, PIECE)
        if plain:
            yield plain
        piece = member.unconsumed_tail
        # A full answer may mean that more waits inside the decompressor even without input.
        if member.eof or (not piece and len(plain) < PIECE):
            return


def parse_json(data: bytes, what: str = "request body") -> Any:
    """One JSON value of `data`; UnreadableContent with line and column when it is not."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise UnreadableContent(_complaint(data, error, what)) from None


def _complaint(data: bytes, error: orjson.JSONDecodeError, what: str) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError as broken:
        return f"Invalid UTF-8 in the {what} at byte [{broken.start}]: byte [0x{data[broken.start]:02x}]"
    if not text.strip():
        return f"the {what} is empty; it must be JSON"
    if "depth" in error.msg or "memory" in error.msg:  # both are how deep nesting shows
        return f"the {what} is nested too deeply or not closed; flatten it"
    return f"[{error.lineno}:{error.colno}] the {what} is not JSON: {error.msg}"
