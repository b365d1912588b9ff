"""The service as a cluster of one node: what it is, its health, its figures."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Sequence
from typing import Any

from flask import Response

from api.call import Call
from api.elastic import VERSION
from api.elastic.targets import targets
from api.page import search_page
from api.parameters import TARGETS, Parameter, boolean, hints
from api.render import Reply
from api.routing import Route

CLUSTER = "quarry"


def identity(call: Call) -> str:
    """A name for this data directory that stays the same as long as its path does."""
    return hashlib.sha256(str(call.settings.data.resolve()).encode()).hexdigest()[:22]


def root(call: Call) -> dict[str, Any] | Response:
    """What Elasticsearch's clients ask first; a browser gets the search page."""
    if "text/html" in call.request.headers.get("Accept", ""):
        return search_page(call.request)
    return {
        "name": platform.node() or "localhost",
        "cluster_name": CLUSTER,
        "cluster_uuid": identity(call),
        "version": {
            "number": VERSION,
            "build_flavor": "default",
            "build_type": "quarry",
            "build_snapshot": False,
            "minimum_wire_compatibility_version": "8.19.0",
            "minimum_index_compatibility_version": "8.0.0",
        },
        "tagline": "You Know, for Search",
    }


def health_of(call: Call, indices: Sequence[str]) -> dict[str, Any]:
    """Elasticsearch's health body: one node, one shard an index, every shard where it should be."""
    return {
        "cluster_name": CLUSTER,
        "status": "green",
        "timed_out": False,
        "number_of_nodes": 1,
        "number_of_data_nodes": 1,
        "active_primary_shards": len(indices),
        "active_shards": len(indices),
        "relocating_shards": 0,
        "initializing_shards": 0,
        "unassigned_shards": 0,
        "unassigned_primary_shards": 0,
        "delayed_unassigned_shards": 0,
        "number_of_pending_tasks": 0,
        "number_of_in_flight_fetch": 0,
        "task_max_waiting_in_queue_millis": 0,
        "active_shards_percent_as_number": 100.0,
    }


def health(call: Call) -> Reply:
    indices = targets(call)
    body = health_of(call, indices)
    if call["level"] in ("indices", "shards"):
        body["indices"] = {
            name: {
                "status": "green",
                "number_of_shards": 1,
                "number_of_replicas": 0,
                "active_primary_shards": 1,
                "active_shards": 1,
                "relocating_shards": 0,
                "initializing_shards": 0,
                "unassigned_shards": 0,
            }
            for name in indices
        }
    return Reply(body)


def cluster_stats(call: Call) -> dict[str, Any]:
    found = [call.node.index(name).stats() for name in call.node.names("*")]
    return {
        "_nodes": {"total": 1, "successful": 1, "failed": 0},
        "cluster_name": CLUSTER,
        "cluster_uuid": identity(call),
        "status": "green",
        "indices": {
            "count": len(found),
            "shards": {"total": len(found), "primaries": len(found), "replication": 0.0},
            "docs": {"count": sum(s.documents for s in found), "deleted": sum(s.deleted for s in found)},
            "store": {"size_in_bytes": sum(s.store_bytes + s.index_bytes for s in found)},
            "segments": {"count": sum(s.segments for s in found)},
        },
        "nodes": {"count": {"total": 1, "data": 1, "master": 1, "ingest": 1}, "versions": [VERSION]},
    }


def cluster_settings(_: Call) -> dict[str, Any]:
    """There are no cluster settings: the service is set by its environment."""
    return {"persistent": {}, "transient": {}}


def nodes(call: Call) -> dict[str, Any]:
    host, port = call.settings.host, call.settings.port
    return {
        "_nodes": {"total": 1, "successful": 1, "failed": 0},
        "cluster_name": CLUSTER,
        "nodes": {
            identity(call): {
                "name": platform.node() or "localhost",
                "transport_address": f"{host}:{port}",
                "host": host,
                "ip": host,
                "version": VERSION,
                "roles": ["data", "ingest", "master"],
                "os": {"name": platform.system(), "arch": platform.machine(), "available_processors": os.cpu_count()},
                "http": {"bound_address": [f"{host}:{port}"], "publish_address": f"{host}:{port}"},
            }
        },
    }


_HEALTH = (
    *TARGETS,
    Parameter("level", "string", "how much detail", "cluster", ("cluster", "indices", "shards")),
    Parameter("wait_for_status", "string", "accepted; the status is green", choices=("green", "yellow", "red")),
    *hints(
        "wait_for_active_shards",
        "wait_for_nodes",
        "wait_for_no_initializing_shards",
        "wait_for_no_relocating_shards",
        "wait_for_events",
        "timeout",
        "master_timeout",
        "local",
    ),
)
_LOCAL = hints("timeout", "master_timeout", "local")


def _route(rule: str, handler: Any, summary: str, parameters: Any = _LOCAL) -> Route:
    return Route(("GET",), rule, handler, summary, "cluster", parameters)


ROUTES = (
    _route("/", root, "What this service is; the search page for a browser", ()),
    _route("/_cluster/health", health, "Health", _HEALTH),
    _route("/_cluster/health/<index>", health, "Health of indices", _HEALTH),
    _route("/_cluster/stats", cluster_stats, "Figures of all indices together"),
    _route(
        "/_cluster/settings",
        cluster_settings,
        "Cluster settings: none, the service is set by its environment",
        (*_LOCAL, boolean("flat_settings", "accepted", False), boolean("include_defaults", "accepted", False)),
    ),
    _route("/_nodes", nodes, "The one node"),
)
