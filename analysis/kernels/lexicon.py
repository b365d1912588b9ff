# ruff: noqa: SIM110 (compiled code: plain loops compile to less)
"""A dictionary from byte strings to numbers, in arrays (open addressing, linear probing).

A slot is 32 bytes, so that a look-up touches one cache line: two words of key, a word of
length << 32 | number + 1 (0: empty), and a word that says what the term becomes: the number of its
final form, with KNOWN, and STOP for a stop word. The key of a term of up to sixteen bytes is the term
itself, so that it is found by comparing words; that of a longer one is a hash, and its bytes are
compared too. Texts are read as 64-bit words (little-endian), so they are padded by eight bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.kernels.compiled import kernel, load8, prefetch, trailing_zeros

HAN, STOP = np.uint8(1), np.uint8(2)  # attributes of a term
NEW = np.uint32(0x80000000)  # set in a number: its term has no final form yet
DROPPED = np.uint32(0xFFFFFFFF)  # instead of a number: a stop word

_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio (Fibonacci hashing, Knuth 6.4)
_ONE, _THREE, _EIGHT = (np.uint64(n) for n in (1, 3, 8))
_16, _32, _64, _ALL = (np.uint64(n) for n in (16, 32, 64, 0xFFFFFFFFFFFFFFFF))
_LOW32, _LOW7, _HIGH = np.uint64(0xFFFFFFFF), np.uint64(0x7F7F7F7F7F7F7F7F), np.uint64(0x8080808080808080)
_KNOWN, _STOPS = np.uint64(1 << 32), np.uint64(1 << 33)


@kernel()
def ahead(ends: Any) -> Any:
    """The bytes before the first that is marked with its high bit; 8 if none is."""
    return trailing_zeros(ends) >> 3


@kernel()
def letters_ahead(words: Any, at: Any) -> Any:
    """How many of the eight bytes from ``at`` on are ASCII letters, up to the first that is none."""
    word = load8(words, at) | np.uint64(0x2020202020202020)
    low = word & _LOW7
    above, beyond = low + np.uint64(0x1F1F1F1F1F1F1F1F), low + np.uint64(0x0505050505050505)  # >= a, > z
    return ahead((~above | beyond | word) & _HIGH)


@kernel()
def visible_ahead(words: Any, at: Any) -> Any:
    """How many of the eight bytes from ``at`` on are visible ASCII, up to the first that is not."""
    word = load8(words, at)
    return ahead((~((word & _LOW7) + np.uint64(0x5F5F5F5F5F5F5F5F)) | word) & _HIGH)


@kernel()
def first_bytes(word: Any, count: Any) -> Any:
    """The first ``count`` bytes, 1 to 8, of a word."""
    return word & (_ALL >> ((_EIGHT - count) << _THREE))


@kernel()
def keys_of(words: Any, start: Any, length: Any) -> Any:
    """Both words of the key of the ``length`` bytes, a uint64 > 0, from ``start`` on."""
    at = np.uint64(start)
    if length <= _EIGHT:
        return first_bytes(load8(words, at), length), np.uint64(0)
    if length <= _16:
        return load8(words, at), first_bytes(load8(words, at + _EIGHT), length - _EIGHT)
    key, left = length * _ODD, length
    while left > _EIGHT:
        key = (key ^ load8(words, at)) * _ODD
        key ^= key >> _32
        at += _EIGHT
        left -= _EIGHT
    key = (key ^ first_bytes(load8(words, at), left)) * _ODD
    return key, key >> _32


@kernel()
def home(key: Any, more: Any, length: Any, shift: Any) -> Any:
    """The first slot to look at, of 2^(64 - shift)."""
    mixed = (key ^ (length << _32) ^ (more * _ODD)) * _ODD
    return ((mixed ^ (mixed >> _32)) * _ODD) >> shift


@kernel()
def same_bytes(text: Any, start: Any, blob: Any, other: Any, length: Any) -> Any:
    """Whether text[start:start+length] equals blob[other:other+length]."""
    for i in range(length):
        if text[start + i] != blob[other + i]:
            return False
    return True


@kernel("void(u8[:,::1],u8[:,::1],u8)")
def rehash(slots: Any, wider: Any, shift: Any) -> None:
    """Put the entries of ``slots`` into ``wider``, which is empty and has 2^(64 - shift) slots."""
    mask = (_ONE << (_64 - shift)) - _ONE
    for old in range(slots.shape[0]):
        entry = slots[old, 2]
        if entry != 0:
            at = home(slots[old, 0], slots[old, 1], entry >> _32, shift)
            while wider[at, 2] != 0:
                at = (at + _ONE) & mask
            for i in range(4):
                wider[at, i] = slots[old, i]


@kernel("void(u8[:,::1],u8,u1[::1],u8[::1],i8[::1],i4[::1],i4[::1],u1[::1])")
def settle(
    slots: Any, shift: Any, blob: Any, blob_words: Any, bounds: Any, terms: Any, finals: Any, attributes: Any
) -> None:
    """Write the final forms of ``terms`` (numbers) into their slots."""
    mask = (_ONE << (_64 - shift)) - _ONE
    for i in range(terms.size):
        term = terms[i]
        length = np.uint64(bounds[term + 1] - bounds[term])
        key, more = keys_of(blob_words, bounds[term], length)
        at = home(key, more, length, shift)
        while (slots[at, 2] & _LOW32) != np.uint64(term + 1):
            at = (at + _ONE) & mask
        stop = _STOPS if attributes[term] & STOP else np.uint64(0)
        slots[at, 3] = np.uint64(finals[term]) | _KNOWN | stop


@kernel(
    "void(u1[::1],u8[::1],i4[::1],u2[::1],u1[::1],u4[::1],"
    "u8[:,::1],u8,u1[::1],i8[::1],i4[::1],u1[::1],i4[::1],i8[::1],u8[:,::1],b1)"
)
def number_terms(
    text: Any, words: Any, starts: Any, lengths: Any, flags: Any, numbers: Any, slots: Any, shift: Any, blob: Any,
    bounds: Any, finals: Any, attributes: Any, pending: Any, state: Any, keys: Any, plain: Any,
) -> None:  # fmt: skip
    """Write the numbers of terms' final forms to ``numbers``, adding terms not seen before.

    A number with NEW is a term's own, whose final form is not known yet; DROPPED stands for a stop
    word that may be dropped.

    Args:
        text, words: the same memory; text[starts[i]:starts[i]+lengths[i]] is term i.
        flags: with STOPPABLE (1), a stop word is dropped; with HAN_TERM (4), the term is final;
            with OWN (8), its own number is asked for and not that of its final form.
        slots, shift: 2^(64 - shift) slots, not more than .6 of them used after this call.
        blob, bounds: the bytes of the terms; there must be room.
        finals, attributes: per term its final form's number, -1 for unknown, -2 for asked; HAN, STOP.
        pending: terms whose final form is asked for.
        state: numbers of terms, of bytes, of pending terms.
        keys: scratch, uint64[terms looked up at a time, 3].
        plain: all terms are final.
    """
    mask = (_ONE << (_64 - shift)) - _ONE
    table = np.int64(slots.ctypes.data)
    for block in range(0, numbers.size, keys.shape[0]):
        size = min(keys.shape[0], numbers.size - block)
        # First ask for all the slots, so that many waits for memory overlap, then look.
        for i in range(size):
            token = np.uint64(block + i)  # unsigned: else numba asks whether it counts from the end
            length = np.uint64(lengths[token])
            key, more = keys_of(words, starts[token], length)
            keys[i, 0], keys[i, 1], keys[i, 2] = key, more, home(key, more, length, shift)
        for i in range(size):
            prefetch(table + np.int64(keys[i, 2]) * 32)
        for i in range(size):
            token = np.uint64(block + i)
            length, key, more, at = np.uint64(lengths[token]), keys[i, 0], keys[i, 1], keys[i, 2]
            becomes = slots[at, 3]
            differs = (slots[at, 0] ^ key) | (slots[at, 1] ^ more) | ((slots[at, 2] >> _32) ^ length)
            if differs == 0 and length <= _16 and becomes >> _32 == _ONE and flags[token] < 8:
                numbers[token] = np.uint32(becomes & _LOW32)  # nearly always: known, no stop word
                continue
            while True:
                entry = slots[at, 2]
                if slots[at, 0] == key and slots[at, 1] == more and (entry >> _32) == length:
                    if length <= _16:
                        break
                    other = bounds[np.int64(entry & _LOW32) - 1]
                    if same_bytes(text, starts[token], blob, other, lengths[token]):
                        break
                elif entry == 0:
                    number, used, start = state[0], state[1], starts[token]
                    for j in range(lengths[token]):
                        blob[used + j] = text[start + j]
                    state[0] = number + 1
                    state[1] = used + lengths[token]
                    bounds[number + 1] = state[1]
                    han = (flags[token] >> 2) & 1
                    final = plain or han
                    finals[number] = number if final else -1
                    attributes[number] = han
                    slots[at, 0], slots[at, 1] = key, more
                    slots[at, 2] = (length << _32) | np.uint64(number + 1)
                    slots[at, 3] = np.uint64(number) | (_KNOWN if final else np.uint64(0))
                    break
                at = (at + _ONE) & mask
            becomes = slots[at, 3]
            if flags[token] & 8:
                numbers[token] = np.uint32(slots[at, 2] & _LOW32) - np.uint32(1)
            elif becomes & _KNOWN:
                drop = becomes & _STOPS and flags[token] & 1
                numbers[token] = DROPPED if drop else np.uint32(becomes & _LOW32)
            else:
                number = np.int64(becomes & _LOW32)
                if finals[number] == -1:
                    finals[number] = -2
                    pending[state[2]] = number
                    state[2] += 1
                numbers[token] = np.uint32(number) | NEW
