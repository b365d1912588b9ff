"""Keys and values kept between requests, so that a prompt that begins like an earlier one starts there."""

from __future__ import annotations

import threading

from generator.decoder import Decoder, KeyValues

_ROUND = 256  # capacities are multiples of it, in tokens


class PrefixCache:
    """Idle ``KeyValues`` of one decoder, the least recently used dropped first. Safe for threads.

    ``budget``: bytes of keys and values kept while nobody uses them.
    """

    def __init__(self, decoder: Decoder, budget: int) -> None:
        self._decoder = decoder
        self._budget = budget
        self._idle: list[KeyValues] = []  # oldest first
        self._lock = threading.Lock()

    def take(self, tokens: list[int], capacity: int) -> KeyValues:
        """``KeyValues`` for this caller alone, holding the longest known prefix of ``tokens``.

        The last token is never taken from the cache: running it gives the logits to go on with.
        ``capacity``: tokens that it must have room for.
        """
        with self._lock:
            best = max(self._idle, key=lambda kv: _common(kv.tokens, tokens), default=None)
            length = 0 if best is None else min(_common(best.tokens, tokens), len(tokens) - 1)
            if best is None or length == 0:
                return KeyValues(self._decoder, _rounded(capacity))
            # A chat that goes on is taken over. When the rest is another's (the same instructions before
            # another passage), its beginning is copied and both live on; the lock keeps it as it is.
            if 2 * length < best.length:
                return best.copy(length, _rounded(capacity))
            self._idle.remove(best)
        if best.capacity < capacity:
            return best.copy(length, _rounded(capacity))
        best.truncate(length)
        return best

    def give(self, kv: KeyValues) -> None:
        """Hands ``KeyValues`` back for later prompts."""
        with self._lock:
            self._idle.append(kv)
            bytes_ = self._decoder.config.kv_bytes
            while sum(kv.capacity * bytes_ for kv in self._idle) > self._budget:
                del self._idle[0]


def grown(kv: KeyValues) -> KeyValues:
    """The same tokens with twice the room."""
    return kv.copy(kv.length, 2 * kv.capacity)


def _rounded(capacity: int) -> int:
    return -(-capacity // _ROUND) * _ROUND


def _common(a: list[int], b: list[int]) -> int:
    """Length of the longest common prefix."""
    shorter = min(len(a), len(b))
    return next((i for i in range(shorter) if a[i] != b[i]), shorter)
