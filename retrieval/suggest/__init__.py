"""Suggestions: completion while typing, and did-you-mean for words and for whole texts.

::

    run(ctxs, {"text": "…", "name": {"term" | "phrase" | "completion": {"field": …, …}}}) -> dict
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..context import SearchContext
from ..source import SourceFilter
from .completion import complete
from .phrase import suggest_phrases
from .request import parse_suggest
from .term import suggest_terms

__all__ = ["run"]


def run(ctxs: Sequence[SearchContext], body: dict[str, Any], source: SourceFilter | None = None) -> dict[str, Any]:
    """The response's `suggest`, in Elasticsearch's shape, over the indices of ``ctxs`` together.

    ``source``: which parts of a completion's document to show (default: all). ParsingError and InvalidRequest
    say what is wrong with the body.
    """
    out: dict[str, Any] = {}
    for asked in parse_suggest(body):
        if asked.kind == "completion":
            out[asked.name] = complete(ctxs, asked, source or SourceFilter())
        elif asked.kind == "term":
            out[asked.name] = suggest_terms(ctxs, asked)
        else:
            out[asked.name] = suggest_phrases(ctxs, asked)
    return out
