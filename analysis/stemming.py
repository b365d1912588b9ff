"""Stemmers by language (Snowball), safe in threads."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

_local = threading.local()


@cache
def stemmer_languages() -> tuple[str, ...]:
    """The names that ``Stemmer`` takes."""
    import Stemmer as snowball

    return tuple(sorted(snowball.algorithms()))


class Stemmer:
    """The Snowball stemmer of a language; ``porter`` is Porter's of 1980, which Lucene's English uses.

    Raises:
        ValueError: the language has no stemmer.
    """

    def __init__(self, language: str) -> None:
        if language not in stemmer_languages():
            raise ValueError(f"no stemmer for [{language}]; choose one of {', '.join(stemmer_languages())}")
        self._language = language

    def __call__(self, word: str) -> str:
        """The stem of a lower-case word."""
        stem: str = self._own().stemWord(word)
        return stem

    def many(self, words: list[str]) -> list[str]:
        """The stems of many words."""
        stems: list[str] = self._own().stemWords(words)
        return stems

    def _own(self) -> Any:
        """This thread's stemmer, which holds a buffer. Its own cache costs more than it saves."""
        known = _local.__dict__
        if self._language not in known:
            import Stemmer as snowball

            known[self._language] = snowball.Stemmer(self._language, 0)
        return known[self._language]
