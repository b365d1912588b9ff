"""Back-pressure: what is refused, and that room comes back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from api.limits import BATCH_BYTES, BulkGate, GenerationSlots
from indexer.errors import TooManyRequests


def test_bulk_bytes_are_bounded_and_given_back() -> None:
    gate = BulkGate(limit=2 * BATCH_BYTES, requests=10)
    with ExitStack() as held:
        held.enter_context(gate.reserve(None))
        held.enter_context(gate.reserve(100 << 30))
        with pytest.raises(TooManyRequests, match="bulk"), gate.reserve(1):
            pass
        assert gate.held == 2 * BATCH_BYTES
    assert (gate.held, gate.running) == (0, 0)


def test_small_bulks_are_bounded_by_number() -> None:
    gate = BulkGate(limit=BATCH_BYTES, requests=2)
    with gate.reserve(10), gate.reserve(10), pytest.raises(TooManyRequests), gate.reserve(10):
        pass


def test_one_bulk_always_runs() -> None:
    with BulkGate(limit=1, requests=0).reserve(None):
        pass


def test_room_comes_back_when_a_request_fails() -> None:
    gate = BulkGate(limit=BATCH_BYTES, requests=1)
    with pytest.raises(RuntimeError), gate.reserve(None):
        raise RuntimeError
    assert gate.running == 0


def test_generations_are_bounded_over_processes_and_survive_a_kill(tmp_path: Path) -> None:
    slots = GenerationSlots(tmp_path / "locks", 2)
    mine = slots.acquire()
    script = (
        "import sys, time; from pathlib import Path; from api.limits import GenerationSlots\n"
        "slot = GenerationSlots(Path(sys.argv[1]), 2).acquire(); print('held', flush=True); time.sleep(60)"
    )
    other = subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "locks")], stdout=subprocess.PIPE)
    assert other.stdout is not None
    try:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(TooManyRequests, match="extractive"):
            slots.acquire()
    finally:
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
        other.stdout.close()
    second = slots.acquire()
    mine.release()
    mine.release()
    third = slots.acquire()
    second.release()
    third.release()
