"""Lines from pieces: the same lines however the stream is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import ContentTooLong
from api.ndjson import lines

LIMIT = 8


@given(st.lists(st.binary(max_size=20)))
def test_lines_do_not_depend_on_the_pieces(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    found = list(lines(pieces, LIMIT, 1 << 20))
    expected = whole.split(b"\n")
    last = expected.pop()
    assert len(found) == len(expected) + bool(last)
    for line, data in zip(found, [*expected, last], strict=False):
        assert line.oversized == (len(data) > LIMIT)
        assert line.data == (b"" if line.oversized else data)
    assert [line.number for line in found] == list(range(1, len(found) + 1))
    assert [line.terminated for line in found] == [True] * len(expected) + [False] * bool(last)


def test_a_line_without_end_is_refused_before_it_is_read_through() -> None:
    def endless():
        taken = 0
        while True:
            taken += 1
            assert taken < 20, "the reader went on after its limit"
            yield bytes(10)

    with pytest.raises(ContentTooLong):
        list(lines(endless(), LIMIT, 100))
