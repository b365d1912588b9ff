"""Analyzers whose files have changed: `_reload_search_analyzers`."""

from __future__ import annotations

from typing import Any

from api.call import Call
from api.elastic.maintenance import shards
from api.elastic.targets import targets
from api.parameters import TARGETS
from api.routing import Route


def reload_search_analyzers(call: Call) -> dict[str, Any]:
    """Read synonyms and user dictionaries again.

    `reload_details` names each index's analyzers; under `reindex_required` those that documents are indexed
    with, whose old documents keep their old terms until they are written again. Other workers notice changed
    files by themselves.
    """
    names = targets(call)
    details = []
    for name in names:
        index = call.node.index(name)
        reloaded = index.analyzers.reload()
        indexing = {spec.analyzer for spec in index.mapping.fields.values() if spec.is_text}
        detail: dict[str, Any] = {"index": name, "reloaded_analyzers": reloaded, "reloaded_node_ids": [index.uuid]}
        stale = [one for one in reloaded if one in indexing]
        if stale:
            detail["reindex_required"] = stale
        if reloaded:
            details.append(detail)
    return {"_shards": shards(len(names)), "reload_details": details}


ROUTES = tuple(
    Route(
        ("POST", "GET"),
        rule,
        reload_search_analyzers,
        "Read synonyms and user dictionaries again",
        "indices",
        TARGETS,
    )
    for rule in ("/<index>/_reload_search_analyzers",)
)
