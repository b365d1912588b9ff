# ruff: noqa: SIM109 (compiled code: plain comparisons compile to less)
"""The tokenizers ``standard`` (UAX #29) and ``whitespace`` on UTF-8 bytes."""

from __future__ import annotations

from typing import Any

from analysis.kernels.compiled import kernel
from analysis.kernels.compounds import BYTES, GAP, STOPPABLE, kind_at
from analysis.kernels.lexicon import letters_ahead, visible_ahead

# Kinds of characters for scan_words, from kinds[code point].
OTHER, LETTER, DIGIT, KATAKANA, SINGLE, COMPLEX, EXTEND, JOIN = 0, 1, 2, 3, 4, 5, 6, 7
MIDLETTER, MIDNUM, MIDNUMLET, REFUSED = 8, 9, 10, 11
SPACE = 1  # the only kind for white space
_DOT = 46


@kernel()
def after_marks(text: Any, kinds: Any, at: Any) -> Any:
    """Past the marks at ``at`` (WB4)."""
    while True:
        kind, size = kind_at(text, kinds, at)
        if kind != EXTEND:
            return at
        at += size


@kernel()
def alnum_end(text: Any, kinds: Any, at: Any) -> Any:
    """The end of letters and digits with what may stand inside them (WB5 to WB12)."""
    while True:
        kind, size = kind_at(text, kinds, at)
        if kind != LETTER and kind != DIGIT:
            return at
        at = after_marks(text, kinds, at + size)
        between, size = kind_at(text, kinds, at)
        if between == MIDNUMLET or between == (MIDLETTER if kind == LETTER else MIDNUM):
            beyond = after_marks(text, kinds, at + size)
            if kind_at(text, kinds, beyond)[0] == kind:
                at = beyond


@kernel()
def word_end(text: Any, kinds: Any, at: Any) -> Any:
    """(end, is a token) of what begins at ``at`` with a letter, digit, Katakana or connector."""
    token = False
    while True:
        kind, size = kind_at(text, kinds, at)
        while kind == JOIN:
            at = after_marks(text, kinds, at + size)
            kind, size = kind_at(text, kinds, at)
        if kind == LETTER or kind == DIGIT:
            at = alnum_end(text, kinds, at)
        elif kind == KATAKANA:
            while kind == KATAKANA:
                at = after_marks(text, kinds, at + size)
                kind, size = kind_at(text, kinds, at)
        else:
            return at, token
        token = True
        if kind_at(text, kinds, at)[0] != JOIN:
            return at, token


@kernel()
def token_at(text: Any, kinds: Any, at: Any, end: Any, spaces: Any) -> Any:
    """(end, is a token) of what begins at ``at``; end 0: these rules do not cover it."""
    kind, size = kind_at(text, kinds, at)
    if spaces:
        token = kind != SPACE
        while at < end and (kind != SPACE) == token:
            at += size
            kind, size = kind_at(text, kinds, at)
        return at, token
    if kind == LETTER or kind == DIGIT or kind == KATAKANA or kind == JOIN:
        return word_end(text, kinds, at)
    if kind == SINGLE:
        return after_marks(text, kinds, at + size), True
    if kind == COMPLEX:
        while kind == COMPLEX:
            at = after_marks(text, kinds, at + size)
            kind, size = kind_at(text, kinds, at)
        return at, True
    return 0 if kind == REFUSED else at + size, False


@kernel("i8(u1[::1],u8[::1],i8[::1],u1[::1],u1[::1],u1[::1],b1,i4[::1],u2[::1],u4[::1],u1[::1],i8[::1])")
def scan_words(
    text: Any, words: Any, ends: Any, begins: Any, kinds: Any, refused: Any, spaces: Any,
    starts: Any, lengths: Any, positions: Any, flags: Any, token_ends: Any,
) -> Any:  # fmt: skip
    """Tokenize texts by UAX #29 or, if ``spaces``, at white space; the rest as ``scan_compounds``."""
    count = 0
    start = 0
    position = 0
    between = SPACE if spaces else OTHER  # what separates tokens, most often
    for v in range(ends.size):
        end = ends[v]
        position = 0 if begins[v] else position + GAP
        first = count
        at = start
        while at < end:
            if text[at] < 0x80 and kinds[text[at]] == between:
                at += 1
                continue
            stop = at
            if spaces:
                run = visible_ahead(words, stop)
                while run == 8:
                    stop += 8
                    run = visible_ahead(words, stop)
                stop += run
                token = stop > at and (stop == end or (text[stop] < 0x80 and kinds[text[stop]] == SPACE))
            else:
                run = letters_ahead(words, stop)
                while run == 8:
                    stop += 8
                    run = letters_ahead(words, stop)
                stop += run
                after = text[stop]
                if after == _DOT:
                    after = text[stop + 1]
                token = stop > at and after < 0x80 and kinds[after] == OTHER
            if not token:
                stop, token = token_at(text, kinds, at, end, spaces)
            if stop == 0 or (token and stop - at > BYTES):
                refused[v] = 1
                count = first
                break
            if token:
                starts[count], lengths[count] = at, stop - at
                positions[count], flags[count] = position, STOPPABLE
                count += 1
                position += 1
            at = stop
        token_ends[v] = count
        start = end + 1
    return count
