"""Sentence boundaries in Chinese and English text."""

from __future__ import annotations

import re

from analysis.resources import read_words

LONGEST = 300  # code points; longer sentences are cut at clause marks

_CLOSERS = "”’」』）】》〉〕］｝\"')\\]}»"
_MARK = re.compile(
    rf"(?P<strong>[。｡！？；…⁇⁈⁉]+[!?.。]*[{_CLOSERS}]*)"
    rf"|(?P<plain>[!?]+[！？。]*[{_CLOSERS}]*)"
    rf"|(?P<dots>\.{{2,}}[{_CLOSERS}]*)"
    rf"|(?P<dot>\.[{_CLOSERS}]*)"
    r"|(?P<blank>\n(?:[^\S\n]*\n)+)"
    r"|(?P<line>\n)"
)
_WORD_BEFORE = re.compile(r"[^\W_](?:[^\W_]|[.'’&-](?=[^\W_]))*\Z")
_ITEM = re.compile(
    r"[^\S\n]*(?:[-*•·●○◦▪–—]\s|\(?(?:\d{1,3}|[a-zA-Z])[.)]\s|\d{1,3}、|[（(]?[一二三四五六七八九十]{1,3}[)）、])"
)
_NUMBER_ITEM = re.compile(r"\s*\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})\Z")
_CJK = re.compile("[\u3000-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
_CLAUSES = (re.compile(r"[；;：]|[:](?=\s)"), re.compile(r"[，]|,(?=\s|[\u3000-\u9fff])"), re.compile(r"、|\s"))
_HEADING = 60  # code points: a shorter line is a heading or an item, a longer one may be wrapped


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans (start, end) of the sentences, in code points, without surrounding white space.

    They do not overlap and cover every character that is not white space.
    """
    spans: list[tuple[int, int]] = []
    lower = not any(map(str.isupper, text))
    start = 0
    for mark in _MARK.finditer(text):
        if mark.start() >= start and _ends(text, start, mark, lower):
            _append(text, start, mark.end(), spans)
            start = mark.end()
    _append(text, start, len(text), spans)
    return spans


def _ends(text: str, start: int, mark: re.Match[str], lower: bool) -> bool:
    """Whether a sentence that began at ``start`` ends with this mark."""
    kind = mark.lastgroup
    after = text[mark.end() : mark.end() + 1]
    if kind == "blank":
        return True
    if kind == "line":
        return _line_ends(text, start, mark.start())
    if kind == "strong":
        return after not in tuple("，、,：:")
    if after and not after.isspace() and not _CJK.match(after) and after not in "“‘「『（【《([\"'":
        return False
    if after and kind == "dot" and mark[0][-1] in "）)" and not after.isspace():
        return False  # 苹果公司（Apple Inc.）发布了
    following = _following(text, mark.end())
    if kind in ("plain", "dots"):
        return not following[:1].islower() or lower
    return _dot_ends(text, start, mark, following, lower)


def _following(text: str, at: int) -> str:
    """The word after a mark, opening quotes and brackets left out."""
    found = re.compile(r"[\s“‘「『（【《(\[\"']*(\w*)").match(text, at)
    return found[1] if found else ""


def _dot_ends(text: str, start: int, mark: re.Match[str], following: str, lower: bool) -> bool:
    before = text[max(start, mark.start() - 40) : mark.start()]
    if not before or before[-1].isspace():  # " . " of tokenized text, unless it is 0 . 5 or fig . 3
        tight = before.rstrip()
        if not tight or not following[:1].isdigit():
            return bool(tight)
        last = _WORD_BEFORE.search(tight)
        return not (tight[-1].isdigit() or (last and last[0].lower() in read_words("abbreviations.txt")))
    if len(mark[0]) > 1 and before[-1] not in ".":  # a quote or bracket closes after the period
        return not following[:1].islower() or lower
    found = _WORD_BEFORE.search(before)
    if found is None:
        return True
    word = found[0]
    first = following[:1]
    if lower and word.isdigit() and first.isdigit():
        return False  # 0. 8, as old collections print decimals
    if word[0].isdigit() and word[-1].isalpha() and first.islower():
        return False  # a 12-in. tunnel
    if word.isdigit() or len(word) == 1:
        if mark.start() - start < 12 and _NUMBER_ITEM.fullmatch(text[start : mark.start()]):
            return False  # "1." of a list
        if word.isdigit():
            return not first.islower() or lower
        if word.isupper():  # an initial, unless a usual beginning follows
            return first.isupper() and following.lower() in read_words("sentence_starters.txt")
        return not first.islower() and word not in read_words("abbreviations.txt")
    known = word.lower()
    if known in ("no", "nos", "art", "fig", "figs", "sec") and not first.isdigit():
        return word.islower() or bool(first)
    if known in read_words("abbreviations.txt"):
        return not first
    if known in read_words("abbreviations_final.txt") or _is_acronym(word):
        return not first or (first.isupper() and following.lower() in read_words("sentence_starters.txt"))
    if first.islower() and not lower:
        return len(word) > 2 and any(vowel in known for vowel in "aeiouy")
    return True


def _is_acronym(word: str) -> bool:
    pieces = word.split(".")
    return len(pieces) > 1 and all(len(piece) <= 2 for piece in pieces)


def _line_ends(text: str, start: int, at: int) -> bool:
    """Whether a line break ends a sentence, rather than wrapping it."""
    line = text[max(start, text.rfind("\n", 0, at) + 1) : at].strip()
    after = text[at + 1 : at + 80].lstrip(" \t")
    if not line or not after:
        return False
    if _ITEM.match(after) or _CJK.match(line[-1]) or _CJK.match(after[0]):
        return True
    return len(line) < _HEADING and not after[0].islower() and not after[0].isdigit() and line[-1] not in ",，-"


def _append(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> None:
    """Add text[start:end] without its white space, cut where it is too long."""
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    if spans and not any(map(str.isalnum, text[start:end])):
        if start < end:  # stray marks belong to the sentence before
            spans[-1] = (spans[-1][0], end)
        return
    while end - start > LONGEST:
        cut = _clause(text, start, start + LONGEST)
        stop = cut
        while text[stop - 1].isspace():
            stop -= 1
        spans.append((start, stop))
        start = cut
        while text[start].isspace():
            start += 1
    if start < end:
        spans.append((start, end))


def _clause(text: str, start: int, limit: int) -> int:
    """Where to cut a long sentence: after its last clause mark before the limit."""
    for pattern in _CLAUSES:
        marks = [m.end() for m in pattern.finditer(text, start + LONGEST // 3, limit)]
        if marks:
            return marks[-1]
    return limit
