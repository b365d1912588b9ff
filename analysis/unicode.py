"""Character classes and the fold table, loaded once from the room's data files."""

from __future__ import annotations

import re
from functools import cache

from analysis.resources import read_lines

# A class is one ASCII letter, so that rules are short regular expressions over a text's classes.
OTHER, SPACE, LETTER, HEBREW, COMPLEX, DIGIT = "|", " ", "a", "b", "c", "0"
HAN, HIRAGANA, KATAKANA, HANGUL = "h", "i", "k", "g"
EXTEND, EXTENDNUMLET, MIDLETTER, MIDNUM, MIDNUMLET = "x", "_", ":", ";", "."
SINGLEQUOTE, DOUBLEQUOTE, REGIONAL, EMOJI = "'", '"', "r", "e"

_NAMES = {
    "SPACE": SPACE, "LETTER": LETTER, "HEBREW": HEBREW, "COMPLEX": COMPLEX, "DIGIT": DIGIT,
    "HAN": HAN, "HIRAGANA": HIRAGANA, "KATAKANA": KATAKANA, "HANGUL": HANGUL,
    "EXTEND": EXTEND, "EXTENDNUMLET": EXTENDNUMLET, "MIDLETTER": MIDLETTER, "MIDNUM": MIDNUM,
    "MIDNUMLET": MIDNUMLET, "SINGLEQUOTE": SINGLEQUOTE, "DOUBLEQUOTE": DOUBLEQUOTE,
    "REGIONAL": REGIONAL, "EMOJI": EMOJI,
}  # fmt: skip

_SURROGATE = re.compile("[\ud800-\udfff]")


def scalar(text: str) -> str:
    """The text with lone surrogates, which no UTF-8 can carry, replaced by U+FFFD (same length)."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


@cache
def class_bytes() -> bytes:
    """uint8[0x110000]: the class letter of each code point (Word_Break and Script, UAX #29 and #24)."""
    table = bytearray(OTHER.encode() * 0x110000)
    for line in read_lines("classes.txt"):
        first, last, name = line.split("\t")
        start, end = int(first, 16), int(last, 16) + 1
        table[start:end] = _NAMES[name].encode() * (end - start)
    return bytes(table)


class Classes(dict[int, int]):
    """A ``str.translate`` table from code point to class letter, filled as characters are met."""

    def __init__(self, overrides: dict[str, str]) -> None:
        super().__init__({ord(char): ord(kind) for char, kind in overrides.items()})
        self._table = class_bytes()

    def __missing__(self, code: int) -> int:
        kind = self[code] = self._table[code]
        return kind


@cache
def fold_rows() -> dict[int, str | None]:
    """Code point to folded text, for those that do not fold to themselves; None: needs neighbours."""
    rows: dict[int, str | None] = {}
    for line in read_lines("fold.txt"):
        code, _, folded = line.partition("\t")
        rows[int(code, 16)] = None if folded == "*" else "".join(chr(int(c, 16)) for c in folded.split())
    return rows
