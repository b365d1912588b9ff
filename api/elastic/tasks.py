"""`_tasks`: what runs, and what came of what was not waited for."""

from __future__ import annotations

import platform
import time
from typing import Any

from api.call import Call
from api.parameters import Parameter, boolean, hints
from api.routing import Route
from indexer.admin_errors import ResourceNotFound
from indexer.tasks import NODE, Tasks, Work

_POLL = 0.05


def tasks_of(call: Call) -> Tasks:
    """The tasks of the data directory, all workers' together."""
    return Tasks(call.settings.data)


def run_or_start(call: Call, action: str, description: str, work: Work) -> dict[str, Any]:
    """Do the work and answer with its result, or at once with a task's id, as `wait_for_completion` says."""
    tasks = tasks_of(call)
    if call["wait_for_completion"]:
        return tasks.run(action, description, work)
    return {"task": tasks.start(action, description, work)}


def get_task(call: Call) -> dict[str, Any]:
    tasks, task_id = tasks_of(call), call.path["task"]
    deadline = time.monotonic() + (30.0 if call["timeout"] is None else call["timeout"])
    found = tasks.get(task_id)
    while call["wait_for_completion"] and not found["completed"] and time.monotonic() < deadline:
        time.sleep(_POLL)
        found = tasks.get(task_id)
    return found


def list_tasks(call: Call) -> dict[str, Any]:
    running = {f"{NODE}:{task['id']}": task for task in tasks_of(call).running(call["actions"])}
    return _listed(running, call["group_by"])


def cancel_task(call: Call) -> dict[str, Any]:
    """Ask one task to end; with `wait_for_completion` answer when it has."""
    tasks, task_id = tasks_of(call), call.path["task"]
    task = tasks.cancel(task_id)
    while call["wait_for_completion"] and not tasks.get(task_id)["completed"]:
        time.sleep(_POLL)
    return _listed({task_id: task}, "nodes")


def cancel_tasks(call: Call) -> dict[str, Any]:
    """Ask all tasks, or those of some actions, to end."""
    tasks = tasks_of(call)
    cancelled = {}
    for task in tasks.running(call["actions"]):
        try:
            cancelled[f"{NODE}:{task['id']}"] = tasks.cancel(f"{NODE}:{task['id']}")
        except ResourceNotFound:  # it has ended by itself
            continue
    return _listed(cancelled, "nodes")


def _listed(tasks: dict[str, dict[str, Any]], group_by: str) -> dict[str, Any]:
    if group_by == "none":
        return {"tasks": list(tasks.values())}
    if group_by == "parents":
        return {"tasks": tasks}
    if not tasks:
        return {"nodes": {}}
    return {"nodes": {NODE: {"name": platform.node() or "localhost", "tasks": tasks}}}


_ACTIONS = Parameter("actions", "list", "only of these actions; * at the end of a name")
_ASIDE = hints("nodes", "parent_task_id", "master_timeout")
_WAIT = (
    boolean("wait_for_completion", "answer when the task has ended", False),
    Parameter("timeout", "duration", "how long to wait at most; 30s by default"),
)


def _route(methods: tuple[str, ...], rule: str, handler: Any, summary: str, parameters: Any) -> Route:
    return Route(methods, rule, handler, summary, "tasks", parameters)


ROUTES = (
    _route(
        ("GET",),
        "/_tasks",
        list_tasks,
        "The tasks that run",
        (
            _ACTIONS,
            *_ASIDE,
            *hints("timeout", "wait_for_completion"),
            boolean("detailed", "accepted; descriptions are always given", False),
            Parameter("group_by", "string", "form of the answer", "nodes", ("nodes", "parents", "none")),
        ),
    ),
    _route(("GET",), "/_tasks/<task>", get_task, "Where a task stands, or what came of it", _WAIT),
    _route(("POST",), "/_tasks/_cancel", cancel_tasks, "Ask tasks to end", (_ACTIONS, *_ASIDE, *_WAIT)),
    _route(("POST",), "/_tasks/<task>/_cancel", cancel_task, "Ask a task to end", (_ACTIONS, *_ASIDE, *_WAIT)),
)
