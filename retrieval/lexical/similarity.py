"""How a term's frequency in a document becomes a score.

Every similarity here has the form ``boost * idf * h(f(tf) * factor)`` for a document's factor (its length
norm) and ``h(x) = scale * (x + shift) / (x + depth) + offset``, or ``h(x) = x``, perhaps times f(tf) again.
Kernels know this form only; a similarity gives its numbers. All arithmetic of ``h`` is in float32, so that
every way to score a document gives the same bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class Shape(NamedTuple):
    """``h(x)``: ``linear`` says that it is x itself, ``times_tf`` that f(tf) multiplies it once more."""

    scale: float = 1.0
    shift: float = 0.0
    depth: float = 1.0
    offset: float = 0.0
    linear: bool = False
    times_tf: bool = False

    def apply(self, x: np.ndarray, tf: np.ndarray) -> np.ndarray:
        """h in float32, operation by operation as the kernels do it; ``tf``: f(tf)."""
        if self.linear:
            return x
        scale, shift, depth, offset = (np.float32(v) for v in self[:4])
        y = scale * ((x + shift) / (x + depth)) + offset
        return tf * y if self.times_tf else y

    def largest(self, tf: float) -> float:
        """A number that no result exceeds, frequencies f(tf) being at most ``tf``; products of vectors of
        length 1 where it is linear."""
        if self.linear:
            return 1.0
        most = self.scale * max(1.0, self.shift / max(self.depth, 1e-9)) + self.offset
        return most * tf if self.times_tf else most


@dataclass(frozen=True)
class Similarity:
    """The base of all: lengths enter as ``1 - b + b * length / average`` (Robertson et al. 1994).

    ``exact_lengths``: use each document's exact length instead of Lucene's one-byte approximation (exact
    below 40, then rounded down to four significant bits).
    """

    k1: float = 1.2
    b: float = 0.75
    exact_lengths: bool = False

    #: factors come from the weights of all of a document's terms, not from its length
    normalises_vectors = False

    def __post_init__(self) -> None:
        if not (self.k1 >= 0 and math.isfinite(self.k1)):
            raise ValueError("k1 must be a number of at least 0")
        if not 0 <= self.b <= 1:
            raise ValueError("b must lie between 0 and 1")

    def idf(self, df: int, documents: int) -> float:
        """Weight of a term that ``df`` of ``documents`` hold: Lucene's ln(1 + (N - n + .5) / (n + .5))."""
        return math.log(1 + (documents - df + 0.5) / (df + 0.5))

    def tf(self, freqs: np.ndarray) -> np.ndarray:
        """f(tf), float64."""
        return freqs.astype(np.float64)

    def factors(self, lengths: np.ndarray, average: float, norms: bool) -> np.ndarray:
        """float32 factor of each length (``norms`` False: as if all were average)."""
        norm = self._norm(lengths, average, norms)
        with np.errstate(divide="ignore"):
            return (1.0 / np.maximum(self.k1 * norm, 1e-30)).astype(np.float32)

    def shape(self) -> Shape:
        """The form of h."""
        return Shape()

    def absent(self) -> float:
        """What a known query term adds, times its idf and boost, to a matching document without it."""
        return 0.0

    def _norm(self, lengths: np.ndarray, average: float, norms: bool) -> np.ndarray:
        if not norms:
            return np.ones(lengths.shape)
        return 1.0 - self.b + self.b * lengths.astype(np.float64) / max(average, 1e-9)


@dataclass(frozen=True)
class BM25(Similarity):
    """Okapi BM25 as in Lucene 8 and later: idf * tf / (tf + k1 * norm), without the constant k1 + 1.

    Lengths default to Lucene's byte: scores then equal Lucene's, and one table over the few hundred
    (frequency, byte) pairs replaces a look-up of each document's length. The byte costs nothing in quality.
    """


@dataclass(frozen=True)
class BM25Plus(Similarity):
    """BM25+ (Lv and Zhai, CIKM 2011): idf ln((N + 1) / n), tf part (k1 + 1) tf / (tf + k1 norm) + delta.

    rank-bm25 adds the delta of query terms that a document lacks as well, a constant of the query; that is
    the default here. ``as_published``: for present terms only, so that presence weighs more than absence
    however long the document.
    """

    exact_lengths: bool = True
    delta: float = 1.0
    as_published: bool = False

    def idf(self, df: int, documents: int) -> float:
        """ln((N + 1) / n)."""
        return math.log((documents + 1) / df)

    def shape(self) -> Shape:
        """(k1 + 1) x / (x + 1) + delta, the delta apart when absent terms get it too."""
        return Shape(scale=self.k1 + 1, offset=self.delta if self.as_published else 0.0)

    def absent(self) -> float:
        """delta, unless it is for present terms only."""
        return 0.0 if self.as_published else self.delta


@dataclass(frozen=True)
class BM25L(Similarity):
    """BM25L (Lv and Zhai, SIGIR 2011): idf ln((N + 1) / (n + .5)), tf part (k1 + 1)(c + delta) / (k1 + c +
    delta) with c = tf / norm.

    rank-bm25 multiplies that by tf once more; that is the default here. ``as_published``: without.
    """

    exact_lengths: bool = True
    delta: float = 0.5
    as_published: bool = False

    def idf(self, df: int, documents: int) -> float:
        """ln((N + 1) / (n + .5))."""
        return math.log(documents + 1) - math.log(df + 0.5)

    def factors(self, lengths: np.ndarray, average: float, norms: bool) -> np.ndarray:
        """1 / norm: c is the frequency times this."""
        return (1.0 / np.maximum(self._norm(lengths, average, norms), 1e-30)).astype(np.float32)

    def shape(self) -> Shape:
        """(k1 + 1)(x + delta) / (x + k1 + delta), times tf unless as published."""
        return Shape(self.k1 + 1, self.delta, self.k1 + self.delta, times_tf=not self.as_published)


@dataclass(frozen=True)
class TFIDF(Similarity):
    """Cosine of tf-idf vectors, lnc.ltc (Manning, Raghavan and Schütze 2008, section 6.4.3).

    Document weights 1 + ln tf, cosine-normalised; query weights (1 + ln tf) * idf, cosine-normalised over
    the terms that the index knows; idf smoothed as scikit-learn's, ln((1 + N) / (1 + n)) + 1.
    """

    exact_lengths: bool = True
    normalises_vectors = True

    def idf(self, df: int, documents: int) -> float:
        """ln((1 + N) / (1 + n)) + 1."""
        return math.log((1 + documents) / (1 + df)) + 1

    def tf(self, freqs: np.ndarray) -> np.ndarray:
        """1 + ln tf."""
        return 1.0 + np.log(freqs.astype(np.float64))

    def shape(self) -> Shape:
        """The product itself."""
        return Shape(linear=True)
