"""Whole-index statistics of live documents, and the account of one score."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, slots=True)
class FieldStatistics:
    """Of one field, or of several taken as one; index 0 of each array is class 0 (other), 1 is Han.

    ``documents``: int64[classes], live documents with any token of the class; ``tokens``: float64[classes],
    their tokens (weighted, where fields are).
    """

    documents: np.ndarray
    tokens: np.ndarray

    @property
    def averages(self) -> np.ndarray:
        """float64[classes]: tokens of a document that has any."""
        return self.tokens / np.maximum(self.documents, 1)


@dataclass(frozen=True, slots=True)
class TermExplanation:
    """One term's part of a score: ``contribution`` = ``boost * idf * tf_part`` (+ ``boost * idf * absent``)."""

    term: str
    df: int
    documents: int
    idf: float
    boost: float
    frequency: float
    length: float
    average_length: float
    tf_part: float
    contribution: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a document has its score: ``value`` is the sum of the terms' contributions, to float32 rounding."""

    value: float
    matched: bool
    description: str
    terms: list[TermExplanation] = field(default_factory=list)
