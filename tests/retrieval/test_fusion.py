"""Fusion: formulas against plain definitions, and shares that add up."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from retrieval import fusion

scores = st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=30).map(lambda x: np.array(x, np.float64))


@given(scores, st.floats(0.1, 10), st.floats(-5, 5))
def test_zscore_is_blind_to_scale_and_shift(values, scale, shift):
    if values.std() < 1e-3:
        return
    assert np.allclose(fusion.zscore(values), fusion.zscore(values * scale + shift), atol=1e-6)
    assert np.allclose(
        fusion.zscore(values), (values - values.mean()) / values.std() - (values.min() - values.mean()) / values.std()
    )


@given(scores)
def test_bounds(values):
    for name in ("minmax", "dbsf"):
        out = fusion.normalized(name, values)
        assert out.min() >= 0
        assert out.max() <= 1
    assert fusion.normalized("zscore", values).min() >= 0


@given(scores, st.data())
def test_a_missing_score_gains_nothing_and_changes_no_other(values, data):
    holes = np.array(data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values))))
    with_holes = np.where(holes, np.nan, values)
    out = fusion.normalized("zscore", with_holes)
    if holes.all():
        assert not out.any()
        return
    assert np.allclose(out[~holes], fusion.zscore(values[~holes]))
    assert (out[holes] == out[~holes].min()).all()


def test_reciprocal_ranks():
    assert np.allclose(fusion.reciprocal_ranks(np.array([1, 0, 3]), 60), [1 / 61, 0, 1 / 63])
