"""Phrases found by stored pairs equal those found by positions, to the bit, and the definition."""

from __future__ import annotations

import itertools
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from indexer.segment import Segment, SegmentWriter, TextField, Tombstones, merge, pairs
from retrieval.lexical import BM25, TFIDF, BM25Plus, LexicalReader, PhraseQuery, Similarity
from tests.indexer.segment.corpora import Batch, is_han

Tokens = list[tuple[str, int]]  # terms and positions, ascending

SIMILARITIES = [BM25(), BM25(k1=2.0, b=0.3), BM25Plus(exact_lengths=False), BM25Plus(), TFIDF(exact_lengths=False)]
LETTERS = ["a", "b", "ab", "c", "北", "京", "南"]


@st.composite
def documents(draw: st.DrawFn) -> Tokens:
    """Letters one after the other or apart, some with others at their position, as a joined form or a synonym."""
    letters = draw(st.lists(st.sampled_from(LETTERS), max_size=9))
    steps = draw(st.lists(st.sampled_from([1, 1, 1, 2]), min_size=len(letters), max_size=len(letters)))
    places = [0, *itertools.accumulate(steps)]
    tokens: Tokens = []
    for at, letter in enumerate(letters):
        here = [letter]
        if at + 1 < len(letters) and steps[at] == 1 and draw(st.integers(0, 2)):
            here.append(letter + letters[at + 1])
        if draw(st.integers(0, 9)) == 0:
            here.append(draw(st.sampled_from([*LETTERS, "北京", "aab"])))
        tokens += [(term, places[at]) for term in draw(st.permutations(here))]
    return tokens


def batch(found: list[Tokens]) -> Batch:
    numbers: dict[str, int] = {}
    flat = [numbers.setdefault(term, len(numbers)) for tokens in found for term, _ in tokens]
    encoded = [term.encode() for term in numbers]
    return Batch(
        np.frombuffer(b"".join(encoded), np.uint8),
        np.cumsum([0] + [len(e) for e in encoded]),
        np.array(flat, np.uint32),
        np.array([place for tokens in found for _, place in tokens], np.uint32),
        np.cumsum([0] + [len(tokens) for tokens in found]),
        np.array([is_han(term) for term in numbers], np.uint8),
    )


def write(path: Path, found: list[Tokens], first: int) -> Segment:
    writer = SegmentWriter(path)
    writer.add(np.arange(first, first + len(found)), {"body": batch(found)}, {})
    writer.finish()
    return Segment.open(path)


def check_loose(field: TextField, found: list[Tokens]) -> None:
    """Terms that are not loose stand only where the frequent terms stand that they spell."""
    assert field.pairs is not None
    if field.pairs.loose is None:
        return
    loose = {field.term(int(t)).decode() for t in field.pairs.loose}
    frequent = {field.term(int(t)).decode() for t in field.pairs.frequent}
    for tokens in found:
        held = set(tokens)
        for term, place in tokens:
            for cut in range(1, len(term)):
                first, second = term[:cut], term[cut:]
                if term not in loose and first in frequent and second in frequent:
                    assert (first, place) in held
                    assert (second, place + 1) in held


def frequency(tokens: Tokens, terms: list[str], offsets: list[int]) -> int:
    """Places of the first term around which the others stand."""
    held = set(tokens)
    first = [place - offsets[0] for term, place in held if term == terms[0]]
    return sum(all((t, at + o) in held for t, o in zip(terms, offsets, strict=True)) for at in first)


@st.composite
def phrases(draw: st.DrawFn) -> tuple[list[str], list[int]]:
    terms = draw(st.lists(st.sampled_from(LETTERS), min_size=2, max_size=4))
    offsets = list(range(len(terms)))
    if draw(st.integers(0, 4)) == 0:
        offsets = draw(st.lists(st.integers(0, 3), min_size=len(terms), max_size=len(terms)))
    return terms, offsets


@given(
    st.lists(st.lists(documents(), min_size=1, max_size=12), min_size=1, max_size=4),
    st.lists(phrases(), min_size=1, max_size=6),
    st.lists(st.sampled_from(["all", "few", "none"]), min_size=4, max_size=4),
    st.sampled_from(
        [BM25(), BM25(k1=2.0, b=0.3), BM25Plus(exact_lengths=False), BM25Plus(), TFIDF(exact_lengths=False)]
    ),
    st.data(),
)
@settings(max_examples=150, deadline=None, phases=[Phase.explicit, Phase.generate])  # shrinking takes minutes
def test_pairs_change_no_hit_and_no_bit(
    parts: list[list[Tokens]],
    asked: list[tuple[list[str], list[int]]],
    kept: list[str],
    similarity: Similarity,
    data: st.DataObject,
) -> None:
    """``kept``: whether a segment keeps pairs of all terms, of the two most frequent, or none."""
    everything = [tokens for part in parts for tokens in part]
    count = len(everything)
    dead = data.draw(st.sets(st.integers(0, count - 1), max_size=count))
    accept = data.draw(st.none() | st.lists(st.booleans(), min_size=count, max_size=count).map(np.array))
    merged = data.draw(st.booleans())
    with TemporaryDirectory() as name:
        readers = []
        for ours in (True, False):
            folder, first, segments, stones = Path(name) / str(ours), 0, [], []
            folder.mkdir()
            for number, (part, how) in enumerate(zip(parts, kept, strict=False)):
                with ExitStack() as stack:
                    if how == "none" or not ours:
                        stack.enter_context(patch("indexer.segment.writing.find_pairs", lambda *_: None))
                    elif how == "few":
                        stack.enter_context(patch.object(pairs, "MOST", 2))
                    segments.append(write(folder / str(number), part, first))
                mine = np.array([d - first for d in dead if first <= d < first + len(part)], np.int64)
                stones.append(Tombstones.none(segments[-1]).with_dead(mine))
                first += len(part)
            if merged and len(segments) > 1:  # all but the last; only the last one's dead are left to skip
                merge(folder / "m", segments[:-1], [None] * (len(segments) - 1))
                whole = Segment.open(folder / "m")
                assert whole.verify() == []
                gone = np.array([d for d in dead if d < whole.documents], np.int64)
                segments, stones = [whole, segments[-1]], [Tombstones.none(whole).with_dead(gone), stones[-1]]
            readers.append(LexicalReader(segments, stones))
        with_pairs, without = readers
        for terms, offsets in asked:
            query = PhraseQuery("body", terms, offsets, similarity=similarity)
            expected = {
                number: found
                for number, tokens in enumerate(everything)
                if number not in dead and (accept is None or accept[number])
                if (found := frequency(tokens, terms, offsets))
            }
            docs, scores = with_pairs.matches(query, accept)
            assert docs.tolist() == sorted(expected)
            assert [a.tolist() for a in without.matches(query, accept)] == [docs.tolist(), scores.tolist()]
            best = sorted(zip(-scores.astype(float), docs.tolist(), strict=True))
            for k, count_to in ((1, 0), (3, 0), (3, 2), (70, 0), (70, 100)):
                top = with_pairs.top_k(query, k, accept, count_to)
                assert top.docs.tolist() == [d for _, d in best[:k]]
                assert top.scores.tolist() == [-s for s, _ in best[:k]]
                if count_to:
                    wanted = (len(best), "eq") if len(best) <= count_to else (count_to, "gte")
                    assert (top.total, top.relation) == wanted
            if accept is None:
                scored = with_pairs.score(query, np.arange(count))
                assert scored[docs].tolist() == scores.tolist()
                assert np.count_nonzero(scored) == np.count_nonzero(scores)
                for number in docs[:1].tolist() if isinstance(similarity, BM25) else []:
                    account = with_pairs.explain(query, number)
                    assert account.value == pytest.approx(float(scores[docs.tolist().index(number)]))
                    assert account.terms[0].frequency == pytest.approx(expected[number], rel=1e-3)


@given(st.lists(documents(), min_size=1, max_size=20), st.lists(st.booleans(), min_size=20, max_size=20))
@settings(max_examples=60, deadline=None)
def test_merged_pairs_are_those_of_the_survivors(found: list[Tokens], gone: list[bool]) -> None:
    """Where all terms have pairs, merging keeps what writing the survivors would give."""
    middle = len(found) // 2
    with TemporaryDirectory() as name:
        folder = Path(name)
        sides = [write(folder / "a", found[:middle], 0)] if middle else []
        sides.append(write(folder / "b", found[middle:], middle))
        dead = np.array(gone[: len(found)], bool)
        merge(folder / "m", sides, [dead[s.first_seq : s.first_seq + s.documents] for s in sides])
        fresh = write(folder / "f", [t for t, d in zip(found, dead, strict=True) if not d] or [[]], 0).text("body")
        field = Segment.open(folder / "m").text("body")
        assert fresh is not None
        assert field is not None
        survivors = [t for t, d in zip(found, dead, strict=True) if not d]
        for text in (fresh, field):
            if text.pairs is not None:
                check_loose(text, survivors)
        if field.pairs is None or fresh.pairs is None:
            return
        listed = dict(zip(fresh.pairs.vocabulary(), range(fresh.pairs.terms), strict=True))
        for ordinal, pair in enumerate(field.pairs.vocabulary()):
            a, b = field.pairs.members[ordinal]
            assert pair == field.term(int(a)) + b"\xff" + field.term(int(b))
            if pair in listed:
                want = fresh.pairs.postings(listed[pair])
                assert [x.tolist() for x in field.pairs.postings(ordinal)] == [x.tolist() for x in want]
