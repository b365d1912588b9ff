"""A query in, ranked hits out."""

from .context import SearchContext
from .explaining import explain, validate
from .finding import run
from .hybrid import FUSIONS, MODES
from .modes import run_mode
from .ranking import rank_query
from .request import SearchRequest, parse_query, parse_request
from .search import count, search

__all__ = [
    "FUSIONS",
    "MODES",
    "SearchContext",
    "SearchRequest",
    "count",
    "explain",
    "parse_query",
    "parse_request",
    "rank_query",
    "run",
    "run_mode",
    "search",
    "validate",
]
