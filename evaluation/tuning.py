"""Fitting the refusal: when is the evidence of a question strong enough to answer it?

Each judged question is asked twice: with its passage in the index, and with its passage filtered out of
every leg, which makes it unanswerable. The regression is fitted on every other question; its threshold is
the lowest at which no collection's unanswerable questions are answered more often than a rate; the report is
about the questions that were not fitted on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from answers.evidence import Evidence, gather
from answers.extractive import best_sentences
from answers.premise import missing_premises
from answers.refusal import FEATURES, Calibration, features, fit, threshold_for
from indexer import Index, Node
from retrieval import SearchContext

from .collection import Collection

RATE = 0.045  # of unanswerable questions answered, on the fitted half of the worst collection
SIZE = 5
PER_COLLECTION = 1000.0  # each collection's examples weigh so much together, however many they are


@dataclass(frozen=True)
class Examples:
    """One collection's questions: values float64[n, features]; the flags bool[n]."""

    name: str
    values: np.ndarray
    answerable: np.ndarray
    blocked: np.ndarray  # refused for a number or name that is not there
    held_out: np.ndarray


def examples_of(
    node: Node, index: Index, collection: Collection, progress: Callable[[int, int], None] | None = None
) -> Examples:
    """The features of all of a collection's questions, with and without their passages."""
    ctx = SearchContext(node, index)
    rows: list[tuple[np.ndarray, bool, bool, bool]] = []
    questions = list(collection.questions)
    for number, question in enumerate(questions):
        mask = ctx.live.copy()
        mask[ctx.view.numbers_of_ids(list(question.contexts))] = False
        for answerable, accept in ((True, None), (False, ctx.reader.accepted(mask))):
            evidence = gather(ctx, question.text, SIZE, accept)
            rows.append((features(evidence), answerable, _blocked(evidence), number % 2 == 1))
        if progress:
            progress(number + 1, len(questions))
    columns = list(zip(*rows, strict=True))
    return Examples(collection.name, np.array(columns[0]), *(np.array(c, bool) for c in columns[1:]))


def _blocked(evidence: Evidence) -> bool:
    cited = {s.passage for s in best_sentences(evidence)}
    texts = [f"{evidence.passages[n].title}\n{evidence.passages[n].body}" for n in cited]
    return bool(missing_premises(evidence.question, texts))


def calibrate(sets: Sequence[Examples], rate: float = RATE) -> Calibration:
    """Fit on the questions that are not held out, of all collections alike."""
    fitted = [~s.held_out for s in sets]
    values = np.concatenate([s.values[f] for s, f in zip(sets, fitted, strict=True)])
    answerable = np.concatenate([s.answerable[f] for s, f in zip(sets, fitted, strict=True)])
    weights = np.concatenate([np.full(f.sum(), PER_COLLECTION / f.sum()) for f in fitted])
    found = fit(values, answerable, weights)
    worst = 0.0
    for one, part in zip(sets, fitted, strict=True):
        chances = np.where(one.blocked, 0.0, _probabilities(found, one.values))
        worst = max(worst, threshold_for(chances[part & ~one.answerable], rate))
    return replace(found, threshold=worst)


def report(calibration: Calibration, sets: Sequence[Examples]) -> list[dict[str, Any]]:
    """For each collection, of its held-out questions: share of the answerable answered, and of the others."""
    out = []
    for one in sets:
        answered = (_probabilities(calibration, one.values) >= calibration.threshold) & ~one.blocked
        out.append({
            "collection": one.name,
            "answered": float(answered[one.held_out & one.answerable].mean()),
            "false_answers": float(answered[one.held_out & ~one.answerable].mean()),
            "questions": int((one.held_out & one.answerable).sum()),
        })  # fmt: skip
    return out


def _probabilities(calibration: Calibration, values: np.ndarray) -> np.ndarray:
    assert values.shape[1] == len(FEATURES)
    return np.array([calibration.probability(row) for row in values])
