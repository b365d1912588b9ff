"""Keys of a completion: the forms of a text that a prefix typed so far may begin."""

from __future__ import annotations

import re

from analysis.analyzer import Analyzer
from analysis.fold import fold
from analysis.multilingual import MultilingualAnalyzer
from analysis.pinyin import PinyinAnalyzer, spellings
from analysis.unicode import scalar

_BLANKS = re.compile(r"[\s\0]+")
_CJK = "\u2e80-\ufaff\U00020000-\U0003ffff"
_BLANK_IN_CJK = re.compile(rf"(?<=[{_CJK}]) (?=[{_CJK}])")


def completion_keys(analyzer: Analyzer, text: str) -> list[str]:
    """The keys under which a text is found.

    Characters are folded, runs of white space are one space, and there is none between Chinese
    characters. An analyzer that cuts puts a space between tokens that did not touch; ``pinyin``
    adds the text's spelling and its initials.
    """
    if isinstance(analyzer, PinyinAnalyzer):
        return list(dict.fromkeys([folded(text), *(spelling for spelling in spellings(text) if spelling)]))
    return _by_analyzer(analyzer, text)


def prefix_keys(analyzer: Analyzer, prefix: str) -> list[str]:
    """What the keys of the texts begin with that a typed prefix may become: any one of them is enough."""
    if isinstance(analyzer, PinyinAnalyzer):
        typed = folded(prefix)
        if not re.search("[a-z]", typed):
            return [typed]
        return list(dict.fromkeys([typed, spellings(prefix)[0]]))
    return _by_analyzer(analyzer, prefix)


def folded(text: str) -> str:
    """The text folded character by character, white space made one space."""
    plain = _BLANKS.sub(" ", fold(scalar(text)).text).lstrip()
    return _BLANK_IN_CJK.sub("", plain)


def _by_analyzer(analyzer: Analyzer, text: str) -> list[str]:
    if isinstance(analyzer, MultilingualAnalyzer):
        return [folded(text)]
    tokens = analyzer.phrase_tokens(text)
    if tokens and tokens[-1].position == tokens[0].position:  # several ways of saying all of it
        return list(dict.fromkeys(token.term for token in tokens))
    pieces: list[str] = []
    end, position = None, -1
    for token in tokens:
        if token.position == position:
            continue
        if end is not None and token.start > end:
            pieces.append(" ")
        pieces.append(token.term.replace("\0", " "))
        end, position = token.end, token.position
    if pieces and text[-1:].isspace():
        pieces.append(" ")
    return ["".join(pieces)]
