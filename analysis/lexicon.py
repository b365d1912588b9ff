"""The terms that one analyzer has met, numbered, with their final forms; it lives across batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.arrays import is_cjk
from analysis.kernels.compounds import HAN_TERM, OWN
from analysis.kernels.lexicon import HAN, STOP, number_terms, rehash, settle
from analysis.scratch import Scratch

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
Tokens = tuple[npt.NDArray[np.int32], npt.NDArray[np.uint16], Bytes]  # starts, lengths, flags
Finals = Callable[[list[str]], tuple[list[str], list[bool]]]
BLOCK = 1 << 14  # terms numbered at a time, so that the dictionary grows with what is new
FULL_TERMS, FULL_BYTES = 550_000, 24 << 20  # a larger lexicon is dropped after a batch: 2^20 slots are 32 MB


class Lexicon:
    """Byte strings to numbers (``analysis.kernels.lexicon``), used by one batch at a time.

    ``finals`` gives terms' final forms, and whether they are stop words. It is asked once for each
    distinct term, so stemming costs per word of the vocabulary, not per word of the text. None: terms are final
    as they are, and there are no stop words.
    """

    def __init__(self, finals: Finals | None, scripts: bool) -> None:
        self._finals, self._scripts = finals, scripts
        self.plain = finals is None  # its terms stay as they are, and none is dropped
        self.identity = object()
        capacity = 1 << 13
        self.slots = _aligned_slots(2 * capacity)
        self._blob = np.empty(capacity + 1, np.uint64)
        self.bounds = np.zeros(capacity + 1, np.int64)
        self.finals = np.empty(capacity, np.int32)
        self.attributes = np.empty(capacity, np.uint8)
        self.pending = np.empty(capacity, np.int32)
        self.state = np.zeros(3, np.int64)
        self._keys = np.empty((256, 3), np.uint64)

    @property
    def blob(self) -> Bytes:
        """The bytes of all terms: term i is blob[bounds[i]:bounds[i+1]]."""
        return self._blob.view(np.uint8)

    def number(self, text: Bytes, words: Words, tokens: Tokens, numbers: npt.NDArray[np.uint32]) -> None:
        """Write the numbers of terms that stand in a text to ``numbers``; see ``number_terms``."""
        for at in range(0, numbers.size, BLOCK):
            end = min(at + BLOCK, numbers.size)  # what lies behind it in the columns means nothing
            starts, lengths, flags = (column[at:end] for column in tokens)
            self._reserve(starts.size, int(lengths.sum(dtype=np.int64)))
            number_terms(
                text, words, starts, lengths, flags, numbers[at:end], self.slots, self._shift(),
                self.blob, self.bounds, self.finals, self.attributes, self.pending, self.state, self._keys,
                self.plain,
            )  # fmt: skip

    def _shift(self) -> int:
        return 65 - self.slots.shape[0].bit_length()

    def _reserve(self, more_terms: int, more_bytes: int) -> None:
        """Make room, so that kernels need not."""
        terms, size = int(self.state[0]) + more_terms, int(self.state[1]) + more_bytes
        if size + 16 > self._blob.nbytes:
            self._blob = _grown(self._blob, size // 8 + 3)
        if terms > self.finals.size:
            self.bounds, self.finals = _grown(self.bounds, terms + 1), _grown(self.finals, terms)
            self.attributes, self.pending = _grown(self.attributes, terms), _grown(self.pending, terms)
        slots = self.slots.shape[0]
        while terms * 5 > slots * 3:
            slots *= 2
        if slots > self.slots.shape[0]:
            narrow, self.slots = self.slots, _aligned_slots(slots)
            rehash(narrow, self.slots, self._shift())

    def full(self) -> bool:
        """Whether it has grown past its bound."""
        return bool(self.state[0] > FULL_TERMS or self.state[1] > FULL_BYTES)

    def resolve(self) -> None:
        """Find the final forms of the terms that were met since the last time."""
        count = int(self.state[2])
        if self._finals is None or not count:
            return
        pending = np.sort(self.pending[:count])
        self.state[2] = 0
        raw = self.terms(pending)
        finals, stops = self._finals(raw)
        self.finals[pending] = pending
        self.attributes[pending] |= STOP * np.array(stops, np.uint8)
        changed = [at for at, (term, final) in enumerate(zip(raw, finals, strict=True)) if term != final]
        if changed:
            self.finals[pending[changed]] = self.number_finals([finals[at] for at in changed])
        settle(
            self.slots, self._shift(), self.blob, self._blob, self.bounds, pending, self.finals, self.attributes
        )  # fmt: skip

    def vocabulary(self) -> tuple[Bytes, npt.NDArray[np.int64], Bytes]:
        """All terms so far, as blob, bounds and classes: terms that come later do not change them."""
        terms, size = int(self.state[0]), int(self.state[1])
        return self.blob[:size], self.bounds[: terms + 1], self.attributes[:terms] & HAN

    def terms(self, numbers: npt.NDArray[np.int32]) -> list[str]:
        """The terms of ascending numbers."""
        first = int(self.bounds[numbers[0]])
        data = self.blob[first : self.bounds[numbers[-1] + 1]].tobytes()
        spans = zip((self.bounds[numbers] - first).tolist(), (self.bounds[numbers + 1] - first).tolist(), strict=True)
        if data.isascii():
            text = data.decode()
            return [text[a:b] for a, b in spans]
        return [data[a:b].decode() for a, b in spans]

    def number_finals(self, terms: list[str]) -> npt.NDArray[np.uint32]:
        """The numbers of final terms of at most 255 code points."""
        joined = "".join(terms)
        encoded: list[Any] = terms if joined.isascii() else [term.encode() for term in terms]
        text, words = Scratch().text("finals", joined.encode())
        lengths = np.fromiter(map(len, encoded), np.uint16, len(terms))
        starts = np.zeros(len(terms), np.int32)
        np.cumsum(lengths[:-1], out=starts[1:])
        flags = np.full(len(terms), OWN, np.uint8)
        if self._scripts and not joined.isascii():
            flags[[is_cjk(term) for term in terms]] |= HAN_TERM
        numbers = np.empty(len(terms), np.uint32)
        self.number(text, words, (starts, lengths, flags), numbers)
        return numbers


def _grown(array: npt.NDArray[Any], least: int) -> npt.NDArray[Any]:
    """A copy with room for at least ``least`` items, and twice as much as before."""
    copy = np.empty(max(least, 2 * array.size), array.dtype)
    copy[: array.size] = array
    return copy


def _aligned_slots(count: int) -> npt.NDArray[np.uint64]:
    """Empty slots, uint64[count, 4], none of them across two cache lines.

    Filled, not zeroed by the system: NumPy asks for huge pages for large arrays only that way, and
    look-ups at random places in small pages cost twice as much.
    """
    memory = np.empty(count * 4 + 8, np.uint64)
    memory.fill(0)
    start = -memory.ctypes.data % 64 // 8
    return memory[start : start + count * 4].reshape(count, 4)
