# ruff: noqa: SIM110 (compiled code: plain loops compile to less)
"""A dictionary from byte strings to numbers, in arrays (open addressing, linear probing).

A slot is two words: the key, and length << 32 | number + 1 (0: empty). The key of a term of up to
eight bytes is the term itself, so that most look-ups compare one word and touch one cache line;
that of a longer term is a hash, and its bytes are compared too. Texts are read as 64-bit words
(little-endian), so they are padded by at least eight bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.kernels.compiled import kernel

HAN, STOP = np.uint8(1), np.uint8(2)  # attributes of a term

_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio (Fibonacci hashing, Knuth 6.4)
_ONE, _THREE, _SEVEN, _EIGHT = np.uint64(1), np.uint64(3), np.uint64(7), np.uint64(8)
_32, _63, _ALL = np.uint64(32), np.uint64(63), np.uint64(0xFFFFFFFFFFFFFFFF)
_LOW32 = np.uint64(0xFFFFFFFF)


@kernel()
def load8(words: Any, at: Any) -> Any:
    """The eight bytes from byte ``at`` on, as one word."""
    where = np.uint64(at)
    index, shift = where >> _THREE, (where & _SEVEN) << _THREE
    return (words[index] >> shift) | ((words[index + _ONE] << (_63 - shift)) << _ONE)


@kernel()
def key_of(words: Any, start: Any, length: Any) -> Any:
    """The key of the ``length`` bytes, a uint64, from ``start`` on."""
    if length <= _EIGHT:
        return load8(words, start) & (_ALL >> ((_EIGHT - length) << _THREE))
    key = length * _ODD
    at, left = np.uint64(start), length
    while left > _EIGHT:
        key = (key ^ load8(words, at)) * _ODD
        key ^= key >> _32
        at += _EIGHT
        left -= _EIGHT
    key = (key ^ (load8(words, at) & (_ALL >> ((_EIGHT - left) << _THREE)))) * _ODD
    return key ^ (key >> _32)


@kernel()
def home(key: Any, length: Any, shift: Any) -> Any:
    """The first slot to look at, of 2^(64 - shift)."""
    mixed = (key ^ (length << _32)) * _ODD
    return ((mixed ^ (mixed >> _32)) * _ODD) >> shift


@kernel()
def same_bytes(text: Any, start: Any, blob: Any, other: Any, length: Any) -> Any:
    """Whether text[start:start+length] equals blob[other:other+length]."""
    for i in range(length):
        if text[start + i] != blob[other + i]:
            return False
    return True


@kernel("void(u8[::1],u8[::1],u8)")
def rehash(slots: Any, wider: Any, shift: Any) -> None:
    """Put the entries of ``slots`` into ``wider``, which is empty and has 2^(64 - shift) slots."""
    mask = (_ONE << (np.uint64(64) - shift)) - _ONE
    for old in range(slots.size >> 1):
        entry = slots[2 * old + 1]
        if entry != 0:
            key = slots[2 * old]
            at = home(key, entry >> _32, shift)
            while wider[at + at + _ONE] != 0:
                at = (at + _ONE) & mask
            wider[at + at] = key
            wider[at + at + _ONE] = entry


@kernel(
    "void(u1[::1],u8[::1],i4[::1],u2[::1],u1[::1],u4[::1],"
    "u8[::1],u8,u1[::1],i8[::1],i4[::1],u1[::1],i4[::1],i8[::1],u8[:,::1])"
)
def number_terms(
    text: Any, words: Any, starts: Any, lengths: Any, flags: Any, numbers: Any, slots: Any, shift: Any, blob: Any,
    bounds: Any, finals: Any, attributes: Any, pending: Any, state: Any, keys: Any,
) -> None:  # fmt: skip
    """Write the numbers of terms to ``numbers``, adding those not seen before.

    Args:
        text, words: the same memory; text[starts[i]:starts[i]+lengths[i]] is term i.
        flags: with HAN_TERM, the term is Han and its own final form.
        slots, shift: 2^(64 - shift) slots, not more than .6 of them used after this call.
        blob, bounds: the bytes of the terms; there must be room.
        finals, attributes: per term its final form's number, -1 for unknown, -2 for asked; HAN, STOP.
        pending: terms whose final form is asked for.
        state: numbers of terms, of bytes, of pending terms, and one that means nothing.
        keys: scratch, uint64[terms looked up at a time, 2].
    """
    mask = (_ONE << (np.uint64(64) - shift)) - _ONE
    touched = np.uint64(0)
    for block in range(0, numbers.size, keys.shape[0]):
        size = min(keys.shape[0], numbers.size - block)
        # First reach for all the slots, so that the waits for memory overlap, then look.
        for i in range(size):
            length = np.uint64(lengths[block + i])
            key = key_of(words, starts[block + i], length)
            at = home(key, length, shift)
            keys[i, 0], keys[i, 1] = key, at
            touched ^= slots[at + at]
        for i in range(size):
            length, key, at = np.uint64(lengths[block + i]), keys[i, 0], keys[i, 1]
            number = np.int64(0)
            while True:
                entry = slots[at + at + _ONE]
                if slots[at + at] == key and (entry >> _32) == length:
                    number = np.int64(entry & _LOW32) - 1
                    if length <= _EIGHT or same_bytes(
                        text, starts[block + i], blob, bounds[number], lengths[block + i]
                    ):
                        break
                elif entry == 0:
                    number = state[0]
                    used, start = state[1], starts[block + i]
                    for j in range(lengths[block + i]):
                        blob[used + j] = text[start + j]
                    state[1] = used + lengths[block + i]
                    bounds[number + 1] = state[1]
                    han = (flags[block + i] >> 2) & 1
                    finals[number] = number if han else -1
                    attributes[number] = han
                    state[0] = number + 1
                    slots[at + at] = key
                    slots[at + at + _ONE] = (length << _32) | np.uint64(number + 1)
                    break
                at = (at + _ONE) & mask
            if finals[number] == -1:
                finals[number] = -2
                pending[state[2]] = number
                state[2] += 1
            numbers[block + i] = number
    state[3] = touched != 0
