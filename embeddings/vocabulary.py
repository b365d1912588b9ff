"""Sentences of words, read once and kept as numbers: what both word-vector trainers run over."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from embeddings.word_vectors import EmptyCorpus

_FLUSH = 1 << 20  # tokens gathered in Python before they go to the file


class _Ids(dict[str, int]):
    """Numbers words in order of first appearance."""

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number


@dataclass(frozen=True)
class Corpus:
    """Encoded sentences, without the words that were too rare.

    ``words``: v strings, by descending count, ties in code point order (so that the numbering does not
    depend on the order of the documents or on Python's hash seed). ``counts``: int64[v].
    ``ids``: int32[n], rows of ``words``; a memory map when large.
    ``bounds``: int64[s + 1]; sentence i is ``ids[bounds[i]:bounds[i + 1]]``, never empty.
    ``min_count``: the threshold applied.
    """

    words: list[str]
    counts: np.ndarray
    ids: np.ndarray
    bounds: np.ndarray
    min_count: int

    def sentences(self, longest: int) -> Iterator[list[str]]:
        """The sentences as words again, those of more than ``longest`` words in pieces."""
        lookup = self.words.__getitem__
        bounds = self.bounds.tolist()
        for begin, end in pairwise(bounds):
            for start in range(begin, end, longest):
                yield list(map(lookup, self.ids[start : min(start + longest, end)].tolist()))


def encode(sentences: Iterable[Sequence[str]], min_count: int | None, max_words: int | None = None) -> Corpus:
    """Read ``sentences`` once, so that a generator will do. ``min_count`` None: ``adaptive_min_count``.

    ``max_words``: only the most frequent are kept.

    Token numbers (4 bytes a token) go to an unnamed temporary file that the system caches while memory
    is free; resident are the vocabulary before pruning and 8 bytes a sentence.
    Raises EmptyCorpus, and TypeError for a sentence that is a string.
    """
    known = _Ids()
    lengths = array("q")
    pending = array("i")
    counts = np.zeros(0, np.int64)
    with tempfile.TemporaryFile() as file:

        def flush() -> None:
            nonlocal counts
            block = np.frombuffer(pending, np.int32).copy()
            added = np.bincount(block, minlength=len(known)).astype(np.int64)
            added[: len(counts)] += counts
            counts = added
            block.tofile(file)
            del pending[:]

        for sentence in sentences:
            if isinstance(sentence, str):
                raise TypeError("a sentence is a list of words, not a string: split it with words(text) first")
            pending.extend(map(known.__getitem__, sentence))
            lengths.append(len(sentence))
            if len(pending) >= _FLUSH:
                flush()
        flush()
        file.flush()
        total = sum(lengths)
        if not total:
            raise EmptyCorpus("the text holds no word: index some documents with text before training")
        if min_count is None:
            min_count = adaptive_min_count(total)
        raw: np.ndarray = np.memmap(file, np.int32, "r+")
    return _prune(list(known), counts, raw, np.frombuffer(lengths, np.int64), min_count, max_words)


def adaptive_min_count(tokens: int) -> int:
    """How often a word must occur to get a vector, in a text of so many words.

    In a small text every word is kept: a rare word's vector is poor, but it still matches itself. From
    there 2, then 5 (the default of word2vec and of GloVe), which bounds the vocabulary.
    """
    return 1 if tokens < 2_000_000 else 2 if tokens < 20_000_000 else 5


def _prune(
    words: list[str], counts: np.ndarray, ids: np.ndarray, lengths: np.ndarray, min_count: int, max_words: int | None
) -> Corpus:
    """Renumber by frequency and drop the rare, in place and block by block."""
    kept = np.flatnonzero(counts >= min_count).tolist()
    if not kept:
        raise EmptyCorpus(f"no word occurs {min_count} times among {len(ids)}: lower min_count, or index more text")
    kept.sort(key=words.__getitem__)
    order = np.array(kept)[np.argsort(-counts[kept], kind="stable")][:max_words]
    renumber = np.full(len(words), -1, np.int32)
    renumber[order] = np.arange(len(order), dtype=np.int32)

    ends = np.cumsum(lengths)
    kept_before = np.zeros(len(lengths) + 1, np.int64)  # kept tokens before each sentence's end
    size = 0
    for begin in range(0, len(ids), _FLUSH):
        block = renumber[ids[begin : begin + _FLUSH]]
        inside = block >= 0
        first, last = np.searchsorted(ends, [begin, begin + len(block)], side="right")
        running = np.concatenate(([0], np.cumsum(inside)))
        kept_before[first + 1 : last + 1] = size + running[ends[first:last] - begin]
        block = block[inside]
        ids[size : size + len(block)] = block
        size += len(block)
    # Sentences that lost all their words disappear: equal neighbouring bounds.
    bounds = np.unique(kept_before)
    return Corpus([words[i] for i in order], counts[order], ids[:size].view(np.ndarray), bounds, min_count)
