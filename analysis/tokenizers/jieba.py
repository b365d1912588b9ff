"""Chinese words by jieba: a word dictionary, the most probable path, and an HMM for unknown words.

The dictionary is of simplified words, so text is simplified first, with OpenCC's phrases where they
keep the length (著 in 著名 stays, 着 in 看著 does not): a segmenter sees whole words, so it may look
at neighbours where the fold of ``analysis.fold`` may not.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Any

from analysis.charfilters.normalize import simplify
from analysis.components import Analyze, Tokenizer, tokenizers
from analysis.options import Options
from analysis.token import Token

_loading = threading.RLock()


@cache
def _converter() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


def simplify_words(text: str) -> str:
    """Traditional to Simplified with OpenCC's phrases; as long as the text, in code points."""
    if simplify(text) == text:
        return text
    changed = _converter().convert(text)
    return changed if len(changed) == len(text) else simplify(text)


@lru_cache(maxsize=4)  # each holds a dictionary
def segmenter(user_words: tuple[str, ...] = ()) -> Any:
    """A jieba tokenizer with its dictionary loaded (about 0.7 s), and words of the user's.

    A user's word is written ``word`` or ``word frequency``; without a frequency it gets one that
    makes it win over its parts. The dictionary is read from the package, not from jieba's
    cache file in the shared temporary folder.
    """
    with _loading, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba

        jieba.setLogLevel(logging.WARNING)
        made = jieba.Tokenizer()
        if user_words:
            plain = segmenter()
            made.FREQ, made.total = dict(plain.FREQ), plain.total
        else:
            made.FREQ, made.total = made.gen_pfdict(made.get_dict_file())
        made.initialized = True
        for entry in user_words:
            word, frequency = _word_and_frequency(entry)
            made.add_word(word, frequency)
        return made


def _word_and_frequency(entry: str) -> tuple[str, int | None]:
    """A dictionary entry, ``word``, ``word frequency`` or jieba's ``word frequency tag``; ValueError.

    The dictionary's words are folded as the texts are, so that 臺積電 is a word in either script.
    """
    parts = entry.split()
    if not parts or len(parts) > 3:
        raise ValueError(entry)
    frequency = next((part for part in parts[1:2] if part.isdigit()), None)
    if frequency is None and len(parts) == 3:
        raise ValueError(entry)
    if frequency is None and len(parts) == 2 and not parts[1].isalpha():
        raise ValueError(entry)
    return simplify_words(parts[0]), None if frequency is None else int(frequency)


def cut_words(text: str, user_words: tuple[str, ...], hmm: bool, search: bool) -> Iterator[tuple[int, int]]:
    """Spans of the words of a simplified text; in search mode also of the words inside long ones."""
    for _, start, end in segmenter(user_words).tokenize(text, "search" if search else "default", HMM=hmm):
        yield start, end


def check_user_words(options: Options) -> tuple[str, ...]:
    """The setting [user_dictionary], or the lines of [user_dictionary_path]: ``word`` or ``word frequency``."""
    lines = options.file("user_dictionary", watched=True)
    entries = options.texts("user_dictionary", []) if lines is None else lines
    entries = [entry.strip() for entry in entries if entry.strip() and not entry.lstrip().startswith("#")]
    for entry in entries:
        try:
            _word_and_frequency(entry)
        except ValueError:
            raise options.error(f"[user_dictionary] entries are [word] or [word frequency], not [{entry}]") from None
    return tuple(entries)


def positioned(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int, int, int]]:
    """(start, end, position, position length) of words that may hold others, in order of position.

    Positions are counted along the finest cut: a long word spans those of the words inside it.
    """
    ordered = sorted(spans, key=lambda span: (span[0], -span[1]))
    starts = sorted({start for start, _ in ordered})
    index = {start: at for at, start in enumerate(starts)}
    found = []
    for start, end in ordered:
        after = next((at for at in range(index[start] + 1, len(starts)) if starts[at] >= end), len(starts))
        found.append((start, end, index[start], after - index[start]))
    return found


class JiebaTokenizer:
    """Words of letters, digits or Han; punctuation and spaces are left out."""

    def __init__(self, user_words: tuple[str, ...], hmm: bool, search: bool) -> None:
        self.user_words, self.hmm, self.search = user_words, hmm, search

    def __call__(self, text: str) -> list[Token]:
        spans = cut_words(simplify_words(text), self.user_words, self.hmm, self.search)
        kept = [span for span in spans if any(map(str.isalnum, text[slice(*span)]))]
        return [Token(text[a:b], a, b, position, "word", length) for a, b, position, length in positioned(kept)]


@tokenizers.register("jieba")
def _jieba(options: Options, before: Analyze) -> Tokenizer:
    words = check_user_words(options)
    search = options.choice("mode", "default", ("default", "search")) == "search"
    return JiebaTokenizer(words, options.boolean("hmm", False), search)
