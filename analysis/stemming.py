"""Stemmers by language (Snowball), each a function from a word to its stem, safe in threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache

_local = threading.local()


@cache
def stemmer_languages() -> tuple[str, ...]:
    """The names that ``stemmer`` takes."""
    import Stemmer

    return tuple(sorted(Stemmer.algorithms()))


def stemmer(language: str) -> Callable[[str], str]:
    """The Snowball stemmer of a language; ``porter`` is Porter's of 1980, which Lucene's English uses.

    A Stemmer object holds a buffer, so each thread has its own.

    Raises:
        ValueError: the language has no stemmer.
    """
    if language not in stemmer_languages():
        raise ValueError(f"no stemmer for [{language}]; choose one of {', '.join(stemmer_languages())}")

    def stem(word: str) -> str:
        stemmers = _local.__dict__
        function = stemmers.get(language)
        if function is None:
            import Stemmer

            function = stemmers[language] = Stemmer.Stemmer(language).stemWord
        return function(word)

    return stem
