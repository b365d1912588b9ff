"""A file system that fails at every write in turn: an error is told, nothing acknowledged is lost, work goes on.

By default one call in forty; `QUARRY_EXPLORE=1` takes each.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from .conftest import State, Workload, assert_whole, outcomes

STEP = 1 if os.environ.get("QUARRY_EXPLORE") else 41
KINDS = {"no space": 0, "input/output error": 1, "short write": 2}


@pytest.mark.timeout(3600 if STEP == 1 else 180)
@pytest.mark.parametrize("kind", KINDS)
def test_every_call_may_fail(failing: Workload, tmp_path: Path, kind: str) -> None:
    data = tmp_path / "data"
    calls, told = _round(failing, data, 0, kind)
    assert calls > 100
    assert not told
    failures = 0
    for number in range(1 + KINDS[kind] * 5, calls + 1, STEP):
        _, told = _round(failing, data, number, kind)
        failures += told
    assert failures > calls / STEP / 8


def _round(failing: Workload, data: Path, number: int, kind: str) -> tuple[int, bool]:
    """Let one call fail; how many calls there were, and whether somebody was told."""
    shutil.rmtree(data, ignore_errors=True)
    child = failing.writer(data, seed=1, fail=number, kind=KINDS[kind])
    assert failing.wait(child) == 0, (number, failing.errors())
    log = failing.logged()
    assert_whole(failing.check(data), outcomes(State(), log))
    return log[-1][1], any(entry[0] in ("failed", "upkeep") for entry in log)
