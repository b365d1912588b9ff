"""Repositories of snapshots: folders that the operator allows, by name."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

from api.call import Call
from api.elastic.cluster import identity
from api.elastic.shapes import RepositoryRequest
from api.elastic.snapshot_answers import damage_of
from api.elastic.tasks import tasks_of
from api.parameters import boolean, hints
from api.routing import Route
from indexer.admin_errors import RepositoryMissing, RepositoryRefused
from indexer.aliases import matching
from indexer.snapshots import Repository
from indexer.tasks import Task

ACKNOWLEDGED = {"acknowledged": True}
_IGNORED = {"compress", "chunk_size", "max_restore_bytes_per_sec", "max_snapshot_bytes_per_sec",
            "max_number_of_snapshots", "readonly"}  # fmt: skip


def put_repository(call: Call) -> dict[str, Any]:
    """Register a folder below one that QUARRY_SNAPSHOTS allows; it is made when it is not there."""
    name = call.path["repository"]
    request = call.shape(RepositoryRequest)
    if any(c in ' ,#*"<>|\\/?' for c in name) or name.startswith("_"):
        raise RepositoryRefused(f"[{name}] a repository's name has no space and none of , # * \" < > | \\ / ?")
    if request.type != "fs":
        raise RepositoryRefused(f"[{name}] repository type [{request.type}] does not exist; there is [fs], a folder")
    unknown = set(request.settings) - {"location", *_IGNORED}
    if unknown or request.settings.get("readonly") in (True, "true"):
        raise RepositoryRefused(f"[{name}] setting [{min(unknown, default='readonly')}] is not supported")
    location = _allowed(call, name, request.settings.get("location"))
    repository = Repository(location, name, create=True)
    if call["verify"]:
        repository.check_access()
    with call.node.registry.change() as change:
        change.state.repositories[name] = {
            "type": "fs",
            "uuid": repository.uuid,
            "settings": {**request.settings, "location": str(location)},
        }
    return ACKNOWLEDGED


def _allowed(call: Call, name: str, location: Any) -> Path:
    """The folder that a location means; RepositoryRefused outside the allowed ones."""
    if not isinstance(location, str) or not location:
        raise RepositoryRefused(f"[{name}] missing location")
    allowed = [Path(p).resolve() for p in (call.settings.snapshots or "").split(os.pathsep) if p]
    if not allowed:
        raise RepositoryRefused(
            f"[{name}] location [{location}] is in no allowed folder because none is set; start the service with "
            "QUARRY_SNAPSHOTS=/folder, or use [quarry snapshot]"
        )
    found = (allowed[0] / location).resolve()
    if not any(found == folder or folder in found.parents for folder in allowed):
        raise RepositoryRefused(
            f"[{name}] location [{location}] doesn't match any of the locations specified by QUARRY_SNAPSHOTS: "
            f"[{', '.join(map(str, allowed))}]"
        )
    return found


def repository_of(call: Call, name: str | None = None) -> Repository:
    """The registered repository of that name, or of the request's path; RepositoryMissing."""
    name = call.path["repository"] if name is None else name
    found = call.node.state().repositories.get(name)
    if found is None:
        raise RepositoryMissing(name)
    # checked again: the service may have been started with other folders since
    return Repository(_allowed(call, name, found["settings"]["location"]), name)


def get_repositories(call: Call) -> dict[str, dict[str, Any]]:
    known = call.node.state().repositories
    name = call.path.get("repository", "_all")
    found = {one: known[one] for one in matching(name.split(","), known)}
    missing = [part for part in name.split(",") if part not in found and "*" not in part and part != "_all"]
    if missing:
        raise RepositoryMissing(missing[0])
    return found


def delete_repository(call: Call) -> dict[str, Any]:
    """Forget folders; the snapshots in them stay."""
    found = get_repositories(call)
    with call.node.registry.change() as change:
        for name in found:
            change.state.repositories.pop(name, None)
    return ACKNOWLEDGED


def verify_repository(call: Call) -> dict[str, Any]:
    """Write a file and read it back."""
    repository_of(call).check_access()
    return {"nodes": {identity(call): {"name": platform.node() or "localhost"}}}


def verify_integrity(call: Call) -> dict[str, Any]:
    """Read everything that the snapshots need, and name what is not what was stored."""
    repository = repository_of(call)

    def work(task: Task) -> dict[str, Any]:
        return damage_of(repository, repository.verify(progress=lambda _, d, t: task.report(done=d, total=t)))

    return tasks_of(call).run("cluster:admin/repository/verify_integrity", f"verify [{repository.label}]", work)


def clean_repository(call: Call) -> dict[str, Any]:
    count, size = repository_of(call).clean()
    return {"results": {"deleted_bytes": size, "deleted_blobs": count}}


_MASTER = hints("master_timeout", "timeout")
_RULE = "/_snapshot/<repository>"


def _route(methods: tuple[str, ...], rule: str, handler: Any, summary: str, parameters: Any, body: Any = None) -> Route:
    return Route(methods, rule, handler, summary, "snapshots", parameters, body)


ROUTES = (
    _route(("POST",), f"{_RULE}/_verify", verify_repository, "Whether a repository can be used", _MASTER),
    _route(
        ("POST",),
        f"{_RULE}/_verify_integrity",
        verify_integrity,
        "Read all of a repository and name what is damaged",
        hints(
            "meta_thread_pool_concurrency",
            "blob_thread_pool_concurrency",
            "snapshot_verification_concurrency",
            "index_verification_concurrency",
            "index_snapshot_verification_concurrency",
            "max_failed_shard_snapshots",
            "verify_blob_contents",
            "max_bytes_per_sec",
        ),
    ),
    _route(("POST",), f"{_RULE}/_cleanup", clean_repository, "Remove what no snapshot needs", _MASTER),
    *(
        _route(("GET",), rule, get_repositories, "Repositories", hints("master_timeout", "local"))
        for rule in ("/_snapshot", _RULE)
    ),
    _route(
        ("PUT", "POST"),
        _RULE,
        put_repository,
        "Register a folder of snapshots",
        (*_MASTER, boolean("verify", "check that it can be written", True)),
        RepositoryRequest,
    ),
    _route(("DELETE",), _RULE, delete_repository, "Forget a folder of snapshots", _MASTER),
)
