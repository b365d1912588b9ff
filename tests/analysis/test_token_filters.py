"""Token filters in custom chains."""

from __future__ import annotations

import pytest
from analysis_helpers import QUICK, mixed_text, shown, terms_of
from hypothesis import given, settings

from analysis import InvalidAnalysis, get_analyzer
from analysis.components import token_filters, tokenizers


def chain(tokenizer, *filters):
    return get_analyzer("it", {"analyzer": {"it": {"tokenizer": tokenizer, "filter": list(filters)}}})


@pytest.mark.parametrize(
    ("filters", "text", "expected"),
    [
        (["lowercase"], "ÀB Σς İ", "àb σς i̇"),
        (["uppercase"], "straße", "STRASSE"),
        (["asciifolding"], "Café Straße Ångström Łódź 北京", "Cafe Strasse Angstrom Lodz 北京"),
        ([{"type": "asciifolding", "preserve_original": True}], "é", "é e"),
        (["t2s"], "臺灣 著名", "台湾 着名"),
        (["fold"], "ＡＢ 臺", "ab 台"),
        (["cjk_width"], "ＡＢ ﾃｽﾄ", "AB テスト"),
        (["decimal_digit"], "١٢ ３", "12 3"),
        ([{"type": "truncate", "length": 3}], "abcdef 北京大学", "abc 北京大"),
        (["reverse"], "abc", "cba"),
        (["apostrophe"], "Türkiye'de l’a", "Türkiye l"),
        ([{"type": "elision", "articles": ["l", "d"]}], "l'avion d’art o'neil", "avion art o'neil"),
        ([{"type": "pattern_replace", "pattern": "(a)(b)", "replacement": "$2$1"}], "abab", "baba"),
        ([{"type": "pattern_replace", "pattern": "a", "all": False}], "aba", "ba"),
        ([{"type": "length", "min": 2, "max": 3}], "a bb ccc dddd", "bb ccc"),
        ([{"type": "keep", "keep_words": ["a", "c"]}], "a b c", "a c"),
        (["unique"], "a b a", "a b"),
        ([{"type": "limit", "max_token_count": 2}], "a b c", "a b"),
        (["stop"], "a cat and the dog", "cat dog"),
        ([{"type": "stop", "stopwords": ["Cat"], "ignore_case": True}], "a CAT", "a"),
        ([{"type": "stop", "stopwords": "_none_"}], "a cat", "a cat"),
        (["porter_stem"], "running flies", "run fli"),
        (["snowball"], "generously", "generous"),
        ([{"type": "snowball", "language": "German"}], "häuser", "haus"),
        ([{"type": "stemmer", "language": "porter2"}], "generously", "generous"),
        ([{"type": "stemmer", "language": "english"}], "generously", "gener"),
        ([{"type": "stemmer", "language": "possessive_english"}], "dog's cat’s", "dog cat"),
        (["possessive"], "dog's", "dog"),
        ([{"type": "stemmer_override", "rules": ["running, ran => run"]}], "ran fast", "run fast"),
        ([{"type": "ngram", "min_gram": 2, "max_gram": 3}], "abcd", "ab abc bc bcd cd"),
        ([{"type": "edge_ngram", "min_gram": 1, "max_gram": 3}], "abcd e", "a ab abc e"),
        ([{"type": "edge_ngram", "min_gram": 2, "max_gram": 3, "preserve_original": True}], "abcd", "ab abc abcd"),
        ([{"type": "pinyin", "keep_original": True}], "北京 ok", "北京 beijing bj ok"),
    ],
)
def test_terms(filters, text, expected):
    assert " ".join(terms_of(chain("whitespace", *filters).tokens(text))) == expected


def test_trim_works_on_the_whole_text():
    assert terms_of(chain("keyword", "trim").tokens("  a b ")) == ["a b"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (["shingle"], "please@0 please divide@0+2 divide@1 divide it@1+2 it@2"),
        ([{"type": "shingle", "output_unigrams": False, "max_shingle_size": 3}],
         "please divide@0+2 please divide it@0+3 divide it@1+2"),
        ([{"type": "stop", "stopwords": ["divide"]}, "shingle"],
         "please@0 please _@0+2 _ it@1+2 it@2"),
    ],
)  # fmt: skip
def test_shingles(filters, expected):
    assert shown(chain("whitespace", *filters).tokens("please divide it")) == expected


def test_a_lone_word_is_its_own_shingle_when_asked():
    only = {"type": "shingle", "output_unigrams": False, "output_unigrams_if_no_shingles": True}
    assert terms_of(chain("whitespace", only).tokens("word")) == ["word"]


@pytest.mark.parametrize(
    ("settings_", "text", "expected"),
    [
        ({}, "Wi-Fi PowerShot500 ok", "Wi@0 Fi@1 Power@2 Shot@3 500@4 ok@5"),
        ({"catenate_all": True, "preserve_original": True}, "Wi-Fi-4000 ok",
         "Wi-Fi-4000@0+3 WiFi4000@0+3 Wi@0 Fi@1 4000@2 ok@3"),
        ({"catenate_words": True, "generate_word_parts": False}, "wi-fi 12-34", "wifi@0+2 12@2 34@3"),
        ({"catenate_numbers": True}, "12-34", "12@0 1234@0+2 34@1"),
        ({"split_on_case_change": False, "split_on_numerics": False}, "PowerShot500-x", "PowerShot500@0 x@1"),
        ({"protected_words": ["C++"]}, "C++ dog's", "C++@0 dog@1"),
    ],
)  # fmt: skip
def test_word_delimiter_graph(settings_, text, expected):
    assert shown(chain("whitespace", {"type": "word_delimiter_graph", **settings_}).tokens(text)) == expected


def test_word_delimiter_without_graph_spans_one_position():
    tokens = chain("whitespace", {"type": "word_delimiter", "catenate_words": True}).tokens("wi-fi ok")
    assert shown(tokens) == "wi@0 wifi@0 fi@1 ok@2"


def test_cjk_bigram_settings():
    tokens = chain("standard", {"type": "cjk_bigram", "output_unigrams": True}).tokens("北京大")
    assert shown(tokens) == "北@0 北京@0+2 京@1 京大@1+2 大@2"
    only_han = {"type": "cjk_bigram", "ignored_scripts": ["katakana", "hiragana", "hangul"]}
    assert terms_of(chain("standard", only_han).tokens("北京タワー")) == ["北京", "タワー"]


@pytest.mark.parametrize(
    ("tokenizer", "text", "expected"),
    [
        ("letter", "a1b c'd", "a@0 b@1 c@2 d@3"),
        ("lowercase", "AB cD", "ab@0 cd@1"),
        ({"type": "pattern", "pattern": ","}, "a,b,,c", "a@0 b@1 c@2"),
        ({"type": "pattern", "pattern": "<(\\w)>", "group": 1}, "<a> b <c>", "a@0 c@1"),
        ({"type": "simple_pattern", "pattern": "[0-9]{3}"}, "fd-786-335-514-x", "786@0 335@1 514@2"),
        ({"type": "simple_pattern_split", "pattern": "_"}, "an_under", "an@0 under@1"),
        ({"type": "char_group", "tokenize_on_chars": ["whitespace", "-", "\\n"]}, "a-b c\nd", "a@0 b@1 c@2 d@3"),
        ("path_hierarchy", "/a/b", "/a@0 /a/b@0"),
        ({"type": "path_hierarchy", "delimiter": "-", "replacement": "/"}, "a-b", "a@0 a/b@0"),
        ({"type": "path_hierarchy", "reverse": True}, "a/b/c", "a/b/c@0 b/c@0 c@0"),
        ("ngram", "ab", "a@0 ab@1 b@2"),
        ({"type": "ngram", "min_gram": 2, "max_gram": 2, "token_chars": ["letter"]}, "ab1cd", "ab@0 cd@1"),
        ({"type": "edge_ngram", "max_gram": 3, "token_chars": ["digit", "custom"], "custom_token_chars": "-"},
         "1-2 x", "1@0 1-@1 1-2@2"),
        ({"type": "standard", "max_token_length": 3}, "abcde", "abc@0 de@1"),
        ({"type": "whitespace", "max_token_length": 3}, "abcde", "abc@0 de@1"),
    ],
)  # fmt: skip
def test_tokenizers(tokenizer, text, expected):
    assert shown(chain(tokenizer).tokens(text)) == expected


_NEEDED = {
    "elision": {"articles": ["l"]},
    "keep": {"keep_words": ["a"]},
    "pattern_replace": {"pattern": "a"},
    "stemmer_override": {"rules": ["a => b"]},
    "synonym": {"synonyms": ["a, b c", "1 => 2"]},
    "synonym_graph": {"synonyms": ["a, b c", "1 => 2"]},
}


@pytest.mark.parametrize("name", token_filters.names())
@settings(max_examples=max(10, QUICK // 10), deadline=None)
@given(mixed_text)
def test_every_filter_keeps_order_and_offsets(name, text):
    analyzer = chain("standard", {"type": name, **_NEEDED.get(name, {})})
    tokens = analyzer.tokens(text)
    assert [token.position for token in tokens] == sorted(token.position for token in tokens)
    assert all(0 <= token.start < token.end <= len(text) for token in tokens)
    assert all(token.term and token.position_length >= 1 for token in tokens)


@pytest.mark.parametrize("name", [name for name in tokenizers.names() if name not in ("chinese", "jieba")])
@settings(max_examples=max(10, QUICK // 10), deadline=None)
@given(mixed_text)
def test_every_tokenizer_keeps_order_and_offsets(name, text):
    needed = {"char_group": {"tokenize_on_chars": ["-"]}, "simple_pattern": {"pattern": "a+"}}
    needed["simple_pattern_split"] = {"pattern": "a+"}
    tokens = chain({"type": name, **needed.get(name, {})}).tokens(text)
    assert [token.position for token in tokens] == sorted(token.position for token in tokens)
    assert all(0 <= token.start < token.end <= len(text) for token in tokens)


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"type": "nosuch"}, r"unknown filter \[nosuch\]; choose one of apostrophe, asciifolding"),
        ({"type": "ngram", "min_gram": 3, "max_gram": 2}, "max_gram"),
        ({"type": "length", "min": "x"}, "whole number"),
        ({"type": "unique", "only_on_same_position": 1}, "true or false"),
        ({"type": "stop", "stopwords": "_klingon_"}, "_english_"),
        ({"type": "stop", "stopwords_path": "a.txt"}, "inline"),
        ({"type": "stemmer", "language": "klingon"}, "no stemmer"),
        ({"type": "snowball", "language": "klingon"}, "no Snowball stemmer"),
        ({"type": "pinyin", "keep_full": False, "keep_initials": False}, "must be true"),
        ({"type": "keep"}, "list of strings"),
        ({"type": "truncate", "length": 0}, "between"),
        ({"type": "lowercase", "language": "greek"}, "unknown setting"),
    ],
)
def test_wrong_settings_are_refused(settings_, message):
    with pytest.raises(InvalidAnalysis, match=message):
        chain("standard", settings_)
