"""Inversion by its definition, and merged segments byte by byte."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.segment import Segment, SegmentWriter, inversion, merge
from indexer.segment.container import _TRAILER, FILE_NAME
from indexer.segment.inversion import invert
from tests.indexer.segment.corpora import batch
from tests.indexer.segment.test_segment import build, check

place = st.one_of(st.integers(0, 300), st.integers(0, 2**32 - 1))
token_lists = st.lists(st.lists(st.tuples(st.integers(0, 6), place), max_size=8), min_size=1, max_size=30)
WORDS = [f"w{i}" for i in range(40)] + ["prefixed", "prefixed-by", "prefixed-bz", "prefixed\0", "w1\0", "搜索引擎"]


def varints(places: list[int]) -> bytes:
    out, before = bytearray(), 0
    for at in places:
        value, before = at - before, at
        while value >= 128:
            out.append(value & 127 | 128)
            value >>= 7
        out.append(value)
    return bytes(out)


@given(token_lists, st.permutations(range(7)), st.integers(1, 4), st.booleans(), st.sampled_from([64, 16]))
@settings(max_examples=150, deadline=None)
def test_inverted_tokens_are_those_of_the_documents(
    docs: list[list[tuple[int, int]]], rank: list[int], parts: int, positional: bool, bits: int
) -> None:
    """``bits`` of a record: with few of them there are more buckets."""
    if bits < 64:
        docs = [[(term, at % 300) for term, at in doc] for doc in docs]
    docs = [sorted(doc, key=lambda token: token[1]) for doc in docs]
    split = [[docs[i] for i in part] for part in np.array_split(np.arange(len(docs)), parts)]
    none = np.empty(0, np.uint32)
    terms = [np.array([term for doc in part for term, _ in doc], np.uint32) for part in split]
    places = [np.array([at for doc in part for _, at in doc], np.uint32) if positional else none for part in split]
    counts = [np.array([len(doc) for doc in part], np.int64) for part in split]
    with patch.object(inversion, "_RECORD", bits):
        found = invert(terms, places, counts, np.array(rank, np.uint32), positional)
    assert not terms + places + counts
    for term, ordinal in enumerate(rank):
        owners = [number for number, doc in enumerate(docs) if any(t == term for t, _ in doc)]
        start, end = found.starts[ordinal], found.starts[ordinal + 1]
        assert found.docs[start:end].tolist() == owners
        of_each = [[at for t, at in docs[number] if t == term] for number in owners]
        assert found.freqs[start:end].tolist() == [len(at) for at in of_each]
        expected = b"".join(map(varints, of_each)) if positional else b""
        assert found.positions[found.places[ordinal] : found.places[ordinal + 1]].tobytes() == expected


def corpus(seed: int, count: int, long: bool) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    often = 1 / np.arange(1, len(WORDS) + 1)
    sizes = rng.integers(0, 12, count) + (rng.random(count) < 0.05) * 400 * long
    return [[WORDS[i] for i in rng.choice(len(WORDS), size, p=often / often.sum())] for size in sizes]


def sections(path: Path) -> dict[str, tuple[int, int]]:
    """Size and checksum of each section but those of pairs, which a merge leaves out where a part had too many."""
    whole = (path / FILE_NAME).read_bytes()
    size = _TRAILER.unpack(whole[-_TRAILER.size :])[0]
    listing = json.loads(whole[-_TRAILER.size - size : -_TRAILER.size])
    return {s["name"]: (s["size"], s["crc"]) for s in listing["sections"] if "pairs" not in s["name"]}


@given(st.integers(0, 10**6), st.lists(st.integers(1, 150), min_size=1, max_size=6), st.booleans())
@settings(max_examples=40, deadline=None)
def test_merged_bytes_are_those_of_one_build(seed: int, counts: list[int], long: bool) -> None:
    """Narrow and wide terms, blocks, ranges and positions of several bytes, in parts that do not end with a range."""
    docs = corpus(seed, sum(counts), long)
    with TemporaryDirectory() as folder:
        whole = build(Path(folder) / "whole", docs)
        parts, first = [], 0
        for number, count in enumerate(counts):
            parts.append(build(Path(folder) / f"p{number}", docs[first : first + count], first))
            first += count
        merge(Path(folder) / "merged", parts, [None] * len(parts))
        assert sections(Path(folder) / "merged") == sections(whole.path)


@given(st.integers(0, 10**6), st.lists(st.integers(1, 60), min_size=1, max_size=4), st.data())
@settings(max_examples=15, deadline=None)
def test_merged_survivors(seed: int, counts: list[int], data: st.DataObject) -> None:
    """Parts with dead documents beside whole ones."""
    docs = corpus(seed, sum(counts), long=True)
    with TemporaryDirectory() as folder:
        parts, dead, alive, first = [], [], [], 0
        for number, count in enumerate(counts):
            here = docs[first : first + count]
            parts.append(build(Path(folder) / f"p{number}", here, first))
            gone = np.random.default_rng(seed + number).random(count) < data.draw(st.sampled_from([0, 0.1, 0.9, 1]))
            dead.append(gone if gone.any() else None)
            alive += [doc for doc, g in zip(here, gone, strict=True) if not g]
            first += count
        merge(Path(folder) / "merged", parts, dead)
        check(Segment.open(Path(folder) / "merged"), alive)


def test_the_same_documents_give_the_same_bytes(tmp_path: Path) -> None:
    """Nothing that memory held before comes into a file."""
    docs = corpus(1, 500, long=True)
    for name in ("a", "b"):
        writer = SegmentWriter(tmp_path / name)
        writer.add(np.arange(500), {"body": batch(docs)}, {})
        writer.finish()
        np.full(1 << 22, 255 if name == "a" else 0, np.uint8)
    assert (tmp_path / "a" / FILE_NAME).read_bytes() == (tmp_path / "b" / FILE_NAME).read_bytes()
