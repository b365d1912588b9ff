"""Text in, terms out: analyzers, sentences and words, for mixed Chinese and English."""

from analysis.options import InvalidAnalysis
from analysis.registry import UnknownAnalyzer, analyzer_names, get_analyzer

__all__ = ["InvalidAnalysis", "UnknownAnalyzer", "analyzer_names", "get_analyzer"]
