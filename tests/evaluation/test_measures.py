"""Measures against their definitions, written out independently."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation import measure, read_run, write_run


def by_definition(judged: dict[str, int], ranking: list[str]) -> dict[str, float]:
    """nDCG@10 with linear gains, average precision, reciprocal rank@10, recall@100 of one query."""
    gains = [max(judged.get(d, 0), 0) for d in ranking]
    ideal = sorted((g for g in judged.values() if g > 0), reverse=True)

    def dcg(values: list[int]) -> float:
        return sum(g / math.log2(rank + 1) for rank, g in enumerate(values[:10], 1))

    hits = [rank for rank, gain in enumerate(gains, 1) if gain > 0]
    relevant = len(ideal)
    return {
        "nDCG@10": dcg(gains) / dcg(ideal) if relevant else 0.0,
        "MAP": sum(i / rank for i, rank in enumerate(hits, 1)) / relevant if relevant else 0.0,
        "MRR@10": 1 / hits[0] if hits and hits[0] <= 10 else 0.0,
        "R@100": sum(rank <= 100 for rank in hits) / relevant if relevant else 0.0,
    }


DOCUMENTS = [f"文{i}" if i % 2 else f"d{i}" for i in range(120)]


@settings(max_examples=60, deadline=None)
@given(
    judgments=st.dictionaries(
        st.sampled_from(["q1", "q2", "问3"]),
        st.dictionaries(st.sampled_from(DOCUMENTS), st.integers(0, 4), min_size=1, max_size=20).filter(
            lambda judged: any(judged.values())
        ),
        min_size=1,
    ),
    order=st.permutations(DOCUMENTS),
    depth=st.integers(0, 110),
)
def test_figures_follow_their_definitions_in_the_returned_order_even_where_scores_tie(judgments, order, depth):
    ranking = list(order)[:depth]
    run = {query: [(document, 1.0) for document in ranking] for query in list(judgments)[:2]}
    figures = measure(judgments, run)
    wanted = {q: by_definition(judged, ranking if q in run else []) for q, judged in judgments.items()}
    for query, values in wanted.items():
        assert figures.queries[query] == pytest.approx(values, abs=1e-6)
    for name in ("nDCG@10", "MAP", "MRR@10", "R@100"):
        assert figures.means[name] == pytest.approx(sum(v[name] for v in wanted.values()) / len(wanted), abs=1e-6)


def test_a_run_is_read_back_in_its_order_with_odd_ids(tmp_path):
    run = {"q 1": [("a b", 2.5), ("文\u30001%", 2.5)], "q2": [("c", -1.0)]}
    write_run(tmp_path / "deep" / "x.run", run, "quarry-bm25")
    assert read_run(tmp_path / "deep" / "x.run") == run
    lines = (tmp_path / "deep" / "x.run").read_text("utf-8").splitlines()
    assert lines[0] == "q%201 Q0 a%20b 1 2.5 quarry-bm25"
    assert all(len(line.split()) == 6 for line in lines)


def test_a_line_that_is_none_of_a_run_is_named(tmp_path):
    (tmp_path / "x.run").write_text("q Q0 d 1 2.0 tag\nq Q0 d\n")
    with pytest.raises(ValueError, match=r"x\.run:2"):
        read_run(tmp_path / "x.run")
