"""The choice of segments to merge, and the memory that a merge takes."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import get_analyzer
from indexer import Node, Operation
from indexer.merging import FACTOR, find_merge
from indexer.segment import ColumnBatch, Segment, SegmentWriter, merge, merge_memory
from settings import Settings


@given(st.lists(st.integers(1, 5000), max_size=300), st.integers(1000, 40_000))
def test_no_merge_takes_more_than_there_may_be(sizes: list[int], most: int) -> None:
    """Units arrive one by one; their memory is their size. Each is rewritten seldom, and no run is left that fits."""
    units: list[int] = []
    written = 0

    def fits(start: int, stop: int) -> bool:
        return sum(units[start:stop]) <= most

    for size in sizes:
        units.append(size)
        while (run := find_merge(units, [0] * len(units), fits)) is not None:
            start, stop = run
            assert 2 <= stop - start <= FACTOR
            assert fits(start, stop)
            units[start:stop] = [sum(units[start:stop])]
            written += units[start]
    assert sum(units) == sum(sizes)
    assert all(unit <= max(most, *sizes) for unit in units)
    assert written <= 6 * sum(sizes)


def test_without_a_bound_eight_of_a_size_become_one() -> None:
    assert find_merge([1000] * 7, [0] * 7) is None
    assert find_merge([9000, *[1000] * 8], [0] * 9) == (1, 9)
    assert find_merge([1000] * 8, [0] * 8, lambda start, stop: stop - start <= 3) == (0, 3)
    assert find_merge([1000] * 20, [0] * 20, lambda start, stop: start >= 5 and stop - start <= 2) == (5, 7)
    assert find_merge([1000] * 8, [0] * 8, lambda start, stop: False) is None


def _write(path: Path, first: int, documents: int, chance: np.random.Generator) -> Segment:
    """Words of a Zipf's law, a keyword of its own for each document, a number."""
    words = [" ".join(f"w{n}" for n in row) for row in chance.zipf(1.3, (documents, 30)).clip(max=50_000)]
    writer = SegmentWriter(path)
    columns = {
        "id": ColumnBatch.of("keyword", [f"document-{first + i}" for i in range(documents)]),
        "number": ColumnBatch.of("long", list(range(documents))),
    }
    writer.add(np.arange(first, first + documents), {"text": get_analyzer("whitespace").batch(words)}, columns)
    writer.finish()
    return Segment.open(path)


@pytest.mark.parametrize("deleted", [0.0, 0.3])
def test_a_merge_takes_no_more_memory_than_was_said(tmp_path: Path, deleted: float) -> None:
    chance = np.random.default_rng(7)
    segments = [_write(tmp_path / str(i), i * 40_000, 40_000, chance) for i in range(4)]
    dead = [chance.random(s.documents) < deleted if deleted else None for s in segments]
    merge(tmp_path / "compiled", segments[:1], dead[:1])
    fixed = 40 << 20  # a run of postings, its bytes, what is written
    tracemalloc.start()
    merge(tmp_path / "merged", segments, dead)
    height = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert height <= sum(map(merge_memory, segments)) + fixed


def test_an_index_merges_within_the_memory_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of segments of one document the setting lets two be merged together; three are too many."""
    index = Node(Settings(data=tmp_path, indexing_memory=16 << 20)).create("docs")
    monkeypatch.setattr("indexer.derive.merge_memory", lambda segment: segment.documents * 6 << 20)
    for part in range(FACTOR):
        index.write([Operation("index", f"{part}", {"text": f"word{part}"})])
        index.refresh()
    assert index.merge()
    assert [s.documents for s in index.view().segments] == [2] + [1] * (FACTOR - 2)
    assert index.merge(to_one=True)
    assert [s.documents for s in index.view().segments] == [FACTOR]
