"""Document lengths in one byte, as Lucene keeps them (org.apache.lucene.util.SmallFloat.intToByte4).

Lengths below 40 are exact, longer ones keep four significant bits, rounded down: the byte of a length
is the greatest whose decoded length does not exceed it. Byte order is length order.
"""

from __future__ import annotations

import numpy as np

_FREE = 24  # values that Lucene's 255 - longToInt4(Integer.MAX_VALUE) leaves for exact small lengths


def _int4_to_long(code: int) -> int:
    shift = (code >> 3) - 1
    return code & 7 if shift < 0 else (code & 7 | 8) << shift


#: int64[256]: the length that each byte stands for.
LENGTHS = np.array([b if b < _FREE else _FREE + _int4_to_long(b - _FREE) for b in range(256)], np.int64)


def length_bytes(lengths: np.ndarray) -> np.ndarray:
    """uint8 bytes of an array of lengths."""
    return (np.searchsorted(LENGTHS, lengths, side="right") - 1).astype(np.uint8)
