"""Analyzers by name and from Elasticsearch's settings."""

from __future__ import annotations

import subprocess
import sys

import pytest
from analysis_helpers import QUICK, mixed_text, terms_of
from hypothesis import given, settings

from analysis import (
    Analyzer,
    InvalidAnalysis,
    UnknownAnalyzer,
    analyzer_names,
    check_settings,
    get_analyzer,
    get_normalizer,
)

SETTINGS = {
    "analysis": {
        "char_filter": {"amp": {"type": "mapping", "mappings": ["& => and"]}},
        "tokenizer": {"commas": {"type": "pattern", "pattern": ","}},
        "filter": {"short": {"type": "truncate", "length": 4}},
        "analyzer": {
            "mine": {"type": "custom", "char_filter": "amp", "tokenizer": "commas", "filter": ["lowercase", "short"]},
            "plain": {"type": "standard", "stopwords": ["the"], "max_token_length": 4},
            "own_words": {"type": "chinese", "user_dictionary": ["石墨烯电池 1000"], "mode": "default"},
        },
        "normalizer": {"folded": {"type": "custom", "filter": ["lowercase", "asciifolding"]}},
    }
}


def test_a_custom_chain():
    assert terms_of(get_analyzer("mine", SETTINGS).tokens("R&D,Longword")) == ["rand", "long"]


def test_settings_of_a_named_type():
    assert terms_of(get_analyzer("plain", SETTINGS).tokens("The abcdef")) == ["abcd", "ef"]
    assert terms_of(get_analyzer("own_words", SETTINGS).tokens("石墨烯电池好")) == ["石墨烯电池", "好"]


def test_a_normalizer_does_not_cut():
    assert terms_of(get_normalizer("folded", SETTINGS).tokens("Café Noir")) == ["cafe noir"]


def test_inner_settings_are_taken_too():
    assert get_analyzer("mine", SETTINGS["analysis"]).name == "mine"


def test_named_analyzers_are_shared():
    assert get_analyzer("standard") is get_analyzer("standard")
    assert get_analyzer("default") is get_analyzer("multilingual")


def test_a_default_of_ones_own():
    own = {"analyzer": {"default": {"type": "whitespace"}}}
    assert terms_of(get_analyzer("default", own).tokens("A-b C")) == ["A-b", "C"]


def test_an_unknown_name_lists_the_known():
    with pytest.raises(UnknownAnalyzer, match=r"unknown analyzer \[klingon\]; choose one of multilingual, .*mine"):
        get_analyzer("klingon", SETTINGS)
    assert issubclass(UnknownAnalyzer, ValueError)


@pytest.mark.parametrize(
    ("custom", "message"),
    [
        ({"analyzers": {}}, r"hold analyzer, .*not \[analyzers\]"),
        ({"analyzer": {"it": {"filter": ["lowercase"]}}}, r"needs a \[tokenizer\]"),
        ({"analyzer": {"it": {"type": "klingon"}}}, "unknown type"),
        ({"analyzer": {"it": {"tokenizer": "klingon"}}}, r"unknown tokenizer \[klingon\]; choose one of"),
        ({"analyzer": {"it": {"tokenizer": "standard", "filters": []}}}, r"unknown setting \[filters\]"),
        ({"analyzer": {"it": {"tokenizer": 7}}}, "must be a name or an object"),
        ({"analyzer": {"it": {"tokenizer": "t"}}, "tokenizer": {"t": {"min_gram": 1}}}, r"needs a \[type\]"),
        ({"analyzer": {"it": "standard"}}, "named objects"),
        ({"analyzer": {"it": {"type": "multilingual", "stemmer": "klingon"}}}, "stemmer"),
        ({"analyzer": {"it": {"type": "chinese", "user_dictionary": ["a b c"]}}}, "user_dictionary"),
    ],
)
def test_wrong_settings_say_what_to_change(custom, message):
    with pytest.raises(InvalidAnalysis, match=message):
        get_analyzer("it", custom)


@pytest.mark.parametrize(
    ("name", "term", "expected"),
    [
        ("multilingual", "ＲＵＮＮＩＮＧ臺", "running台"),
        ("english", "Running", "running"),
        ("keyword", "As Is", "As Is"),
        ("cjk", "ＡＢ", "ab"),
        ("folded", "Café", "cafe"),
        ("mine", "A&B", "aandb"),
    ],
)
def test_normalize_folds_without_stemming_or_cutting(name, term, expected):
    get = get_normalizer if name == "folded" else get_analyzer
    assert get(name, SETTINGS).normalize(term) == expected


@pytest.mark.parametrize("name", [*analyzer_names(), "mine"])
@settings(max_examples=max(10, QUICK // 5), deadline=None)
@given(mixed_text)
def test_every_analyzer_keeps_its_contract(name, text):
    analyzer = get_analyzer(name, SETTINGS)
    assert isinstance(analyzer, Analyzer)
    tokens = analyzer.tokens(text)
    assert analyzer.tokens(text) == tokens
    for token in [*tokens, *analyzer.phrase_tokens(text)]:
        assert 0 <= token.start < token.end <= len(text)
        token.term.encode()  # no lone surrogates
    assert [token.position for token in tokens] == sorted(token.position for token in tokens)
    analyzer.normalize(text)


def test_importing_is_light():
    """Heavy libraries load when they are needed, not with the package."""
    code = "import sys, analysis; print([m for m in ('numba', 'jieba', 'pypinyin', 'opencc') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
    code += "; analysis.get_analyzer('multilingual').tokens('running 北京'); print('numba' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["[]", "False"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"analyser": {}}, r"not \[analyser\]"),
        ({"filter": {"x": {"type": "nope"}}}, r"filter \[x\]: unknown filter \[nope\]"),
        ({"tokenizer": {"x": {"pattern": ","}}}, r"tokenizer \[x\]: needs a \[type\]"),
        ({"char_filter": {"x": {"type": 5}}}, r"char_filter \[x\]: needs a \[type\]"),
    ],
)
def test_parts_are_checked_that_nothing_uses(settings, message):
    with pytest.raises(InvalidAnalysis, match=message):
        check_settings(settings)
    check_settings(SETTINGS)
    check_settings(None)
