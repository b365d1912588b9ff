"""Terms found in dictionaries, against looking at every term of every live document."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import TokenBatch
from indexer.segment import Segment, SegmentWriter, Tombstones
from retrieval.expansion import Dictionaries, determinize, parse_regexp

LETTERS = "ab北京é𠮷"
WORDS = st.text(LETTERS, min_size=1, max_size=7)


def batch(documents):
    terms = sorted({t.encode() for words in documents for t in words})
    place = {t: i for i, t in enumerate(terms)}
    flat = [place[t.encode()] for words in documents for t in words]
    sizes = [len(words) for words in documents]
    return TokenBatch(
        np.frombuffer(b"".join(terms), np.uint8).copy(),
        np.cumsum([0, *map(len, terms)]).astype(np.int64),
        np.array(flat, np.uint32),
        np.concatenate([np.arange(n, dtype=np.uint32) for n in sizes]).astype(np.uint32),
        np.cumsum([0, *sizes]).astype(np.int64),
        np.zeros(len(terms), np.uint8),
    )


class Shelf:
    """Segments of random documents, some dead."""

    def __init__(self, folder, seed):
        chance = np.random.default_rng(seed)
        self.segments, self.stones, self.documents, seq = [], [], [], 1
        for number in range(3):
            docs = [self._words(chance) for _ in range(int(chance.integers(5, 60)))]
            writer = SegmentWriter(folder / f"s{number}")
            writer.add(np.arange(seq, seq + len(docs)), {"f": batch(docs)}, {})
            writer.finish()
            segment = Segment.open(folder / f"s{number}")
            dead = np.flatnonzero(chance.random(len(docs)) < (0.3 if number else 0.0))
            self.segments.append(segment)
            self.stones.append(Tombstones.none(segment).with_dead(dead) if len(dead) else None)
            self.documents += [set() if i in dead else set(words) for i, words in enumerate(docs)]
            seq += len(docs)
        self.terms = set().union(*self.documents)
        self.find = Dictionaries(self.segments, self.stones, "f", lambda: None)

    @staticmethod
    def _words(chance):
        return [
            "".join(chance.choice(list(LETTERS), int(chance.integers(1, 8)))) for _ in range(int(chance.integers(1, 9)))
        ]

    def check(self, found, holds):
        wanted = sorted(t.encode() for t in self.terms if holds(t))
        assert found.terms(10_000) == wanted
        assert found.terms(2) == wanted[:2]
        assert found.mask().tolist() == [any(map(holds, words)) for words in self.documents]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    return Shelf(tmp_path_factory.mktemp("shelf"), 11)


def distance(a, b, swaps):
    table = [[max(i, j) if 0 in (i, j) else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            best = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (a[i - 1] != b[j - 1]))
            if swaps and i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                best = min(best, table[i - 2][j - 2] + 1)
            table[i][j] = best
    return table[-1][-1]


@settings(max_examples=200)
@given(word=WORDS, edits=st.integers(0, 2), prefix=st.integers(0, 3), swaps=st.booleans())
def test_similar_terms_are_those_by_the_textbook(shelf, word, edits, prefix, swaps):
    wanted = {
        t: distance(word, t, swaps)
        for t in shelf.terms
        if distance(word, t, swaps) <= edits and t.startswith(word[:prefix])
    }
    found = shelf.find.similar(word, edits, prefix, swaps)
    assert {s.term: s.edits for s in found.similar()} == wanted
    ranked = [(s.edits, s.term.encode()) for s in found.similar()]
    assert ranked == sorted(ranked)
    assert found.mask().tolist() == [any(t in wanted for t in words) for words in shelf.documents]


@settings(max_examples=100)
@given(WORDS)
def test_prefixes(shelf, word):
    shelf.check(shelf.find.prefix(word[:2]), lambda t: t.startswith(word[:2]))


@settings(max_examples=100)
@given(WORDS, WORDS)
def test_ranges_and_exact_terms(shelf, a, b):
    low, high = sorted((a.encode(), b.encode()))
    shelf.check(shelf.find.range(low, high), lambda t: low <= t.encode() < high)
    shelf.check(shelf.find.range(None, high), lambda t: t.encode() < high)
    some = [a, b, *sorted(shelf.terms)[:3]]
    shelf.check(shelf.find.exact(some), lambda t: t in some)


@settings(max_examples=100)
@given(
    st.sampled_from([".*北.*", "[ab]+", "a?b*京.", "(ab|北京|𠮷)+.*", "~(.*a.*)", ".{3}", "é.*", ".*(a|b).*&~(.*京.*)"])
)
def test_patterns(shelf, expression):
    pattern = determinize(parse_regexp(expression))
    shelf.check(shelf.find.pattern(pattern), pattern.matches)
    if "~" not in expression:
        assert any(re.fullmatch(expression, t) for t in shelf.terms) == bool(shelf.find.pattern(pattern).size)


def test_long_terms_and_an_absent_field(tmp_path):
    words = ["x" * 700 + end for end in ("a", "ab", "b", "")] + ["x" * 3, "北" * 300]
    writer = SegmentWriter(tmp_path / "s")
    writer.add(np.array([1]), {"f": batch([words])}, {})
    writer.finish()
    segment = Segment.open(tmp_path / "s")
    find = Dictionaries([segment], [None], "f", lambda: None)
    pattern = determinize(parse_regexp("x+(a|ab)"))
    assert [len(t) for t in find.pattern(pattern).terms(9)] == [701, 702]
    assert [s.term for s in find.similar("x" * 700, 1, 0, True).similar()] == [
        "x" * 700,
        "x" * 700 + "a",
        "x" * 700 + "b",
    ]
    absent = Dictionaries([segment], [None], "g", lambda: None)
    assert not absent.prefix("x").mask().any()
    assert absent.similar("x", 2, 0, True).similar() == []
    assert absent.pattern(pattern).terms(5) == []


def test_a_wide_expansion_looks_at_the_clock(shelf):
    class Late(Exception):
        pass

    def late():
        raise Late

    find = Dictionaries(shelf.segments, shelf.stones, "f", late)
    everything = find.prefix("")
    with pytest.raises(Late):
        everything.mask()
    with pytest.raises(Late):
        find.similar("ab", 1, 0, True)
    with pytest.raises(Late):
        find.pattern(determinize(parse_regexp(".*")))
