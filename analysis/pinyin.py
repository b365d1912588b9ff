"""The ``pinyin`` analyzer: 北京, beijing and bj find each other.

A run of Han characters gives, at each character, its syllable without tone; and for each two to
four characters from there on the joined syllables (beijing) and their initials (bj). A Latin word
that splits into syllables gives them too. Syllables are the phrase stream, so longer words
match as phrases. Pronunciation is pypinyin's, which knows words (重庆 is chongqing).
"""

from __future__ import annotations

import re
from functools import cache

from analysis.analyzer import MAX_TERM, Analyzer
from analysis.fold import fold
from analysis.token import Stream, Token
from analysis.tokenizers.jieba import simplify_words
from analysis.unicode import HAN, Classes, scalar

LONGEST = 4  # characters of the longest joined form

_RUN = re.compile(f"(?P<han>{HAN}+)|[ab0][ab0x]*")


@cache
def syllables() -> frozenset[str]:
    """All syllables without tone that pypinyin knows for a character, ü written v."""
    from pypinyin import Style
    from pypinyin.pinyin_dict import pinyin_dict
    from pypinyin.style import convert

    style = Style.NORMAL
    found = {convert(one, style, strict=True) for all_ in pinyin_dict.values() for one in all_.split(",")}
    return frozenset(one.replace("ü", "v") for one in found if one and one.replace("ü", "v").isascii())


def read_aloud(run: str) -> list[str]:
    """The syllable of each character of a run of simplified Han; a character that has none is itself."""
    from pypinyin import Style, lazy_pinyin

    return lazy_pinyin(run, style=Style.NORMAL, errors=lambda text: list(text))  # type: ignore[arg-type,return-value]


def split_syllables(word: str) -> list[str]:
    """A Latin word as the fewest syllables; [] when it is not made of at least two."""
    if len(word) > 48 or not word.isalpha() or not word.isascii():
        return []
    ways: list[list[str] | None] = [[]] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - 6), end):
            before = ways[start]
            if before is not None and word[start:end] in syllables():
                known = ways[end]
                if known is None or len(before) + 1 < len(known):
                    ways[end] = [*before, word[start:end]]
    best = ways[len(word)] or []
    return best if len(best) > 1 else []


def han_tokens(reading: list[str], start: int, position: int, joined: bool) -> list[Token]:
    """Tokens of a run of Han that is read as ``reading`` and begins at ``start``."""
    tokens = []
    for at, syllable in enumerate(reading):
        here, place = start + at, position + at
        tokens.append(Token(syllable[:MAX_TERM], here, here + 1, place, "pinyin"))
        if joined:
            for length in range(2, min(LONGEST, len(reading) - at) + 1):
                part = reading[at : at + length]
                tokens.append(Token("".join(part), here, here + length, place, "joined", length))
                initials = "".join(one[0] for one in part)
                tokens.append(Token(initials, here, here + length, place, "initials", length))
    return tokens


class PinyinAnalyzer(Analyzer):
    """Han by its pronunciation, Latin words as they are; see the module's description."""

    def __init__(self, name: str = "pinyin") -> None:
        self.name = name
        self._classes = Classes({})

    def stream(self, text: str) -> Stream:
        return self._scan(text, joined=True)

    def phrase_tokens(self, text: str) -> list[Token]:
        return self._scan(text, joined=False).tokens

    def normalize(self, term: str) -> str:
        return fold(scalar(term)).text

    def _scan(self, text: str, joined: bool) -> Stream:
        folded = fold(scalar(text))
        position = 0
        found: list[Token] = []
        for match in _RUN.finditer(folded.text.translate(self._classes)):
            start, end = match.span()
            if match["han"]:
                reading = read_aloud(simplify_words(folded.text[start:end]))
                found += han_tokens(reading, start, position, joined)
                position += len(reading)
                continue
            word = folded.text[start:end]
            parts = split_syllables(word)
            if joined or not parts:
                found.append(Token(word[:MAX_TERM], start, end, position, "word", max(1, len(parts))))
            at = start
            for part in parts:
                found.append(Token(part, at, at + len(part), position, "pinyin"))
                at += len(part)
                position += 1
            position += not parts
        tokens = [Token(t.term, *folded.span(t.start, t.end), t.position, t.type, t.position_length) for t in found]
        return Stream(tokens, position)
