"""Prompts: the passages and the question as a chat for a generator."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from generator import Message

from .evidence import Evidence, Passage
from .extractive import fitness

PASSAGES = 3
_SYSTEM = (
    "You answer questions from the passages you are given, and from nothing else. Answer in one or two short "
    "sentences, in the language of the question, with the passages' own words. If the passages do not say it, "
    "answer: I do not know."
)


def messages(
    evidence: Evidence, history: Sequence[Message], budget: int, count_tokens: Callable[[str], int]
) -> list[Message]:
    """The chat for a question: instructions, earlier turns as far as they fit, passages and question.

    `budget` is the number of tokens for all of it. Passages are cut around their best sentences.
    """
    room = budget - count_tokens(_SYSTEM) - count_tokens(evidence.question) - 64
    earlier: list[Message] = []
    for message in reversed(history):
        cost = count_tokens(message.content) + 8
        if cost > room // 3:
            break
        earlier.insert(0, message)
        room -= cost
    passages = evidence.passages[:PASSAGES]
    texts = [_excerpt(evidence, p, room // max(1, len(passages)), count_tokens) for p in passages]
    context = "\n\n".join(f"Passage {n}: {text}" for n, text in enumerate(texts, 1) if text)
    return [Message("system", _SYSTEM), *earlier, Message("user", f"{context}\n\nQuestion: {evidence.question}")]


def _excerpt(evidence: Evidence, passage: Passage, budget: int, count_tokens: Callable[[str], int]) -> str:
    """The passage, or as many whole sentences around its best one as the budget holds."""
    prefix = f"{passage.title}. " if passage.title else ""
    whole = prefix + passage.body
    if not passage.sentences or count_tokens(whole) <= budget:
        return whole
    best = max(passage.sentences, key=lambda s: fitness(evidence, s))
    low = high = passage.sentences.index(best)
    text = best.text
    while True:
        grown = [(low - 1, high), (low, high + 1)]
        grown = [(a, b) for a, b in grown if a >= 0 and b < len(passage.sentences)]
        for a, b in reversed(grown):
            longer = passage.body[passage.sentences[a].start : passage.sentences[b].end]
            if count_tokens(prefix + longer) <= budget:
                low, high, text = a, b, longer
                break
        else:
            return prefix + text
