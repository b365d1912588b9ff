"""What the word leg is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from retrieval.lexical.similarity import BM25, Similarity

Term = str | bytes
_BM25 = BM25()


@dataclass(frozen=True, slots=True)
class WordQuery:
    """Weighted terms against one field, or against several as if they were one (BM25F).

    ``fields``: names; ``terms``: analyzed terms; ``boosts``: one positive weight a term, ``weights``: one
    positive weight a field (None: all 1); ``minimum``: how many distinct terms a document must hold, in
    whichever field (1: OR, their number: AND). Several fields with weights 1 score as one field holding the
    concatenation of their tokens (Robertson, Zaragoza and Taylor 2004): frequencies and lengths add up, the
    document frequency is that of the union.
    """

    fields: tuple[str, ...]
    terms: Sequence[Term]
    boosts: Sequence[float] | None = None
    weights: tuple[float, ...] | None = None
    minimum: int = 1
    similarity: Similarity = _BM25


@dataclass(frozen=True, slots=True)
class PhraseQuery:
    """Terms of one field at given relative positions (None: 0, 1, 2, ...), or near them.

    ``slop``: how many positions the terms may be moved in all, as in Lucene; with 0 the phrase is exact.
    The score is that of one term whose frequency is the phrase's (matches of slop s count 1 / (1 + s)) and
    whose idf is the sum of the terms'.
    """

    field: str
    terms: Sequence[Term]
    positions: Sequence[int] | None = None
    slop: int = 0
    boost: float = 1.0
    similarity: Similarity = _BM25


@dataclass(frozen=True, slots=True)
class TopK:
    """The best documents: global numbers uint32[n], scores float32[n], descending, ties by number.

    ``total`` matching documents when ``relation`` is "eq"; at least that many when it is "gte".
    """

    docs: np.ndarray
    scores: np.ndarray
    total: int
    relation: Literal["eq", "gte"]
