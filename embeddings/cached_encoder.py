"""An encoder that remembers: passages on disk, the last questions in memory."""

from __future__ import annotations

import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from embeddings.base import TextEncoder, Vectors
from embeddings.cache import EmbeddingCache

_live: weakref.WeakSet[CachedEncoder] = weakref.WeakSet()


class CachedEncoder:
    """A ``TextEncoder`` over another one, with the same vectors to the last bit.

    Passages are looked up in the persistent cache and stored there; equal texts of one call are
    encoded once. The vectors of the last ``questions`` questions are kept in memory (paging and
    repeated searches ask the same again).
    """

    def __init__(self, encoder: TextEncoder, cache: EmbeddingCache, questions: int = 1024) -> None:
        self.encoder = encoder
        self.cache = cache
        self._questions = questions
        self._recent: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()
        _live.add(self)

    @property
    def name(self) -> str:
        """The encoder's name."""
        return self.encoder.name

    @property
    def dimension(self) -> int:
        """The encoder's dimension."""
        return self.encoder.dimension

    @property
    def fingerprint(self) -> str:
        """The encoder's fingerprint."""
        return self.encoder.fingerprint

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """float32[len(texts), dimension], L2-normalised."""
        unique = {text: i for i, text in enumerate(dict.fromkeys(texts))}
        vectors = np.empty((len(unique), self.dimension), np.float32)
        missing = []
        for text, vector in zip(unique, self.cache.get(self.fingerprint, list(unique)), strict=True):
            if vector is not None and len(vector) == self.dimension:
                vectors[unique[text]] = vector
            else:
                missing.append(text)
        if missing:
            fresh = self.encoder.encode_passages(missing)
            vectors[[unique[text] for text in missing]] = fresh
            self.cache.put(self.fingerprint, missing, fresh)
        return vectors[[unique[text] for text in texts]]

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """float32[len(texts), dimension], L2-normalised."""
        known = {}
        with self._lock:
            for text in texts:
                if text in self._recent:
                    self._recent.move_to_end(text)
                    known[text] = self._recent[text]
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if missing:
            known.update(zip(missing, self.encoder.encode_queries(missing), strict=True))
            with self._lock:
                self._recent.update((text, known[text].copy()) for text in missing[-self._questions :])
                while len(self._recent) > self._questions:
                    self._recent.popitem(last=False)
        return np.stack([known[text] for text in texts]) if texts else np.empty((0, self.dimension), np.float32)


def _renew_locks() -> None:
    for encoder in list(_live):
        encoder._lock = threading.Lock()


os.register_at_fork(after_in_child=_renew_locks)
