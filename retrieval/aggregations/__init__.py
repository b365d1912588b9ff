"""Aggregations: figures over the documents that a request matches, one family a file.

`parse_aggregations` makes the typed tree of a request's `aggs`; its `run` gives the answer's part. What is
aggregated is a :class:`Scope`, the matching documents of every index searched.
"""

from . import (  # noqa: F401  (each registers its types)
    cardinality,
    date_histogram,
    filters,
    histogram,
    percentiles,
    ranges,
    significant_terms,
    singles,
    spread,
    stats,
    terms,
    top_hits,
)
from .base import NO_CHILDREN, Aggregation, Aggregations, known_types, parse_aggregations
from .scope import Part, Scope, TooManyBuckets

__all__ = [
    "NO_CHILDREN",
    "Aggregation",
    "Aggregations",
    "Part",
    "Scope",
    "TooManyBuckets",
    "known_types",
    "parse_aggregations",
]
