"""Documents in, index out: the truth of an index and everything that is derived from it.

`Node` is a data directory, `Index` one index, `IndexView` a frozen moment of it that searches run over.
"""

from settings import prepare_kernel_cache

prepare_kernel_cache()  # before any kernel is imported, whichever room comes first

from .engine import Index, IndexStats
from .errors import (
    DocumentMissing,
    IndexExists,
    IndexNotFound,
    InvalidDocument,
    InvalidIndexName,
    InvalidMapping,
    InvalidRequest,
    ParsingError,
    QuarryError,
    SpaceUnavailable,
    TooManyRequests,
    VersionConflict,
)
from .index_settings import result_window
from .mapping import Mapping
from .node import Node
from .objects import values_at
from .rows import Row
from .view import IndexView
from .writes import Operation, WriteResult

__all__ = [
    "DocumentMissing",
    "Index",
    "IndexExists",
    "IndexNotFound",
    "IndexStats",
    "IndexView",
    "InvalidDocument",
    "InvalidIndexName",
    "InvalidMapping",
    "InvalidRequest",
    "Mapping",
    "Node",
    "Operation",
    "ParsingError",
    "QuarryError",
    "Row",
    "SpaceUnavailable",
    "TooManyRequests",
    "VersionConflict",
    "WriteResult",
    "result_window",
    "values_at",
]
