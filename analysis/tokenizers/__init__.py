"""Ways to cut a text."""

from analysis.tokenizers import basic, grams, jieba, mixed, standard

__all__ = ["basic", "grams", "jieba", "mixed", "standard"]
