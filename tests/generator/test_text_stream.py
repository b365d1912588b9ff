"""Bytes become whole characters, and a stop string never shows, however the bytes are cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from generator.text import TextStream

TEXT = st.text(st.sampled_from("ab你好🎉é。\n"), max_size=30)


def pieces(data: bytes, cuts: list[int], stop: tuple[str, ...]) -> tuple[list[str], bool]:
    stream, out, start = TextStream(stop), [], 0
    for end in [*sorted(c % (len(data) + 1) for c in cuts), len(data)]:
        out.append(stream.push(data[start:end]))
        start = end
    return [*out, stream.finish()], stream.stopped


@given(text=TEXT, cuts=st.lists(st.integers(0, 200), max_size=12))
def test_without_stop_strings_all_text_comes_in_whole_characters(text: str, cuts: list[int]):
    out, stopped = pieces(text.encode(), cuts, ())
    assert "".join(out) == text
    assert not stopped
    assert all("\ufffd" not in piece for piece in out)


@given(
    text=TEXT,
    cuts=st.lists(st.integers(0, 200), max_size=12),
    stop=st.lists(st.text(st.sampled_from("ab你好"), min_size=1, max_size=4), max_size=3),
)
def test_the_text_ends_before_the_first_stop_string(text: str, cuts: list[int], stop: list[str]):
    out, stopped = pieces(text.encode(), cuts, tuple(stop))
    ends = [text.find(s) for s in stop if s in text]
    # pieces may end one stop string before another that begins earlier is complete
    assert stopped == bool(ends)
    assert text.startswith("".join(out))
    assert not any(s in "".join(out) for s in stop)
    if not ends:
        assert "".join(out) == text


def test_what_cannot_begin_a_stop_string_is_not_held_back():
    stream = TextStream(("</answer>",))
    assert stream.push(b"so <") == "so "
    assert stream.push(b"b> and </ans") == "<b> and "
    assert stream.push(b"wer> more") == ""
    assert stream.stopped
    assert stream.push(b"more") == stream.finish() == ""


def test_broken_bytes_become_replacement_characters():
    stream = TextStream()
    assert stream.push("你".encode()[:2]) == ""
    assert stream.push(b"a") == "\ufffda"
    assert stream.push(b"\xe4") == ""
    assert stream.finish() == "\ufffd"
