"""How pairs of frequencies and length bytes are numbered."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from indexer.segment.codes import K1, B, CodeTable
from indexer.segment.norms import LENGTHS

counted = st.dictionaries(st.integers(256, 1 << 14), st.integers(1, 50), min_size=1, max_size=400)


@given(counted, st.floats(1.0, 500.0))
def test_bytes_go_to_the_most_frequent_pairs_and_ascend_with_bm25(counts: dict[int, int], average: float) -> None:
    table = CodeTable.ranked(np.array(list(counts)), np.array(list(counts.values())), average)
    assert dict(zip(table.pairs.tolist(), table.counts.tolist(), strict=True)) == counts
    assert table.counts[:255].min() >= table.counts[255:].max(initial=0)
    assert (np.diff(table.counts[255:]) <= 0).all()
    tf, length = table.freqs[:255].astype(float), LENGTHS[table.bytes[:255]]
    parts = tf / (tf + K1 * (1 - B + B * length / average))
    assert (np.diff(parts) >= -1e-12).all()


@given(counted, counted, st.floats(1.0, 500.0))
def test_codes_of_segments_together(one: dict[int, int], other: dict[int, int], average: float) -> None:
    tables = [CodeTable.ranked(np.array(list(c)), np.array(list(c.values())), average) for c in (one, other)]
    together = {pair: one.get(pair, 0) + other.get(pair, 0) for pair in one | other}
    expected = CodeTable.ranked(np.array(list(together)), np.array(list(together.values())), average)
    found = CodeTable.union(tables, average)
    assert found.pairs.tolist() == expected.pairs.tolist()
    for table in tables:
        assert found.pairs[found.translation(table)].tolist() == table.pairs.tolist()
