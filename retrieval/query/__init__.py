"""The query language: Elasticsearch's JSON as a typed tree, one type a file."""

from . import (  # noqa: F401  (each registers its type)
    bool,
    combined_fields,
    constant_score,
    exists,
    ids,
    knn,
    match,
    match_all,
    match_phrase,
    multi_match,
    query_string,
    range,
    term,
)
from .base import Explanation, Highlight, Matches, Parser, Query, known_types

__all__ = ["Explanation", "Highlight", "Matches", "Parser", "Query", "known_types"]
