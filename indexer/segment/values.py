"""Document lengths and column values on their way to disk."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from indexer.segment.container import SectionFileWriter
from indexer.segment.kernels import kernel


@kernel("int64(int64[::1], uint32[::1], uint8[::1], int64, int64[:,::1])")
def _count_lengths(sizes: np.ndarray, tokens: np.ndarray, classes: np.ndarray, doc: int, out: np.ndarray) -> int:
    i = 0
    for d in range(sizes.size):
        for _ in range(sizes[d]):
            out[classes[tokens[i]], doc + d] += 1
            i += 1
    return doc + sizes.size


class LengthCounter:
    """Lengths of documents in tokens of each statistics class.

    ``lengths``: int64[classes, documents]; ``sums``, ``counts``: int64[classes], tokens and documents with any.
    """

    def __init__(self, sizes: list[np.ndarray], tokens: list[np.ndarray], classes: np.ndarray) -> None:
        """``sizes``: batches of int64 tokens of each document; ``tokens``: their uint32 terms, which have
        ``classes``."""
        rows = int(classes.max()) + 1 if classes.size else 1
        if rows == 1:
            self.lengths = np.concatenate(sizes)[None, :]
        else:
            self.lengths = np.zeros((rows, sum(s.size for s in sizes)), np.int64)
            owned = np.require(classes, requirements=["C", "W"])
            doc = 0
            for part, numbers in zip(sizes, tokens, strict=True):
                doc = _count_lengths(part, numbers, owned, doc, self.lengths)
        self.sums = self.lengths.sum(axis=1)
        self.counts = np.count_nonzero(self.lengths, axis=1)


def smallest_dtype(largest: int) -> np.dtype:
    """The narrowest unsigned type, up to 32 bits, that holds a value."""
    return np.dtype(np.uint8 if largest < 1 << 8 else np.uint16 if largest < 1 << 16 else np.uint32)


def write_lengths(out: SectionFileWriter, prefix: str, lengths: np.ndarray) -> None:
    """Exact lengths, one section a class, each in the narrowest type that holds it."""
    for row, values in enumerate(lengths):
        out.append(f"{prefix}lengths{row}", values.astype(smallest_dtype(int(values.max(initial=0)))))


def write_seqs(out: SectionFileWriter, parts: Iterable[np.ndarray], first: int, last: int, documents: int) -> None:
    """Sequence numbers less the first one, in 32 bits where they fit; nothing when they have no gaps."""
    if last - first + 1 == documents or documents == 0:
        return
    dtype = np.uint32 if last - first < 1 << 32 else np.int64
    for part in parts:
        out.append("seqs", (part - first).astype(dtype))


def write_offsets(out: SectionFileWriter, prefix: str, starts: np.ndarray) -> None:
    """Where each document's values start (uint32), unless every document has exactly one."""
    if starts[-1] >= 1 << 32:
        raise OverflowError("a segment's column is limited to 2**32 values; flush earlier")
    if np.any(np.diff(starts) != 1):
        out.append(prefix + "offsets", starts.astype(np.uint32))


def sort_values(starts: np.ndarray, values: np.ndarray, distinct: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Sort each document's values in place; with ``distinct`` keep one of equal ones (new arrays)."""
    counts = np.diff(starts)
    if counts.size == 0 or counts.max() <= 1:
        return starts, values
    owner = np.repeat(np.arange(counts.size), counts)
    order = np.lexsort((values, owner))
    values[:] = values[order]
    if not distinct:
        return starts, values
    keep = np.ones(values.size, bool)
    keep[1:] = (owner[1:] != owner[:-1]) | (values[1:] != values[:-1])
    kept = np.zeros_like(starts)
    np.cumsum(np.bincount(owner[keep], minlength=counts.size), out=kept[1:])
    return kept, values[keep]
