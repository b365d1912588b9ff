"""Long work that a request started and does not wait for: where it stands, for every process.

A task is a file in the data directory, replaced as the work goes on, and a lock that its process holds
while it runs: a task whose lock is free and that has no end was cut off with its process.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .admin_errors import ResourceNotFound, TaskCancelled
from .errors import QuarryError
from .files import file_lock, replace_file
from .registry import owner_alive

KEEP_SECONDS = 7 * 86400.0  # that the result of an ended task can be asked for
SAVE_SECONDS = 0.5
NODE = "quarry"
Work = Callable[["Task"], dict[str, Any]]


class Task:
    """One piece of work under way; its owner reports to it and asks whether to go on."""

    def __init__(self, folder: Path, action: str, description: str) -> None:
        self._file = folder / f"{time.time_ns() // 1000}-{uuid.uuid4().hex[:8]}"
        self.id = f"{NODE}:{self._file.name}"
        self._body: dict[str, Any] = {
            "action": action,
            "description": description,
            "start": time.time(),
            "status": {},
            "completed": False,
        }
        self._saved = 0.0

    def report(self, **status: Any) -> None:
        """Say where the work stands. TaskCancelled when somebody wants it to end."""
        self._body["status"] = status
        if time.monotonic() - self._saved > SAVE_SECONDS:
            self._save()
        if self._file.with_suffix(".cancel").exists():
            raise TaskCancelled("the task was cancelled; what it did so far stays")

    def _save(self) -> None:
        self._body["seconds"] = time.time() - self._body["start"]
        replace_file(self._file.with_suffix(".json"), json.dumps(self._body, ensure_ascii=False).encode(), False)
        self._saved = time.monotonic()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Hold the task's lock; it is visible from here on, and alive until the block ends."""
        with file_lock(self._file.with_suffix(".lock")):
            self._save()
            yield

    def finish(self, response: dict[str, Any] | None, error: dict[str, Any] | None) -> None:
        """Keep what came of it."""
        self._body["completed"] = True
        if response is not None:
            self._body["response"] = response
        if error is not None:
            self._body["error"] = error
        self._save()

    def forget(self) -> None:
        """Remove the task: who waited for it has its result."""
        for suffix in (".json", ".lock", ".cancel"):
            self._file.with_suffix(suffix).unlink(missing_ok=True)


class Tasks:
    """The tasks of a data directory."""

    def __init__(self, data: Path) -> None:
        self._folder = data / "tasks"

    def run(self, action: str, description: str, work: Work) -> dict[str, Any]:
        """Do the work here and now; it can be watched and cancelled meanwhile, and is forgotten at its end."""
        task = self._new(action, description)
        try:
            with task.running():
                return work(task)
        finally:
            task.forget()

    def start(self, action: str, description: str, work: Work) -> str:
        """Do the work in a thread of its own; returns the id under which it can be watched."""
        task = self._new(action, description)
        begun = threading.Event()

        def body() -> None:
            with task.running():
                begun.set()
                try:
                    task.finish(work(task), None)
                except Exception as error:
                    task.finish(None, _error(error))

        threading.Thread(target=body, name=f"quarry-task-{task.id}", daemon=True).start()
        begun.wait()
        return task.id

    def _new(self, action: str, description: str) -> Task:
        self._folder.mkdir(exist_ok=True)
        self._forget_old()
        return Task(self._folder, action, description)

    def get(self, task_id: str) -> dict[str, Any]:
        """Where a task stands, in Elasticsearch's shape; ResourceNotFound."""
        path = self._path(task_id)
        alive = owner_alive(path.with_suffix(".lock"))  # asked first: a task that ends meanwhile has then saved its end
        try:
            body = json.loads(path.with_suffix(".json").read_bytes())
        except (FileNotFoundError, ValueError):
            raise ResourceNotFound(f"task [{task_id}] isn't running and hasn't stored its results") from None
        if not alive and not body["completed"]:
            body["completed"] = True
            body["error"] = {
                "type": "task_cancelled_exception",
                "reason": "the process that ran this task ended first; what it did so far stays, start it again",
            }
        out: dict[str, Any] = {
            "completed": body["completed"],
            "task": {
                "node": NODE,
                "id": path.name,
                "type": "transport",
                "action": body["action"],
                "status": body["status"],
                "description": body["description"],
                "start_time_in_millis": int(body["start"] * 1000),
                "running_time_in_nanos": int(body.get("seconds", 0.0) * 1e9),
                "cancellable": True,
                "cancelled": path.with_suffix(".cancel").exists(),
                "headers": {},
            },
        }
        return {**out, **{key: body[key] for key in ("response", "error") if key in body}}

    def running(self, actions: list[str] | None = None) -> list[dict[str, Any]]:
        """The tasks that run now, oldest first; only of some actions (`*` at the end of a name) when given."""
        found = []
        for path in sorted(self._folder.glob("*.json")):
            try:
                one = self.get(f"{NODE}:{path.stem}")
            except ResourceNotFound:
                continue
            if not one["completed"] and (not actions or any(_is_meant(one["task"]["action"], a) for a in actions)):
                found.append(one["task"])
        return found

    def cancel(self, task_id: str) -> dict[str, Any]:
        """Ask a task to end; ResourceNotFound when it does not run."""
        found = self.get(task_id)
        if found["completed"]:
            raise ResourceNotFound(f"task [{task_id}] doesn't support cancellation: it has ended")
        self._path(task_id).with_suffix(".cancel").touch()
        return {**found["task"], "cancelled": True}

    def _path(self, task_id: str) -> Path:
        node, _, number = task_id.partition(":")
        if node != NODE or not number or not all(c.isalnum() or c == "-" for c in number):
            raise ResourceNotFound(f"task [{task_id}] isn't running and hasn't stored its results")
        return self._folder / number

    def _forget_old(self) -> None:
        for path in self._folder.iterdir():
            try:
                old = path.stat().st_mtime < time.time() - KEEP_SECONDS
            except FileNotFoundError:
                continue
            if old and not owner_alive(path.with_suffix(".lock")):
                path.unlink(missing_ok=True)


def _is_meant(action: str, pattern: str) -> bool:
    return action.startswith(pattern[:-1]) if pattern.endswith("*") else action == pattern


def _error(error: BaseException) -> dict[str, Any]:
    if isinstance(error, QuarryError):
        return error.to_dict()
    return {"type": "exception", "reason": f"{type(error).__name__}: {error}"}
