"""Numbers written any way are one number; names are compared forgivingly; premises are checked."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answers.checking import is_broken
from answers.numbers import han_number, numbers
from answers.premise import missing_premises, names
from answers.refusal import calibration
from indexer import InvalidRequest


def written(n: int) -> str:
    """A number below 10^12 in Chinese numerals, by the school rule."""
    digits = "零一二三四五六七八九"

    def section(m: int) -> str:
        out, gap = "", False
        for unit, sign in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
            d, m = divmod(m, unit)
            if d:
                out += ("零" if gap and out else "") + digits[d] + sign
                gap = False
            else:
                gap = True
        return out

    out = ""
    for unit, sign in ((10**8, "亿"), (10**4, "万"), (1, "")):
        part, n = divmod(n, unit)
        if part:
            out += ("零" if out and part < unit_floor(part) else "") + section(part) + sign
    return out or "零"


def unit_floor(part: int) -> int:
    return 1000 if part < 1000 else 0


@given(st.integers(0, 10**12 - 1))
def test_chinese_numerals_round_trip(n):
    assert han_number(written(n)) == n


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("二十 ２０ 20 twenty", {"20"}),
        ("一九九八年 1,998 人", {"1998"}),
        ("3.140", {"3.14"}),
        ("八十九十年代", set()),
        ("twenty-one of them", {"21"}),
    ],
)
def test_numbers(text, found):
    assert numbers(text) == found


def test_what_is_no_claim_about_a_number():
    assert numbers("哪两个俱乐部是唯一的一个？Which two are the ones?", lenient=False) == set()
    assert numbers("三年里有五十个", lenient=False) == {"3", "50"}


def test_names():
    assert names("Who did the Broncos beat in “Super Bowl 50”?") == ["Super Bowl 50", "Broncos", "Super", "Bowl"]
    assert names("《红楼梦》和NASA有什么关系？") == ["红楼梦", "NASA"]
    assert names("What is it?") == []


@pytest.mark.parametrize(
    ("question", "passage", "missing"),
    [
        ("Who won in 1997?", "He won in 1979.", ["1997"]),
        ("谁在二十年前得奖？", "20年前他得了奖。", []),
        ("Where do Californians live?", "California is large.", []),
        ("《红楼梦》的作者是谁？", "《西游记》的作者是吴承恩。", ["红楼梦"]),
        ("臺灣的《紅樓夢》", "红楼梦在台湾出版。", []),
        ("Where did Tesla study?", "特斯拉在格拉茨学习。", []),
    ],
)
def test_missing_premises(question, passage, missing):
    assert missing_premises(question, [passage]) == missing


@pytest.mark.parametrize(
    ("question", "passage", "missing"),
    [
        ("南京长江大桥是哪一年建成的？", "武汉长江大桥于1957年建成通车。", ["南京长江大桥"]),
        ("南京長江大橋是哪一年建成的？", "南京长江大桥于1968年建成通车。", []),
        ("这个城市里有什么东西？", "有一座塔。", []),
        ("华沙人口中新教徒的比例是多少？", "在华沙，新教徒占百分之二。", []),
        ("毕加索什么时候去了巴黎？", "Picasso moved to Paris in 1904.", []),  # another language writes names its way
    ],
)
def test_chinese_names_must_stand_in_a_chinese_passage(question, passage, missing):
    assert missing_premises(question, [passage]) == missing


@pytest.mark.parametrize("text", ["赵州桥桥桥桥", "New New New York", "the bridge bridge bridge", "建于\ufffd年"])
def test_a_text_that_lost_its_thread(text):
    assert is_broken(text)


@pytest.mark.parametrize(
    "text", ["Henry VIII wrote it.", "1,000,000 people", "www.example.com", "New York, New York", "谢谢"]
)
def test_a_text_that_did_not(text):
    assert not is_broken(text)


def test_a_calibration_of_ones_own(tmp_path):
    path = tmp_path / "refusal.json"
    body = calibration().to_dict() | {"threshold": 0.5}
    path.write_text(json.dumps(body))
    assert calibration(path).threshold == 0.5
    path.with_name("other.json").write_text("{}")
    with pytest.raises(InvalidRequest, match="quarry tune"):
        calibration(path.with_name("other.json"))
