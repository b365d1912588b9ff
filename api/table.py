"""Every route of the API, in one tuple."""

from __future__ import annotations

from api import ask, operations
from api.elastic import bulk, cat, cluster, documents, indices, inspect, maintenance, mget, search

ROUTES = (
    *cluster.ROUTES,
    *cat.ROUTES,
    *bulk.ROUTES,
    *documents.ROUTES,
    *mget.ROUTES,
    *search.ROUTES,
    *inspect.ROUTES,
    *indices.ROUTES,
    *maintenance.ROUTES,
    *ask.ROUTES,
    *operations.ROUTES,
)
