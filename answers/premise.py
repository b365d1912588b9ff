"""The question's premises: its numbers and names must stand in the passages that answer it.

A question whose number or name was changed ("in 1997" for 1979) finds the right passage all the same;
answering it would confirm what the passage denies.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches

from analysis.fold import fold
from analysis.names import chinese_names

from .numbers import numbers

_QUOTED = re.compile('《([^》]+)》|〈([^〉]+)〉|“([^”]+)”|「([^」]+)」|『([^』]+)』|"([^"]+)"')
_WORD = re.compile(r"[A-Za-zÀ-ɏ][A-Za-z0-9À-ɏ'’.&]*")
_QUESTION_WORDS = frozenset(
    ("what", "when", "why", "who", "whom", "whose", "where", "which", "how", "does", "did", "is", "in", "the")
)
_HAN = re.compile(r"[㐀-鿿豈-﫿\U00020000-\U0003ffff]")


def has_han(text: str) -> bool:
    """Whether a text has Chinese characters."""
    return bool(_HAN.search(text))


def names(question: str) -> list[str]:
    """Quoted parts of a question, and its capitalised words that do not merely begin a sentence."""
    text = unicodedata.normalize("NFKC", question)
    out = [next(g for g in m.groups() if g) for m in _QUOTED.finditer(text)]
    chinese = has_han(text)
    start = True
    for match in _WORD.finditer(text):
        word = match.group().rstrip(".'’")
        for suffix in ("'s", "’s"):
            word = word.removesuffix(suffix)
        inner_capital = any(c.isupper() for c in word[1:])
        capital = word[0].isupper() and (chinese or not start) and len(word) > 1
        if (inner_capital or capital) and word.casefold() not in _QUESTION_WORDS:
            out.append(word)
        start = text[match.end() : match.end() + 1] in (".", "?", "!", ":", "。", "？") and len(word) > 2
    return out


def missing_premises(question: str, passages: Sequence[str]) -> list[str]:
    """The question's numbers and names that none of the cited passages holds.

    Names are not asked for across languages: a Chinese passage writes an English name its own way.
    """
    known = set().union(*(numbers(p) for p in passages)) if passages else set()
    out = [n for n in sorted(numbers(question, lenient=False)) if n not in known]
    asked = names(question)
    if asked:
        chinese = has_han(question)
        same = [p for p in passages if chinese or not _mostly_han(p)]
        if same:
            known_names = _Names(same)
            out += [n for n in asked if n not in known_names]
    if has_han(question):
        whole = "".join(_squeezed(p) for p in passages if _mostly_han(p))
        if whole:
            out += [n for n in chinese_names(question) if _squeezed(n) not in whole and n not in out]
    return out


class _Names:
    """The names of passages, for forgiving comparison: case, spaces, punctuation, endings, a slip of a key."""

    def __init__(self, passages: Sequence[str]) -> None:
        self._whole = "\n".join(_squeezed(p) for p in passages)
        self._words = {_squeezed(w) for p in passages for w in _WORD.findall(p)}

    def __contains__(self, name: str) -> bool:
        wanted = _squeezed(name)
        if wanted in self._whole or (len(wanted) >= 5 and wanted[: max(5, len(wanted) - 2)] in self._whole):
            return True
        return len(wanted) >= 6 and bool(get_close_matches(wanted, self._words, 1, 0.87))


def _squeezed(text: str) -> str:
    """Folded, without spaces and punctuation: how a name is compared."""
    return "".join(c for c in fold(text).text if c.isalnum())


def _mostly_han(text: str) -> bool:
    return len(_HAN.findall(text)) * 3 > len(text)
