"""Token lists to arrays: the exact and general way, which fast paths must equal."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate

import numpy as np

from analysis.token import Token, TokenBatch
from analysis.unicode import HAN, HANGUL, HIRAGANA, KATAKANA, class_bytes

_CJK = frozenset(map(ord, (HAN, HIRAGANA, KATAKANA, HANGUL)))


def is_cjk(term: str) -> bool:
    """Whether a term starts with a Han, Kana or Hangul character."""
    return not term.isascii() and class_bytes()[ord(term[0])] in _CJK


def collect(documents: Iterable[Sequence[Token]], scripts: bool) -> TokenBatch:
    """Arrays of each document's tokens; ``scripts``: give Han terms class 1."""
    index: dict[str, int] = {}
    terms, positions, ends = array("I"), array("I"), array("q", [0])
    for tokens in documents:
        for token in tokens:
            terms.append(index.setdefault(token.term, len(index)))
            positions.append(token.position)
        ends.append(len(terms))
    encoded = [term.encode() for term in index]
    return TokenBatch(
        blob=np.frombuffer(b"".join(encoded), np.uint8),
        bounds=np.fromiter(accumulate(map(len, encoded), initial=0), np.int64, len(encoded) + 1),
        terms=np.frombuffer(terms, np.uint32),
        positions=np.frombuffer(positions, np.uint32),
        documents=np.frombuffer(ends, np.int64),
        classes=np.fromiter((scripts and is_cjk(term) for term in index), np.uint8, len(index)),
    )
