"""Drafts copied from the text so far: what followed the last few tokens where they occurred before.

Answers from passages repeat the passages, so a look-up guesses well where a second model would be
needed otherwise. Speculative decoding: Leviathan et al. 2023; drafts by n-gram look-up in the prompt:
Saxena 2023, "Prompt Lookup Decoding". Drafts only propose: each token is checked against the model.
"""

from __future__ import annotations

_LONGEST, _SHORTEST = 3, 2  # tokens that must match
_MOST = 10  # tokens drafted at once


class PromptLookup:
    """Proposes continuations of a growing token sequence.

    The length of the drafts follows their success: the number accepted last time plus one, as a draft
    that fails costs time (checking eight tokens takes about twice as long as one).
    """

    def __init__(self, tokens: list[int]) -> None:
        self._tokens: list[int] = []
        # where the tokens that follow an n-gram begin: its latest occurrence
        self._next: dict[tuple[int, ...], int] = {}
        self._length = 3
        for token in tokens:
            self.append(token)

    def append(self, token: int) -> None:
        """The sequence has grown by ``token``."""
        self._index()
        self._tokens.append(token)

    def draft(self, most: int) -> list[int]:
        """Up to ``most`` tokens that may come next; empty where nothing matches."""
        for n in range(_LONGEST, _SHORTEST - 1, -1):
            start = self._next.get(tuple(self._tokens[-n:])) if len(self._tokens) >= n else None
            if start is not None:
                return self._tokens[start : start + min(most, self._length)]
        return []

    def checked(self, drafted: int, accepted: int) -> None:
        """``accepted`` tokens of a draft of ``drafted`` were right."""
        if drafted:
            self._length = min(_MOST, 2 * drafted) if accepted == drafted else max(1, accepted)

    def _index(self) -> None:
        """Records the n-grams that end at the present end; called when a token follows them."""
        end = len(self._tokens)
        for n in range(_SHORTEST, _LONGEST + 1):
            if end >= n:
                self._next[tuple(self._tokens[end - n :])] = end
