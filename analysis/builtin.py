"""The named analyzers, each made from settings; the same factories serve custom ones of a type."""

from __future__ import annotations

import re
from collections.abc import Callable

from analysis.analyzer import Analyzer
from analysis.chain import ChainAnalyzer
from analysis.charfilters import html, mapping, normalize
from analysis.components import TokenFilter
from analysis.filters import delimiter, folding, synonym
from analysis.filters import pinyin as pinyin_filter
from analysis.filters.folding import Folding, Rewriting, fold_width, lower
from analysis.filters.grams import CjkBigrams, Grams
from analysis.filters.select import Keep, stop_words
from analysis.filters.stem import Stemming, strip_possessive
from analysis.fold import fold
from analysis.options import Options
from analysis.pinyin import PinyinAnalyzer
from analysis.tokenizers import basic, grams, jieba, mixed
from analysis.tokenizers.basic import PatternTokenizer, SplitTokenizer, WhitespaceTokenizer, whole_text
from analysis.tokenizers.grams import GramTokenizer, letter_or_digit, sizes
from analysis.tokenizers.mixed import chinese_analyzer, multilingual_analyzer
from analysis.tokenizers.standard import StandardTokenizer

# Imported for what they register under their names.
_VARIANTS = (html, mapping, normalize, basic, grams, jieba, mixed, delimiter, folding, pinyin_filter, synonym)

Factory = Callable[[str, Options], Analyzer]
_CJK = frozenset(("han", "hiragana", "katakana", "hangul"))


def _stop(options: Options, default: str) -> list[TokenFilter]:
    words = stop_words(options, [default])
    return [Keep(lambda term: term not in words)] if words else []


def _longest(options: Options) -> int:
    return options.integer("max_token_length", 255, least=1)


def multilingual(name: str, options: Options) -> Analyzer:
    """Mixed Chinese and English text, the default."""
    return multilingual_analyzer(name, options)


def chinese(name: str, options: Options) -> Analyzer:
    """Chinese words by jieba, everything else as in ``multilingual``."""
    return chinese_analyzer(name, options)


def standard(name: str, options: Options) -> Analyzer:
    """Unicode words, lower case (Lucene's StandardAnalyzer): settings stopwords, max_token_length."""
    filters: list[TokenFilter] = [Folding(lower), *_stop(options, "_none_")]
    return ChainAnalyzer(name, [], StandardTokenizer(_longest(options)), filters)


def english(name: str, options: Options) -> Analyzer:
    """Lucene's EnglishAnalyzer: possessive, lower case, stop words, Porter's stemmer."""
    filters: list[TokenFilter] = [Rewriting(strip_possessive), Folding(lower), *_stop(options, "_english_")]
    return ChainAnalyzer(name, [], StandardTokenizer(), [*filters, Stemming("porter")])


def cjk(name: str, options: Options) -> Analyzer:
    """Lucene's CJKAnalyzer: width folded, lower case, bigrams of Han, Kana and Hangul, stop words."""
    filters: list[TokenFilter] = [Folding(fold_width), Folding(lower), CjkBigrams(_CJK, unigrams=False)]
    return ChainAnalyzer(name, [], StandardTokenizer(), [*filters, *_stop(options, "_cjk_")])


def whitespace(name: str, options: Options) -> Analyzer:
    """Cut at white space, nothing else."""
    return ChainAnalyzer(name, [], WhitespaceTokenizer(), [])


def keyword(name: str, options: Options) -> Analyzer:
    """The whole text as one term."""
    return ChainAnalyzer(name, [], whole_text, [])


def lowercase(name: str, options: Options) -> Analyzer:
    """The whole text as one term in lower case (Elasticsearch's built-in normalizer)."""
    return ChainAnalyzer(name, [], whole_text, [Folding(lower)])


_LETTERS = PatternTokenizer(re.compile(r"[^\W\d_]+"), 255)
_WORDS = PatternTokenizer(re.compile(r"[^\W_]+"), 255)


def simple(name: str, options: Options) -> Analyzer:
    """Runs of letters, lower case."""
    return ChainAnalyzer(name, [], _LETTERS, [Folding(lower)])


def stop(name: str, options: Options) -> Analyzer:
    """``simple`` without stop words."""
    return ChainAnalyzer(name, [], _LETTERS, [Folding(lower), *_stop(options, "_english_")])


def pattern(name: str, options: Options) -> Analyzer:
    """What lies between the matches of a regular expression: settings pattern, lowercase, stopwords."""
    tokenizer = SplitTokenizer(options.pattern("pattern", r"\W+"))
    filters: list[TokenFilter] = [Folding(lower)] if options.boolean("lowercase", True) else []
    return ChainAnalyzer(name, [], tokenizer, [*filters, *_stop(options, "_none_")])


def ngram(name: str, options: Options) -> Analyzer:
    """Folded letters and digits in pieces of one to three (settings min_gram, max_gram)."""
    least, most = sizes(options, 1, 3)
    return ChainAnalyzer(name, [fold], GramTokenizer(least, most, letter_or_digit, edge=False), [])


def edge_ngram(name: str, options: Options) -> Analyzer:
    """Beginnings of words, folded, of one to twenty characters (settings min_gram, max_gram).

    For completion while typing; give the field a ``search_analyzer`` that does not cut.
    """
    least, most = sizes(options, 1, 20)
    return ChainAnalyzer(name, [fold], _WORDS, [Grams(least, most, edge=True, preserve=False)])


def pinyin(name: str, options: Options) -> Analyzer:
    """Han by pronunciation: syllables, joined syllables, initials."""
    return PinyinAnalyzer(name)


ANALYZERS: dict[str, Factory] = {
    factory.__name__: factory
    for factory in (
        multilingual, standard, english, chinese, cjk, whitespace, keyword, lowercase, ngram, edge_ngram, pinyin,
        simple, stop, pattern,
    )
}  # fmt: skip
