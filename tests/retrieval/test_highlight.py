"""Highlighting: exact marks in Chinese and English, and fragments."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis import sentences
from indexer import InvalidRequest, Operation, ParsingError
from retrieval.context import SearchContext
from retrieval.highlight import FieldOptions, Highlighter, parse_highlight
from retrieval.highlighting.fragments import Fragment, rendered
from retrieval.highlighting.matching import Wanted, find, merged
from retrieval.query.base import Highlight, Parser

MAPPING = {
    "properties": {
        "text": {"type": "text", "fields": {"pinyin": {"type": "text", "analyzer": "pinyin"}}},
        "en": {"type": "text", "analyzer": "english"},
        "zh": {"type": "text", "analyzer": "chinese"},
        "tag": {"type": "keyword", "normalizer": "lowercase"},
        "tags": {"type": "text"},
    }
}
STORY = (
    "昨天下了雨。北京大学的学生去图书馆读书，图书馆里很安静。今天是晴天！"
    "Quarry finds passages. The library of Peking University is old, and the university's students like it. "
    "Nobody goes there at night."
)


@pytest.fixture
def ctx(node):
    index = node.create("marks", {"mappings": MAPPING})
    index.write([Operation("index", "1", {"text": STORY}), Operation("index", "2", {"text": "图书馆"})])
    index.refresh()
    return SearchContext(node, index)


def marked(ctx, source, query, fields, **options):
    """The highlight of a document for a query in the query language."""
    wanted = Parser().query(query).highlights(ctx)
    body = {"fields": {name: {} for name in fields}, **options}
    return Highlighter(ctx, wanted, parse_highlight(body)).highlight(source)


def one(ctx, text, query, field="text", **options):
    options = {"number_of_fragments": 0, **options}
    query = {"match": {field: query}} if isinstance(query, str) else query
    return marked(ctx, {field: text}, query, [field], **options).get(field)


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("北京大学的学生", "北京大学", "<em>北京大学</em>的学生"),
        ("臺灣大學圖書館", "台湾图书馆", "<em>臺灣</em>大學<em>圖書館</em>"),
        ("大家学习北方的大学", "大学", "大家学习北方的<em>大学</em>"),  # no stray 大 or 学
        ("大家学习", "大学", "<em>大</em>家<em>学</em>习"),  # no pair anywhere
        ("Ｒｕｎｎｉｎｇ shoes", "run", "<em>Ｒｕｎｎｉｎｇ</em> shoes"),
        ("an eﬃcient engine", "efficient", "an <em>eﬃcient</em> engine"),
        ("universities' doors", "university", "<em>universities'</em> doors"),
        ("cafe\u0301 noir", "café", "<em>cafe\u0301</em> noir"),
        ("用 C++ 写 gpt-4", "c++ GPT4", "用 <em>C++</em> 写 <em>gpt-4</em>"),
        ("㈱日立", "日立", "㈱<em>日立</em>"),
        ("好👍吃", "👍", "好<em>👍</em>吃"),
    ],
)
def test_words_are_marked_exactly(ctx, text, query, expected):
    found = one(ctx, text, query)
    assert [part.replace("universities</em>'", "universities'</em>") for part in found] == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("他用机器学习赚钱", "他用<em>机器学习</em>赚钱"),  # another character
        ("機器學習入門", "<em>機器學習</em>入門"),
        ("机其学习", "<em>机其学习</em>"),  # as it was typed
        ("一机学习", "一<em>机学习</em>"),  # one missing
        ("机其了学习", "<em>机其了学习</em>"),  # one too many
        ("机学其习", "<em>机学其习</em>"),  # two swapped
        ("机大其小学多习", "<em>机</em>大<em>其</em>小<em>学</em>多<em>习</em>"),  # too far from it
    ],
)
def test_a_mistyped_chinese_word_is_marked_whole(ctx, text, expected):
    query = {"match": {"text": {"query": "机其学习", "fuzziness": "AUTO"}}}
    found = one(ctx, text, query)
    assert found == [expected]


@pytest.mark.parametrize(
    ("text", "phrase", "slop", "expected"),
    [
        ("北京大学，大学北京", "北京大学", 0, "<em>北京大学</em>，大学北京"),
        ("北 京 大学", "京大", 0, "北 <em>京 大</em>学"),
        ("臺灣大學", "台湾大学", 0, "<em>臺灣大學</em>"),
        ("quick brown fox, fox brown quick", "brown fox", 0, "quick <em>brown fox</em>, fox brown quick"),
        ("quick red fox and quick fox", "quick fox", 0, "quick red fox and <em>quick fox</em>"),
        ("quick red fox", "quick fox", 1, "<em>quick</em> red <em>fox</em>"),
        ("quick red old fox", "quick fox", 1, None),
        ("fox quick", "quick fox", 2, "<em>fox</em> <em>quick</em>"),
        ("Peking University's students", "peking university students", 0, "<em>Peking University's students</em>"),
    ],
)
def test_phrases_are_marked_where_they_stand(ctx, text, phrase, slop, expected):
    analyzer = ctx.index.analyzers.get("multilingual")
    wanted = Wanted()
    wanted.phrase(analyzer.phrase_tokens(phrase), slop)
    spans = merged(find(analyzer, text, wanted, None), text)
    shown = rendered(text, Fragment(0, len(text), spans), FieldOptions(), str) if spans else None
    assert shown == expected
    if not slop:
        assert one(ctx, text, {"match_phrase": {"text": phrase}}) == [expected]


def test_terms_as_indexed(ctx):
    stem = ctx.index.analyzers.get("multilingual").tokens("universities")[0].term
    wanted = [Highlight("text", stem, analyzed=False)]
    body = parse_highlight({"fields": {"text": {}}, "number_of_fragments": 0})
    assert Highlighter(ctx, wanted, body).highlight({"text": "the Universities"}) == {
        "text": ["the <em>Universities</em>"]
    }


def test_synonyms_of_several_words_are_marked_as_phrases(node):
    analysis = {
        "analyzer": {"asked": {"tokenizer": "multilingual", "filter": ["same"]}},
        "filter": {"same": {"type": "synonym_graph", "synonyms": ["北大, 北京大学", "ny, new york city"]}},
    }
    field = {"type": "text", "search_analyzer": "asked"}
    index = node.create("same", {"settings": {"analysis": analysis}, "mappings": {"properties": {"text": field}}})
    ctx = SearchContext(node, index)
    assert one(ctx, "我在北京大学，不在北京", "北大") == ["我在<em>北京大学</em>，不在北京"]
    assert one(ctx, "new ideas in New York City", "ny") == ["new ideas in <em>New York City</em>"]


def test_fragments_are_sentences_in_text_order_or_by_score(ctx):
    query = {"match": {"text": "图书馆 university students"}}
    by_place = marked(ctx, {"text": STORY}, query, ["text"], fragment_size=0)["text"]
    assert by_place == [
        "北京大学的学生去<em>图书馆</em>读书，<em>图书馆</em>里很安静。",
        "The library of Peking <em>University</em> is old, and the <em>university's</em> <em>students</em> like it.",
    ]
    by_score = marked(ctx, {"text": STORY}, query, ["text"], fragment_size=0, order="score")["text"]
    assert sorted(by_score) == sorted(by_place)
    best = marked(ctx, {"text": STORY}, query, ["text"], fragment_size=0, number_of_fragments=1, order="score")["text"]
    assert best == by_score[:1]


def test_the_best_fragment_holds_the_rarer_words_close_together(ctx):
    text = "the library. " + "filler words here. " * 10 + "The quarry of the library. " + "more of it. " * 10
    found = marked(ctx, {"text": text}, {"match": {"text": "quarry library"}}, ["text"],
                   fragment_size=20, number_of_fragments=1)  # fmt: skip
    assert found["text"] == ["The <em>quarry</em> of the <em>library</em>."]


def test_values_of_one_field_compete(ctx):
    source = {"tags": ["library", "nothing", "quarry of the library"]}
    query = {"match": {"tags": "quarry library"}}
    best = marked(ctx, source, query, ["tags"], number_of_fragments=1)
    assert best == {"tags": ["<em>quarry</em> of the <em>library</em>"]}
    every = marked(ctx, source, query, ["tags"])
    assert every == {"tags": ["<em>library</em>", "<em>quarry</em> of the <em>library</em>"]}


def test_boundary_scanners(ctx):
    text = "一二三四五六七八九十，" * 5 + "图书馆" + "，甲乙丙丁戊己庚辛" * 5
    query = {"match": {"text": "图书馆"}}
    word = marked(ctx, {"text": text}, query, ["text"], fragment_size=11, boundary_scanner="word")["text"][0]
    assert len(word) <= 11 + len("<em></em>")
    chars = marked(ctx, {"text": text}, query, ["text"], fragment_size=11, boundary_scanner="chars")["text"][0]
    assert chars.startswith("一二三四五六七八九十，<em>图书馆</em>，甲乙丙丁")
    english = marked(ctx, {"text": "abcdefgh " * 9 + "library " + "ijklmnop " * 9}, {"match": {"text": "library"}},
                     ["text"], fragment_size=20, boundary_scanner="word")["text"][0]  # fmt: skip
    assert set(re.sub("</?em>", "", english).split()) <= {"abcdefgh", "library", "ijklmnop"}


def test_no_match_size_and_wildcards(ctx):
    found = marked(ctx, {"text": "First words here. More."}, {"match": {"text": "zzz"}}, ["te*"], no_match_size=8)
    assert found == {"text": ["First words"], "text.pinyin": ["First words"]}
    assert one(ctx, "abc", "zzz") is None


def test_tags_and_encoders(ctx):
    query = {"match": {"text": "alpha beta gamma"}}
    source = {"text": "gamma alpha beta <b>&"}
    several = marked(ctx, source, query, ["text"], pre_tags=["<1>", "<2>"], post_tags=["</1>", "</2>"])["text"]
    assert several == ["<1>gamma</1> <1>alpha</1> <2>beta</2> <b>&"]
    styled = marked(ctx, source, query, ["text"], tags_schema="styled")["text"]
    assert styled == ['<em class="hlt3">gamma</em> <em class="hlt1">alpha</em> <em class="hlt2">beta</em> <b>&']
    escaped = marked(ctx, source, query, ["text"], encoder="html")["text"]
    assert escaped == ["<em>gamma</em> <em>alpha</em> <em>beta</em> &lt;b&gt;&amp;"]


def test_field_match_highlight_query_and_matched_fields(ctx):
    source = {"text": "重庆大学", "zh": "重庆大学", "tag": "重庆"}
    query = {"match": {"text": "重庆"}}
    assert marked(ctx, source, query, ["zh"]) == {}
    assert marked(ctx, source, query, ["zh"], require_field_match=False) == {"zh": ["<em>重庆</em>大学"]}
    other = marked(ctx, source, query, ["text"], highlight_query={"match": {"text": "大学"}})
    assert other == {"text": ["重庆<em>大学</em>"]}
    by_sound = {"match": {"text.pinyin": "chongqing"}}
    assert marked(ctx, source, by_sound, ["text"]) == {}
    both = marked(ctx, source, by_sound, ["text"], matched_fields=["text", "text.pinyin"])
    assert both == {"text": ["<em>重庆</em>大学"]}
    beside = {"bool": {"should": [by_sound, {"match": {"text": "大学"}}]}}
    found = marked(ctx, source, beside, ["text"], matched_fields=["text.pinyin"])
    assert found == {"text": ["<em>重庆大学</em>"]}, "the field's own matches are marked, too"


def test_keywords_are_marked_as_they_were_written(ctx):
    assert marked(ctx, {"tag": ["News", "Sport"]}, {"term": {"tag": "news"}}, ["tag"]) == {"tag": ["<em>News</em>"]}


def test_long_texts(ctx):
    text = "无关的话。" * 5000 + "图书馆里有人。" + "still nothing here. " * 30000
    found = marked(ctx, {"text": text}, {"match_phrase": {"text": "图书馆里"}}, ["text"], fragment_size=10)
    assert found == {"text": ["<em>图书馆里</em>有人。"]}
    long = "图书馆。" * 300_000
    with pytest.raises(InvalidRequest, match="max_analyzed_offset"):
        marked(ctx, {"text": long}, {"match": {"text": "图书馆"}}, ["text"])
    cut = marked(ctx, {"text": long}, {"match": {"text": "图书馆"}}, ["text"], max_analyzed_offset=8,
                 number_of_fragments=0)  # fmt: skip
    assert cut["text"][0].count("<em>") == 2
    quiet = marked(ctx, {"text": long}, {"match": {"text": "图书馆"}}, ["text"], max_analyzed_offset=-1)
    assert len(quiet["text"]) == 5


def test_the_end_of_what_is_analyzed_cuts_no_word(ctx):
    assert one(ctx, "no bus runner here", "run", max_analyzed_offset=10) is None
    assert one(ctx, "no bus running here", "run", max_analyzed_offset=8) == ["no bus <em>running</em> here"]


def test_windows_find_what_the_whole_text_holds(ctx, monkeypatch):
    from retrieval.highlighting import windows

    text = ("图书馆的 NBA 比赛。C++ e-mail gpt-4 U.S. running。" + "这是一段没有关系的话，" * 40) * 30
    queries = ["图书馆", "nba", "gpt4 图书馆", "email", "us runs", "c++", "段没"]
    assert len(text) < windows.LONG
    whole = [one(ctx, text, query) for query in queries]
    monkeypatch.setattr(windows, "LONG", 1)
    assert [one(ctx, text, query) for query in queries] == whole


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"fields": 3},
        {"fields": {"text": {"fragment_size": -1}}},
        {"fields": {}, "number_of_fragments": "5"},
        {"fields": {}, "type": "fvh"},
        {"fields": {}, "order": "random"},
        {"fields": {}, "encoder": "xml"},
        {"fields": {}, "boundary_scanner": "line"},
        {"fields": {}, "pre_tags": []},
        {"fields": {}, "fragmenter": "span"},
        {"fields": {}, "nosuch": 1},
        {"fields": {}, "require_field_match": "yes"},
        {"fields": {}, "max_analyzed_offset": 0},
        {"fields": {}, "highlight_query": {"nosuch": {}}},
    ],
)
def test_what_is_wrong_is_named(body):
    with pytest.raises(ParsingError):
        parse_highlight(body)


PIECES = [
    *"北京大学图书馆的，。 \n", "臺灣", "Ｇｏ ", "running ", "gpt-4", "U.S. ", "ﬁne ", "e\u0301", "👍", "a.b@c.de ",
    "㈱",
]  # fmt: skip
pieces = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces, pieces, st.sampled_from(["sentence", "word", "chars"]), st.integers(0, 30), st.booleans())
def test_without_its_tags_a_highlight_is_the_text(ctx, text, query, scanner, size, phrase):
    mark = [Highlight("text", query, phrase=phrase)]
    whole = Highlighter(ctx, mark, parse_highlight({"fields": {"text": {}}, "number_of_fragments": 0}))
    for shown in whole.highlight({"text": text}).get("text", []):
        assert re.sub("</?em>", "", shown) == text.strip() or re.sub("</?em>", "", shown) in text
    options = {"fragment_size": size, "boundary_scanner": scanner, "number_of_fragments": 9, "encoder": "html"}
    parts = Highlighter(ctx, mark, parse_highlight({"fields": {"text": {}}, **options}))
    at = 0
    for shown in parts.highlight({"text": text}).get("text", []):
        plain = html.unescape(re.sub("</?em>", "", shown))
        found = text.find(plain, at)
        assert found >= at  # in order, and not into each other
        at = found + len(plain)
        assert "<em>" in shown


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces, st.integers(0, 30), st.integers(1, 12))
def test_a_substring_is_marked_as_a_phrase(ctx, text, start, length):
    """What is cut out of a Chinese text stands in it, so it is marked, whatever a segmenter would say."""
    phrase = text[start : start + length]
    if not re.fullmatch("[北京大学图书馆的]+", phrase):
        return
    found = Highlighter(
        ctx,
        [Highlight("text", phrase, phrase=True)],
        parse_highlight({"fields": {"text": {}}, "number_of_fragments": 0}),
    ).highlight({"text": text})["text"][0]
    assert any(phrase in re.sub(r"\s|[，。]", "", mark) for mark in re.findall("<em>(.*?)</em>", found, re.S))


def test_sentences_of_both_languages_bound_fragments(ctx):
    for start, end in sentences(STORY):
        sentence = STORY[start:end]
        word = re.findall(r"[A-Za-z]{4,}|[\u4e00-\u9fff]{3,}", sentence)[-1]
        shown = marked(ctx, {"text": STORY}, {"match_phrase": {"text": word}}, ["text"], fragment_size=0)["text"]
        assert any(re.sub("</?em>", "", part) == sentence for part in shown)
