"""The cases of text that must be right, from document to hit, with the default analyzer and with named ones."""

from __future__ import annotations

import pytest

from indexer import Operation
from retrieval import search

CASES = [
    # text, questions that find it, phrases that stand in it, questions that do not find it
    ("OpenAI released GPT4 today", ["gpt-4", "GPT4", "gpt 4"], ["gpt-4"], ["gpt5"]),
    ("the gpt-4 model", ["GPT4", "gpt-4", "GPT 4"], ["gpt 4"], ["gpt3"]),
    ("用 C++ 与 C# 写程序，还有 .NET", ["C++", "c#", ".NET", "net", "程序"], ["c++ 与 c#"], ["c--x"]),
    ("圆周率是 3.14 左右", ["3.14", "圆周率"], ["是 3.14 左右"], ["3.15"]),
    ("The U.S. economy grew", ["U.S.", "US", "us economy"], ["u.s. economy"], ["u k"]),
    ("IPv6 与 iPhone15 都支持", ["IPv6", "ipv6", "iPhone15", "iphone 15", "iphone"], ["iphone 15"], ["ipv4"]),
    ("联系 zhang.san@example.com.cn 即可", ["zhang.san@example.com.cn", "example.com.cn", "zhang"], [], ["lisi"]),
    ("ＡＰＰＬＥ公司发布ＷＩＦＩ７", ["apple", "wifi7", "苹果公司 apple"], ["apple公司"], []),
    ("㈱日立 ½ 份", ["株 日立", "1/2", "日立"], [], []),
    ("好吃👍真的", ["👍", "好吃"], ["好吃👍"], ["👎"]),
    ("𠮷野家在东京", ["𠮷野家", "吉野家 东京"], ["𠮷野家"], []),
    ("北 京 大 学 招生", ["北京大学"], ["北京大学招生"], []),
    ("乒乓球拍卖完了", ["球拍", "乒乓球", "拍卖"], ["乒乓球拍", "卖完"], []),
    ("臺灣大學圖書館", ["台湾大学", "图书馆", "臺灣"], ["台湾大学图书馆"], []),
    ("台湾大学图书馆", ["臺灣大學", "圖書館"], ["臺灣大學圖書館"], []),
    ("IT行业的维生素A", ["IT 行业", "维生素A", "行业"], ["it行业"], []),
    ("Running dogs' owners", ["run", "dog", "owner's"], ["running dog"], []),
]  # fmt: skip


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    from indexer import Node
    from settings import Settings

    made = Node(Settings(data=tmp_path_factory.mktemp("cases")))
    index = made.create("cases", {"mappings": {"properties": {"text": {"type": "text"}}}})
    index.write([Operation("index", str(at), {"text": text}) for at, (text, *_) in enumerate(CASES)])
    index.write([Operation("index", f"other{at}", {"text": f"无关的一句话 number {at} of many"}) for at in range(5)])
    index.refresh()
    yield made
    made.close()


def found(node, query, **body):
    response = search(node, ["cases"], {"query": query, "size": 50, **body}, {})
    return {hit["_id"]: hit for hit in response["hits"]["hits"]}


@pytest.mark.parametrize(("at", "case"), list(enumerate(CASES)), ids=[case[0] for case in CASES])
def test_case(node, at, case):
    text, questions, phrases, others = case
    for question in questions:
        assert str(at) in found(node, {"match": {"text": question}}), question
    for phrase in phrases:
        hits = found(node, {"match_phrase": {"text": phrase}}, highlight={"fields": {"text": {}}})
        assert str(at) in hits, phrase
        shown = " ".join(hits[str(at)]["highlight"]["text"])
        assert shown.replace("<em>", "").replace("</em>", "") in text
        assert "<em>" in shown
    for other in others:
        assert str(at) not in found(node, {"match_phrase": {"text": other}}), other
