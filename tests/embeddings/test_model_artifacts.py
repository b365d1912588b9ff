"""Folders that are built once, whoever comes first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from embeddings.artifacts import ensure_built

ROOT = Path(__file__).parents[2]


def build(folder: Path) -> None:
    (folder / "weights.bin").write_bytes(b"x" * 1000)


def never(folder: Path) -> None:
    raise AssertionError("it must not be built again")


def test_it_is_built_once(tmp_path):
    folder = ensure_built(tmp_path / "models" / "m", build)
    assert (folder / "weights.bin").read_bytes() == b"x" * 1000
    assert ensure_built(folder, never) == folder


def test_a_file_cut_short_is_built_again(tmp_path):
    folder = ensure_built(tmp_path / "m", build)
    (folder / "weights.bin").write_bytes(b"x" * 10)
    ensure_built(folder, build)
    assert (folder / "weights.bin").stat().st_size == 1000


def test_a_failed_build_leaves_nothing(tmp_path):
    def fail(folder):
        build(folder)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        ensure_built(tmp_path / "m", fail)
    assert [p.name for p in tmp_path.iterdir()] == ["m.lock"]
    ensure_built(tmp_path / "m", build)


PROCESS = """
import sys, time
from pathlib import Path
from embeddings.artifacts import ensure_built
def build(folder):
    with open(sys.argv[2], "a") as log:
        log.write("built\\n")
    (folder / "half").write_text("1")
    time.sleep(0.3)
    (folder / "rest").write_text("2")
folder = ensure_built(Path(sys.argv[1]), build)
assert (folder / "half").exists() and (folder / "rest").exists()
"""


def test_processes_that_start_together_build_once(tmp_path):
    command = [sys.executable, "-c", PROCESS, str(tmp_path / "m"), str(tmp_path / "log")]
    processes = [subprocess.Popen(command, cwd=ROOT) for _ in range(5)]
    assert [process.wait(60) for process in processes] == [0] * 5
    assert (tmp_path / "log").read_text() == "built\n"
