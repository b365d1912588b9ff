"""The terms that one analyzer has met, numbered, with their final forms; it lives across batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.arrays import is_cjk
from analysis.kernels.compounds import HAN_TERM
from analysis.kernels.lexicon import STOP, number_terms, rehash

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
Tokens = tuple[npt.NDArray[np.int32], npt.NDArray[np.uint16], Bytes]  # starts, lengths, flags
BLOCK = 1 << 14  # terms numbered at a time, so that the dictionary grows with what is new
FULL_TERMS, FULL_BYTES = 1 << 20, 48 << 20  # a larger lexicon is dropped after a batch


def padded(data: bytes, room: int = 0) -> tuple[Bytes, Words]:
    """The bytes in an array with ``room`` and padding after them, and the same memory as words."""
    words = np.empty((len(data) + room + 23) // 8, np.uint64)
    text = words.view(np.uint8)
    text[: len(data)] = np.frombuffer(data, np.uint8)
    text[len(data) : len(data) + 8] = 0
    return text, words


class Lexicon:
    """Byte strings to numbers (``analysis.kernels.lexicon``), used by one batch at a time.

    ``final`` gives a term's final form; ``stop`` whether it is a stop word. Both are asked once for
    each distinct term, so stemming costs per word of the vocabulary, not per word of the text.
    """

    def __init__(self, final: Callable[[str], str], stop: Callable[[str], bool], scripts: bool) -> None:
        self._final, self._stop, self._scripts = final, stop, scripts
        capacity = 1 << 13
        self.slots = np.zeros(4 * capacity, np.uint64)
        self.blob = np.empty(8 * capacity, np.uint8)
        self.bounds = np.zeros(capacity + 1, np.int64)
        self.finals = np.empty(capacity, np.int32)
        self.attributes = np.empty(capacity, np.uint8)
        self.pending = np.empty(capacity, np.int32)
        self.state = np.zeros(4, np.int64)
        self._keys = np.empty((256, 2), np.uint64)
        self.local = np.full(capacity, -1, np.int32)
        self.order = np.empty(capacity, np.int32)

    def number(self, text: Bytes, words: Words, tokens: Tokens, numbers: npt.NDArray[np.uint32]) -> None:
        """Write the numbers of terms that stand in a text to ``numbers``; see ``number_terms``."""
        for at in range(0, numbers.size, BLOCK):
            starts, lengths, flags = (column[at : at + BLOCK] for column in tokens)
            self._reserve(starts.size, int(lengths.sum(dtype=np.int64)))
            number_terms(
                text, words, starts, lengths, flags, numbers[at : at + BLOCK], self.slots, self._shift(),
                self.blob, self.bounds, self.finals, self.attributes, self.pending, self.state, self._keys,
            )  # fmt: skip

    def _shift(self) -> int:
        return 65 - (self.slots.size // 2).bit_length()

    def _reserve(self, more_terms: int, more_bytes: int) -> None:
        """Make room, so that kernels need not."""
        terms, size = int(self.state[0]) + more_terms, int(self.state[1]) + more_bytes
        if size > self.blob.size:
            self.blob = _grown(self.blob, size)
        if terms > self.finals.size:
            self.bounds, self.finals = _grown(self.bounds, terms + 1), _grown(self.finals, terms)
            self.attributes, self.pending = _grown(self.attributes, terms), _grown(self.pending, terms)
            self.order = _grown(self.order, terms)
            fresh = np.full(self.finals.size, -1, np.int32)
            fresh[: self.local.size] = self.local
            self.local = fresh
        slots = self.slots.size // 2
        while terms * 5 > slots * 3:
            slots *= 2
        if slots * 2 > self.slots.size:
            narrow, self.slots = self.slots, np.zeros(slots * 2, np.uint64)
            rehash(narrow, self.slots, self._shift())

    def full(self) -> bool:
        """Whether it has grown past its bound."""
        return bool(self.state[0] > FULL_TERMS or self.state[1] > FULL_BYTES)

    def resolve(self) -> None:
        """Find the final forms of the terms that were met since the last time."""
        pending = self.pending[: self.state[2]].copy()
        self.state[2] = 0
        blob, bounds = self.blob, self.bounds
        raw = [blob[a:b].tobytes().decode() for a, b in zip(bounds[pending], bounds[pending + 1], strict=True)]
        finals = [self._final(term) for term in raw]
        changed = [at for at, (term, final) in enumerate(zip(raw, finals, strict=True)) if term != final]
        self.finals[pending] = pending
        self.attributes[pending] |= np.fromiter((STOP * self._stop(term) for term in raw), np.uint8, len(raw))
        if changed:
            self.finals[pending[changed]] = self.number_finals([finals[at] for at in changed])

    def number_finals(self, terms: list[str]) -> npt.NDArray[np.uint32]:
        """The numbers of final terms of at most 255 code points."""
        encoded = [term.encode() for term in terms]
        text, words = padded(b"".join(encoded))
        lengths = np.fromiter(map(len, encoded), np.uint16, len(encoded))
        starts = np.zeros(len(encoded), np.int32)
        np.cumsum(lengths[:-1], out=starts[1:])
        han = np.fromiter((self._scripts and HAN_TERM * is_cjk(term) for term in terms), np.uint8, len(terms))
        numbers = np.empty(len(terms), np.uint32)
        before = int(self.state[2])
        self.number(text, words, (starts, lengths, han), numbers)
        asked = self.pending[before : self.state[2]]  # only numbered here: their own finals stay unknown
        self.finals[asked] = -1
        self.state[2] = before
        return numbers


def _grown(array: npt.NDArray[Any], least: int) -> npt.NDArray[Any]:
    """A copy with room for at least ``least`` items, and twice as much as before."""
    copy = np.empty(max(least, 2 * array.size), array.dtype)
    copy[: array.size] = array
    return copy
