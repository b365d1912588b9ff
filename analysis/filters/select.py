"""Filters that drop tokens: stop words, lengths, doubles, all but the first."""

from __future__ import annotations

from collections.abc import Callable

from analysis.components import Analyze, TermFilter, TokenFilter, token_filters
from analysis.options import Options
from analysis.resources import read_words
from analysis.token import Token

_LISTS = {"_english_": "stopwords_english.txt", "_cjk_": "stopwords_cjk.txt"}


class Keep(TermFilter):
    """Keeps the terms that pass a test; the others leave gaps."""

    def __init__(self, test: Callable[[str], bool]) -> None:
        self._test = test

    def term(self, term: str) -> str | None:
        return term if self._test(term) else None


class Distinct(TokenFilter):
    """Drops terms that were there before: in the whole text, or at the same position."""

    def __init__(self, same_position: bool) -> None:
        self._same_position = same_position

    def __call__(self, tokens: list[Token]) -> list[Token]:
        seen: set[object] = set()
        out = []
        for token in tokens:
            key = (token.term, token.position, token.position_length) if self._same_position else token.term
            if key not in seen:
                seen.add(key)
                out.append(token)
        return out


class Limit(TokenFilter):
    """Keeps the first tokens."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __call__(self, tokens: list[Token]) -> list[Token]:
        return tokens[: self._count]


def stop_words(options: Options, default: list[str]) -> frozenset[str]:
    """The setting [stopwords]: words, or _english_, _cjk_, _none_."""
    words: set[str] = set()
    for word in options.texts("stopwords", default):
        if word in _LISTS:
            words |= read_words(_LISTS[word])
        elif word.startswith("_") and word.endswith("_") and word != "_none_":
            raise options.error(f"[stopwords] knows _none_, {', '.join(_LISTS)} and words, not [{word}]")
        elif word != "_none_":
            words.add(word)
    return frozenset(words)


@token_filters.register("stop")
def _stop(options: Options, before: Analyze) -> TokenFilter:
    words = stop_words(options, ["_english_"])
    options.boolean("remove_trailing", True)
    if options.boolean("ignore_case", False):
        lowered = frozenset(word.lower() for word in words)
        return Keep(lambda term: term.lower() not in lowered)
    return Keep(lambda term: term not in words)


@token_filters.register("keep")
def _keep(options: Options, before: Analyze) -> TokenFilter:
    words = frozenset(options.texts("keep_words"))
    if options.boolean("keep_words_case", False):
        lowered = frozenset(word.lower() for word in words)
        return Keep(lambda term: term.lower() in lowered)
    return Keep(lambda term: term in words)


@token_filters.register("length")
def _length(options: Options, before: Analyze) -> TokenFilter:
    least, most = options.integer("min", 0), options.integer("max", (1 << 31) - 1, most=(1 << 31) - 1)
    return Keep(lambda term: least <= len(term) <= most)


@token_filters.register("unique")
def _unique(options: Options, before: Analyze) -> TokenFilter:
    return Distinct(options.boolean("only_on_same_position", False))


@token_filters.register("remove_duplicates")
def _remove_duplicates(options: Options, before: Analyze) -> TokenFilter:
    return Distinct(same_position=True)


@token_filters.register("limit")
def _limit(options: Options, before: Analyze) -> TokenFilter:
    options.boolean("consume_all_tokens", False)
    return Limit(options.integer("max_token_count", 1, least=1))
