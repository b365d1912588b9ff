"""Passage vectors from word vectors by smooth inverse frequency.

Arora, Liang and Ma 2017, "A simple but tough-to-beat baseline for sentence embeddings", algorithm 1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.word_vectors import WordVectors

Words = Callable[[str], list[str]]


class SifEncoder:
    """A ``TextEncoder`` over word vectors.

    A text's vector is the mean over its known words of a / (a + p(w)) · v(w), p(w) the word's share of
    the training text, less its projection on the common component u (the first singular vector of the
    fitted passages' vectors), scaled to unit length. A text without a known word has the zero vector:
    its similarity to everything is 0, and retrieval takes it as no match.
    """
