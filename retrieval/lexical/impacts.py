"""What a term's postings add, by their code bytes, and which of them may add enough."""

from __future__ import annotations

import numpy as np

from analysis.kernels.compiled import trailing_zeros
from indexer.segment.kernels import inline, int64, view_u8
from indexer.segment.lanes import bytes_reaching


@inline
def fill_peaks(impacts: np.ndarray) -> None:
    """Of each code byte the greatest of its impacts (the first 256 of the array) and those of lower codes (the other
    256). Codes are numbered so that this is about the impact itself."""
    most = impacts[0]
    for c in range(256):
        most = max(most, impacts[c])
        impacts[256 + c] = most


@inline
def lowest_code(impacts: np.ndarray, need: int) -> int:
    """The lowest code byte that may add ``need``; ``impacts``: see :func:`fill_peaks`, an escape's is beyond all."""
    low = int64(0)
    for half in (128, 64, 32, 16, 8, 4, 2, 1):
        low += half * int64(impacts[255 + low + half] < need)
    return low


@inline
def reaching(
    codes: int, size: int, impacts: np.ndarray, low: int, need: int, first: int, postings: np.ndarray, count: int
) -> int:
    """Append those of the postings from ``first`` on, ``size`` with code bytes at the address ``codes``, that may add
    ``need``; returns how many ``postings`` now holds. ``low``: see :func:`lowest_code`."""
    at = np.uint64(count)  # unsigned: it is not taken for a place from the end
    for start in range(0, size, 64):
        some = bytes_reaching(codes + start, low)
        if size - start < 64:
            some &= (np.uint64(1) << np.uint64(size - start)) - np.uint64(1)
        while some != 0:
            i = start + trailing_zeros(some)
            postings[at] = first + i
            at += np.uint64(impacts[view_u8(codes + i, 1)[0]] >= need)
            some &= some - np.uint64(1)
    return int64(at)
