"""Every route of the API, in one tuple."""

from __future__ import annotations

from api import ask, operations
from api.elastic import (
    aliases,
    analyzers,
    bulk,
    cat,
    cluster,
    documents,
    indices,
    inspect,
    maintenance,
    mget,
    reindex,
    repositories,
    search,
    snapshots,
    tasks,
    templates,
)

ROUTES = (
    *cluster.ROUTES,
    *cat.ROUTES,
    *bulk.ROUTES,
    *documents.ROUTES,
    *mget.ROUTES,
    *search.ROUTES,
    *inspect.ROUTES,
    *analyzers.ROUTES,
    *indices.ROUTES,
    *aliases.ROUTES,
    *templates.ROUTES,
    *reindex.ROUTES,
    *repositories.ROUTES,
    *snapshots.ROUTES,
    *tasks.ROUTES,
    *maintenance.ROUTES,
    *ask.ROUTES,
    *operations.ROUTES,
)
