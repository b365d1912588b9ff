"""The pinyin analyzer: every spelling of a name finds every other."""

from __future__ import annotations

import pytest
from analysis_helpers import QUICK, mixed_text, shown, spans_of, terms_of
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import get_analyzer
from analysis.pinyin import read_aloud, spellings
from analysis.sounds import homophones, near_homophones

PINYIN = get_analyzer("pinyin")
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国文辉力志永健世广义兴良海山仁波宁贵福生龙元全胜"


def meet(a, b):
    return set(terms_of(PINYIN.tokens(a))) & set(terms_of(PINYIN.tokens(b)))


@pytest.mark.parametrize("one", ["北京", "beijing", "bei jing", "bj", "Bei Jing", "BJ", "běijīng"])
@pytest.mark.parametrize("other", ["北京", "beijing", "bei jing", "bj"])
def test_every_spelling_finds_every_other(one, other):
    assert meet(one, other)


@pytest.mark.parametrize(
    ("name", "spelling"),
    [
        ("重庆", "chongqing"),
        ("重慶", "chongqing"),
        ("长沙", "changsha"),
        ("長沙", "changsha"),
        ("校长", "xiaozhang"),
        ("银行", "yinhang"),
        ("音乐", "yinyue"),
        ("快乐", "kuaile"),
        ("台灣大學", "taiwandaxue"),
        ("吕布", "lvbu"),
        ("吕布", "lübu"),
        ("沈阳", "shenyang"),
        ("瀋陽", "shenyang"),
        ("乾隆", "qianlong"),
        ("西安", "xian"),
        ("西安", "xi'an"),
        ("卡拉OK", "kalaok"),
        ("北京IPv6论坛", "beijingipv6luntan"),
        ("中华人民共和国", "zhonghuarenmingongheguo"),
        ("中华人民共和国", "zhrmghg"),
    ],
)
def test_heteronyms_scripts_and_mixed_names(name, spelling):
    assert meet(name, spelling)


names = st.builds(lambda a, b: a + b, st.sampled_from(SURNAMES), st.text(GIVEN, min_size=1, max_size=3))


@settings(max_examples=QUICK, deadline=None)
@given(names, st.sampled_from(["", "我认识", "和"]), st.sampled_from(["", "先生", "说"]))
def test_random_names_are_found_by_full_spelling_and_initials(name, before, after):
    reading = read_aloud(name)
    text = f"{before} {name} {after}"
    initials = "".join(syllable[0] for syllable in reading)
    for query in ("".join(reading), " ".join(reading), " ".join(reading).title(), initials):
        found = [token for token in PINYIN.tokens(text) if token.term in terms_of(PINYIN.tokens(query))]
        assert any(text[token.start : token.end] in name for token in found), query
    joined = [token for token in PINYIN.tokens(text) if token.term == "".join(reading)]
    assert any(text[token.start : token.end] == name for token in joined)
    assert spellings(name) == ("".join(reading), initials)


@settings(max_examples=QUICK, deadline=None)
@given(mixed_text)
def test_tokens_are_in_order_and_slice_the_text(text):
    tokens = PINYIN.tokens(text)
    assert [t.position for t in tokens] == sorted(t.position for t in tokens)
    assert all(0 <= t.start < t.end <= len(text) for t in tokens)
    phrase = PINYIN.phrase_tokens(text)
    assert [t.position for t in phrase] == list(range(len(phrase)))
    assert {(t.term, t.position) for t in phrase} <= {(t.term, t.position) for t in tokens}


def test_offsets_of_joined_forms():
    text = "去 重慶，㈱北京"
    assert ("chongqing", "重慶") in spans_of(PINYIN.tokens(text), text)
    assert ("beijing", "北京") in spans_of(PINYIN.tokens(text), text)
    assert shown(PINYIN.tokens("重慶，北")) == "chong@0 chongqing@0+2 cq@0+2 qing@1 bei@2"


def test_homophones():
    assert "学" in homophones("雪")
    assert "雪" not in homophones("雪")
    assert "是" in near_homophones("四")
    assert homophones("a") == near_homophones("a") == ""
