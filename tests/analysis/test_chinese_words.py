"""Chinese words by jieba, pinyin, and the words for word vectors."""

from __future__ import annotations

import pytest
from analysis_helpers import shown, spans_of, terms_of

from analysis import get_analyzer, words
from analysis.pinyin import split_syllables


def chinese(**options):
    return get_analyzer("it", {"analyzer": {"it": {"type": "chinese", **options}}})


def test_words_and_the_words_inside_them():
    tokens = get_analyzer("chinese").tokens("我在清华大学 reading GPT-4")
    assert shown(tokens) == "我@0 在@1 清华大学@2+3 清华@2+2 华大@3+2 大学@4 read@5 gpt@6 gpt4@6+2 4@7"


def test_phrases_go_along_the_long_words():
    tokens = get_analyzer("chinese").phrase_tokens("我在清华大学 reading")
    assert shown(tokens) == "我@0 在@1 清华大学@2+3 read@5"


def test_without_search_mode():
    assert terms_of(chinese(mode="default").tokens("我在清华大学")) == ["我", "在", "清华大学"]


def test_the_hmm_finds_words_that_the_dictionary_lacks():
    text = "他来到了网易杭研大厦"
    assert "杭研" not in terms_of(chinese(mode="default").tokens(text))
    assert "杭研" in terms_of(chinese(mode="default", hmm=True).tokens(text))


def test_traditional_words_are_cut_like_simplified_ones():
    text = "臺灣大學圖書館的著名俱樂部"
    simple = "台湾大学图书馆的著名俱乐部"
    analyzer = get_analyzer("chinese")
    assert terms_of(analyzer.tokens(text)) == terms_of(analyzer.tokens(simple))
    assert ("台湾大学", "臺灣大學") in spans_of(analyzer.tokens(text), text)


def test_offsets_across_an_expansion():
    text = "㈱北京大学"
    assert ("大学", "大学") in spans_of(get_analyzer("chinese").tokens(text), text)


def test_words_for_vectors():
    assert words("Dr. Smith's 著名的臺灣大學 and GPT-4") == [
        "dr", "smith", "著名", "的", "台湾大学", "and", "gpt", "4",
    ]  # fmt: skip
    assert words("") == []


PINYIN = get_analyzer("pinyin")


@pytest.mark.parametrize("query", ["北京", "beijing", "bj", "Beijing", "BJ"])
def test_a_place_is_found_by_its_sound(query):
    assert set(terms_of(PINYIN.tokens(query))) & set(terms_of(PINYIN.tokens("我爱北京天安门")))


def test_pinyin_positions():
    assert shown(PINYIN.tokens("北京")) == "bei@0 beijing@0+2 bj@0+2 jing@1"
    assert shown(PINYIN.tokens("beijing ok")) == "bei@0 beijing@0+2 bj@0+2 jing@1 ok@2"
    assert shown(PINYIN.phrase_tokens("北京 beijing")) == "bei@0 jing@1 bei@2 jing@3"


def test_pronunciation_knows_words():
    assert "chongqing" in terms_of(PINYIN.tokens("重庆"))
    assert "zhongyao" in terms_of(PINYIN.tokens("重要"))
    assert "taiwan" in terms_of(PINYIN.tokens("臺灣"))


def test_pinyin_offsets():
    text = "在 ㈱北京"
    assert ("beijing", "北京") in spans_of(PINYIN.tokens(text), text)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("beijing", ["bei", "jing"]),
        ("xian", ["xian"]),
        ("nihao", ["ni", "hao"]),
        ("computer", []),
        ("", []),
        ("bj", []),
    ],
)
def test_syllables_of_a_latin_word(word, expected):
    assert split_syllables(word) == expected
