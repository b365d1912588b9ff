"""Sentence boundaries."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from analysis_helpers import QUICK, mixed_text
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import sentences
from analysis.sentences import LONGEST


def cut(text):
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    "expected",
    [
        # Chinese: marks, closers, no spaces needed
        ["今天天气很好。", "我们去公园！", "真的吗？！", "是的……", "好"],
        ["他说：“你好。”", "然后走了。"],
        ["第一；", "第二。"],
        ["（见下文。）", "然后继续。"],
        ["「你好！」", "她说。"],
        ["苹果公司（Apple Inc.）发布了iPhone 3.5。", "很贵。"],
        ["“今天很好！”，他说。", "完了。"],
        ["当然会上涨......", "当然！......", "好"],
        ["π约为3.14。", "e约为2.718。"],
        ["这是English sentence.", "然后是中文。"],
    ],
)
def test_chinese(expected):
    assert cut("".join(expected)) == expected


@pytest.mark.parametrize(
    "expected",
    [
        ["Hello world.", "This is it!", "Is it?", "Yes."],
        ["Dr. Smith met Mr. J. R. R. Tolkien vs. Prof. X.", "They left."],
        ["It cost $3.14 in the U.S. market.", "It rose."],
        ["He lives in the U.S.", "The end."],
        ["Use e.g. this, i.e. that, etc. and more.", "Then stop."],
        ["See Fig. 3, Eq. (2) and p. 5 of Vol. 2.", "Fine."],
        ["No. 7 won.", "He said no.", "Then left."],
        ['He said "Go."', "Then left."],
        ["(It ended.)", "[Really.]", "So what?"],
        ["“Stop!” he said.", "“Why?” she asked."],
        ["At 5 p.m. Monday he left.", "At 6 p.m.", "He returned."],
        ["In 1990.", "The end."],
        ["iPhone sales rose.", "eBay fell.", "then it recovered."],
        ["Visit www.example.com or mail a.b@c.com.", "Version 1.2.3 works."],
        ["Wait...", "What?", "He was... not sure."],
        ["Ph.D. students and B.A. holders came.", "All of them."],
        ["Apple Inc. sued Google Inc.", "The case ended."],
        ["You are taller than I.", "You are strong."],
        ["Yahoo! is a company.", "Right."],
    ],
)
def test_english(expected):
    assert cut(" ".join(expected)) == expected


def test_lower_case_collections():
    text = "an experimental study . the results of fig . 3 show 0 . 5 and 2. 5 as a limit . a 12-in. tunnel was used ."
    assert cut(text) == [
        "an experimental study .",
        "the results of fig . 3 show 0 . 5 and 2. 5 as a limit .",
        "a 12-in. tunnel was used .",
    ]


def test_lines():
    text = "A title\nThe text of it. It\n"
    text += "wraps over lines that are long enough to be wrapped by hand, here and\nthere.\n\nEnd"
    assert cut(text) == [
        "A title",
        "The text of it.",
        "It\nwraps over lines that are long enough to be wrapped by hand, here and\nthere.",
        "End",
    ]
    assert cut("标题\n第一行\n第二行。") == ["标题", "第一行", "第二行。"]


def test_lists():
    items = [
        "1. First item",
        "2. Second item. With more.",
        "- a dash",
        "• a dot",
        "a) letters",
        "一、中文",
        "（二）括号",
    ]
    assert cut("\n".join(items)) == [
        "1. First item", "2. Second item.", "With more.", "- a dash", "• a dot", "a) letters", "一、中文", "（二）括号",
    ]  # fmt: skip


def test_long_sentences_are_cut_at_clauses():
    chinese = "这是一个很长的句子，" * 60 + "完。"
    assert all(piece.endswith(("，", "。")) for piece in cut(chinese))
    english = "this is a clause, " * 40 + "end."
    assert all(piece.endswith((",", ".")) for piece in cut(english))
    assert max(map(len, [*cut(chinese), *cut(english), *cut("x" * 1000)])) <= LONGEST


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\u3000"])
def test_blank(text):
    assert sentences(text) == []


@settings(max_examples=2 * QUICK, deadline=None)
@given(st.one_of(mixed_text, st.text(alphabet="aB1 .!?。！…”\"')\n,，-", max_size=60)))
def test_spans_cover_all_that_is_not_blank(text):
    spans = sentences(text)
    assert all(start < end for start, end in spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    covered = {at for start, end in spans for at in range(start, end)}
    assert all(char.isspace() or at in covered for at, char in enumerate(text))
    assert all(not text[start].isspace() and not text[end - 1].isspace() for start, end in spans)


@pytest.mark.parametrize("name", ["xquad-en", "xquad-zh", "cmrc2018"])
def test_answers_rarely_cross_sentences(name, collection):
    """A gold answer lies inside one sentence, nearly always: a cut within one loses it."""
    folder = collection(name)
    texts = {}
    for line in (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines():
        document = json.loads(line)
        texts[document["_id"]] = document["text"]
    inside = total = 0
    for line in (folder / "answers.jsonl").read_text(encoding="utf-8").splitlines()[:600]:
        question = json.loads(line)
        text = next(texts[i] for i in question["context_ids"] if i in texts)
        pieces = cut(text)
        held = [answer for answer in question["answers"] if answer in text]
        if held:
            total += 1
            inside += any(answer in piece for answer in held for piece in pieces)
    assert total > 100
    assert inside / total > 0.985
