"""Scores by their definitions, in plain Python over token lists."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from indexer.segment import Segment, SegmentWriter, Tombstones
from indexer.segment.norms import LENGTHS
from retrieval.lexical import LexicalReader
from tests.indexer.segment.corpora import batch, is_han

Documents = list[dict[str, list[str]]]


def build(folder: Path, documents: Documents, cuts: Sequence[int] = (), classes: bool = True) -> list[Segment]:
    """Segments of consecutive documents, cut at the given numbers; all words of one statistics class, or two."""
    edges = [0, *sorted({c for c in cuts if 0 < c < len(documents)}), len(documents)]
    segments = []
    for first, last in itertools.pairwise(edges):
        part = documents[first:last]
        writer = SegmentWriter(folder / f"s{first}")
        names = sorted({name for d in part for name in d})
        batches = {n: batch([d.get(n, []) for d in part]) for n in names}
        if not classes:
            for made in batches.values():
                made.classes[:] = 0
        writer.add(np.arange(first, last), batches, {})
        writer.finish()
        segments.append(Segment.open(folder / f"s{first}"))
    return segments


def reader_of(segments: list[Segment], dead: set[int]) -> LexicalReader:
    """A view with some global numbers deleted."""
    stones: list[Tombstones | None] = []
    base = 0
    for segment in segments:
        mine = [d - base for d in dead if base <= d < base + segment.documents]
        stones.append(Tombstones.none(segment).with_dead(np.array(mine, np.int64)) if mine else None)
        base += segment.documents
    return LexicalReader(segments, stones)


def rounded(length: float) -> int:
    """Lucene's one-byte length."""
    return int(max(v for v in LENGTHS.tolist() if v <= length))


@dataclass
class Oracle:
    """BM25 over (several weighted) fields of the live documents."""

    documents: Documents
    fields: Sequence[str]
    weights: Sequence[float]
    dead: set[int] = field(default_factory=set)

    def tf(self, number: int, term: str) -> float:
        return sum(
            w * self.documents[number].get(f, []).count(term) for f, w in zip(self.fields, self.weights, strict=True)
        )

    def length(self, number: int, han: bool) -> float:
        return sum(
            w * sum(is_han(t) == han for t in self.documents[number].get(f, []))
            for f, w in zip(self.fields, self.weights, strict=True)
        )

    def live(self) -> list[int]:
        return [i for i in range(len(self.documents)) if i not in self.dead]

    def bm25(self, number: int, term: str, k1: float = 1.2, b: float = 0.75) -> float:
        tf = self.tf(number, term)
        if not tf:
            return 0.0
        han = is_han(term)
        lengths = [n for i in self.live() if (n := self.length(i, han)) > 0]
        df = sum(self.tf(i, term) > 0 for i in self.live())
        idf = math.log(1 + (len(lengths) - df + 0.5) / (df + 0.5))
        norm = k1 * (1 - b + b * rounded(int(self.length(number, han))) / (sum(lengths) / len(lengths)))
        return idf * tf / (tf + norm)
