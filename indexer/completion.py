"""Entries of completion fields, as they stand in a keyword column.

An entry is `key NUL input NUL weight`, the weight in eight hexadecimal digits: entries sort by what is typed, the
texts that a prefix completes are a range of the dictionary, and weights are read at a fixed place.
"""

from __future__ import annotations

import numpy as np

from analysis import Analyzer
from analysis.completion import completion_keys

WEIGHT_DIGITS = 8


def entries(analyzer: Analyzer, text: str, weight: int) -> list[str]:
    """The entries of one input, one for each key that finds it."""
    shown = text.replace("\0", " ")
    return [f"{key}\0{shown}\0{weight:0{WEIGHT_DIGITS}x}" for key in completion_keys(analyzer, text) if key.strip()]


def input_of(entry: bytes) -> str:
    """The input of an entry."""
    return entry.rsplit(b"\0", 2)[1].decode("utf-8", "replace")


def weights(blob: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """int64[entries]: the weights of the entries that a dictionary's `blob` (uint8) and `bounds` hold."""
    ends = bounds[1:].astype(np.int64)
    digits = blob[ends[:, None] - np.arange(WEIGHT_DIGITS, 0, -1)].astype(np.int64)
    values = np.where(digits >= ord("a"), digits - ord("a") + 10, digits - ord("0"))
    return values @ (1 << (4 * np.arange(WEIGHT_DIGITS - 1, -1, -1)))
