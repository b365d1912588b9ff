"""Words by UAX #29, and the analyzers made from them, as Lucene's."""

from __future__ import annotations

import pytest
from analysis_helpers import QUICK, mixed_text, shown, terms_of
from hypothesis import given, settings

from analysis import get_analyzer
from analysis.tokenizers.standard import StandardTokenizer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("can't U.S. 3.14 1,000 a:b don’t", ["can't", "U.S", "3.14", "1,000", "a:b", "don’t"]),
        ("snake_case __x__ ___", ["snake_case", "__x__"]),
        ("wi-fi C++ john@example.com", ["wi", "fi", "C", "john", "example.com"]),
        ("北京abc", ["北", "京", "abc"]),
        ("ひらカタカナ漢", ["ひ", "ら", "カタカナ", "漢"]),
        ("한국어 말", ["한국어", "말"]),
        ("e\u0301te\u0301 a\u00adb", ["e\u0301te\u0301", "a\u00adb"]),
        ("שלום ב'", ["שלום", "ב'"]),
        ('צה"ל', ['צה"ל']),
        ("👨\u200d👩\u200d👧 👍🏽 🇨🇳🇺", ["👨\u200d👩\u200d👧", "👍🏽", "🇨🇳"]),
        ("١٢٣ ภาษาไทย", ["١٢٣", "ภาษาไทย"]),
        ("a.b.c. 1.a 1.5a", ["a.b.c", "1", "a", "1.5a"]),
    ],
)
def test_words(text, expected):
    assert terms_of(StandardTokenizer()(text)) == expected


def test_types():
    text = "word 12 北 ひ カタ 한 👍 ไทย 1a"
    types = ["<ALPHANUM>", "<NUM>", "<IDEOGRAPHIC>", "<HIRAGANA>", "<KATAKANA>", "<HANGUL>", "<EMOJI>"]
    types += ["<SOUTHEAST_ASIAN>", "<ALPHANUM>"]
    assert [token.type for token in StandardTokenizer()(text)] == types


def test_long_words_are_cut():
    assert terms_of(StandardTokenizer(4)("abcdefghij kl")) == ["abcd", "efgh", "ij", "kl"]


@settings(max_examples=QUICK, deadline=None)
@given(mixed_text)
def test_tokens_are_slices_in_order(text):
    end = 0
    for number, token in enumerate(StandardTokenizer()(text)):
        assert token.term == text[token.start : token.end]
        assert token.start >= end
        assert token.position == number
        end = token.end


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("standard", "the@0 2@1 quick@2 brown@3 foxes@4 o'neil's@5 北@6 京@7"),
        ("english", "2@1 quick@2 brown@3 fox@4 o'neil@5 北@6 京@7"),
        ("cjk", "2@1 quick@2 brown@3 foxes@4 o'neil's@5 北京@6"),
        ("whitespace", "The@0 2@1 QUICK@2 Brown-Foxes@3 O'Neil's@4 北京。@5"),
        ("simple", "the@0 quick@1 brown@2 foxes@3 o@4 neil@5 s@6 北京@7"),
        ("stop", "quick@1 brown@2 foxes@3 o@4 neil@5 s@6 北京@7"),
        ("pattern", "the@0 2@1 quick@2 brown@3 foxes@4 o@5 neil@6 s@7 北京@8"),
        ("keyword", "The 2 QUICK Brown-Foxes O'Neil's 北京。@0"),
        ("lowercase", "the 2 quick brown-foxes o'neil's 北京。@0"),
    ],
)
def test_named_analyzers(name, expected):
    assert shown(get_analyzer(name).tokens("The 2 QUICK Brown-Foxes O'Neil's 北京。")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [  # cases of Lucene's TestCJKAnalyzer
        ("一二三四五六七八九十", "一二@0 二三@1 三四@2 四五@3 五六@4 六七@5 七八@6 八九@7 九十@8"),
        ("一", "一@0"),
        ("一 二三 四", "一@0 二三@1 四@2"),
        ("test 一二", "test@0 一二@1"),
        ("ｔｅｓｔ", "test@0"),
        ("あいうえおabcかきくけこ", "あい@0 いう@1 うえ@2 えお@3 abc@4 かき@5 きく@6 くけ@7 けこ@8"),
        ("ﾃｽﾄ", "テス@0 スト@1"),
        ("𠮷野家", "𠮷野@0 野家@1"),
        ("한국어", "한국@0 국어@1"),
        ("一二、三", "一二@0 三@1"),
    ],
)
def test_cjk_bigrams(text, expected):
    assert shown(get_analyzer("cjk").tokens(text)) == expected


def test_cjk_offsets():
    text = "ab 北京大"
    assert [(t.term, t.start, t.end) for t in get_analyzer("cjk").tokens(text)] == [
        ("ab", 0, 2), ("北京", 3, 5), ("京大", 4, 6),
    ]  # fmt: skip


def test_grams():
    assert terms_of(get_analyzer("ngram").tokens("Ｃat!")) == ["c", "ca", "cat", "a", "at", "t"]
    assert shown(get_analyzer("edge_ngram").tokens("Cat 北京")) == "c@0 ca@0 cat@0 北@1 北京@1"
