"""What the kernels look up per code point, as arrays."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from analysis.kernels import compounds as c
from analysis.kernels import words as w
from analysis.unicode import class_bytes, fold_rows


def _kinds(groups: dict[str, int]) -> npt.NDArray[np.uint8]:
    """uint8[0x110000]: the number of each code point's class letter, 0 for letters not named."""
    table = np.zeros(256, np.uint8)
    for letters, number in groups.items():
        table[[ord(letter) for letter in letters]] = number
    return table[np.frombuffer(class_bytes(), np.uint8)]


@cache
def compound_kinds() -> npt.NDArray[np.uint8]:
    """Kinds for ``scan_compounds``."""
    return _kinds({"abc": c.LETTER, "0": c.DIGIT, "hikg": c.CJK, "x": c.EXTEND, "e": c.EMOJI, "r": c.REGIONAL})


@cache
def word_kinds() -> npt.NDArray[np.uint8]:
    """Kinds for ``scan_words``; Hebrew, emoji and flags have rules that it leaves to the exact analysis."""
    groups = {"ag": w.LETTER, "0": w.DIGIT, "k": w.KATAKANA, "hi": w.SINGLE, "c": w.COMPLEX, "x": w.EXTEND}
    marks = {"_": w.JOIN, ":": w.MIDLETTER, ";": w.MIDNUM, ".'": w.MIDNUMLET, "ber": w.REFUSED}
    return _kinds(groups | marks)


@cache
def space_kinds() -> npt.NDArray[np.uint8]:
    """Kinds for ``scan_words`` at white space: Java's, as Lucene's WhitespaceTokenizer has it."""
    table = np.zeros(0x110000, np.uint8)
    table[[*range(9, 14), *range(0x1C, 0x21), 0x1680, *range(0x2000, 0x2007)]] = w.SPACE
    table[[*range(0x2008, 0x200B), 0x2028, 0x2029, 0x205F, 0x3000]] = w.SPACE
    return table


@cache
def fold_arrays() -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
    """For ``fold_texts``: each code point's row, the rows' UTF-8 concatenated, and their bounds."""
    rows = np.zeros(0x110000, np.uint16)
    pieces = [b"", b""]
    for code, folded in fold_rows().items():
        rows[code] = 1 if folded is None else len(pieces)
        if folded is not None:
            pieces.append(folded.encode())
    bounds = np.zeros(len(pieces) + 1, np.int32)
    np.cumsum([len(piece) for piece in pieces], out=bounds[1:])
    return rows, np.frombuffer(b"".join(pieces), np.uint8).copy(), bounds
