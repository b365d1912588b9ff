"""The extractive answerer: the sentences of the found passages that fit the question best, verbatim.

A sentence's fitness is 4 · (cosine - .8) / .1 + 2 · coverage + half its passage's score: E5's cosines are
bunched between .75 and .95, which the first term spreads out; they are means of the sentence's and the
passage's, so that only half of a difference is the sentence's own. Two sentences are answered by default;
one of another passage than the best only when it fits nearly as well, else it is about something else.
"""

from __future__ import annotations

import math

from .evidence import Evidence, Sentence

SENTENCES = 2
MARGIN = 1.0  # of fitness, for a sentence of another passage: no gold answer of three collections was beyond


def fitness(evidence: Evidence, sentence: Sentence) -> float:
    """How well a sentence answers the question; higher is better."""
    similarity = 0.0 if math.isnan(sentence.cosine) else (sentence.cosine - 0.8) / 0.1
    return 4.0 * similarity + 2.0 * sentence.coverage + 0.5 * evidence.passages[sentence.passage].score


def best_sentences(evidence: Evidence, count: int = SENTENCES) -> list[Sentence]:
    """The best `count` sentences, best first; fewer when those of other passages fall behind."""
    scored = [(fitness(evidence, s), s) for s in evidence.sentences]
    ranked = sorted(scored, key=lambda one: (-one[0], one[1].passage, one[1].start))[:count]
    return [s for fit, s in ranked if s.passage == ranked[0][1].passage or ranked[0][0] - fit <= MARGIN]
