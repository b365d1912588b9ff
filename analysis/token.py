"""What analysis hands out: one text's tokens, and a batch of texts' tokens as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Token(NamedTuple):
    """One term of a text.

    ``start`` and ``end`` count Unicode code points of the original text: ``text[start:end]`` is what
    the term was made from. ``position`` counts from 0; ``position_length`` is the number of
    positions the token spans (a joined form or a bigram spans several), as in Lucene's token graph.
    """

    term: str
    start: int
    end: int
    position: int
    type: str = "word"
    position_length: int = 1


class Stream(NamedTuple):
    """One text's tokens, and how many positions it used (removed stop words included)."""

    tokens: list[Token]
    positions: int


@dataclass(frozen=True, slots=True, eq=False)
class TokenBatch:
    """Tokens of one field of many documents, as arrays (n tokens, v distinct terms, d documents).

    Batches of one ``source`` share a growing vocabulary: a term keeps its index in all later ones, and not
    every term occurs in each. With None the vocabulary is the batch's own.
    """

    blob: npt.NDArray[np.uint8]  # the vocabulary's UTF-8 terms, concatenated
    bounds: npt.NDArray[np.int64]  # [v+1]: term i is blob[bounds[i]:bounds[i+1]]
    terms: npt.NDArray[np.uint32]  # [n]: vocabulary index of each token, documents in order
    positions: npt.NDArray[np.uint32]  # [n]: ascending within a document
    documents: npt.NDArray[np.int64]  # [d+1]: document j's tokens are [documents[j], documents[j+1])
    classes: npt.NDArray[np.uint8]  # [v]: statistics class of each term: 0 default, 1 Han
    source: object = None

    def vocabulary(self) -> list[bytes]:
        """The vocabulary, in the order of the indices."""
        blob, bounds = self.blob.tobytes(), self.bounds.tolist()
        return [blob[a:b] for a, b in pairwise(bounds)]
