# ruff: noqa: SIM109, SIM110 (compiled code: plain comparisons and loops compile to less)
"""The tokenizer of ``analysis.multilingual`` on folded UTF-8 bytes."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.kernels.compiled import kernel
from analysis.kernels.folding import decode
from analysis.kernels.lexicon import letters_ahead

# Kinds of characters, from kinds[code point].
OTHER, LETTER, DIGIT, CJK, EXTEND, EMOJI, REGIONAL = 0, 1, 2, 3, 4, 5, 6
# Flags of a token: it is dropped if a stop word; if its term and position are the last one's; it is Han; only
# its own number is wanted.
STOPPABLE, WHOLE, HAN_TERM, OWN = np.uint8(1), np.uint8(2), np.uint8(4), np.uint8(8)
PARTS = 64  # parts of the longest compound, bytes of the longest token that are handled here
BYTES = 255
GAP = 100

_HYPHEN, _LINE, _DOT, _AND, _AT = 45, 95, 46, 38, 64
_SPACE, _COMMA, _APOSTROPHE, _PLUS, _SHARP = 32, 44, 39, 43, 35

# What an ASCII byte after letters means: the word ends; it may join what follows; look closer.
_ENDS, _JOINS, _CLOSER = 0, 1, 2
_TAILS = np.array(
    [
        _JOINS if chr(b) in "-_.&@'" else _CLOSER if b >= 128 or chr(b).isalnum() or chr(b) in "+#" else _ENDS
        for b in range(256)
    ],
    np.uint8,
)


@kernel()
def kind_at(text: Any, kinds: Any, at: Any) -> Any:
    """(kind, bytes) of the character at ``at``."""
    if text[at] < 0x80:
        return kinds[text[at]], 1
    code, size = decode(text, at)
    return kinds[code], size


@kernel()
def alnum_at(text: Any, kinds: Any, at: Any) -> Any:
    """Whether a letter or a digit stands at ``at``."""
    kind, _ = kind_at(text, kinds, at)
    return kind == LETTER or kind == DIGIT


@kernel()
def letters_end(text: Any, kinds: Any, at: Any) -> Any:
    """The end of a run of letters with their marks and apostrophes inside."""
    while True:
        kind, size = kind_at(text, kinds, at)
        if kind == LETTER or kind == EXTEND:
            at += size
        elif text[at] == _APOSTROPHE and kind_at(text, kinds, at + 1)[0] == LETTER:
            at += 1
        else:
            return at


@kernel()
def ascii_digit(text: Any, at: Any) -> Any:
    return 48 <= text[at] <= 57


@kernel()
def digits_end(text: Any, kinds: Any, at: Any) -> Any:
    while True:
        kind, size = kind_at(text, kinds, at)
        if kind != DIGIT:
            return at
        at += size


@kernel()
def number_end(text: Any, kinds: Any, at: Any) -> Any:
    """The end of a number: groups of thousands or plain digits, then decimal or version parts."""
    count = 0
    while count < 4 and ascii_digit(text, at + count):
        count += 1
    end = at + count
    grouped = False
    while (
        count <= 3
        and text[end] == _COMMA
        and ascii_digit(text, end + 1)
        and ascii_digit(text, end + 2)
        and ascii_digit(text, end + 3)
        and kind_at(text, kinds, end + 4)[0] != DIGIT
    ):
        end += 4
        grouped = True
    if not grouped:
        end = digits_end(text, kinds, at)
    while text[end] == _DOT and kind_at(text, kinds, end + 1)[0] == DIGIT:
        end = digits_end(text, kinds, end + 1)
    return end


@kernel()
def one_letter(text: Any, kinds: Any, start: Any, end: Any) -> Any:
    """Whether text[start:end] is one letter and its marks."""
    _, size = kind_at(text, kinds, start)
    at = start + size
    while at < end:
        kind, size = kind_at(text, kinds, at)
        if kind != EXTEND:
            return False
        at += size
    return True


@kernel()
def parse(text: Any, kinds: Any, at: Any, parts: Any) -> Any:
    """Write the parts of the compound at ``at``: start, end, kind, joiner before. -1: too many."""
    count = 0
    joiner = np.int64(0)
    while True:
        if count == PARTS:
            return -1
        kind, _ = kind_at(text, kinds, at)
        end = letters_end(text, kinds, at) if kind == LETTER else number_end(text, kinds, at)
        parts[count, 0], parts[count, 1], parts[count, 2], parts[count, 3] = at, end, kind, joiner
        count += 1
        byte = text[end]
        joiner = np.int64(0)
        if byte == _HYPHEN or byte == _LINE or byte == _DOT or byte == _AND or byte == _AT:
            joiner = np.int64(byte)
        at = end + 1 if joiner else end
        if not alnum_at(text, kinds, at):
            return count


@kernel()
def may_lead(text: Any, kinds: Any, at: Any, start: Any) -> Any:
    """Whether a dot at ``at`` may begin a name like .NET: no letter, digit or dot before it."""
    if at == start:
        return True
    back = at - 1
    while text[back] & 0xC0 == 0x80:
        back -= 1
    kind, _ = kind_at(text, kinds, back)
    return text[back] != _DOT and kind != LETTER and kind != DIGIT and kind != EXTEND


@kernel()
def is_acronym(text: Any, kinds: Any, parts: Any, n: Any) -> Any:
    """Whether all parts are single letters and dots join them."""
    for p in range(n):
        if parts[p, 2] != LETTER or (p and parts[p, 3] != _DOT):
            return False
        if not one_letter(text, kinds, parts[p, 0], parts[p, 1]):
            return False
    return n > 1


@kernel()
def has_at(parts: Any, n: Any) -> Any:
    """Whether an @ joins any of the parts."""
    for p in range(n):
        if parts[p, 3] == _AT:
            return True
    return False


@kernel()
def copy_parts(text: Any, parts: Any, n: Any, room: Any) -> Any:
    """Write the parts, joined, to ``room``, and give the end."""
    for p in range(n):
        if parts[p, 3] == _AND:
            text[room] = _AND
            room += 1
        for i in range(parts[p, 0], parts[p, 1]):
            if text[i] != _COMMA:
                text[room] = text[i]
                room += 1
    return room


@kernel("i8(u1[::1],u8[::1],i8[::1],u1[::1],u1[::1],u1[::1],i8[:,::1],i4[::1],u2[::1],u4[::1],u1[::1],i8[::1])")
def scan_compounds(
    text: Any, words: Any, ends: Any, begins: Any, kinds: Any, refused: Any, parts: Any,
    starts: Any, lengths: Any, positions: Any, flags: Any, token_ends: Any,
) -> Any:  # fmt: skip
    """Tokenize folded texts.

    Args:
        text, words: the texts, each followed by a zero byte, and the same memory as 64-bit words; after
            the last one, twice their bytes of room for terms that do not stand in the text as they are.
        ends: text v is text[ends[v-1]+1:ends[v]].
        begins: 1 where a text begins a document; else it follows in the same one, after a gap.
        kinds: the kind of each code point.
        refused: set to 1 for a text that must be analyzed elsewhere; it gives no tokens here.
        parts: scratch, int64[PARTS, 4].
        starts, lengths, positions, flags: the tokens, out; room for two a byte.
        token_ends: the token count after each text, out.

    Returns:
        The token count.
    """
    room = ends[-1] + 1
    count = 0
    start = 0
    position = 0
    for v in range(ends.size):
        end = ends[v]
        position = 0 if begins[v] else position + GAP
        first = count
        beside, last = False, -1  # Han before, a word before; with only spaces between
        at = start
        while at < end:
            byte = text[at]
            if byte < 0x80 and kinds[byte] == LETTER:  # a plain word, the most frequent case
                stop = at
                run = letters_ahead(words, stop)
                while run == 8:
                    stop += 8
                    run = letters_ahead(words, stop)
                stop += run
                tail = _TAILS[text[stop]]
                if tail == _JOINS and text[stop + 1] < 0x80 and kinds[text[stop + 1]] == OTHER:
                    tail = _ENDS
                if tail == _ENDS and stop - at <= BYTES:
                    starts[count], lengths[count] = at, stop - at
                    positions[count], flags[count] = position, 0 if beside else STOPPABLE
                    beside, last = False, count
                    count += 1
                    position += 1
                    at = stop
                    continue
            elif byte == _SPACE:
                at += 1
                continue
            kind, size = kind_at(text, kinds, at)
            if kind == CJK:
                if last >= 0:
                    flags[last] = 0
                before = -1
                while kind == CJK:
                    if before >= 0:
                        starts[count], lengths[count] = before, at + size - before
                        positions[count], flags[count] = position - 1, HAN_TERM
                        count += 1
                    starts[count], lengths[count] = at, size
                    positions[count], flags[count] = position, HAN_TERM
                    count += 1
                    position += 1
                    before = at
                    at += size
                    kind, size = kind_at(text, kinds, at)
                beside, last = True, -1
                continue
            dotted = False
            if kind != LETTER and kind != DIGIT:
                dotted = byte == _DOT and kind_at(text, kinds, at + 1)[0] == LETTER and may_lead(text, kinds, at, start)
                if not dotted:
                    if kind == EMOJI or (kind == REGIONAL and kind_at(text, kinds, at + size)[0] == REGIONAL):
                        if kind == REGIONAL:
                            size += size
                        starts[count], lengths[count] = at, size
                        positions[count], flags[count] = position, 0
                        count += 1
                        position += 1
                    at += size
                    beside, last = False, -1
                    continue
                at += 1
            n = parse(text, kinds, at, parts)
            if n < 0:
                refused[v] = 1
                break
            stop = parts[n - 1, 1]
            signed = stop
            if parts[n - 1, 2] == LETTER:
                if text[stop] == _PLUS and text[stop + 1] == _PLUS:
                    signed = stop + 2
                elif (text[stop] == _PLUS or text[stop] == _SHARP) and not alnum_at(text, kinds, stop + 1):
                    signed = stop + 1
            if is_acronym(text, kinds, parts, n):
                whole = room
                room = copy_parts(text, parts, n, room)
                starts[count], lengths[count] = whole, room - whole
                positions[count], flags[count] = position, 0
                if room - whole > BYTES:
                    refused[v] = 1
                    break
                count += 1
                position += 1
                beside, last = False, -1
                at = signed
                continue
            if signed > stop and one_letter(text, kinds, parts[n - 1, 0], stop):
                parts[n - 1, 1] = signed
                stop = signed
            longest = 0
            for p in range(n):
                a, b = parts[p, 0], parts[p, 1]
                longest = max(longest, signed - a if p == n - 1 else b - a)
                positions[count] = position
                if parts[p, 2] == LETTER:
                    starts[count], lengths[count] = a, b - a
                    flags[count] = 0 if p == 0 and beside and not dotted else STOPPABLE
                    last = count
                else:
                    starts[count] = room
                    for i in range(a, b):
                        if text[i] != _COMMA:
                            text[room] = text[i]
                            room += 1
                    lengths[count], flags[count] = room - starts[count], 0
                    last = -1
                count += 1
                if p == 0 and dotted:
                    starts[count], lengths[count] = a - 1, b - a + 1
                    positions[count], flags[count] = position, 0
                    longest = max(longest, b - a + 1)
                    count += 1
                if p == 0 and n > 1:
                    whole = room
                    if has_at(parts, n):
                        starts[count], lengths[count] = at, stop - at
                        longest = max(longest, stop - at)
                    else:
                        room = copy_parts(text, parts, n, room)
                        starts[count], lengths[count] = whole, room - whole
                        longest = max(longest, room - whole)
                    positions[count], flags[count] = position, WHOLE
                    count += 1
                if b == stop and stop < signed:
                    starts[count], lengths[count] = a, signed - a
                    positions[count], flags[count] = position, 0
                    count += 1
                position += 1
            if longest > BYTES:
                refused[v] = 1
                break
            if signed > parts[n - 1, 1]:
                last = -1
            beside = False
            at = signed
        if refused[v]:
            count = first
        token_ends[v] = count
        start = end + 1
    return count
