"""Small corpora, their token batches, and an index of them in plain Python to compare with."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

WORDS = [
    "a",
    "b",
    "the",
    "search",
    "engine",
    "zebra",
    "搜",
    "索",
    "搜索",
    "引擎",
    "𠮷",
    "émile",
    "prefixed",
    "prefixes",
]


def is_han(term: str) -> bool:
    return any("\u4e00" <= c <= "\u9fff" or c == "𠮷" for c in term)


@dataclass
class Batch:
    """A TokenBatch made from words; Han words are of class 1."""

    blob: np.ndarray
    bounds: np.ndarray
    terms: np.ndarray
    positions: np.ndarray
    documents: np.ndarray
    classes: np.ndarray
    source: object = None


@dataclass(eq=False)
class Shared:
    """A vocabulary that batches share: it grows from one to the next."""

    numbers: dict[str, int] = field(default_factory=dict)


def batch(documents: list[list[str]], shared: Shared | None = None) -> Batch:
    numbers: dict[str, int] = {} if shared is None else shared.numbers
    flat = [numbers.setdefault(w, len(numbers)) for d in documents for w in d]
    encoded = [w.encode() for w in numbers]
    return Batch(
        np.frombuffer(b"".join(encoded), np.uint8),
        np.cumsum([0] + [len(e) for e in encoded]),
        np.array(flat, np.uint32),
        np.array([i for d in documents for i in range(len(d))], np.uint32),
        np.cumsum([0] + [len(d) for d in documents]),
        np.array([is_han(w) for w in numbers], np.uint8),
        shared,
    )


@dataclass
class Oracle:
    """Postings of a corpus by the definition."""

    documents: list[list[str]]

    def postings(self, term: str) -> dict[int, list[int]]:
        found = {}
        for number, words in enumerate(self.documents):
            at = [i for i, w in enumerate(words) if w == term]
            if at:
                found[number] = at
        return found

    def lengths(self, row: int) -> list[int]:
        return [sum(is_han(w) == bool(row) for w in d) for d in self.documents]

    def vocabulary(self) -> list[str]:
        return sorted({w for d in self.documents for w in d}, key=str.encode)

    def frequencies(self, number: int) -> Counter[str]:
        return Counter(self.documents[number])


documents = st.lists(st.lists(st.sampled_from(WORDS), max_size=12), min_size=1, max_size=40)
