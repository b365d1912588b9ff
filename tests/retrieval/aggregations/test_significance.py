"""The heuristics of significant_terms, against their definitions over the four cells of a table."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from retrieval.aggregations.significance import HEURISTICS

cells = st.tuples(*[st.integers(0, 50)] * 4)


def score(name: str, both: int, outside: int, inside: int, neither: int) -> float:
    """Of a term in `both` documents of the bucket and `outside` it; without the term: `inside`, `neither`."""
    found = HEURISTICS[name](
        np.array([both]), np.array([both + inside]), np.array([both + outside]), both + outside + inside + neither
    )
    return float(found[0])


def _more_frequent(both: int, outside: int, inside: int, neither: int) -> bool:
    return both * (outside + neither) > outside * (both + inside)


@given(cells)
def test_chi_square(table: tuple[int, int, int, int]) -> None:
    assume(_more_frequent(*table))
    rows, columns = (table[0] + table[1], table[2] + table[3]), (table[0] + table[2], table[1] + table[3])
    total = sum(table)
    assume(all(rows) and all(columns))
    expected = [rows[i // 2] * columns[i % 2] / total for i in range(4)]
    wanted = sum((seen - due) ** 2 / due for seen, due in zip(table, expected, strict=True))
    assert score("chi_square", *table) == pytest.approx(wanted)


@given(cells)
def test_mutual_information(table: tuple[int, int, int, int]) -> None:
    assume(_more_frequent(*table))
    rows, columns = (table[0] + table[1], table[2] + table[3]), (table[0] + table[2], table[1] + table[3])
    total = sum(table)
    wanted = 0.0
    for i, seen in enumerate(table):
        if seen:
            wanted += seen / total * math.log2(seen * total / (rows[i // 2] * columns[i % 2]))
    assert score("mutual_information", *table) == pytest.approx(wanted, abs=1e-12)


@given(cells)
def test_normalized_google_distance(table: tuple[int, int, int, int]) -> None:
    both, outside, inside, _ = table
    assume(both > 0 and (outside or inside))
    low, high = sorted((both + outside, both + inside))
    distance = (math.log(high) - math.log(both)) / (math.log(sum(table)) - math.log(low))
    assert score("gnd", *table) == pytest.approx(math.exp(-distance))


@given(cells)
@pytest.mark.parametrize("name", ["jlh", "chi_square", "mutual_information"])
def test_what_is_not_more_frequent_is_not_significant(name: str, table: tuple[int, int, int, int]) -> None:
    assume(table[0] + table[2])
    found = score(name, *table)
    assert math.isfinite(found)
    assert found >= -1e-12
    if not _more_frequent(*table):
        assert found == 0.0


def test_the_whole_index_as_bucket_and_a_term_that_is_the_bucket() -> None:
    assert [score(name, 5, 0, 3, 0) for name in ("jlh", "chi_square", "mutual_information")] == [0.0, 0.0, 0.0]
    assert score("gnd", 5, 0, 0, 9) == 1.0
    assert score("mutual_information", 4, 0, 0, 4) == 1.0
    assert score("chi_square", 4, 0, 0, 4) == 8.0
