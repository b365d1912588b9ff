"""Parts of a long text that may hold what is looked for, so that not all of it need be analyzed.

Under the ``multilingual`` analysis a Han term is a run of characters of the folded text, wherever it stands.
Any other term begins as the word does that it was made of: English stems change endings only. So the places
of the terms are found in the folded text, and only their surroundings are analyzed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from analysis import Analyzer
from analysis.arrays import is_cjk
from analysis.fold import fold
from analysis.multilingual import MultilingualAnalyzer
from analysis.unicode import scalar

LONG = 20_000  # characters; shorter texts are analyzed as a whole
_PAD = 64
_HAN = "\u2e80-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORDLIKE = re.compile(rf"[^\s{_HAN}]")


def windows(analyzer: Analyzer, text: str, phrases: Iterable[tuple[str, ...]]) -> list[tuple[int, int]]:
    """Disjoint parts of `text`, in order, that hold every occurrence of any of the phrases (words are of one term)."""
    whole = [(0, len(text))]
    if type(analyzer) is not MultilingualAnalyzer or len(text) < LONG:
        return whole
    if analyzer.language not in (None, "english"):
        return whole
    patterns: set[str] = set()
    for terms in phrases:
        if all(map(is_cjk, terms)):
            patterns.add(r"[\W_]*".join(map(re.escape, terms)))
        else:
            patterns.add(_beginning(next(term for term in terms if not is_cjk(term))))
    folded = fold(scalar(text))
    out: list[tuple[int, int]] = []
    for match in re.finditer("|".join(sorted(patterns, key=len, reverse=True)), folded.text):
        start, end = folded.span(*match.span())
        if out and start <= out[-1][1]:
            if end + _PAD > out[-1][1]:
                out[-1] = (out[-1][0], _edge(text, end + _PAD, 1))
            continue
        low = _edge(text, start - _PAD, -1)
        high = _edge(text, end + _PAD, 1)
        if out and low <= out[-1][1]:
            out[-1] = (out[-1][0], high)
        else:
            out.append((low, high))
    return whole if sum(b - a for a, b in out) > 0.6 * len(text) else out


def _beginning(term: str) -> str:
    """Where a word or number may begin that becomes this term."""
    first = term[0]
    before = "(?<![0-9])" if first.isdigit() else "(?<![a-z])" if first.isascii() and first.isalpha() else ""
    return before + re.escape(first)


def _edge(text: str, at: int, step: int) -> int:
    """The nearest place outward that cuts no word."""
    at = min(max(at, 0), len(text))
    while 0 < at < len(text) and _WORDLIKE.match(text[at - 1]) and _WORDLIKE.match(text[at]):
        at += step
    return at
