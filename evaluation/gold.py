"""Whether an answer holds a gold answer: containment after folding case, width, punctuation and space."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_HAN = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_MARKER = re.compile(r"\s*\[\d+\]")
# Symbols that carry meaning in an answer (5%, $10, C++, −3) are no punctuation here.
_PUNCTUATION = re.compile(r"[^\w\s%$€£¥+#°℃−-]|_")
_BESIDE_HAN = re.compile(rf"(?<=[{_HAN}])\s+|\s+(?=[{_HAN}])")


def fold(text: str) -> str:
    """NFKC, lower case, punctuation as space, one space between words and none beside Han characters."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = " ".join(_PUNCTUATION.sub(" ", text).split())
    return _BESIDE_HAN.sub("", text)


def without_markers(answer: str) -> str:
    """An answer's text without its citation marks `[1]`."""
    return _MARKER.sub("", answer)


def holds(text: str, gold: Iterable[str]) -> bool:
    """Whether the folded `text` contains one of the folded `gold` answers."""
    folded = fold(text)
    return any(answer and answer in folded for answer in map(fold, gold))
