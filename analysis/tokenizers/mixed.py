"""The tokenizing of the ``multilingual`` and ``chinese`` analyzers, for chains with filters after it.

It folds, drops stop words and stems by itself, so what follows (synonyms, pinyin) sees final terms.
"""

from __future__ import annotations

from analysis.chinese import ChineseAnalyzer
from analysis.components import Analyze, PhrasedTokenizer, Tokenizer, tokenizers
from analysis.filters.select import stop_words
from analysis.multilingual import MultilingualAnalyzer
from analysis.options import Options
from analysis.stemming import stemmer_languages
from analysis.token import Token
from analysis.tokenizers.jieba import check_user_words


class MixedTokenizer(PhrasedTokenizer):
    """Tokens of an analyzer, or those of its phrase stream; as of a text, or as of a question."""

    def __init__(self, analyzer: MultilingualAnalyzer, phrase: bool = False, question: bool = False) -> None:
        self.analyzer, self._phrase, self._question = analyzer, phrase, question

    def __call__(self, text: str) -> list[Token]:
        if self._question:
            return self.analyzer.question_tokens(text, self._phrase)
        return self.analyzer.phrase_tokens(text) if self._phrase else self.analyzer.tokens(text)

    def for_phrases(self) -> Tokenizer:
        return MixedTokenizer(self.analyzer, phrase=True)

    def for_questions(self) -> Tokenizer:
        return MixedTokenizer(self.analyzer, self._phrase, question=True)


def stemming(options: Options) -> str | None:
    """The setting [stemmer]: a Snowball language, English if not given, or _none_."""
    language = options.text("stemmer", "english")
    if language == "_none_":
        return None
    if language not in stemmer_languages():
        raise options.error(f"[stemmer] is _none_ or one of {', '.join(stemmer_languages())}")
    return language


def multilingual_analyzer(name: str, options: Options) -> MultilingualAnalyzer:
    """Mixed Chinese and English (the default): settings stopwords, stemmer."""
    return MultilingualAnalyzer(name, stop_words(options, ["_english_"]), stemming(options))


def chinese_analyzer(name: str, options: Options) -> ChineseAnalyzer:
    """jieba words: settings hmm, mode (search or default), user_dictionary, stopwords, stemmer."""
    return ChineseAnalyzer(
        name,
        options.boolean("hmm", False),
        options.choice("mode", "search", ("default", "search")) == "search",
        check_user_words(options),
        stop_words(options, ["_english_"]),
        stemming(options),
    )


@tokenizers.register("multilingual")
def _multilingual(options: Options, before: Analyze) -> Tokenizer:
    return MixedTokenizer(multilingual_analyzer("multilingual", options))


@tokenizers.register("chinese")
def _chinese(options: Options, before: Analyze) -> Tokenizer:
    return MixedTokenizer(chinese_analyzer("chinese", options))
