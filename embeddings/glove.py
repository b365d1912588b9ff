"""GloVe, trained on the indexed text by this project's own loops.

Pennington, Socher and Manning 2014, "GloVe: Global vectors for word representation": minimise
J = Σ_ij f(X_ij) (w_i·w~_j + b_i + b~_j - log X_ij)² over the non-zero entries of the co-occurrence
matrix X, f(x) = min(1, (x / x_max)^α), by AdaGrad on the entries in random order; a word's vector is
w + w~ (equations 8 and 9, section 4.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from embeddings.vocabulary import Corpus, encode
from embeddings.word_vectors import EmptyCorpus, Progress, WordVectors

_BUCKET = 16 << 20  # entries shuffled together (192 MB); more of them lie in several buckets


@dataclass(frozen=True)
class GloVeConfig:
    """How to train.

    ``window``: words to each side that count as context, each as 1 / distance. ``min_count``: rarer
    words get no vector; None: ``vocabulary.adaptive_min_count``. ``max_words``: only so many, the most
    frequent, get one (1,800 bytes each while training). ``epochs`` None: ``adaptive_epochs``.
    ``x_max`` (None: ``adaptive_x_max``) and ``alpha``: of f. ``learning_rate``: AdaGrad's initial step.
    ``memory``: bytes that counting may hold before its arrays go to temporary files.
    The same text, ``seed`` and machine give the same vectors.

    The defaults are the paper's (window: of its authors' tool), but for x_max and epochs, which follow
    the size of the text. Measured on two English abstract collections together (0.7 million words):
    with x_max 100 the correlation with WordSim-353 is .06, with 2.7 .16, with 0.3 .39, where word2vec
    has .33; passage vectors gain likewise (nDCG@10 .11 to .25 on one of them alone, .23 to .65 on a
    Chinese one). Window 15 beats 10 and 5 on both counts. A learning rate of .1 or .2 helps passage
    vectors by .01 to .02 and costs .1 in word similarity.
    """

    dimension: int = 100
    window: int = 15
    min_count: int | None = None
    max_words: int = 200_000
    epochs: int | None = None
    x_max: float | None = None
    alpha: float = 0.75
    learning_rate: float = 0.05
    seed: int = 1
    memory: int = 512 << 20

    def __post_init__(self) -> None:
        if not 1 <= self.window <= 255:
            raise ValueError(f"window must be in 1..255, not {self.window}")
        for name in ("min_count", "epochs"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, or None for a choice by the text's size")
        for name in ("dimension", "max_words", "x_max", "learning_rate", "memory"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be above 0, not {getattr(self, name)}")


def adaptive_epochs(entries: int) -> int:
    """Passes over so many entries of the co-occurrence matrix: half a minute's work, but 15 to 100."""
    return int(np.clip(150_000_000 // max(entries, 1), 15, 100))


def adaptive_x_max(tokens: int) -> float:
    """Where f reaches 1, in a text of so many words: the paper's 100 at its six billion, less below.

    Co-occurrences are sums of 1 / distance: in a small text nearly all lie far below 100, and would
    count for almost nothing. The power 2/3 is a fit through that point and the small texts tried.
    """
    return float(min(100.0, 100.0 * (max(tokens, 1) / 6e9) ** (2 / 3)))


def train_glove(
    sentences: Iterable[Sequence[str]],
    config: GloVeConfig | None = None,
    progress: Progress | None = None,
) -> WordVectors:
    """Vectors of the words of ``sentences`` (lists of words, read once; see ``vocabulary.encode``).

    Windows do not cross sentences. Losses are the mean of ½ f(X) (…)² over the entries, each measured
    just before its step. Raises EmptyCorpus, also when no two words ever stand together.
    """
    config = config or GloVeConfig()
    corpus = encode(sentences, config.min_count, config.max_words)
    vectors, losses = _train(corpus, config, progress)
    return WordVectors(corpus.words, vectors, corpus.counts, tuple(losses), "glove")


def _train(corpus: Corpus, config: GloVeConfig, progress: Progress | None) -> tuple[np.ndarray, list[float]]:
    # numba takes a third of a second to import: only those who train pay it.
    from embeddings import cooccurrence
    from embeddings import glove_kernels as kernels

    d, v = config.dimension, len(corpus.words)
    if v >= 1 << kernels.WORD_BITS:
        raise ValueError(f"{v} words are more than GloVe can number here: raise min_count")
    random = np.random.default_rng(config.seed)
    state = random.integers(0, 2**64, 1, dtype=np.uint64)
    workspace = cooccurrence.Workspace(config.memory)
    pairs, weights = cooccurrence.count(corpus, config.window, workspace)
    if not len(pairs):
        raise EmptyCorpus("no two words stand together in a sentence: GloVe has nothing to learn from")
    sizes = np.zeros(2 * len(pairs) // _BUCKET + 1, np.int64)
    kernels.count_buckets(pairs, sizes, state.copy())
    ends = np.cumsum(sizes)
    entries = int(ends[-1])
    words, logs = workspace.empty((entries, 2), np.int32), workspace.empty(entries, np.float32)
    kernels.fill_buckets(pairs, weights, ends - sizes, words, logs, state)
    del pairs, weights

    stride = -(-(d + 1) // 16) * 16  # whole cache lines
    parameters = np.ones((2 * v, 2 * stride), np.float32)  # squared gradients start at 1
    parameters[:, :stride] = 0
    parameters[:, : d + 1] = (random.random((2 * v, d + 1), np.float32) - np.float32(0.5)) / np.float32(d)

    epochs = config.epochs or adaptive_epochs(entries)
    x_max = config.x_max or adaptive_x_max(len(corpus.ids))
    losses = []
    for epoch in range(1, epochs + 1):
        cost = 0.0
        for bucket in random.permutation(len(sizes)):
            part = slice(ends[bucket] - sizes[bucket], ends[bucket])
            kernels.shuffle(words[part], logs[part], state)
            cost += kernels.adagrad(
                words[part], logs[part], parameters, d,
                np.float32(np.log(x_max)), np.float32(config.alpha), np.float32(config.learning_rate),
            )  # fmt: skip
        losses.append(cost / entries)
        if progress is not None:
            progress(epoch, epochs, losses[-1])
    vectors = parameters[:v, :d] + parameters[v:, :d]
    if not np.isfinite(vectors).all():
        raise FloatingPointError("GloVe diverged: train with a lower learning_rate")
    return vectors, losses
