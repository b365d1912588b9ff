"""`_snapshot`: repositories, which are folders, and the snapshots in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from api.call import Call
from api.elastic.maintenance import shards
from api.elastic.repositories import ACKNOWLEDGED, repository_of
from api.elastic.shapes import RestoreRequest, SnapshotRequest
from api.elastic.snapshot_answers import running_info, running_status, snapshot_info, snapshot_status
from api.elastic.targets import resolve
from api.elastic.tasks import run_or_start
from api.parameters import Parameter, boolean, hints
from api.routing import Route
from indexer.admin_errors import InvalidSnapshotName, RepositoryRefused, SnapshotMissing
from indexer.aliases import matching
from indexer.snapshots import Repository, Restoring
from indexer.tasks import Task


def create_snapshot(call: Call) -> Any:
    repository, name = repository_of(call), call.path["snapshot"]
    request = call.shape(SnapshotRequest)
    repository.check_name(name)
    running = repository.running()
    if running is not None and running["name"] == name:
        raise InvalidSnapshotName(repository.label, name, "snapshot with the same name is already in-progress")
    expression = request.indices if request.indices is None or isinstance(request.indices, str) else ",".join(
        request.indices
    )  # fmt: skip
    names = [str(index) for index in resolve(call.node, expression, request.ignore_unavailable)]

    def work(task: Task) -> dict[str, Any]:
        snapshot = repository.create(
            call.node,
            name,
            names,
            request.include_global_state,
            request.metadata,
            lambda _, done, total: task.report(done=done, total=total),
        )
        return {"snapshot": snapshot_info(repository, snapshot)}

    described = f"snapshot [{repository.label}:{name}]"
    answer = run_or_start(call, "cluster:admin/snapshot/create", described, work)
    return answer if call["wait_for_completion"] else {"accepted": True}


def _named(repository: Repository, expression: str) -> list[str]:
    """The finished snapshots that names and patterns mean, oldest first."""
    known = repository.names()
    found = set(matching(expression.split(","), known))
    return [name for name in known if name in found]


def get_snapshot(call: Call) -> dict[str, Any]:
    repository, expression = repository_of(call), call.path["snapshot"]
    running = repository.running()
    shown = []
    if expression != "_current":
        shown = [snapshot_info(repository, repository.get(name)) for name in _named(repository, expression)]
    if running is not None and (expression == "_current" or matching(expression.split(","), [running["name"]])):
        shown.append(running_info(repository, running))
    there = {info["snapshot"] for info in shown}
    for part in expression.split(","):
        if (
            "*" not in part
            and part not in ("_all", "_current")
            and part not in there
            and not call["ignore_unavailable"]
        ):
            raise SnapshotMissing(repository.label, part)
    total = len(shown)
    shown.sort(key=_order(call["sort"]), reverse=call["order"] == "desc")
    first = max(call["offset"], 0)
    shown = shown[first:] if call["size"] <= 0 else shown[first : first + call["size"]]
    return {"snapshots": shown, "total": total, "remaining": max(0, total - first - len(shown))}


def _order(sort: str) -> Any:
    keys = {
        "start_time": "start_time_in_millis", "name": "snapshot", "duration": "duration_in_millis",
        "repository": "repository", "index_count": "indices",
    }  # fmt: skip
    key = keys[sort]
    return lambda info: (len(info[key]) if key == "indices" else info.get(key, 0), info["snapshot"])


def delete_snapshot(call: Call) -> dict[str, Any]:
    repository, expression = repository_of(call), call.path["snapshot"]
    names = []
    for part in expression.split(","):
        found = _named(repository, part)
        if not found and "*" not in part:
            raise SnapshotMissing(repository.label, part)
        names += found
    repository.delete(list(dict.fromkeys(names)))
    return ACKNOWLEDGED


def snapshots_status(call: Call) -> dict[str, Any]:
    """How far snapshots are; without names those that are being taken now."""
    names = [call.path["repository"]] if "repository" in call.path else list(call.node.state().repositories)
    out = []
    for label in names:
        repository = repository_of(call, label)
        running = repository.running()
        wanted = call.path.get("snapshot")
        if running is not None and (wanted is None or running["name"] in wanted.split(",")):
            out.append(running_status(repository, running))
        ended = [n for n in (wanted.split(",") if wanted else ()) if running is None or running["name"] != n]
        out += [snapshot_status(repository, repository.get(name)) for name in ended]
    return {"snapshots": out}


def restore_snapshot(call: Call) -> Any:
    repository, name = repository_of(call), call.path["snapshot"]
    request = call.shape(RestoreRequest)
    rename = None
    if request.rename_pattern is not None and request.rename_replacement is not None:
        rename = (request.rename_pattern, request.rename_replacement)
    elif request.rename_pattern is not None or request.rename_replacement is not None:
        raise RepositoryRefused("[rename_pattern] and [rename_replacement] are given together or not at all")
    restoring = Restoring(
        indices=_list(request.indices),
        missing_ok=request.ignore_unavailable,
        aliases=request.include_aliases,
        templates=request.include_global_state,
        rename=rename,
        settings=request.index_settings,
        without=request.ignore_index_settings or (),
    )
    restoring.check(call.node, repository, name)  # what cannot be is refused at once, also when nobody waits

    def work(task: Task) -> dict[str, Any]:
        came = restoring.run(call.node, repository, name, lambda _, done, total: task.report(done=done, total=total))
        counts = shards(len(came))
        return {"snapshot": {"snapshot": name, "indices": came, "shards": counts}}

    described = f"restore [{repository.label}:{name}]"
    answer = run_or_start(call, "cluster:admin/snapshot/restore", described, work)
    return answer if call["wait_for_completion"] else {"accepted": True}


def _list(value: str | Iterable[str] | None) -> list[str] | None:
    if value in (None, "_all", "*", "", []):
        return None
    assert value is not None
    parts = [value] if isinstance(value, str) else list(value)
    return [name for part in parts for name in part.split(",") if name]


_MASTER = hints("master_timeout", "timeout")
_WAIT = boolean("wait_for_completion", "answer when it is done", False)
_LOOK = (
    *hints("master_timeout"),
    boolean("ignore_unavailable", "leave out snapshots that do not exist", False),
    boolean("verbose", "accepted", True),
    boolean("index_details", "accepted", False),
    boolean("index_names", "accepted", True),
    boolean("include_repository", "accepted", True),
    Parameter(
        "sort",
        "string",
        "the order",
        "start_time",
        ("start_time", "name", "duration", "repository", "index_count"),
    ),
    Parameter("order", "string", "its direction", "asc", ("asc", "desc")),
    Parameter("size", "integer", "how many; 0 for all", 0),
    Parameter("offset", "integer", "how many to leave out first", 0),
)
_REPOSITORY = "/_snapshot/<repository>"
_SNAPSHOT = "/_snapshot/<repository>/<snapshot>"


def _route(methods: tuple[str, ...], rule: str, handler: Any, summary: str, parameters: Any, body: Any = None) -> Route:
    return Route(methods, rule, handler, summary, "snapshots", parameters, body)


ROUTES = (
    _route(("GET",), "/_snapshot/_status", snapshots_status, "The snapshots that are being taken", _MASTER),
    _route(("GET",), f"{_REPOSITORY}/_status", snapshots_status, "The snapshots that are being taken here", _MASTER),
    _route(
        ("PUT", "POST"),
        _SNAPSHOT,
        create_snapshot,
        "Take a snapshot",
        (*hints("master_timeout"), _WAIT),
        SnapshotRequest,
    ),
    _route(("GET",), _SNAPSHOT, get_snapshot, "Snapshots of a repository", _LOOK),
    _route(
        ("DELETE",),
        _SNAPSHOT,
        delete_snapshot,
        "Delete snapshots",
        (*hints("master_timeout"), boolean("wait_for_completion", "accepted when true", True)),
    ),
    _route(
        ("GET",),
        f"{_SNAPSHOT}/_status",
        snapshots_status,
        "What snapshots hold, and how far they are",
        (*_MASTER, *hints("ignore_unavailable")),
    ),
    _route(
        ("POST",),
        f"{_SNAPSHOT}/_restore",
        restore_snapshot,
        "Bring indices back from a snapshot",
        (*hints("master_timeout"), _WAIT),
        RestoreRequest,
    ),
)
