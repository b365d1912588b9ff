"""Numbers in texts, written one way: 20 = ２０ = 二十 = 廿 = twenty, 1,234 = 1234, 一九九八 = 1998."""

from __future__ import annotations

import re
import unicodedata

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "两": 2, "兩": 2, "廿": 20, "卅": 30}
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "萬": 10_000, "亿": 100_000_000, "億": 100_000_000}
_HAN_RUN = re.compile("[" + "".join(_DIGITS) + "".join(_UNITS) + "]+")
_ARABIC = re.compile(r"\d+(?:[,，]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_COUNTED = "年月日号號世纪岁歲届屆次个個名人位座条條只隻部集章期分秒点點倍成米公千"
_WORDS = {
    w: i
    for i, w in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
} | {w: 10 * i for i, w in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)}
_ENGLISH = re.compile(r"\b(" + "|".join(_WORDS) + r")(?:[- ](one|two|three|four|five|six|seven|eight|nine))?\b", re.I)


def numbers(text: str, lenient: bool = True) -> set[str]:
    """The numbers in a text as decimal strings.

    A single Chinese numeral is mostly no number (一个, 统一, 三文治), nor is a small English one ("the one
    that"); `lenient` takes them anyway, as a passage may be read; otherwise a Chinese one counts only before
    a counted noun (三年, 五个), and not after 哪 (哪两个), where the question asks for so many.
    """
    folded = unicodedata.normalize("NFKC", text)
    out = {_plain(m.group()) for m in _ARABIC.finditer(folded)}
    for match in _HAN_RUN.finditer(folded):
        run = match.group()
        before, after = folded[match.start() - 1 : match.start()], folded[match.end() : match.end() + 1]
        counted = bool(after) and after in _COUNTED and before != "哪" and run not in "一百千万亿"
        if lenient or (len(run) > 1 and set(run) != {"一"}) or counted:
            value = han_number(run)
            if value is not None:
                out.add(str(value))
    for match in _ENGLISH.finditer(folded):
        tens = _WORDS[match.group(1).lower()]
        if not lenient and tens <= 10:  # "which two", "the one that": how many are asked for, not a claim
            continue
        rest = _WORDS[match.group(2).lower()] if match.group(2) else 0
        out.add(str(tens + rest if tens >= 20 else tens))
    return out


def han_number(run: str) -> int | None:
    """The value of Chinese numerals: 二十一 is 21, 一九九八 is 1998, 三万五 is 30005; None when they say none."""
    if all(c in _DIGITS for c in run):
        return int("".join(str(_DIGITS[c]) for c in run))
    total = section = digit = 0
    largest = 1 << 40
    for c in run:
        if c in _DIGITS:
            digit = _DIGITS[c] + (digit if digit >= 20 else 0)
            continue
        unit = _UNITS[c]
        if unit < 10_000 and unit >= largest:
            return None  # 八十九十年代: two numbers, not one
        largest = 10_000 if unit >= 10_000 else unit
        if unit >= 10_000:
            total += (section + digit or 1) * unit
            section = digit = 0
        else:
            section += (digit or 1) * unit
            digit = 0
    return total + section + digit


def _plain(number: str) -> str:
    plain = number.replace(",", "").replace("，", "")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return plain.lstrip("0") or "0"
