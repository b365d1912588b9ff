"""The ``pinyin`` analyzer: 北京, beijing, bei jing and bj find each other.

Every unit of a text has a syllable: a Han character its pronunciation without tone, a Latin word
that splits into syllables each of them. At each unit stand its syllable and, for each two to four
neighbours from there on, the joined syllables (beijing) and their initials (bj); at the start of a
longer run also those of the whole run. So all spellings meet in the joined forms, and names of any
length are found by their initials. Other Latin words and numbers are themselves, and part of the
joined forms of the run they touch: 卡拉OK is kalaok and klok. Syllables are the phrase stream.

Pronunciation is pypinyin's, which knows words (重庆 is chongqing, 长沙 changsha). ü is written v, as
on keyboards; tone marks are taken off.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from analysis.analyzer import MAX_TERM, Analyzer
from analysis.fold import fold
from analysis.mapped import Mapped
from analysis.token import Stream, Token
from analysis.tokenizers.jieba import simplify_words
from analysis.unicode import HAN, Classes, scalar

LONGEST = 4  # units of the longest joined form from each place
WHOLE = 16  # units of the longest run that is joined as a whole

_PIECE = re.compile(f"(?P<han>{HAN}+)|[ab0][ab0x]*")
_TONES = str.maketrans("āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿ", "aaaaeeeeiiiioooouuuuvvvvvnnnm")


@dataclass(frozen=True, slots=True)
class Unit:
    """One syllable or one other word of the folded text, ``run`` numbering those that belong together."""

    term: str
    start: int
    end: int
    run: int
    syllable: bool = True

    @property
    def initial(self) -> str:
        return self.term[0] if self.syllable else self.term


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

    found: list[str] = lazy_pinyin(
        run,
        style=Style.NORMAL,
        errors=lambda text: list(text),  # type: ignore[arg-type,return-value]
    )
    return [one.replace("ü", "v") for one in found]


def split_syllables(word: str) -> list[str]:
    """A Latin word as the fewest syllables; [] when it is not made of syllables alone."""
    if len(word) > 6 * WHOLE or not word.isalpha() or not word.isascii():
        return []
    ways: list[list[str] | None] = [[]] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - 6), end):
            before = ways[start]
            if before is not None and word[start:end] in syllables():
                known = ways[end]
                if known is None or len(before) + 1 < len(known):
                    ways[end] = [*before, word[start:end]]
    return ways[len(word)] or []


def units_of(original: str, mapped: Mapped, kinds: str) -> list[Unit]:
    """The syllables and other words of a text, folded to ``mapped``, whose character classes are ``kinds``.

    Han is read as it was written, where it folds one to one: the fold joins characters of different
    sounds (沈 and 沉). A run ends where the text has a gap, unless both sides are syllables, which may
    be written apart.
    """
    folded = mapped.text
    units: list[Unit] = []
    run = 0
    for match in _PIECE.finditer(kinds):
        start, end = match.span()
        text = folded[start:end]
        if match["han"]:
            written = original[slice(*mapped.span(start, end))]
            parts = read_aloud(simplify_words(written if len(written) == len(text) else text))
            made = [Unit(part[:MAX_TERM], start + at, start + at + 1, 0) for at, part in enumerate(parts)]
        else:
            word = text.translate(_TONES)
            parts = split_syllables(word)
            bounds = [sum(map(len, parts[:at])) for at in range(len(parts) + 1)]
            made = [
                Unit(part, start + a, start + b, 0) for part, a, b in zip(parts, bounds, bounds[1:], strict=False)
            ] or [Unit(word[:MAX_TERM], start, end, 0, syllable=False)]
        if units:
            before = units[-1]
            gap = folded[before.end : start]
            apart = gap.strip(" '’-·") or len(gap) > 1 or not (before.syllable and made[0].syllable)
            run += bool(gap and apart)
        units += [Unit(one.term, one.start, one.end, run, one.syllable) for one in made]
    return units


class PinyinAnalyzer(Analyzer):
    """Han by its pronunciation, Latin words as they are; see the module's description."""

    def __init__(self, name: str = "pinyin") -> None:
        self.name = name
        self._classes = Classes({})

    def stream(self, text: str) -> Stream:
        folded, units = self.units(text)
        tokens: list[Token] = []
        ends = {unit.run: at + 1 for at, unit in enumerate(units)}

        def add(term: str, first: int, last: int, kind: str) -> None:
            span = folded.span(units[first].start, units[last].end)
            tokens.append(Token(term[:MAX_TERM], *span, first, kind, last - first + 1))

        for at, unit in enumerate(units):
            add(unit.term, at, at, "pinyin" if unit.syllable else "word")
            left = ends[unit.run] - at
            lengths = [*range(2, min(LONGEST, left) + 1)]
            if LONGEST < left <= WHOLE and (at == 0 or units[at - 1].run != unit.run):
                lengths.append(left)
            for length in lengths:
                part = units[at : at + length]
                add("".join(one.term for one in part), at, at + length - 1, "joined")
                if any(one.syllable for one in part):
                    add("".join(one.initial for one in part), at, at + length - 1, "initials")
        return Stream(tokens, len(units))

    def phrase_tokens(self, text: str) -> list[Token]:
        folded, units = self.units(text)
        return [
            Token(unit.term, *folded.span(unit.start, unit.end), at, "pinyin" if unit.syllable else "word")
            for at, unit in enumerate(units)
        ]

    def normalize(self, term: str) -> str:
        return fold(scalar(term)).text.translate(_TONES)

    def units(self, text: str) -> tuple[Mapped, list[Unit]]:
        """The folded text and its units."""
        original = scalar(text)
        folded = fold(original)
        return folded, units_of(original, folded, folded.text.translate(self._classes))


@cache
def _analyzer() -> PinyinAnalyzer:
    return PinyinAnalyzer()


def spellings(text: str) -> tuple[str, str]:
    """A text in pinyin without spaces, and its initials: 北京IPv6 is beijingipv6 and bjipv6."""
    _, units = _analyzer().units(text)
    return "".join(unit.term for unit in units), "".join(unit.initial for unit in units)
