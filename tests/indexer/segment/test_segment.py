"""A segment, built or merged, says what its documents say."""

from __future__ import annotations

import itertools
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.segment import (
    ColumnBatch,
    DamagedSegment,
    ForeignSegment,
    Segment,
    SegmentWriter,
    Tombstones,
    merge,
)
from tests.indexer.segment.corpora import Oracle, Shared, batch, documents


def build(
    path: Path, docs: list[list[str]], first: int = 0, batches: int = 1, shared: tuple[Shared | None, ...] = (None,)
) -> Segment:
    """``shared``: the vocabularies of the batches, in turns."""
    writer = SegmentWriter(path)
    at = 0
    for number, part in enumerate(np.array_split(np.arange(len(docs)), batches)):
        chunk = [docs[i] for i in part]
        tags = ColumnBatch.of("keyword", [sorted(set(d)) or None for d in chunk])
        sizes = ColumnBatch.of("long", [len(d) for d in chunk])
        floats = ColumnBatch.of("double", [[len(w) / 2 for w in d] for d in chunk])
        seqs = np.arange(first + at, first + at + len(chunk))
        writer.add(
            seqs, {"body": batch(chunk, shared[number % len(shared)])}, {"tags": tags, "size": sizes, "halves": floats}
        )
        at += len(chunk)
    writer.finish()
    return Segment.open(path)


def check(segment: Segment, docs: list[list[str]]) -> None:
    oracle = Oracle(docs)
    assert segment.documents == len(docs)
    assert segment.verify() == []
    words = oracle.vocabulary()
    if not docs:
        return
    for name in ("body", "tags"):
        field = segment.text(name)
        assert field is not None
        assert [t.decode() for t in field.vocabulary()] == words
        assert field.lookup(b"absent") == -1
        for ordinal, word in enumerate(words):
            assert field.lookup(word.encode()) == ordinal
            assert field.term(ordinal) == word.encode()
            expected = oracle.postings(word)
            found, freqs = field.postings(ordinal)
            assert found.tolist() == list(expected)
            assert field.df[ordinal] == len(expected)
            if name == "tags":
                assert set(freqs.tolist()) == {1}
                continue
            assert freqs.tolist() == [len(p) for p in expected.values()]
            offsets, positions = field.positions(ordinal)
            assert [positions[a:b].tolist() for a, b in itertools.pairwise(offsets)] == list(expected.values())
    body = segment.text("body")
    for row in range(body.sums.size):
        lengths = oracle.lengths(row)
        assert body.length(row).tolist() == lengths
        assert body.sums[row] == sum(lengths)
        assert body.counts[row] == sum(n > 0 for n in lengths)
    column = segment.column("tags")
    offsets = column.offsets if column.offsets is not None else np.arange(len(docs) + 1)
    values = [column.values[a:b].tolist() for a, b in itertools.pairwise(offsets)]
    assert [[column.term(o).decode() for o in v] for v in values] == [sorted(set(d), key=str.encode) for d in docs]
    assert segment.column("size").values.tolist() == [len(d) for d in docs]
    halves = segment.column("halves")
    assert halves.exists.tolist() == [bool(d) for d in docs]
    assert halves.first(-1.0).tolist() == [min((len(w) / 2 for w in d), default=-1.0) for d in docs]
    assert halves.last(-1.0).tolist() == [max((len(w) / 2 for w in d), default=-1.0) for d in docs]


@given(documents, st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_built_segment_equals_its_documents(docs: list[list[str]], batches: int) -> None:
    with TemporaryDirectory() as folder:
        check(build(Path(folder) / "s", docs, batches=batches), docs)


@given(documents, documents, st.integers(1, 6), st.lists(st.integers(0, 2), min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_shared_vocabularies_are_taken_up_right(
    before: list[list[str]], docs: list[list[str]], batches: int, order: list[int]
) -> None:
    """Vocabularies that another writer's batches have filled, that grow, and that come in turns."""
    known = (None, Shared(), Shared())
    batch(before, known[1])
    with TemporaryDirectory() as folder:
        segment = build(Path(folder) / "s", docs, batches=batches, shared=tuple(known[i] for i in order))
        check(segment, docs)


@given(st.lists(documents, min_size=1, max_size=4), st.data())
@settings(max_examples=60, deadline=None)
def test_merged_segment_equals_the_survivors(parts: list[list[list[str]]], data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        first = 0
        segments, dead, alive = [], [], []
        for number, docs in enumerate(parts):
            segments.append(build(Path(folder) / f"s{number}", docs, first))
            first += len(docs)
            gone = np.array(data.draw(st.lists(st.booleans(), min_size=len(docs), max_size=len(docs))), bool)
            dead.append(gone if number % 2 == 0 else (gone if gone.any() else None))
            alive.append([d for d, g in zip(docs, gone, strict=True) if not g])
        merge(Path(folder) / "m", segments, dead)
        check(Segment.open(Path(folder) / "m"), [d for part in alive for d in part])


@given(documents, st.data())
@settings(max_examples=60, deadline=None)
def test_tombstones_give_the_statistics_of_the_living(docs: list[list[str]], data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        segment = build(Path(folder) / "s", docs)
        numbers = st.lists(st.integers(0, len(docs) - 1))
        first, second = data.draw(numbers), data.draw(numbers)
        stones = Tombstones.none(segment).with_dead(np.array(first)).with_dead(np.array(second))
        stones.save(Path(folder) / "dead.1")
        stones = Tombstones.load(Path(folder) / "dead.1", segment)
        gone = set(first) | set(second)
        assert stones.count == len(gone)
        assert np.flatnonzero(stones.mask).tolist() == sorted(gone)
        oracle = Oracle([[] if i in gone else d for i, d in enumerate(docs)])
        for name in ("body", "tags"):
            field = segment.text(name)
            for ordinal, word in enumerate(field.vocabulary()):
                assert stones.live_df(name, ordinal) == len(oracle.postings(word.decode()))
        body = segment.text("body")
        for row in range(body.sums.size):
            lengths = oracle.lengths(row)
            assert stones.sums("body")[row] == sum(lengths)
            assert stones.counts("body")[row] == sum(n > 0 for n in lengths)
        assert stones.counts("tags")[0] == sum(bool(d) for d in oracle.documents)


def test_large_segment_with_frequent_and_rare_terms(tmp_path: Path) -> None:
    """Chunked ids, range tables, escapes and long positions, which small corpora do not reach."""
    rng = np.random.default_rng(5)
    count = 140_000
    vocabulary = ["w0", "w1", *(f"r{i}" for i in range(3000))]
    docs: list[list[str]] = []
    for i in range(count):
        words = ["w0"] if rng.random() < 0.5 else []
        if rng.random() < 0.02:
            words += ["w1"] * int(rng.integers(1, 400 if i % 97 == 0 else 3))
        words += [vocabulary[int(rng.integers(2, len(vocabulary)))] for _ in range(int(rng.integers(0, 3)))]
        docs.append(words)
    writer = SegmentWriter(tmp_path / "a")
    for at in range(0, count, 20_000):
        writer.add(np.arange(at, at + 20_000), {"body": batch(docs[at : at + 20_000])}, {})
    assert writer.memory > 1 << 20
    writer.finish()
    segment = Segment.open(tmp_path / "a")
    gone = rng.random(count) < 0.3
    merge(tmp_path / "b", [segment], [gone])
    merged = Segment.open(tmp_path / "b")
    stones = Tombstones.none(segment).with_dead(np.flatnonzero(gone))
    few = Tombstones.none(segment).with_dead(np.arange(0, count, 30_000))
    survivors = [d for d, g in zip(docs, gone, strict=True) if not g]
    for found, expected in ((segment, Oracle(docs)), (merged, Oracle(survivors))):
        field = found.text("body")
        for word in ("w0", "w1", "r5", "r2999"):
            ordinal = field.lookup(word.encode())
            want = expected.postings(word)
            numbers, freqs = field.postings(ordinal)
            assert numbers.tolist() == list(want)
            assert freqs.tolist() == [len(p) for p in want.values()]
            assert field.positions(ordinal)[1].tolist() == [p for at in want.values() for p in at]
            if found is segment:
                assert stones.live_df("body", ordinal) == sum(not gone[d] for d in want)
                assert few.live_df("body", ordinal) == sum(d % 30_000 != 0 for d in want)


def test_a_flipped_byte_is_found_and_named(tmp_path: Path) -> None:
    segment = build(tmp_path / "s", [["a", "b"], ["搜索"]])
    file = next((tmp_path / "s").iterdir())
    whole = file.read_bytes()
    segment.close()
    for at in range(0, len(whole), 7):
        spoiled = bytearray(whole)
        spoiled[at] ^= 0x40
        file.write_bytes(spoiled)
        try:
            damaged = Segment.open(tmp_path / "s").verify()
        except (DamagedSegment, ForeignSegment):
            continue
        if damaged:
            assert damaged[0].startswith("segment.qry:")
        else:  # only padding between sections is outside every checksum
            assert whole[at] == 0


def test_what_is_not_a_segment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedSegment, match="missing"):
        Segment.open(tmp_path / "none")
    build(tmp_path / "s", [["a"]])
    file = next((tmp_path / "s").iterdir())
    whole = file.read_bytes()
    file.write_bytes(whole[:10])
    with pytest.raises(DamagedSegment, match="cut short"):
        Segment.open(tmp_path / "s")
    file.write_bytes(whole[:-12] + (99).to_bytes(4, "little") + whole[-8:])
    with pytest.raises(ForeignSegment, match="format 99"):
        Segment.open(tmp_path / "s")


def test_wrong_input_is_refused_with_a_reason(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path / "s")
    with pytest.raises(ValueError, match="ascend"):
        writer.add(np.array([2, 1]), {"body": batch([["a"], ["b"]])}, {})
    with pytest.raises(ValueError, match="has 1 documents, not 2"):
        writer.add(np.array([1, 2]), {"body": batch([["a"]])}, {})
    writer.add(np.array([1]), {}, {"n": ColumnBatch.of("long", [1])})
    with pytest.raises(ValueError, match="cannot become double"):
        writer.add(np.array([2]), {}, {"n": ColumnBatch.of("double", [1.5])})
    with pytest.raises(ValueError, match="cannot be a text field and a column"):
        writer.add(np.array([2]), {"n": batch([["a"]])}, {})
    with pytest.raises(ValueError, match="unknown column kind"):
        ColumnBatch.of("text", [])  # type: ignore[arg-type]


def test_ordinal_ranges_and_prefixes(tmp_path: Path) -> None:
    field = build(tmp_path / "s", [["prefixed", "prefixes", "pre", "搜索", "搜", "a"]]).text("body")
    assert [field.term(o).decode() for o in field.prefix(b"pref")] == ["prefixed", "prefixes"]
    assert [field.term(o).decode() for o in field.prefix("搜".encode())] == ["搜", "搜索"]
    assert [field.term(o).decode() for o in field.ordinals(b"b", b"prefixe")] == ["pre"]
    assert len(field.ordinals(None, None)) == field.terms
    assert len(field.ordinals(b"z", b"a")) == 0
    assert len(field.prefix(b"\xff")) == 0
    assert len(field.prefix(b"")) == field.terms
    with pytest.raises(IndexError):
        field.term(field.terms)
