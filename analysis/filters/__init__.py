"""Changes to a stream of tokens."""

from analysis.filters import delimiter, folding, grams, pinyin, select, stem, synonym

__all__ = ["delimiter", "folding", "grams", "pinyin", "select", "stem", "synonym"]
