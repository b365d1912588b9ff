"""A query's terms looked up: what the kernels run on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retrieval.lexical.query import PhraseQuery, WordQuery
from retrieval.lexical.scorer import FoundTerm, Scorer


@dataclass(frozen=True, slots=True)
class Plan:
    """Known terms of a word query, in its order: rows, classes and float32 weights (boost times idf).

    ``base``: float32 that every hit gets on top; ``most``: an upper bound on the number of hits.
    """

    scorer: Scorer
    terms: list[str | bytes]
    found: list[FoundTerm]
    boosts: list[float]
    rows: np.ndarray
    kinds: np.ndarray
    weights: np.ndarray
    minimum: int
    base: np.float32
    most: int

    @classmethod
    def of(cls, scorer: Scorer, query: WordQuery) -> Plan | None:
        """None when nothing can match. Raises ValueError for boosts that do not fit the terms."""
        merged = merged_terms(query)
        minimum = max(1, min(query.minimum, len(merged)))
        terms, boosts, found = [], [], []
        for term, boost in merged.items():
            entry = scorer.find(term)
            if entry is not None:
                terms.append(term)
                boosts.append(boost)
                found.append(entry)
        if len(found) < minimum or not found:
            return None
        products = [b * f.idf for b, f in zip(boosts, found, strict=True)]
        if scorer.similarity.normalises_vectors:
            length = float(np.sqrt(sum(p * p for p in products))) or 1.0
            boosts = [b / length for b in boosts]
            products = [p / length for p in products]
        return cls(
            scorer,
            terms,
            found,
            boosts,
            np.stack([f.rows for f in found]),
            np.array([f.kind for f in found], np.int64),
            np.array(products, np.float32),
            minimum,
            np.float32(sum(products) * scorer.similarity.absent()),
            min(sum(f.df for f in found), int(scorer.segments[:, 0, 0].sum())),
        )


def merged_terms(query: WordQuery) -> dict[str | bytes, float]:
    """Distinct terms with their boosts; repeats add up (for vectors: 1 + ln of their number, times the boost)."""
    boosts = query.boosts
    if boosts is not None and len(boosts) != len(query.terms):
        raise ValueError(f"{len(boosts)} boosts do not fit {len(query.terms)} terms; give one each")
    if boosts is not None and any(not b >= 0 for b in boosts):
        raise ValueError("boosts must not be negative; use a boosting query to demote")
    merged: dict[str | bytes, float] = {}
    counts: dict[str | bytes, int] = {}
    for i, term in enumerate(query.terms):
        merged[term] = merged.get(term, 0.0) + (1.0 if boosts is None else boosts[i])
        counts[term] = counts.get(term, 0) + 1
    if query.similarity.normalises_vectors:
        for term, count in counts.items():
            merged[term] *= (1.0 + float(np.log(count))) / count
    return merged


@dataclass(frozen=True, slots=True)
class PhrasePlan:
    """A phrase's terms, one row each in its order, repeats included."""

    scorer: Scorer
    found: list[FoundTerm]
    rows: np.ndarray
    offsets: np.ndarray
    repeats: np.ndarray
    slop: int
    kind: int
    weight: np.float32
    base: np.float32
    most: int

    @classmethod
    def of(cls, scorer: Scorer, query: PhraseQuery) -> PhrasePlan | None:
        """None when a term is nowhere. Raises ValueError for positions that do not fit, or no terms.

        The phrase's length norm is that of its first term's class; its idf the sum of the terms'.
        """
        positions = range(len(query.terms)) if query.positions is None else query.positions
        if len(positions) != len(query.terms):
            raise ValueError(f"{len(positions)} positions do not fit {len(query.terms)} terms; give one each")
        if query.slop < 0 or not query.boost >= 0:
            raise ValueError("slop and boost must not be negative")
        found = [scorer.find(term) for term in query.terms]
        if not found or any(f is None for f in found):
            return None
        known = [f for f in found if f is not None]
        distinct = {term: i for i, term in reversed(list(enumerate(query.terms)))}
        idf = sum(f.idf for f in known)
        weight = query.boost * idf
        if scorer.similarity.normalises_vectors:
            weight = query.boost
        return cls(
            scorer,
            known,
            np.stack([f.rows for f in known]),
            np.array(positions, np.int64),
            np.array([distinct[term] for term in query.terms], np.int64),
            query.slop,
            known[0].kind,
            np.float32(weight),
            np.float32(weight * scorer.similarity.absent()),
            min(f.df for f in known),
        )
