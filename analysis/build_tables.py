"""Writes the character tables that the room ships: ``data/fold.txt`` and ``data/classes.txt``.

usage: python -m analysis.build_tables [FOLDER]

The tables are files, not computed at start, so that an index means the same under every Python
(``unicodedata`` differs between versions) and a process starts in milliseconds. The classes need
the ``regex`` package (Word_Break, Script and Extended_Pictographic of the Unicode Character
Database), which nothing else in the project uses: install it only to run this.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from analysis.resources import DATA, read_pairs

SCALARS = [*range(0xD800), *range(0xE000, 0x40000), *range(0xE0000, 0xE1000)]  # where characters are
CONTEXT = "*"  # stands for "depends on its neighbours"

# Where NFKC alone would read wrongly, or where a mark is not part of what people search for.
SPECIAL = {
    0x2019: "'",  # the typographic apostrophe of don’t
    0x02BC: "'",
    0x2010: "-",
    0x2011: "-",
    0x2122: " ",  # ™ and ℠ would glue "tm" and "sm" to the name
    0x2120: " ",
    0x20E3: "",  # the enclosing keycap
    0x0130: "i",  # İ, whose lower case is an i with a second dot over it
}
IGNORABLE = (  # Default_Ignorable_Code_Point that occurs in text, and emoji modifiers (skin tones)
    *(0xAD, 0x34F, 0x61C, 0x180E, 0xFEFF),
    *(*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)),
    *(*range(0xFE00, 0xFE10), *range(0x1F3FB, 0x1F400)),
    *(*range(0xE0000, 0xE0080), *range(0xE0100, 0xE01F0)),
)


def special(code: int) -> str | None:
    """The text that stands for a code point before normalization, or None when it is itself."""
    if code in SPECIAL:
        return SPECIAL[code]
    decomposition = unicodedata.decomposition(chr(code))
    if decomposition.startswith("<fraction>"):  # 6½ is 6 1/2, not 61/2
        return " " + unicodedata.normalize("NFKC", chr(code))
    if decomposition.startswith("<circle>") and unicodedata.category(chr(code)) == "No":
        return " " + unicodedata.normalize("NFKC", chr(code)) + " "  # ①② is 1 and 2, not 12
    return None


def joining() -> set[str]:
    """Characters that can combine with, or be reordered against, the character before them.

    They are those with a combining class, and those with NFC_Quick_Check=Maybe: the second
    halves of canonical pairs, and conjoining Hangul vowels and finals (UAX #15, section 9).
    """
    found = {chr(c) for c in (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))}
    for code in SCALARS:
        char = chr(code)
        if unicodedata.combining(char):
            found.add(char)
        parts = unicodedata.decomposition(char).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            found.add(chr(int(parts[1], 16)))
    return found


def simplifier() -> Callable[[str], str]:
    """Character to simplified character: OpenCC's first choice, then the variants, to a fixed point."""
    import opencc

    convert = opencc.OpenCC("t2s").convert
    variants = dict(read_pairs("variants.txt"))
    known: dict[str, str] = {}

    def simplify(char: str) -> str:
        if char < "\u2e80":
            return char
        if char not in known:
            result, seen = char, set()
            while result not in seen:
                seen.add(result)
                result = convert(result)
                result = variants.get(result, result)
            known[char] = result
        return known[char]

    return simplify


def fold_rows() -> Iterator[tuple[int, str | None]]:
    """Rows of ``fold.txt``: each code point that does not fold to itself, and its folded text.

    None stands for a character that only folds together with the ones before it.
    """
    marks, simplify = joining(), simplifier()
    ignorable = set(IGNORABLE)
    for code in SCALARS:
        char = chr(code)
        if code in ignorable:
            yield code, ""
            continue
        replacement = special(code)
        text = unicodedata.normalize("NFKC", char) if replacement is None else replacement
        if text and text[0] in marks:
            yield code, None
            continue
        folded = "".join(SPECIAL.get(ord(low), simplify(low)) for c in text for low in c.lower())
        if folded != char:
            yield code, folded


def class_rows() -> Iterator[tuple[int, str]]:
    """(code point, class name) of each code point whose class is not OTHER."""
    import regex  # type: ignore[import-untyped]

    def members(expression: str) -> set[int]:
        pattern = regex.compile(expression)
        return {code for code in SCALARS if pattern.match(chr(code))}

    order = [  # a later line wins
        ("SPACE", members(r"\s")),
        ("EMOJI", members(r"\p{Extended_Pictographic}") - {0xA9, 0xAE, 0x2122}),
        ("LETTER", members(r"\p{WB=ALetter}")),
        ("HEBREW", members(r"\p{WB=Hebrew_Letter}")),
        ("DIGIT", members(r"\p{WB=Numeric}")),
        ("EXTENDNUMLET", members(r"\p{WB=ExtendNumLet}") - members(r"\s")),
        ("HIRAGANA", members(r"\p{Script=Hiragana}") - members(r"\p{WB=Katakana}")),
        ("HAN", (members(r"\p{Script=Han}") & members(r"[\p{L}\p{Nl}\p{So}]")) | {0x3006}),
        ("KATAKANA", members(r"\p{WB=Katakana}")),
        ("HANGUL", members(r"\p{Script=Hangul}") & members(r"\p{WB=ALetter}")),
        ("COMPLEX", members(r"\p{Line_Break=SA}") - members(r"\p{WB=Extend}")),
        ("EXTEND", members(r"[\p{WB=Extend}\p{WB=Format}\p{WB=ZWJ}]")),
        ("MIDLETTER", members(r"\p{WB=MidLetter}")),
        ("MIDNUM", members(r"\p{WB=MidNum}")),
        ("MIDNUMLET", members(r"\p{WB=MidNumLet}")),
        ("SINGLEQUOTE", members(r"\p{WB=Single_Quote}")),
        ("DOUBLEQUOTE", members(r"\p{WB=Double_Quote}")),
        ("REGIONAL", members(r"\p{WB=Regional_Indicator}")),
    ]
    classes: dict[int, str] = {}
    for name, codes in order:
        classes.update(dict.fromkeys(codes, name))
    yield from sorted(classes.items())


def main(folder: Path = DATA) -> None:
    """Write both tables into ``folder``."""
    with (folder / "fold.txt").open("w", encoding="ascii") as out:
        out.write(
            "# code point, folded code points: NFKC, lower case, simplified Han; * depends on neighbours\n"
            f"# written by analysis.build_tables (Unicode {unicodedata.unidata_version}, OpenCC t2s)\n"
        )
        for code, folded in fold_rows():
            shown = CONTEXT if folded is None else " ".join(f"{ord(c):X}" for c in folded)
            out.write(f"{code:X}\t{shown}\n")
    with (folder / "classes.txt").open("w", encoding="ascii") as out:
        out.write("# first, last code point, class: Word_Break and Script (Unicode Character Database)\n")
        start = last = -1
        name = ""
        for code, kind in [*class_rows(), (0x110000, "")]:
            if code != last + 1 or kind != name:
                if name:
                    out.write(f"{start:X}\t{last:X}\t{name}\n")
                start, name = code, kind
            last = code


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
