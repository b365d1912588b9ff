"""A made-up bilingual text whose words fall into topics that any distributional model must find."""

from __future__ import annotations

import numpy as np

TOPICS = [
    ["cat", "dog", "horse", "sheep", "farmer"],
    ["wing", "lift", "drag", "airfoil", "shock"],
    ["米饭", "豆腐", "辣椒", "厨师", "酱油"],
    ["法院", "法官", "律师", "判决", "证据"],
]
EVERYWHERE = ["the", "的", "of", "了", "and"]


def topical_sentences(count: int, seed: int = 0) -> list[list[str]]:
    """Sentences of eight words of one topic with four words of no topic among them."""
    random = np.random.default_rng(seed)
    sentences = []
    for _ in range(count):
        topic = TOPICS[random.integers(len(TOPICS))]
        sentence = [topic[i] for i in random.integers(0, len(topic), 8)]
        sentence += [EVERYWHERE[i] for i in random.integers(0, len(EVERYWHERE), 4)]
        sentences.append([sentence[i] for i in random.permutation(12)])
    return sentences
