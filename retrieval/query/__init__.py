"""The query language: Elasticsearch's JSON as a typed tree, one type a file."""

from . import (  # noqa: F401  (each registers its type)
    bool,
    boosting,
    combined_fields,
    constant_score,
    dis_max,
    distance_feature,
    exists,
    function_score,
    fuzzy,
    ids,
    knn,
    match,
    match_all,
    match_bool_prefix,
    match_phrase,
    match_phrase_prefix,
    more_like_this,
    multi_match,
    prefix,
    query_string,
    range,
    regexp,
    simple_query_string,
    term,
    terms_set,
    wildcard,
)
from .base import Explanation, Highlight, Matches, Parser, Query, known_types

__all__ = ["Explanation", "Highlight", "Matches", "Parser", "Query", "known_types"]
