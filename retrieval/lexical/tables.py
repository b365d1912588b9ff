"""What kernels are told about the segments: one row of int64 for each segment and field.

A kernel gets ``segments``: int64[segments, fields, columns], and ``rows``: int64[known terms, segments,
fields, 3], the address and document frequency of each term's postings (0, 0: absent), and in the first field the
address of range maxima over all fields, or 0. Terms have a statistics class;
the last columns hold, for each class, the addresses of a table over codes and of the documents' factors.
"""

from __future__ import annotations

# Shape of the field in the segment.
DOCUMENTS, BASE, POSITIONAL, POSTINGS, STARTS, DF, CLASSES = range(7)
# Its dictionary.
BLOB, BOUNDS, HASH, HASH_SIZE = range(7, 11)
# Its losses to deletion (ordinals, losses, their number).
LOST_TERMS, LOST, LOST_SIZE = range(11, 14)
# Bits of documents, 0 where one may not be a hit (address, or 0: all may), how many may be, and in how many ranges.
ALLOWED, ALLOWED_COUNT, ALLOWED_RANGES = range(14, 17)
# Number of codes; frequency and length byte of each (uint32, uint8).
CODES, FREQS, CODE_BYTES = range(17, 20)
# Of class c at PER_CLASS + c * CLASS_COLUMNS: float32 over codes; uint8 of each document; float32 over those
# bytes, or over documents when the bytes are 0; float32[257] bounds over quantised impacts, the last one on the
# impact of a unit.
PER_CLASS = 20
TABLE, BYTES, FACTORS, LIMITS = range(4)
CLASS_COLUMNS = 4


def columns(classes: int) -> int:
    """Columns of a row for this many statistics classes."""
    return PER_CLASS + classes * CLASS_COLUMNS
