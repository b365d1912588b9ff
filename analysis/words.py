"""Words for word vectors."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.chinese import ChineseAnalyzer


@cache
def _analyzer() -> ChineseAnalyzer:
    from analysis.chinese import ChineseAnalyzer

    return ChineseAnalyzer("words", search=False, stop=frozenset(), stemming=None, folded=False)


def words(text: str) -> list[str]:
    """The words of a text in order: jieba's for Chinese (simplified, HMM off), lower case otherwise.

    Stop words stay, possessives and punctuation go, and words are not stemmed.
    """
    return [token.term for token in _analyzer().phrase_tokens(text)]
