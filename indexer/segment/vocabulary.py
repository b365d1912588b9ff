"""Sorted, hashed access to a mapped term dictionary."""

from __future__ import annotations

import itertools

import numpy as np

from indexer.segment.container import SectionFile
from indexer.segment.dictionary import find_one, lower_bound


class Vocabulary:
    """The distinct terms of a field, ordinals in byte order."""

    def __init__(self, file: SectionFile, prefix: str, terms: int) -> None:
        self.terms = terms
        self._blob: np.ndarray = file.array(prefix + "blob")
        self._bounds: np.ndarray = file.array(prefix + "bounds")
        self._table_size = file.array(prefix + "hash").size
        self.addresses: tuple[int, int, int, int] = (
            file.at(prefix + "blob"),
            file.at(prefix + "bounds"),
            file.at(prefix + "hash"),
            self._table_size,
        )
        self._keep = file

    def lookup(self, term: bytes) -> int:
        """Ordinal of a term, or -1."""
        return find_one(*self.addresses, np.frombuffer(bytearray(term), np.uint8))

    def term(self, ordinal: int) -> bytes:
        """A term's bytes. Raises IndexError outside ``0 .. terms - 1``."""
        if not 0 <= ordinal < self.terms:
            raise IndexError(f"ordinal {ordinal} is outside 0..{self.terms - 1}")
        return self._blob[int(self._bounds[ordinal]) : int(self._bounds[ordinal + 1])].tobytes()

    def ordinals(self, low: bytes | None, high: bytes | None) -> range:
        """Ordinals of the terms with ``low <= term < high``; None leaves that side open."""
        first = self._below(low) if low is not None else 0
        last = self._below(high) if high is not None else self.terms
        return range(first, max(first, last))

    def prefix(self, prefix: bytes) -> range:
        """Ordinals of the terms that start with a prefix."""
        stem = prefix.rstrip(b"\xff")
        high = stem[:-1] + bytes([stem[-1] + 1]) if stem else None
        return self.ordinals(prefix, high)

    def vocabulary(self, start: int = 0, stop: int | None = None) -> list[bytes]:
        """Terms ``start .. stop - 1`` in order."""
        stop = self.terms if stop is None else min(stop, self.terms)
        if start >= stop:
            return []
        limits = self._bounds[start : stop + 1].tolist()
        text = self._blob[limits[0] : limits[-1]].tobytes()
        base = limits[0]
        return [text[a - base : b - base] for a, b in itertools.pairwise(limits)]

    def _below(self, term: bytes) -> int:
        blob, bounds, _, _ = self.addresses
        return lower_bound(blob, bounds, self.terms, np.frombuffer(bytearray(term), np.uint8))
