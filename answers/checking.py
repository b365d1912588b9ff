"""Checking generated sentences: is what a sentence claims found in a passage?

A sentence is supported when one or two neighbouring sentences of a passage hold most of its words (by idf
mass), and the passage holds every number and every name in it. Word by word is stricter than meaning by
meaning, on purpose: what was not found is not shown as found.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from retrieval import SearchContext

from .evidence import Evidence, QuestionWords, Sentence
from .premise import missing_premises

_STUCK = re.compile(r"([㐀-鿿]|[^\W\d_]{2,20}?)(?:[\W_]*\1){2,}", re.IGNORECASE)  # three times in a row
SUPPORT = 0.7  # share of a sentence's idf mass that its evidence must hold


@dataclass(frozen=True)
class Support:
    """The sentence of a passage that a generated sentence rests on, and how much of it is found there."""

    sentence: Sentence
    share: float


def support_of(ctx: SearchContext, evidence: Evidence, claim: str) -> Support | None:
    """The best support of a generated sentence, None when it has none."""
    words = QuestionWords(ctx, claim)
    if not words.total or is_broken(claim):
        return None
    best: Support | None = None
    for passage in evidence.passages:
        title = words.terms(passage.title)
        own = [words.terms(s.text) for s in passage.sentences]
        for i, sentence in enumerate(passage.sentences):
            near = own[i] | (own[i + 1] if i + 1 < len(own) else set()) | (own[i - 1] if i else set())
            share = 0.7 * words.coverage(title | own[i]) + 0.3 * words.coverage(title | near)
            if best is None or share > best.share:
                best = Support(sentence, share)
    if best is None or best.share < SUPPORT:
        return None
    passage = evidence.passages[best.sentence.passage]
    if missing_premises(_unstarted(claim), [f"{passage.title}\n{passage.body}"]):
        return None
    return best


def is_broken(text: str) -> bool:
    """Whether a generated text has lost its thread: a character that is none, or the same again and again."""
    return "\ufffd" in text or bool(_STUCK.search(text))


def says_unknown(text: str) -> bool:
    """Whether a generated text says that it does not know."""
    folded = text.casefold()
    signs = (
        "do not know",
        "don't know",
        "not mentioned",
        "not provided",
        "no information",
        "不知道",
        "没有提到",
        "未提及",
    )
    return any(sign in folded for sign in signs)


def _unstarted(claim: str) -> str:
    """The claim without a capital that only begins it."""
    return claim[:1].lower() + claim[1:] if len(claim) > 1 and claim[1:2].islower() else claim


def rounded(value: float) -> float | None:
    """A probability or share for a response."""
    return None if math.isnan(value) else round(value, 4)
