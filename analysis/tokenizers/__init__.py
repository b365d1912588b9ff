"""Ways to cut a text."""

from analysis.tokenizers import basic, grams, jieba, standard

__all__ = ["basic", "grams", "jieba", "standard"]
