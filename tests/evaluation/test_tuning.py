"""The fitted refusal keeps its promise on the half it was fitted to, and separates what can be separated."""

from __future__ import annotations

import json

import numpy as np
import pytest

from answers.refusal import FEATURES, Calibration
from evaluation.tuning import Examples, calibrate, report


def synthetic(name: str, count: int, gap: float, seed: int) -> Examples:
    """Questions whose features are normal, those of the answerable shifted by `gap` deviations."""
    draw = np.random.default_rng(seed)
    answerable = np.arange(2 * count) % 2 == 0
    values = draw.normal(0.9, 0.1, (2 * count, len(FEATURES))) + 0.1 * gap * answerable[:, None]
    number = np.arange(2 * count) // 2
    blocked = draw.random(2 * count) < 0.05
    return Examples(name, values, answerable, blocked, number % 2 == 1)


@pytest.mark.parametrize("rate", [0.0, 0.02, 0.1])
def test_no_collection_passes_the_rate_of_false_answers_on_the_fitted_half(rate):
    sets = [synthetic("easy", 300, 2.0, 1), synthetic("hard", 100, 0.5, 2)]
    found = calibrate(sets, rate)
    for one in sets:
        chances = np.array([found.probability(row) for row in one.values])
        answered = (chances >= found.threshold) & ~one.blocked
        assert answered[~one.held_out & ~one.answerable].mean() <= rate


def test_separable_questions_are_separated_on_the_held_out_half():
    rows = report(calibrate([synthetic("clear", 400, 3.0, 3)], 0.02), [synthetic("clear", 400, 3.0, 3)])
    assert rows[0]["questions"] == 200
    assert rows[0]["answered"] > 0.85
    assert rows[0]["false_answers"] < 0.06


def test_a_calibration_survives_its_file():
    found = calibrate([synthetic("a", 50, 1.0, 4)])
    body = json.loads(json.dumps(found.to_dict()))
    again = Calibration(
        tuple(body["weights"]), body["bias"], tuple(body["mean"]), tuple(body["deviation"]), body["threshold"]
    )
    assert again == found
