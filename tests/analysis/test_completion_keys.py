"""Keys of completions: what is typed first begins what is indexed."""

from __future__ import annotations

import pytest
from analysis_helpers import QUICK
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import get_analyzer
from analysis.completion import completion_keys, prefix_keys


def completes(name, typed, text):
    analyzer = get_analyzer(name)
    return any(
        key.startswith(start) for start in prefix_keys(analyzer, typed) for key in completion_keys(analyzer, text)
    )


@pytest.mark.parametrize(
    ("name", "typed", "text"),
    [
        ("multilingual", "北京大", "北京 大學"),
        ("multilingual", "ＮＩＲ", "Nirvana"),
        ("multilingual", "star w", "Star  Wars"),
        ("multilingual", "running t", "Running the World"),
        ("multilingual", "c++", "C++ 入门"),
        ("standard", "star w", "Star-Wars"),
        ("pinyin", "beij", "北京大学"),
        ("pinyin", "bei jing", "北京大学"),
        ("pinyin", "bjd", "北京大學"),
        ("pinyin", "北京", "北京大学"),
        ("pinyin", "北j", "北京大学"),
        ("pinyin", "chongq", "重慶"),
        ("pinyin", "beijing ipv", "北京IPv6论坛"),
    ],
)
def test_what_completes(name, typed, text):
    assert completes(name, typed, text)


@pytest.mark.parametrize(
    ("name", "typed", "text"),
    [
        ("multilingual", "star ", "starfish"),
        ("multilingual", "beij", "北京"),
        ("pinyin", "背景", "北京"),
        ("standard", "ars", "wars"),
    ],
)
def test_what_does_not(name, typed, text):
    assert not completes(name, typed, text)


@settings(max_examples=QUICK, deadline=None)
@given(st.text("北京大學abc ＡＢ。-1㈱", min_size=1, max_size=12), st.data())
def test_any_beginning_of_a_text_completes_it(text, data):
    cut = data.draw(st.integers(1, len(text)))
    if text[:cut].strip():
        assert completes("multilingual", text[:cut], text)
