"""Bodies: bounded, decompressed, and refused in a sentence when they are not what they say."""

from __future__ import annotations

import gzip
import io
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.body import PIECE, Body, parse_json
from api.errors import ClientGone, ClientTooSlow, ContentTooLong, UnreadableContent


def body(data: bytes, length: int | None = None, encoding: str = "", chunked: bool = False) -> Body:
    environ = {"wsgi.input": io.BytesIO(data), "HTTP_CONTENT_ENCODING": encoding}
    if chunked:
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    else:
        environ["CONTENT_LENGTH"] = str(len(data) if length is None else length)
    return Body(environ)


@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=4), st.booleans())
def test_gzip_members_are_one_body(parts: list[bytes], chunked: bool) -> None:
    sent = b"".join(gzip.compress(part) for part in parts)
    assert body(sent, encoding="gzip", chunked=chunked).read(1 << 20) == b"".join(parts)


def test_plain_and_chunked_bodies_are_read_whole() -> None:
    text = "中文 and English".encode() * 50_000
    assert body(text).read(len(text)) == text
    assert body(text, chunked=True).read(len(text)) == text
    assert body(b"").read(10) == b""


def test_declared_and_streamed_bodies_over_the_limit_are_refused() -> None:
    with pytest.raises(ContentTooLong, match="at most"):
        body(b"x" * 11).read(10)
    with pytest.raises(ContentTooLong):
        body(b"x" * 11, chunked=True).read(10)


def test_a_gzip_bomb_stops_at_the_limit() -> None:
    bomb = gzip.compress(bytes(64 << 20))
    assert len(bomb) < 100_000
    with pytest.raises(ContentTooLong):
        body(bomb, encoding="gzip").read(1 << 20)


def test_pieces_of_a_bomb_are_bounded() -> None:
    bomb = gzip.compress(bytes(8 << 20))
    sizes = [len(piece) for piece in body(bomb, encoding="gzip").pieces()]
    assert max(sizes) <= PIECE
    assert sum(sizes) == 8 << 20


@pytest.mark.parametrize("cut", [1, 5, 12, 20])
def test_truncated_gzip_is_refused(cut: int) -> None:
    sent = gzip.compress("某段文字".encode() * 100)
    with pytest.raises(UnreadableContent, match="truncated"):
        body(sent[:-cut], encoding="gzip").read(1 << 20)


def test_what_is_not_gzip_is_refused() -> None:
    with pytest.raises(UnreadableContent, match="not gzip"):
        body(b'{"query": {}}', encoding="gzip").read(1 << 20)
    with pytest.raises(UnreadableContent, match="br"):
        body(b"x", encoding="br").read(1 << 20)
    with pytest.raises(UnreadableContent, match="not gzip"):
        body(zlib.compress(b"{}"), encoding="gzip").read(1 << 20)


def test_a_body_that_ends_early_is_a_client_that_left() -> None:
    with pytest.raises(ClientGone, match=r"\[6\] bytes"):
        body(b"1234", length=10).read(100)


def test_a_silent_or_broken_connection_is_told_apart() -> None:
    class Broken(io.RawIOBase):
        def __init__(self, error: OSError) -> None:
            self._error = error

        def read(self, _: int = -1) -> bytes:
            raise self._error

    for error, expected in ((TimeoutError(), ClientTooSlow), (ConnectionResetError(), ClientGone)):
        with pytest.raises(expected):
            Body({"wsgi.input": Broken(error), "CONTENT_LENGTH": "5"}).read(10)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'{"a": 1,\n "b": }', r"\[2:7\]"),
        (b'{"a": "\xff"}', "Invalid UTF-8"),
        (b"[" * 5000 + b"]" * 5000, "nested too deeply"),
        (b'{"a":' * 5000, "nested too deeply"),
        (b"  ", "empty"),
        (b'{"a": "\\ud800"}', "not JSON"),
        (b'{"a": NaN}', "not JSON"),
        (b'{"a": 1} trailing', "not JSON"),
    ],
)
def test_unreadable_json_is_refused_with_its_place(data: bytes, says: str) -> None:
    with pytest.raises(UnreadableContent, match=says):
        parse_json(data)


@given(st.binary(max_size=60))
def test_any_bytes_are_json_or_refused(data: bytes) -> None:
    with suppress(UnreadableContent):
        parse_json(data)
