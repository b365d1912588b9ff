"""Snapshots in Elasticsearch's shapes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from api.elastic.maintenance import shards
from indexer.snapshots import Damage, Repository, Snapshot, StoredIndex


def snapshot_info(repository: Repository, snapshot: Snapshot) -> dict[str, Any]:
    """A finished snapshot, as `GET /_snapshot/{repository}/{snapshot}` shows it."""
    info: dict[str, Any] = {
        "snapshot": snapshot.name,
        "uuid": snapshot.uuid,
        "repository": repository.label,
        "version": snapshot.version,
        "indices": [index.name for index in snapshot.indices],
        "data_streams": [],
        "include_global_state": snapshot.templates is not None,
        "state": "SUCCESS",
        **_times(snapshot.start, snapshot.end),
        "failures": [],
        "shards": shards(len(snapshot.indices)),
        "feature_states": [],
    }
    if snapshot.metadata is not None:
        info["metadata"] = snapshot.metadata
    return info


def running_info(repository: Repository, running: Mapping[str, Any]) -> dict[str, Any]:
    """A snapshot that is being taken."""
    count = len(running["indices"])
    return {
        "snapshot": running["name"],
        "uuid": running["uuid"],
        "repository": repository.label,
        "indices": running["indices"],
        "data_streams": [],
        "state": "IN_PROGRESS",
        **_times(running["start"], None),
        "failures": [],
        "shards": {"total": count, "successful": 0, "failed": 0},
        "feature_states": [],
    }


def _times(start: float, end: float | None) -> dict[str, Any]:
    out: dict[str, Any] = {"start_time": _shown(start), "start_time_in_millis": int(start * 1000)}
    if end is not None:
        out |= {"end_time": _shown(end), "end_time_in_millis": int(end * 1000)}
    out["duration_in_millis"] = int(((time.time() if end is None else end) - start) * 1000)
    return out


def _shown(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def snapshot_status(repository: Repository, snapshot: Snapshot) -> dict[str, Any]:
    """A finished snapshot, as `_status` shows it: how much it holds, and how much of it was new."""
    count = len(snapshot.indices)
    times = {
        "start_time_in_millis": int(snapshot.start * 1000),
        "time_in_millis": int((snapshot.end - snapshot.start) * 1000),
    }
    return {
        "snapshot": snapshot.name,
        "repository": repository.label,
        "uuid": snapshot.uuid,
        "state": "SUCCESS",
        "include_global_state": snapshot.templates is not None,
        "shards_stats": _shard_stats(count, count),
        "stats": {**_stats(snapshot.indices), **times},
        "indices": {
            index.name: {
                "shards_stats": _shard_stats(1, 1),
                "stats": {**_stats([index]), **times},
                "shards": {"0": {"stage": "DONE", "stats": {**_stats([index]), **times}}},
            }
            for index in snapshot.indices
        },
    }


def running_status(repository: Repository, running: Mapping[str, Any]) -> dict[str, Any]:
    """A snapshot that is being taken: how many bytes of how many it has."""
    start = running["start"]
    return {
        "snapshot": running["name"],
        "repository": repository.label,
        "uuid": running["uuid"],
        "state": "STARTED",
        "include_global_state": True,
        "shards_stats": _shard_stats(len(running["indices"]), 0),
        "stats": {
            "processed": {"size_in_bytes": running["done"]},
            "total": {"size_in_bytes": running["total"]},
            "start_time_in_millis": int(start * 1000),
            "time_in_millis": int((time.time() - start) * 1000),
        },
        "indices": {},
    }


def _shard_stats(total: int, done: int) -> dict[str, int]:
    return {"initializing": 0, "started": total - done, "finalizing": 0, "done": done, "failed": 0, "total": total}


def _stats(indices: Sequence[StoredIndex]) -> dict[str, Any]:
    return {
        "incremental": {
            "file_count": sum(index.added for index in indices),
            "size_in_bytes": sum(index.added_bytes for index in indices),
        },
        "total": {
            "file_count": sum(len(index.files) for index in indices),
            "size_in_bytes": sum(index.size for index in indices),
        },
    }


def damage_of(repository: Repository, damaged: Sequence[Damage]) -> dict[str, Any]:
    """What a verification found, as `_verify_integrity` shows it."""
    return {
        "log": [
            {"timestamp_in_millis": int(time.time() * 1000), "anomaly": one.what, "reason": one.reason,
             "needed_by": list(one.users)}
            for one in damaged
        ],
        "results": {
            "status": {"repository": {"name": repository.label, "uuid": repository.uuid},
                       "snapshots": {"verified": len(repository.names()), "total": len(repository.names())}},
            "total_anomalies": len(damaged),
            "result": "pass" if not damaged else "fail",
        },
    }  # fmt: skip
