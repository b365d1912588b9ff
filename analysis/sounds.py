"""Characters that sound alike: the commonest mistakes in Chinese typed by pinyin."""

from __future__ import annotations

from functools import cache

from analysis.fold import fold
from analysis.unicode import HAN, class_bytes

_CONFUSED = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("f", "h"), ("r", "l"))  # initials
_FINALS = (("ang", "an"), ("eng", "en"), ("ing", "in"), ("iang", "ian"), ("uang", "uan"))


@cache
def _tables() -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """(simplified character to its syllables without tone, syllable to its characters)."""
    from pypinyin import Style
    from pypinyin.pinyin_dict import pinyin_dict
    from pypinyin.style import convert

    classes, han = class_bytes(), ord(HAN)
    readings: dict[str, tuple[str, ...]] = {}
    spelled: dict[str, str] = {}
    sounds: dict[str, list[str]] = {}
    for code, listed in pinyin_dict.items():
        if not 0x4E00 <= code <= 0x9FFF or classes[code] != han or fold(chr(code)).text != chr(code):
            continue
        for toned in listed.split(","):
            if toned not in spelled:
                spelled[toned] = convert(toned, Style.NORMAL, strict=True).replace("ü", "v")
        readings[chr(code)] = tuple(dict.fromkeys(spelled[toned] for toned in listed.split(",")))
        for syllable in readings[chr(code)]:
            sounds.setdefault(syllable, []).append(chr(code))
    return readings, {syllable: "".join(chars) for syllable, chars in sounds.items()}


def homophones(char: str) -> str:
    """The simplified characters that may be read as this one may, tones aside."""
    readings, sounds = _tables()
    return "".join(dict.fromkeys(c for one in readings.get(char, ()) for c in sounds[one] if c != char))


def near_homophones(char: str) -> str:
    """The simplified characters whose sound is often confused with this one's: zh and z, n and l, ing and in …"""
    readings, sounds = _tables()
    own = readings.get(char, ())
    near = [other for one in own for other in _confusable(one) if other not in own]
    return "".join(dict.fromkeys(c for one in near for c in sounds.get(one, "") if c != char))


def _confusable(syllable: str) -> list[str]:
    found = []
    for long, short in _CONFUSED:
        if syllable.startswith(long):
            found.append(short + syllable[len(long) :])
        elif syllable.startswith(short):
            found.append(long + syllable[len(short) :])
    for long, short in _FINALS:
        if syllable.endswith(long):
            found.append(syllable[: -len(long)] + short)
        elif syllable.endswith(short):
            found.append(syllable[: -len(short)] + long)
    return found


def is_phrase(text: str) -> bool:
    """Whether pypinyin's dictionary of 47,000 words and phrases has it."""
    from pypinyin.phrases_dict import phrases_dict

    return text in phrases_dict
