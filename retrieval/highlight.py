"""Highlighting, under the name that the search uses; see :mod:`retrieval.highlighting`."""

from __future__ import annotations

from .highlighting import FieldOptions, Highlighter, parse_highlight

__all__ = ["FieldOptions", "Highlighter", "parse_highlight"]
