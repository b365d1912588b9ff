"""Term dictionaries: interning while a segment is built, hashed lookup and sorted access when it is read.

A finished dictionary is the sorted terms' bytes (``blob``, ``bounds``) and an open-addressing hash table
of ordinals plus one (0: empty). Nothing of it is copied into Python objects.
"""

from __future__ import annotations

import numpy as np

from indexer.segment.kernels import copy_words, inline, int64, kernel, view_u8, view_u32, view_u64


@inline
def hash_term(blob: np.ndarray, start: int, end: int) -> int:
    """A 64-bit hash of bytes (FNV-1a, finished by a multiply and a shift)."""
    value = np.uint64(0xCBF29CE484222325)
    for i in range(start, end):
        value = (value ^ np.uint64(blob[i])) * np.uint64(0x100000001B3)
    value ^= value >> np.uint64(29)
    value *= np.uint64(0xBF58476D1CE4E5B9)
    return int64((value ^ (value >> np.uint64(32))) & np.uint64(0x7FFFFFFFFFFFFFFF))


@inline
def same_bytes(a: np.ndarray, a0: int, a1: int, b: np.ndarray, b0: int, b1: int) -> bool:
    """Whether two runs of bytes are equal."""
    if a1 - a0 != b1 - b0:
        return False
    for i in range(a1 - a0):  # noqa: SIM110  (compiled)
        if a[a0 + i] != b[b0 + i]:
            return False
    return True


@inline
def less_bytes(a: np.ndarray, a0: int, a1: int, b: np.ndarray, b0: int, b1: int) -> bool:
    """Whether one run of bytes sorts before another (unsigned, shorter first)."""
    n = min(a1 - a0, b1 - b0)
    for i in range(n):
        if a[a0 + i] != b[b0 + i]:
            return a[a0 + i] < b[b0 + i]
    return a1 - a0 < b1 - b0


@inline
def find_term(blob: int, bounds: int, table: int, table_size: int, query: np.ndarray, start: int, end: int) -> int:
    """Ordinal of ``query[start:end]`` in a mapped dictionary (three addresses), or -1."""
    if table_size == 0:
        return -1
    slots = view_u32(table, table_size)
    limits = view_u32(bounds, 1 << 31)
    letters = view_u8(blob, 1 << 40)
    mask = table_size - 1
    at = hash_term(query, start, end) & mask
    while slots[at] != 0:
        ordinal = int64(slots[at]) - 1
        if same_bytes(query, start, end, letters, int64(limits[ordinal]), int64(limits[ordinal + 1])):
            return ordinal
        at = (at + 1) & mask
    return -1


@kernel("int64(int64, int64, int64, int64, uint8[::1])")
def find_one(blob: int, bounds: int, table: int, table_size: int, query: np.ndarray) -> int:
    """:func:`find_term` for one term."""
    return find_term(blob, bounds, table, table_size, query, 0, query.size)


@kernel("int64(int64, int64, int64, uint8[::1])")
def lower_bound(blob: int, bounds: int, terms: int, query: np.ndarray) -> int:
    """How many terms of a mapped dictionary sort before ``query``."""
    limits = view_u32(bounds, terms + 1)
    letters = view_u8(blob, 1 << 40)
    low, high = 0, terms
    while low < high:
        middle = (low + high) >> 1
        if less_bytes(letters, int64(limits[middle]), int64(limits[middle + 1]), query, 0, query.size):
            low = middle + 1
        else:
            high = middle
    return low


@kernel("void(uint8[::1], uint32[::1], uint32[::1])")
def _hash_terms(blob: np.ndarray, bounds: np.ndarray, hashes: np.ndarray) -> None:
    for i in range(hashes.size):
        hashes[i] = hash_term(blob, int64(bounds[i]), int64(bounds[i + 1])) & 0xFFFFFFFF


@kernel("void(uint32[::1], int64, uint32[::1])")
def enter_terms(hashes: np.ndarray, first: int, table: np.ndarray) -> None:
    """Enter distinct terms, whose ordinals start with ``first``, into a table (its size a power of two, larger than all
    its terms)."""
    mask = table.size - 1
    for i in range(hashes.size):
        at = int64(hashes[i]) & mask
        while table[at] != 0:
            at = (at + 1) & mask
        table[at] = first + i + 1


def hash_terms(blob: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """uint32: of each term as much of :func:`hash_term` as a table needs."""
    hashes = np.empty(bounds.size - 1, np.uint32)
    _hash_terms(blob, bounds, hashes)
    return hashes


def fill_table(blob: np.ndarray, bounds: np.ndarray, table: np.ndarray) -> None:
    """Enter all terms of a dictionary into an empty table."""
    enter_terms(hash_terms(blob, bounds), 0, table)


def table_size(terms: int) -> int:
    """Slots of a finished dictionary's table: a power of two, at most four fifths full."""
    return 1 << (terms * 5 // 4).bit_length() if terms else 0


@kernel(
    "int64(uint8[::1], int64[::1], uint8[::1], uint32[::1], uint8[::1], uint32[::1], uint8[::1], int64, uint32[::1])"
)
def intern_batch(
    batch_blob: np.ndarray,
    batch_bounds: np.ndarray,
    batch_classes: np.ndarray,
    table: np.ndarray,
    blob: np.ndarray,
    bounds: np.ndarray,
    classes: np.ndarray,
    terms: int,
    numbers: np.ndarray,
) -> int:
    """Numbers of a batch's terms in a growing dictionary; returns its new size.

    The caller has made room: ``blob`` for all of the batch's bytes, ``bounds`` and ``classes`` for all of
    its terms, ``table`` at most half full afterwards.
    """
    mask = table.size - 1
    for i in range(batch_bounds.size - 1):
        start, end = batch_bounds[i], batch_bounds[i + 1]
        at = hash_term(batch_blob, start, end) & mask
        while True:
            slot = int64(table[at])
            if slot == 0:
                a = int64(bounds[terms])
                for j in range(end - start):
                    blob[a + j] = batch_blob[start + j]
                bounds[terms + 1] = a + end - start
                classes[terms] = batch_classes[i]
                numbers[i] = terms
                terms += 1
                table[at] = terms
                break
            if same_bytes(batch_blob, start, end, blob, int64(bounds[slot - 1]), int64(bounds[slot])):
                numbers[i] = slot - 1
                break
            at = (at + 1) & mask
    return terms


@inline
def head_word(word: int, size: int) -> np.uint64:
    """The first eight bytes of a term as a big-endian number, short terms padded with zeros; ``word``: the eight bytes
    at its start, whatever follows it."""
    value = np.uint64(0)
    for j in range(8):
        value = (value << np.uint64(8)) | ((word >> np.uint64(8 * j)) & np.uint64(255))
    if size < 8:
        value &= ~(np.uint64(0xFFFFFFFFFFFFFFFF) >> np.uint64(8 * size))
    return value


@kernel("void(uint8[::1], uint32[::1], uint64[::1])")
def prefix_keys(blob: np.ndarray, bounds: np.ndarray, keys: np.ndarray) -> None:
    """:func:`head_word` of each term; ``blob`` has eight bytes to spare."""
    letters = int64(blob.ctypes.data)
    for i in range(keys.size):
        start, end = int64(bounds[i]), int64(bounds[i + 1])
        keys[i] = head_word(view_u64(letters + start), end - start)


@inline
def _heap_sift(order: np.ndarray, base: int, at: int, size: int, blob: np.ndarray, bounds: np.ndarray) -> None:
    while True:
        child = 2 * at + 1
        if child >= size:
            return
        a = int64(order[base + child])
        if child + 1 < size:
            b = int64(order[base + child + 1])
            if less_bytes(blob, int64(bounds[a]), int64(bounds[a + 1]), blob, int64(bounds[b]), int64(bounds[b + 1])):
                child += 1
                a = b
        me = int64(order[base + at])
        if not less_bytes(blob, int64(bounds[me]), int64(bounds[me + 1]), blob, int64(bounds[a]), int64(bounds[a + 1])):
            return
        order[base + at], order[base + child] = order[base + child], order[base + at]
        at = child


@kernel("void(uint8[::1], uint32[::1], uint64[::1], int64[::1])")
def sort_equal_keys(blob: np.ndarray, bounds: np.ndarray, keys: np.ndarray, order: np.ndarray) -> None:
    """Sort, by whole terms, each run of ``order`` whose prefix keys are equal (heapsort: no worst case)."""
    n = order.size
    start = 0
    while start < n:
        end = start + 1
        while end < n and keys[order[end]] == keys[order[start]]:
            end += 1
        size = end - start
        for at in range(size // 2 - 1, -1, -1):
            _heap_sift(order, start, at, size, blob, bounds)
        for last in range(size - 1, 0, -1):
            order[start], order[start + last] = order[start + last], order[start]
            _heap_sift(order, start, 0, last, blob, bounds)
        start = end


def sorted_order(blob: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """int64 permutation that sorts distinct terms by their bytes; ``blob`` has eight bytes to spare."""
    keys = np.empty(bounds.size - 1, np.uint64)
    prefix_keys(blob, bounds, keys)
    order = np.argsort(keys)
    sort_equal_keys(blob, bounds, keys, order)
    return order


@kernel("void(uint8[::1], uint32[::1], int64[::1], uint8[::1], uint32[::1])")
def permute_terms(
    blob: np.ndarray, bounds: np.ndarray, order: np.ndarray, out: np.ndarray, out_bounds: np.ndarray
) -> None:
    """Copy terms in the given order into ``out`` and ``out_bounds``; both blobs have eight bytes to spare."""
    source, target = int64(blob.ctypes.data), int64(out.ctypes.data)
    at = 0
    out_bounds[0] = 0
    for i in range(order.size):
        start, end = int64(bounds[order[i]]), int64(bounds[order[i] + 1])
        copy_words(source + start, end - start, target + at)
        at += end - start
        out_bounds[i + 1] = at


class Interner:
    """A growing dictionary: terms get numbers in order of arrival."""

    def __init__(self) -> None:
        self.terms = 0
        self._blob = np.empty(1 << 12, np.uint8)
        self._bounds = np.zeros(1 << 8, np.uint32)
        self._classes = np.zeros(1 << 8, np.uint8)
        self._table = np.zeros(0, np.uint32)
        self._entered = 0  # terms that the table knows

    @property
    def memory(self) -> int:
        """Bytes held."""
        return self._blob.nbytes + self._bounds.nbytes + self._classes.nbytes + self._table.nbytes

    @property
    def blob(self) -> np.ndarray:
        """All terms' bytes; there are eight more to spare."""
        return self._blob[: int(self._bounds[self.terms])]

    @property
    def bounds(self) -> np.ndarray:
        """uint32[terms + 1]."""
        return self._bounds[: self.terms + 1]

    @property
    def classes(self) -> np.ndarray:
        """uint8[terms]: each term's statistics class, as first seen."""
        return self._classes[: self.terms]

    def names(self, numbers: np.ndarray) -> list[bytes]:
        """Bytes of some terms."""
        return [self._blob[int(self._bounds[n]) : int(self._bounds[n + 1])].tobytes() for n in numbers]

    def add(self, blob: np.ndarray, bounds: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """uint32 numbers of a batch's distinct terms. Raises OverflowError beyond 4 GiB of term bytes."""
        count = bounds.size - 1
        self._reserve(count, blob.size)
        if 2 * (self.terms + count) > self._table.size or self._entered < self.terms:
            self._table = np.zeros(1 << (4 * (self.terms + count)).bit_length(), np.uint32)
            fill_table(self.blob, self.bounds, self._table)
        numbers = np.empty(count, np.uint32)
        self.terms = self._entered = intern_batch(
            blob, bounds, classes, self._table, self._blob, self._bounds, self._classes, self.terms, numbers
        )
        return numbers

    def append(self, blob: np.ndarray, bounds: np.ndarray, classes: np.ndarray) -> None:
        """``add`` of terms that the caller knows to be new, whose numbers follow those there are: nothing is looked up
        until the next ``add``."""
        count = bounds.size - 1
        used = self._reserve(count, blob.size)
        self._blob[used : used + blob.size] = blob
        self._bounds[self.terms + 1 : self.terms + count + 1] = bounds[1:] + used
        self._classes[self.terms : self.terms + count] = classes
        self.terms += count

    def _reserve(self, count: int, size: int) -> int:
        """Make room for more terms and bytes; returns the bytes there are."""
        used = int(self._bounds[self.terms])
        if used + size >= 1 << 32:
            raise OverflowError("a segment's dictionary is limited to 4 GiB of terms; flush earlier")
        self._blob = _with_room(self._blob, used + size + 8)  # with room to read and write words
        self._bounds = _with_room(self._bounds, self.terms + count + 1)
        self._classes = _with_room(self._classes, self.terms + count)
        return used


def _with_room(array: np.ndarray, size: int) -> np.ndarray:
    if array.size >= size:
        return array
    grown = np.zeros(max(size, array.size * 2), array.dtype)
    grown[: array.size] = array
    return grown
