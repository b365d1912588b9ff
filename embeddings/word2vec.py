"""word2vec (Mikolov et al. 2013), trained by gensim on the indexed text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from embeddings.vocabulary import Corpus, encode
from embeddings.word_vectors import EmptyCorpus, Progress, WordVectors

_LONGEST = 10_000  # words: gensim silently cuts a sentence there (MAX_WORDS_IN_BATCH), so we split


@dataclass(frozen=True)
class Word2VecConfig:
    """How to train.

    ``architecture``: predict a word from its context ("cbow") or the context from a word ("skip-gram").
    ``output``: "negative" sampling of ``negative`` noise words, or "hierarchical" softmax.
    ``window``: most words between the two. ``min_count``: rarer words get no vector; None:
    ``vocabulary.adaptive_min_count``. ``max_words``: only so many, the most frequent, get one (800
    bytes each while training). ``epochs`` None: ``adaptive_epochs``. ``subsample``: frequent words are
    skipped at random from this share of the text on; 0: never. ``learning_rate``: falls linearly to a
    250th over the training. ``workers``: threads. Only 1 makes the same vectors from the same text and
    ``seed``.

    The defaults suit the small texts that an index holds. Measured as passage vectors, nDCG@10 on an
    English collection of 1,400 abstracts; a Chinese one of 848 paragraphs; 120 English paragraphs:

    - skip-gram .29; .81, cbow .25; .54 (with 50 epochs at the rate .025, window 5);
    - many passes matter most: on the Chinese .65 after 20, .81 after 50, .85 after 100 at the rate
      .025, and the rate .05 (fastText's) does the same in half as many;
    - window 10 instead of 5: .29; .87; .91 instead of .29; .84; .87, on Chinese also in a third fewer
      passes. Wider contexts say more about topics than about grammar;
    - dimension 200, 10 noise words or hierarchical softmax: less than .02 either way. Sub-sampling
      from 3e-4 on: + .004, but - .05 in WordSim-353;
    - rare words are kept, for a question's rare word then matches itself.
    """

    architecture: Literal["cbow", "skip-gram"] = "skip-gram"
    output: Literal["negative", "hierarchical"] = "negative"
    dimension: int = 100
    window: int = 10
    min_count: int | None = None
    max_words: int = 200_000
    epochs: int | None = None
    negative: int = 5
    subsample: float = 1e-3
    learning_rate: float = 0.05
    seed: int = 1
    workers: int = 1

    def __post_init__(self) -> None:
        if self.architecture not in ("cbow", "skip-gram"):
            raise ValueError(f"architecture is 'cbow' or 'skip-gram', not '{self.architecture}'")
        if self.output not in ("negative", "hierarchical"):
            raise ValueError(f"output is 'negative' or 'hierarchical', not '{self.output}'")
        for name in ("dimension", "window", "max_words", "negative", "workers"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        for name in ("min_count", "epochs"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, or None for a choice by the text's size")
        if not 0 <= self.subsample < 1:
            raise ValueError(f"subsample must be in [0, 1), not {self.subsample}")
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate must be above 0, not {self.learning_rate}")


def adaptive_epochs(tokens: int) -> int:
    """Passes over a text of so many words: half a minute's work, but 5 to 100."""
    return int(np.clip(8_000_000 // max(tokens, 1), 5, 100))


def train_word2vec(
    sentences: Iterable[Sequence[str]],
    config: Word2VecConfig | None = None,
    progress: Progress | None = None,
) -> WordVectors:
    """Vectors of the words of ``sentences`` (lists of words, read once; see ``vocabulary.encode``).

    Windows do not cross sentences. ``progress`` gets the mean loss per trained word; None with
    hierarchical softmax, whose loss gensim computes with the wrong sign (gensim issue 2617).
    Raises EmptyCorpus, also for a text of one word repeated.
    """
    config = config or Word2VecConfig()
    corpus = encode(sentences, config.min_count, config.max_words)
    if len(corpus.words) < 2:
        raise EmptyCorpus(f"'{corpus.words[0]}' is the only word: word2vec has nothing to tell it from")
    epochs = config.epochs or adaptive_epochs(len(corpus.ids))
    model, losses = _train(corpus, config, epochs, progress)
    return WordVectors(
        words=corpus.words,
        vectors=np.ascontiguousarray(model.wv.vectors, np.float32),
        counts=corpus.counts,
        losses=tuple(losses),
        name="word2vec",
    )


class _Sentences:
    """The corpus as gensim wants it: iterable once for each epoch."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus

    def __iter__(self) -> Any:
        return self._corpus.sentences(_LONGEST)


def _train(corpus: Corpus, config: Word2VecConfig, epochs: int, progress: Progress | None) -> tuple[Any, list[float]]:
    # gensim takes a second to import: only those who train pay it.
    from gensim.models.callbacks import CallbackAny2Vec
    from gensim.models.word2vec import Word2Vec

    losses: list[float] = []
    measurable = config.output == "negative"

    class Tally(Word2Vec):
        """Sums the loss of each job in double precision: gensim's own float32 sum stops growing at
        2**27 (gensim issue 2735). ``trained`` counts the words after sub-sampling."""

        loss = 0.0
        trained = 0
        failure: Exception | None = None

        def _do_train_job(self, sentences: Any, alpha: float, inits: Any) -> tuple[int, int]:
            if config.workers == 1:
                self.running_training_loss = 0.0
            try:
                trained, raw = super()._do_train_job(sentences, alpha, inits)
            except Exception as error:  # would end the thread, and the others would wait for it for ever
                self.failure = error
                return 0, sum(map(len, sentences))
            if config.workers == 1:
                self.loss += self.running_training_loss
            self.trained += trained
            return trained, raw

    class Report(CallbackAny2Vec):
        epoch = 0

        def on_epoch_end(self, model: Any) -> None:
            self.epoch += 1
            total = model.loss if config.workers == 1 else model.running_training_loss
            loss = total / max(model.trained, 1) if measurable else None
            model.loss, model.trained, model.running_training_loss = 0.0, 0, 0.0
            if loss is not None:
                losses.append(loss)
            if progress is not None:
                progress(self.epoch, epochs, loss)

    model = Tally(
        vector_size=config.dimension,
        window=config.window,
        min_count=1,  # encode() has already dropped the rare words
        sample=config.subsample,
        sg=int(config.architecture == "skip-gram"),
        hs=int(config.output == "hierarchical"),
        negative=config.negative if config.output == "negative" else 0,
        alpha=config.learning_rate,
        min_alpha=config.learning_rate / 250,
        epochs=epochs,
        seed=config.seed,
        workers=config.workers,
        sorted_vocab=0,  # the vocabulary's order is ours, which no hash seed changes
        compute_loss=measurable,
    )
    frequencies = dict(zip(corpus.words, corpus.counts.tolist(), strict=True))
    model.build_vocab_from_freq(frequencies, corpus_count=len(corpus.bounds) - 1)
    model.train(
        _Sentences(corpus),
        total_words=len(corpus.ids),
        epochs=epochs,
        start_alpha=config.learning_rate,
        end_alpha=config.learning_rate / 250,
        compute_loss=measurable,
        callbacks=[Report()],
    )
    if model.failure is not None:
        raise model.failure
    return model, losses
