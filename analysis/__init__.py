"""Text in, terms out: analyzers, sentences and words, for mixed Chinese and English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.options import InvalidAnalysis
from analysis.registry import UnknownAnalyzer, analyzer_names, check_settings, get_analyzer, get_normalizer
from analysis.sentences import sentences
from analysis.sources import Sources
from analysis.words import words

if TYPE_CHECKING:
    from analysis.analyzer import POSITION_GAP, Analyzer
    from analysis.token import Token, TokenBatch

__all__ = [
    "POSITION_GAP",
    "Analyzer",
    "InvalidAnalysis",
    "Sources",
    "Token",
    "TokenBatch",
    "UnknownAnalyzer",
    "analyzer_names",
    "check_settings",
    "get_analyzer",
    "get_normalizer",
    "sentences",
    "words",
]

_LATER = {"POSITION_GAP": "analyzer", "Analyzer": "analyzer", "Token": "token", "TokenBatch": "token"}


def __getattr__(name: str) -> Any:
    """Types that need NumPy are imported when they are first asked for."""
    if name in _LATER:
        from importlib import import_module

        return getattr(import_module(f"analysis.{_LATER[name]}"), name)
    raise AttributeError(f"module 'analysis' has no attribute [{name}]")
