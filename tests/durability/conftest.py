"""A workload process, with or without the library that lets calls fail."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
State = dict[str, int]


class Workload:
    """Forks writers and readers of one folder; see workload.py."""

    def __init__(self, folder: Path, preload: Path | None = None) -> None:
        self.log = folder / "log"
        self.answer = folder / "answer"
        environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
        if preload is not None:
            environment["LD_PRELOAD"] = str(preload)
        self._errors = open(folder / "errors", "ab")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "workload.py"), str(folder / "warm")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, env=environment, text=True,
        )  # fmt: skip

    def ask(self, **command: Any) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, Path(self._errors.name).read_text()[-3000:]
        return int(line)

    def writer(self, data: Path, seed: int, **more: Any) -> int:
        """Start a writer with an empty log; its process number."""
        self.log.unlink(missing_ok=True)
        return self.ask(work=str(data), seed=seed, log=str(self.log), **more)

    def wait(self, child: int) -> int:
        return self.ask(wait=child)

    def check(self, data: Path) -> dict[str, Any]:
        """What a fresh process finds in the folder."""
        assert self.wait(self.ask(check=str(data), log=str(self.answer))) == 0, self.errors()
        answer: dict[str, Any] = json.loads(self.answer.read_text())
        return answer

    def logged(self) -> list[list[Any]]:
        if not self.log.exists():
            return []
        return [json.loads(line) for line in self.log.read_bytes().split(b"\n")[:-1]]

    def errors(self) -> str:
        return Path(self._errors.name).read_text()[-3000:]

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()
        self._errors.close()


def outcomes(before: State, log: list[list[Any]]) -> list[State]:
    """The states that may hold after a log: each batch without an answer is there whole or not at all."""
    states = [dict(before)]
    for number, entry in enumerate(log):
        if entry[0] != "try":
            continue
        acknowledged = number + 1 < len(log) and log[number + 1][0] == "done"
        after = [applied(state, entry[1]) for state in states]
        states = after if acknowledged else states + after
    return states


def applied(state: State, pairs: list[list[Any]]) -> State:
    out = dict(state)
    for doc_id, value in pairs:
        if value is None:
            out.pop(doc_id, None)
        else:
            out[doc_id] = value
    return out


def assert_whole(answer: dict[str, Any], states: list[State]) -> State:
    """The index holds one of the states, in its truth and in what is derived; returns it."""
    assert answer["stored"] in states, (answer["stored"], states)
    assert answer["found"] == answer["stored"]
    assert answer["terms"] == sorted(answer["stored"])
    assert answer["doubled"] == 0
    assert [f for f in answer["findings"] if not f["repaired"]] == []
    found: State = answer["stored"]
    return found


@pytest.fixture
def workload(tmp_path: Path) -> Iterator[Workload]:
    made = Workload(tmp_path)
    yield made
    made.close()


@pytest.fixture
def failing(tmp_path: Path) -> Iterator[Workload]:
    """A workload whose writers can be told which call fails."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("needs a C compiler and Linux's LD_PRELOAD")
    library = tmp_path / "failing_writes.so"
    command = [compiler, "-O1", "-shared", "-fPIC", "-o", str(library), str(HERE / "failing_writes.c"), "-ldl"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode:
        pytest.skip(f"the compiler cannot build the library: {built.stderr[:200]}")
    made = Workload(tmp_path, library)
    yield made
    made.close()
