"""A query's terms looked up: what the kernels run on."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from retrieval.lexical.fixed import scale_of
from retrieval.lexical.pairs import NOWHERE, FoundPairs, PairScorer
from retrieval.lexical.query import PhraseQuery, WordQuery
from retrieval.lexical.scorer import FoundTerm, Scorer


@dataclass(slots=True)
class Plan:
    """Known terms of a word query, in its order: their slots and float32 weights (boost times idf).

    ``base``: float32 that every hit gets on top; ``most``: an upper bound on the number of hits; ``largest``: of
    the document frequencies; ``scale``: of the sums (:mod:`retrieval.lexical.fixed`);
    ``mixed``: some term is of several statistics classes.
    """

    scorer: Scorer
    terms: list[str | bytes]
    found: list[FoundTerm]
    boosts: list[float]
    rows: np.ndarray
    kinds: np.ndarray
    slots: np.ndarray
    weights: np.ndarray
    minimum: int
    base: float
    most: int
    largest: int
    scale: float
    mixed: bool

    @classmethod
    def of(cls, scorer: Scorer, query: WordQuery) -> Plan | None:
        """None when nothing can match. Raises ValueError for boosts that do not fit the terms."""
        merged = merged_terms(query)
        minimum = max(1, min(query.minimum, len(merged)))
        entries, rows, kinds = scorer.find_all(merged)
        terms: list[str | bytes] = []
        found, boosts, slots, sizes, weights = [], [], [], [], []
        mixed = False
        for (term, boost), entry in zip(merged.items(), entries, strict=True):
            if entry is not None:
                slot, df, _, idf, several = entry
                terms.append(term)
                found.append(entry)
                boosts.append(boost)
                slots.append(slot)
                sizes.append(df)
                weights.append(boost * idf)
                mixed |= several != 0
        if len(found) < minimum:
            return None
        if scorer.similarity.normalises_vectors:
            length = sum(w * w for w in weights) ** 0.5 or 1.0
            boosts = [b / length for b in boosts]
            weights = [w / length for w in weights]
        total = sum(weights)
        return cls(
            scorer, terms, found, boosts, rows, kinds, np.array(slots, np.int64), np.array(weights, np.float32),
            minimum, total * scorer.absent, min(sum(sizes), scorer.documents), max(sizes),
            scale_of(total * scorer.largest), mixed,
        )  # fmt: skip


def merged_terms(query: WordQuery) -> dict[str | bytes, float]:
    """Distinct terms with their boosts; repeats add up (for vectors: 1 + ln of their number, times the boost)."""
    boosts = query.boosts
    merged: dict[str | bytes, float]
    if boosts is None:
        merged = dict.fromkeys(query.terms, 1.0)
    elif len(boosts) != len(query.terms):
        raise ValueError(f"{len(boosts)} boosts do not fit {len(query.terms)} terms; give one each")
    elif any(not b >= 0 for b in boosts):
        raise ValueError("boosts must not be negative; use a boosting query to demote")
    else:
        merged = dict(zip(query.terms, boosts, strict=True))
    if len(merged) == len(query.terms):
        return merged
    merged = dict.fromkeys(merged, 0.0)
    counts = dict.fromkeys(merged, 0)
    for i, term in enumerate(query.terms):
        merged[term] += 1.0 if boosts is None else boosts[i]
        counts[term] += 1
    if query.similarity.normalises_vectors:
        for term, count in counts.items():
            merged[term] *= (1.0 + float(np.log(count))) / count
    return merged


@dataclass(frozen=True, slots=True)
class PhrasePlan:
    """A phrase's terms, one row each in its order, repeats included.

    ``pairs``: of neighbouring terms, found by ``pair_scorer``; ``pair_slots``: of those that some segment knows;
    ``pair_firsts``: which of the terms are these ones' first, the second being the next; empty where they have other
    positions than 0, 1, 2, ...
    """

    scorer: Scorer
    found: list[FoundTerm]
    rows: np.ndarray
    kinds: np.ndarray
    slots: np.ndarray
    weights: np.ndarray
    offsets: np.ndarray
    repeats: np.ndarray
    slop: int
    base: float
    most: int
    scale: float
    pair_scorer: PairScorer | None
    pairs: FoundPairs
    pair_slots: np.ndarray
    pair_firsts: np.ndarray

    @classmethod
    def of(cls, scorer: Scorer, query: PhraseQuery, pair_scorer: PairScorer | None) -> PhrasePlan | None:
        """None when a term is nowhere. Raises ValueError for positions that do not fit, or no terms.

        The phrase's length norm is that of its first term's class; its idf the sum of the terms'. ``pair_scorer``:
        None where pairs are of no use.
        """
        positions = range(len(query.terms)) if query.positions is None else query.positions
        if len(positions) != len(query.terms):
            raise ValueError(f"{len(positions)} positions do not fit {len(query.terms)} terms; give one each")
        if query.slop < 0 or not query.boost >= 0:
            raise ValueError("slop and boost must not be negative")
        entries, rows, kinds = scorer.find_all(query.terms)
        known = [f for f in entries if f is not None]
        if not query.terms or len(known) < len(entries):
            return None
        distinct = {term: i for i, term in reversed(list(enumerate(query.terms)))}
        idf = sum(f.idf for f in known)
        weight = query.boost * idf
        if scorer.similarity.normalises_vectors:
            weight = query.boost
        most = min(f.df for f in known)
        pairs = _NO_PAIRS
        ordered = query.positions is None
        if pair_scorer is not None and query.slop == 0 and most * _RARE >= scorer.documents:
            terms = query.terms
            pairs = pair_scorer.find(scorer, [(terms[i], terms[j]) for i, j in _neighbours(positions)])
        return cls(
            scorer,
            known,
            rows,
            kinds,
            np.array([f.slot for f in known], np.int64),
            np.full(len(known), weight, np.float32),
            np.array(positions, np.int64),
            np.array([distinct[term] for term in query.terms], np.int64),
            query.slop,
            weight * scorer.absent,
            most,
            scale_of(weight * scorer.largest),
            pair_scorer,
            pairs,
            np.array([slot for slot in pairs.slots if slot != NOWHERE], np.int64),
            np.array([i for i, slot in enumerate(pairs.slots) if slot != NOWHERE and ordered], np.int64),
        )


_NO_PAIRS = FoundPairs([], np.empty((0, 0, 3, 2), np.int64), np.empty(0, np.int64))
_RARE = 1024  # a phrase with a term that is in less than one document in so many needs no pairs


def _neighbours(positions: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Which of a phrase's terms stand one position before which."""
    if isinstance(positions, range):
        return itertools.pairwise(positions)
    places: dict[int, list[int]] = {}
    for i, position in enumerate(positions):
        places.setdefault(position, []).append(i)
    return itertools.chain.from_iterable(
        itertools.product(here, places.get(position + 1, ())) for position, here in places.items()
    )
