"""SIGKILL at random moments of writing, refreshing and merging: nothing acknowledged is lost, nothing is half there.

`QUARRY_KILLS=500` runs as many rounds; by default twenty.
"""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from .conftest import State, Workload, assert_whole, outcomes

KILLS = int(os.environ.get("QUARRY_KILLS", "20"))


@pytest.mark.timeout(60 + KILLS * 3)
def test_kills_lose_nothing(workload: Workload, tmp_path: Path) -> None:
    chance, data, state, written = random.Random(7), tmp_path / "data", State(), 0
    for number in range(KILLS):
        child = workload.writer(data, seed=number, threads=True)
        time.sleep(chance.uniform(0.02, 0.5))
        os.kill(child, signal.SIGKILL)
        assert workload.wait(child) == -signal.SIGKILL, workload.errors()
        log = workload.logged()
        written += sum(entry[0] == "done" for entry in log)
        state = assert_whole(workload.check(data), outcomes(state, log))
    assert written > KILLS
