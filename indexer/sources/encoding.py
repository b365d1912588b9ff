"""Which encoding a text is in: by byte order mark, by being valid UTF-8, else by the likeliest reading.

Chinese text outside UTF-8 is GB18030 (mainland; a superset of GBK and GB2312) or Big5 (Taiwan, Hong Kong).
Each usually decodes as the other without an error, into rare characters; both standards put their few
thousand most frequent characters into one block of lead bytes, so the reading that uses that block more is
the right one.
"""

from __future__ import annotations

import codecs

SAMPLE = 1 << 20
"""Bytes that are enough to tell."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FREQUENT = {"gb18030": range(0xB0, 0xD8), "big5": range(0xA4, 0xC7)}  # lead bytes of level-1 characters
_PUNCTUATION = {"gb18030": range(0xA1, 0xA4), "big5": range(0xA1, 0xA4)}


def detect(data: bytes, complete: bool = True) -> str:
    """The encoding of `data`, as Python names it.

    With `complete` false, `data` is the beginning of a longer text and may end inside a character.
    A text that is UTF-8 but for a few damaged bytes is called UTF-8: its damage is then reported where it
    is, instead of the whole text being read as something else.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    if b"\0" in data[:4096]:
        even, odd = data[0:4096:2].count(0), data[1:4096:2].count(0)
        if max(even, odd) > 3 * min(even, odd) + 2:
            return "utf-16-be" if even > odd else "utf-16-le"
    if _damage(data, "utf-8", complete) <= 0.02:
        return "utf-8"
    scores = {name: _likelihood(data, name, complete) for name in _FREQUENT}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] > 0.5 else "cp1252"


def decode(data: bytes, encoding: str | None = None) -> str:
    """The text of `data`, line ends as `\\n`; :class:`UnicodeError` where a given encoding does not fit.

    Without `encoding` it is detected, and what cannot be read becomes U+FFFD.
    """
    text = data.decode(encoding) if encoding else data.decode(detect(data), errors="replace")
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _damage(data: bytes, encoding: str, complete: bool) -> float:
    """Share of the non-ASCII bytes that are no part of a character of `encoding`."""
    unusual = len(data) - len(data.translate(None, bytes(range(128, 256))))
    if not unusual:
        return 0.0
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    return decoder.decode(data, complete).count("\ufffd") / unusual


def _likelihood(data: bytes, encoding: str, complete: bool) -> float:
    """Share of the non-ASCII characters, read so, that are frequent Han characters or punctuation."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    characters = [c for c in decoder.decode(data, complete) if ord(c) > 127]
    if not characters:
        return 0.0
    lead = [c.encode(encoding, "replace")[0] for c in characters if c != "\ufffd"]
    return sum(b in _FREQUENT[encoding] or b in _PUNCTUATION[encoding] for b in lead) / len(characters)
