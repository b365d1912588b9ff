"""Retrieval measures, by ir-measures (pytrec_eval): nDCG@10 (linear gains), MAP, MRR@10, recall@100.

A ranking is measured in the order in which it was returned. trec_eval sorts by score in single precision
and breaks ties by document id, which would measure another order; so it gets the ranks as scores.
"""

from __future__ import annotations

from dataclasses import dataclass

import ir_measures

from .collection import Judgments
from .runs import Run

MEASURES = {
    "nDCG@10": ir_measures.nDCG @ 10,
    "MAP": ir_measures.AP,
    "MRR@10": ir_measures.RR @ 10,
    "R@100": ir_measures.R @ 100,
}
DEPTH = 100
"""Hits of a query that the measures look at."""


@dataclass(frozen=True)
class Figures:
    """Means over the judged queries, and each query's own figure: `queries[query id][measure]`."""

    means: dict[str, float]
    queries: dict[str, dict[str, float]]


def measure(judgments: Judgments, run: Run) -> Figures:
    """The figures of a run. A judged query without a ranking counts 0 in every measure."""
    qrels = [
        ir_measures.Qrel(query, document, score)
        for query, judged in judgments.items()
        for document, score in judged.items()
    ]
    ranked = [
        ir_measures.ScoredDoc(query, document, float(-rank))
        for query, ranking in run.items()
        for rank, (document, _) in enumerate(ranking)
    ]
    names = {measure: name for name, measure in MEASURES.items()}
    queries: dict[str, dict[str, float]] = {query: dict.fromkeys(MEASURES, 0.0) for query in judgments}
    for metric in ir_measures.iter_calc(list(MEASURES.values()), qrels, ranked):
        queries[metric.query_id][names[metric.measure]] = float(metric.value)
    means = {name: sum(q[name] for q in queries.values()) / len(queries) for name in MEASURES}
    return Figures(means, queries)
