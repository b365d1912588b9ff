"""The word that is still being typed at the end of a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from analysis import Analyzer, Token

from .graph import ACRONYM, is_han, is_pair

_WORD = re.compile(r"(\w+)\W*\Z")


@dataclass(frozen=True)
class Typed:
    """The finished tokens of a text, and the beginning of its last word, folded; None when it begins no other.

    ``last``: the tokens of the last word as it stands; ``position``: where it is; ``start``: where it begins in
    the text.
    """

    before: tuple[Token, ...]
    last: tuple[Token, ...]
    prefix: str | None
    position: int = 0
    start: int = 0


def typed(analyzer: Analyzer, text: str, tokens: Sequence[Token]) -> Typed:
    """Split off the last word of a text. A character that is always a word of its own begins no other."""
    tail = _WORD.search(text)
    if tail is None or not tokens:
        return Typed(tuple(tokens), (), None)
    end = max(token.end for token in tokens)
    after = max(token.position + token.position_length for token in tokens)
    if end < tail.end(1):  # a stop word, which may be the beginning of another word
        start = max(end, tail.start())
        return Typed(tuple(tokens), (), analyzer.normalize(text[start : tail.end(1)]) or None, after, start)
    position = max(token.position for token in tokens)
    last = [token for token in tokens if token.position == position]
    if any(is_pair(token) or (is_han(token) and _alone(analyzer, token.term)) for token in last):
        return Typed(tuple(tokens), (), None)
    start = min(token.start for token in last)
    before = tuple(t for t in tokens if t.position < position and t.end <= start)
    acronym = next((token.term for token in last if token.type == ACRONYM), None)  # U.S. begins the term usa
    if acronym is not None:
        return Typed(before, tuple(last), acronym, position, start)
    return Typed(before, tuple(last), analyzer.normalize(text[start:end]) or None, position, start)


def _alone(analyzer: Analyzer, char: str) -> bool:
    """Whether a character is a word of its own beside others, as Hangul and Katakana are not in `standard`."""
    return any(token.term == char for token in analyzer.tokens(char * 2))
