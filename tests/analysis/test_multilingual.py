"""The default analyzer on the cases that mixed Chinese and English text brings."""

from __future__ import annotations

from itertools import pairwise

import pytest
from analysis_helpers import QUICK, mixed_text, shown, spans_of, terms_of
from hypothesis import given, settings

from analysis import get_analyzer

ANALYZER = get_analyzer("multilingual")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # compounds: the parts, and the joined form at the first one
        ("gpt-4", "gpt@0 gpt4@0+2 4@1"),
        ("GPT4", "gpt@0 gpt4@0+2 4@1"),
        ("iPhone15", "iphon@0 iphone15@0+2 15@1"),
        ("IPv6", "ipv@0 ipv6@0+2 6@1"),
        ("gpt-3.5-turbo", "gpt@0 gpt3.5turbo@0+3 3.5@1 turbo@2"),
        ("state-of-the-art", "state@0 stateoftheart@0+4 art@3"),
        ("snake_case", "snake@0 snakecas@0+2 case@1"),
        ("AT&T", "at&t@0+2 t@1"),
        ("john.smith@example.com", "john@0 john.smith@example.com@0+4 smith@1 exampl@2 com@3"),
        # signs that belong to a name
        ("C++ C# F#?", "c++@0 c#@1 f#@2"),
        ("C++11", "c++@0 11@1"),
        ("objective-c++", "object@0 objectivec++@0+2 c++@1"),
        ("Notepad++", "notepad@0 notepad++@0"),
        (".NET asp.net", "net@0 .net@0 asp@1 aspnet@1+2 net@2"),
        ("a+b end.", "b@1 end@2"),
        # numbers
        ("3.14 192.168.0.1", "3.14@0 192.168.0.1@1"),
        ("1,000,000 1000000", "1000000@0 1000000@1"),
        ("1,2,3 12,34 1,0000", "1@0 2@1 3@2 12@3 34@4 1@5 0000@6"),
        ("2024-01-15", "2024@0 20240115@0+3 01@1 15@2"),
        # acronyms are one term, whichever way they are written
        ("U.S. US U.S.A.", "us@0 us@1 usa@2"),
        ("e.g. p.m.", "eg@0 pm@1"),
        # stop words leave gaps, possessives go, words are stemmed
        ("the cat's whiskers", "cat@1 whisker@2"),
        ("don’t O’Neil’s", "don't@0 o'neil@1"),
        # width, ligatures, compatibility characters
        ("ＡＢＣ１２３", "abc@0 abc123@0+2 123@1"),
        ("ﬁne", "fine@0"),
        ("½ cup, 6½", "1@0 2@1 cup@2 6@3 1@4 2@5"),
        ("①②", "1@0 2@1"),
        ("Windows™ 10", "window@0 10@1"),
        ("co\u00adoperate", "cooper@0"),
        # emoji are tokens; tones and selectors do not matter
        ("👍🏽 👍", "👍@0 👍@1"),
        ("I ❤️ NY", "i@0 ❤@1 ny@2"),
        ("🇨🇳🇺🇸", "🇨🇳@0 🇺🇸@1"),
        # Han: characters and pairs; a pair never crosses a space, positions do
        ("北京大", "北@0 北京@0+2 京@1 京大@1+2 大@2"),
        ("北 京", "北@0 京@1"),
        ("𠮷野家", "𠮷@0 𠮷野@0+2 野@1 野家@1+2 家@2"),
        ("24次", "24@0 次@1"),
        ("タワー", "タ@0 タワ@0+2 ワ@1 ワー@1+2 ー@2"),
        ("ﾀﾜｰ", "タ@0 タワ@0+2 ワ@1 ワー@1+2 ー@2"),
        ("한국어", "한@0 한국@0+2 국@1 국어@1+2 어@2"),
        # beside Han text, an English stop word is a name
        ("IT行业", "it@0 行@1 行业@1+2 业@2"),
        ("维生素 A", "维@0 维生@0+2 生@1 生素@1+2 素@2 a@3"),
        ("他说: a cat", "他@0 他说@0+2 说@1 cat@3"),
    ],
)
def test_terms_and_positions(text, expected):
    assert shown(ANALYZER.tokens(text)) == expected


def test_a_segmenters_choice_does_not_hide_a_word():
    terms = terms_of(ANALYZER.tokens("乒乓球拍卖完了"))
    assert {"球拍", "拍卖", "乒乓", "卖完"} <= set(terms)


def test_traditional_and_simplified_meet():
    assert terms_of(ANALYZER.tokens("臺灣大學圖書館")) == terms_of(ANALYZER.tokens("台湾大学图书馆"))
    assert terms_of(ANALYZER.tokens("瞭解憑藉著名")) == terms_of(ANALYZER.tokens("了解凭借着名"))


@pytest.mark.parametrize(
    ("query", "text"),
    [("iPhone 15", "iPhone15"), ("iPhone15", "iPhone 15"), ("gpt4", "GPT-4"), ("gpt 4", "GPT-4"), ("GPT-4", "gpt4"),
     ("北京大学", "北 京 大 学"), ("email", "e-mail"), ("US", "U.S."), ("1000", "1,000"), ("ｉＰｈｏｎｅ", "iphone")],
)  # fmt: skip
def test_spellings_meet(query, text):
    assert set(terms_of(ANALYZER.tokens(query))) & set(terms_of(ANALYZER.tokens(text)))


@pytest.mark.parametrize("spelling", ["gpt-4", "GPT4", "gpt 4", "ＧＰＴ－４"])
def test_the_phrase_stream_is_the_same_for_all_spellings(spelling):
    assert shown(ANALYZER.phrase_tokens(spelling)) == "gpt@0 4@1"


def test_offsets_point_into_the_original_text():
    text = "㈱日立 ½ 北京 ＣＰＵ２ İstanbul’s e\u0301t"
    assert spans_of(ANALYZER.tokens(text), text) == [
        ("株", "㈱"), ("日", "日"), ("日立", "日立"), ("立", "立"), ("1", "½"), ("2", "½"),
        ("北", "北"), ("北京", "北京"), ("京", "京"), ("cpu", "ＣＰＵ"), ("cpu2", "ＣＰＵ２"), ("2", "２"),
        ("istanbul", "İstanbul’s"), ("ét", "e\u0301t"),
    ]  # fmt: skip


def test_types():
    types = {token.term: token.type for token in ANALYZER.tokens("gpt-4 北京 👍 U.S. a@b.com c")}
    assert types["gpt"] == "<ALPHANUM>"
    assert types["4"] == "<NUM>"
    assert types["gpt4"] == "<COMPOUND>"
    assert types["北"] == "<IDEOGRAPHIC>"
    assert types["北京"] == "<DOUBLE>"
    assert types["👍"] == "<EMOJI>"
    assert types["us"] == "<ACRONYM>"
    assert types["a@b.com"] == "<EMAIL>"


def test_normalize_folds_characters_only():
    assert ANALYZER.normalize("Runn*ＩＮＧ臺") == "runn*ing台"


def test_a_giant_token_is_cut():
    (token,) = ANALYZER.tokens("x" * 1000)
    assert len(token.term) == 255
    assert (token.start, token.end) == (0, 1000)


def test_settings_change_stop_words_and_stemmer():
    custom = {"analyzer": {"plain": {"type": "multilingual", "stopwords": "_none_", "stemmer": "_none_"}}}
    assert terms_of(get_analyzer("plain", custom).tokens("The cats 跑")) == ["the", "cats", "跑"]


@settings(max_examples=QUICK, deadline=None)
@given(mixed_text)
def test_positions_ascend_and_offsets_are_sane(text):
    tokens = ANALYZER.tokens(text)
    assert all(0 <= token.start < token.end <= len(text) for token in tokens)
    assert all(a.position <= b.position for a, b in pairwise(tokens))
    assert all(token.term for token in tokens)


@settings(max_examples=QUICK, deadline=None)
@given(mixed_text)
def test_the_phrase_stream_is_a_part_of_the_tokens(text):
    tokens = {(token.term, token.position, token.start, token.end) for token in ANALYZER.tokens(text)}
    phrase = ANALYZER.phrase_tokens(text)
    assert {(token.term, token.position, token.start, token.end) for token in phrase} <= tokens
    assert len({token.position for token in phrase}) == len(phrase)


@settings(max_examples=QUICK, deadline=None)
@given(mixed_text, mixed_text, mixed_text)
def test_any_run_of_han_characters_is_found_as_a_phrase(before, inside, after):
    """The unigrams of a substring follow each other in the text, whatever stands around it."""
    han = "".join(char for char in inside if "\u4e00" <= char <= "\u9fff") or "臺北"
    terms = terms_of(ANALYZER.phrase_tokens(before + han + after))
    wanted = terms_of(ANALYZER.phrase_tokens(han))
    assert any(terms[at : at + len(wanted)] == wanted for at in range(len(terms)))
