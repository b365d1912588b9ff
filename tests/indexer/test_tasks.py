"""Tasks: watched from other processes, cancelled, cut off with the process that ran them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from indexer.admin_errors import ResourceNotFound, TaskCancelled
from indexer.errors import InvalidRequest
from indexer.tasks import Tasks

ROOT = Path(__file__).resolve().parents[2]


def ended(tasks, task_id):
    deadline = time.monotonic() + 20
    while not (found := tasks.get(task_id))["completed"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


def test_what_came_of_a_task_can_be_asked_for(tmp_path):
    tasks = Tasks(tmp_path)
    gate = threading.Event()

    def work(task):
        task.report(done=1, total=2)
        gate.wait(20)
        return {"took": 5}

    task_id = tasks.start("copy/文档", "copy 文档", work)
    assert [t["description"] for t in Tasks(tmp_path).running(["copy*"])] == ["copy 文档"]
    assert Tasks(tmp_path).running(["other"]) == []
    assert tasks.get(task_id)["completed"] is False
    gate.set()
    found = ended(Tasks(tmp_path), task_id)
    assert found["response"] == {"took": 5}
    assert found["task"]["status"] == {"done": 1, "total": 2}
    assert tasks.running() == []
    with pytest.raises(ResourceNotFound):
        tasks.cancel(task_id)


def test_an_error_is_kept_and_a_cancelled_task_ends(tmp_path):
    tasks = Tasks(tmp_path)

    def fail(task):
        raise InvalidRequest("不行")

    assert ended(tasks, tasks.start("a", "b", fail))["error"] == {
        "type": "illegal_argument_exception",
        "reason": "不行",
    }

    def endless(task):
        while True:
            task.report(n=1)
            time.sleep(0.01)

    task_id = tasks.start("a", "b", endless)
    assert Tasks(tmp_path).cancel(task_id)["cancelled"] is True
    assert ended(tasks, task_id)["error"]["type"] == TaskCancelled.type


def test_who_waits_leaves_nothing_behind(tmp_path):
    tasks = Tasks(tmp_path)
    assert tasks.run("a", "b", lambda task: {"x": len(tasks.running())}) == {"x": 1}
    assert list((tmp_path / "tasks").iterdir()) == []
    for unknown in ("quarry:1", "quarry:../x", "other:1", "quarry", ""):
        with pytest.raises(ResourceNotFound):
            tasks.get(unknown)


def test_a_task_dies_with_its_process(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from indexer.tasks import Tasks\n"
        "print(Tasks(Path(sys.argv[1])).start('a', 'b', lambda task: time.sleep(60)), flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout is not None
    task_id = process.stdout.readline().strip()
    tasks = Tasks(tmp_path)
    assert tasks.get(task_id)["completed"] is False
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    found = tasks.get(task_id)
    assert found["completed"]
    assert "the process that ran this task ended" in found["error"]["reason"]
