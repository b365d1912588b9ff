"""Pairs of frequent terms at neighbouring positions, found while a field is written.

A phrase of frequent words is the dearest question to positions: hundreds of thousands of documents hold both words
and few of them side by side. For its *frequent* terms a text field therefore keeps, beside its postings, those of
their pairs: which documents hold the second term at the position after the first one's, and how often (Williams,
Zobel and Bahle 2004, "Fast phrase querying with combined indexes", store such pairs of stop words).

A term is frequent when it occurs as often as one document in SHARE; the rarest of them are left out while the pairs
would outnumber one token in BUDGET. Where a token at the first one's position spells both together, as the pairs of
Han characters do, nothing is stored: that term's postings lead to the documents. Its positions are the pair's unless
it also stands where the two do not, as a number beside its digits: such terms are listed as *loose*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from indexer.segment.codes import encode_pairs
from indexer.segment.container import SectionFileWriter
from indexer.segment.dictionary import Interner
from indexer.segment.fields import FieldShape, FieldWriter, typical_length
from indexer.segment.inversion import invert
from indexer.segment.joined import LOOSE, find_joined
from indexer.segment.pair_kernels import (
    are_words,
    count_neighbours,
    count_rarer,
    mark_joined,
    rename,
    walk,
    walk_words,
)
from indexer.segment.reading import SEPARATOR, pair_name

SHARE = 64
MOST = 2048  # frequent terms
# Whether all pairs are stored, or only those that no term spells: a Chinese text has many terms, few such pairs of
# each, and a phrase needs them all. For English 16: phrases of common words in a third less time, 4 % more room.
BUDGET = {True: 40, False: 16}
SLACK = 4096  # pairs that a small field may have besides
SAMPLE = 1 << 20  # tokens, about, that show which terms spell two others
CROWD = 3  # more neighbours than so many a token, and a field has no pairs


@dataclass(slots=True)
class Pairs:
    """The pairs of a field: ``first`` and ``second``, interned numbers of each pair's terms, pairs in the order of
    their names; those of the ``frequent`` terms; ``numbers`` (uint32), the pairs in each document after the other, and
    ``sizes`` (int64), how many a document has. ``whole``: none was left to a term that spells both. ``loose``:
    terms that spell two of the frequent ones, but somewhere without these (None: not known)."""

    frequent: np.ndarray
    first: np.ndarray
    second: np.ndarray
    numbers: np.ndarray
    sizes: np.ndarray
    whole: bool
    loose: np.ndarray | None


def find_pairs(
    terms: Interner,
    often: np.ndarray,
    tokens: list[np.ndarray],
    positions: list[np.ndarray],
    counts: list[np.ndarray],
) -> Pairs | None:
    """The pairs in a field's batches, which are as :func:`indexer.segment.inversion.invert` takes them; None for a
    field that has many terms at a position, whose pairs would be too many. ``often``: int64[terms], their tokens."""
    blob, bounds = np.require(terms.blob, requirements="W"), np.require(terms.bounds, requirements="W")
    batches = list(zip(tokens, positions, counts, strict=True))
    total = sum(part.size for part in tokens)
    words = [are_words(places, sizes) for _, places, sizes in batches]
    neighbours = [
        places.size if alone else count_neighbours(places, sizes)
        for (_, places, sizes), alone in zip(batches, words, strict=True)
    ]
    if sum(neighbours) > CROWD * total + SLACK:
        return None
    chosen = _frequent(often, batches, words, blob, bounds)
    ranks = np.full(terms.terms, -1, np.int16)
    ranks[chosen] = np.arange(chosen.size)
    joined = np.zeros(terms.terms, np.uint8)
    if not all(words):
        spelled = find_joined(blob.ctypes.data, bounds.ctypes.data, terms.terms, terms.names(chosen))
        joined[spelled[:, 0]] = 1
    found, sizes, left = [np.empty(0, np.uint32)], [np.empty(0, np.int64)], 0
    for batch, most, alone in zip(batches, neighbours, words, strict=True):
        keys, per_document = np.empty(most + 1, np.uint32), np.zeros(batch[2].size, np.int64)
        if alone:
            size, skipped = walk_words(*batch, ranks, keys, per_document), 0
            if not all(words):
                joined[batch[0][joined[batch[0]] > 0]] = LOOSE
        else:
            size, skipped = walk(*batch, blob, bounds, ranks, joined, keys, per_document)
        found.append(keys[:size].copy())
        sizes.append(per_document)
        left += skipped
    loose = None if all(words) else np.flatnonzero(joined >= LOOSE)
    return _named(chosen, np.concatenate(found), np.concatenate(sizes), total, left == 0, loose, terms)


def _frequent(
    often: np.ndarray,
    batches: list[tuple[np.ndarray, np.ndarray, np.ndarray]],
    words: list[bool],
    blob: np.ndarray,
    bounds: np.ndarray,
) -> np.ndarray:
    """Terms that may have pairs, the most frequent first. Those that spell two others, as some of the batches show,
    are none: phrases are made of the others. ``words``: which batches have no two tokens at a position."""
    joined = np.zeros(often.size, np.uint8)
    seen = 0
    for batch, alone in zip(batches, words, strict=True):
        if seen < SAMPLE and not alone:
            mark_joined(*batch, blob, bounds, joined)
        seen += batch[0].size
    often = np.where(joined, 0, often)
    chosen = np.flatnonzero((often > 0) & (often * SHARE >= sum(counts.size for _, _, counts in batches)))
    return chosen[np.argsort(-often[chosen], kind="stable")][:MOST]


def _named(
    chosen: np.ndarray,
    keys: np.ndarray,
    sizes: np.ndarray,
    tokens: int,
    whole: bool,
    loose: np.ndarray | None,
    terms: Interner,
) -> Pairs:
    """The pairs of as many of the ``chosen`` terms as the budget allows, in the order of their names."""
    rarer = np.zeros(chosen.size, np.int64)
    count_rarer(keys, rarer)
    width = within_budget(rarer, tokens, whole)
    names = terms.names(chosen[:width])
    orders, places = [], []
    for ending in (SEPARATOR, b""):
        orders.append(np.array(sorted(range(width), key=lambda i: names[i] + ending), np.int64))
        places.append(np.argsort(orders[-1]).astype(np.uint32))
    keys = keys[: rename(keys, sizes, width, *places)]
    present, numbers = _numbered(keys, width * width)
    return Pairs(
        chosen[:width],
        chosen[orders[0][present // max(1, width)]],
        chosen[orders[1][present % max(1, width)]],
        numbers,
        sizes,
        whole,
        loose,
    )


def _numbered(keys: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """The distinct keys, which are below ``most``, and uint32 for each key which of them it is."""
    if keys.size * 8 < most:
        present, numbers = np.unique(keys, return_inverse=True)
        return present, numbers.astype(np.uint32)
    present = np.flatnonzero(np.bincount(keys, minlength=most))
    number_of = np.zeros(most, np.uint32)
    number_of[present] = np.arange(present.size)
    return present, number_of[keys]


def within_budget(rarer: np.ndarray, tokens: int, whole: bool) -> int:
    """How many of the terms, most frequent first, may have pairs; ``rarer``: int64, pairs of each with itself and
    those before it; ``whole``: see :class:`Pairs`."""
    return int(np.searchsorted(np.cumsum(rarer), tokens // BUDGET[whole] + SLACK, side="right"))


def write_pairs(
    out: SectionFileWriter, prefix: str, pairs: Pairs, terms: Interner, rank: np.ndarray, parent: FieldShape,
    length_bytes: np.ndarray,
) -> dict[str, Any]:  # fmt: skip
    """Write a field's pairs as an inverted field without positions; returns its attributes.

    ``rank``: the terms' ordinals; ``parent``: the field's shape; ``length_bytes``: see
    :func:`indexer.segment.codes.encode_pairs`. A pair is of the class of its first term, as a phrase is.
    """
    words = dict(zip(pairs.frequent.tolist(), terms.names(pairs.frequent), strict=True))
    names = [pair_name(words[a], words[b]) for a, b in zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)]
    ends = np.zeros(len(names) + 1, np.uint32)
    np.cumsum([len(name) for name in names], out=ends[1:])
    letters = np.frombuffer(bytearray(b"".join(names)), np.uint8)
    identity = np.arange(len(names), dtype=np.uint32)
    inverted = invert([pairs.numbers], [np.empty(0, np.uint32)], [pairs.sizes], identity, positional=False)
    classes = terms.classes[pairs.first]
    average = typical_length(parent.sums, parent.counts)
    table = encode_pairs(inverted.starts, classes, inverted.docs, inverted.freqs, length_bytes, average)
    writer = FieldWriter(out, prefix, FieldShape(parent.documents, False, True, table, parent.sums, parent.counts))
    writer.dictionary(letters, ends, classes)
    writer.postings(inverted.starts, inverted.docs, inverted.freqs, inverted.positions, inverted.places, classes)
    members = np.stack([rank[pairs.first], rank[pairs.second]], axis=1)
    loose = None if pairs.loose is None else rank[pairs.loose]
    write_members(out, prefix, rank[pairs.frequent], members, loose)
    return {"prefix": prefix, "whole": pairs.whole, **writer.finish()}


def write_members(
    out: SectionFileWriter, prefix: str, frequent: np.ndarray, members: np.ndarray, loose: np.ndarray | None
) -> None:
    """Write, as ordinals of the field's terms, which are frequent (any order), which make each pair ([pairs, 2]), and
    which are loose where that is known (see :class:`Pairs`)."""
    if loose is not None:
        out.append(prefix + "loose", np.unique(loose).astype(np.uint32))
    out.append(prefix + "frequent", np.sort(frequent).astype(np.uint32))
    out.append(prefix + "members", members.astype(np.uint32).reshape(-1))


def shared_terms(
    frequent: Sequence[np.ndarray],
    ordinals: Sequence[np.ndarray],
    members: Sequence[np.ndarray],
    sizes: Sequence[np.ndarray],
    df: np.ndarray,
    tokens: int,
    whole: bool,
) -> np.ndarray:
    """Which terms of a merged field may have pairs: bool[terms + 1], the last one False.

    They are frequent in every source that has them, and in one at least; the rarest are left out as in
    :func:`find_pairs`, pairs being counted once a document. Of each source: its ``frequent`` terms, the merged
    ``ordinals`` of its terms (beyond the terms: gone), merged ``members`` and the ``sizes`` of its pairs. ``df``: the
    merged field's document frequencies; ``tokens``: its length; ``whole``: see :class:`Pairs`.
    """
    some, not_all = np.zeros(df.size + 1, bool), np.zeros(df.size + 1, bool)
    for chosen, numbers in zip(frequent, ordinals, strict=True):
        others = np.ones(numbers.size, bool)
        others[chosen] = False
        some[np.minimum(numbers[chosen], df.size)] = True
        not_all[np.minimum(numbers[others], df.size)] = True
    some[-1] = False
    shared = some & ~not_all
    terms = np.flatnonzero(shared)
    terms = terms[np.argsort(-df[terms].astype(np.int64), kind="stable")][:MOST]
    ranks = np.full(df.size + 1, MOST, np.int16)
    ranks[terms] = np.arange(terms.size)
    rarer = np.zeros(MOST + 1, np.int64)
    for pairs, counts in zip(members, sizes, strict=True):
        np.add.at(rarer, ranks[np.minimum(pairs, df.size)].max(axis=1), counts.astype(np.int64))
    shared[:] = False
    shared[terms[: within_budget(rarer[: terms.size], tokens, whole)]] = True
    return shared
