"""A query in, ranked hits out."""

from .context import SearchContext
from .modes import run_mode
from .request import MODES, SearchRequest, parse_query, parse_request
from .search import count, run, search

__all__ = [
    "MODES",
    "SearchContext",
    "SearchRequest",
    "count",
    "parse_query",
    "parse_request",
    "run",
    "run_mode",
    "search",
]
