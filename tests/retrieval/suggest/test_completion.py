"""completion: prefixes in Chinese, English and pinyin, against a plain scan of all inputs."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis import get_analyzer
from analysis.completion import completion_keys, prefix_keys
from indexer import InvalidRequest, Operation, ParsingError
from retrieval.context import SearchContext
from retrieval.source import SourceFilter
from retrieval.suggest import run
from retrieval.suggest.distances import edits

MAPPING = {
    "properties": {
        "s": {"type": "completion"},
        "p": {"type": "completion", "analyzer": "pinyin"},
        "t": {"type": "text", "fields": {"s": {"type": "completion"}}},
    }
}


def opened(node, documents, name="names"):
    index = node.create(name, {"mappings": MAPPING})
    index.write([Operation("index", str(at), document) for at, document in enumerate(documents)])
    index.refresh()
    return SearchContext(node, index)


def texts(ctx, prefix, field="s", **options):
    body = {"it": {"prefix": prefix, "completion": {"field": field, **options}}}
    (entry,) = run([ctx], body)["it"]
    assert (entry["text"], entry["offset"], entry["length"]) == (prefix, 0, len(prefix))
    return [option["text"] for option in entry["options"]]


@pytest.fixture
def ctx(node):
    return opened(
        node,
        [
            {"s": {"input": ["Nevermind", "Nirvana"], "weight": 34}},
            {"s": [{"input": "北京大学", "weight": 5}, {"input": "北大", "weight": 9}], "p": "北京大学"},
            {"s": "北京 天安門", "p": {"input": "北京IPv6论坛", "weight": 2}},
            {"s": {"input": "nirvana", "weight": 34}, "p": "重慶"},
            {"s": {"input": "Nirvana", "weight": 7}, "t": "Nineteen Eighty-Four"},
        ],
    )


def test_by_weight_then_by_text(ctx):
    assert texts(ctx, "nir") == ["Nirvana", "nirvana", "Nirvana"]
    assert texts(ctx, "n") == ["Nevermind", "nirvana", "Nirvana"]
    assert texts(ctx, "NIR", size=1) == ["Nirvana"]
    assert texts(ctx, "nir", skip_duplicates=True) == ["Nirvana", "nirvana"]
    assert texts(ctx, "zzz") == texts(ctx, "") == []


def test_chinese_and_pinyin(ctx):
    assert texts(ctx, "北") == ["北大", "北京 天安門"]
    assert texts(ctx, "北京大學") == ["北京大学"]
    assert texts(ctx, "北京天安") == ["北京 天安門"]
    assert texts(ctx, "bei") == []
    assert texts(ctx, "bei", "p") == ["北京IPv6论坛", "北京大学"]
    assert texts(ctx, "bjd", "p") == texts(ctx, "beijing da", "p") == texts(ctx, "北京d", "p") == ["北京大学"]
    assert texts(ctx, "chong", "p") == texts(ctx, "重庆", "p") == ["重慶"]
    assert texts(ctx, "nineteen e", "t.s") == ["Nineteen Eighty-Four"]


def test_fuzzy(ctx):
    assert texts(ctx, "nirwa") == []
    assert texts(ctx, "nirwa", fuzzy={}) == ["Nirvana", "nirvana", "Nirvana"]
    assert texts(ctx, "inrv", fuzzy={"fuzziness": 1, "prefix_length": 0}) == ["Nirvana", "nirvana", "Nirvana"]
    assert texts(ctx, "inrv", fuzzy={"fuzziness": 1, "prefix_length": 0, "transpositions": False}) == []
    assert texts(ctx, "mirv", fuzzy={"fuzziness": 1}) == []
    assert texts(ctx, "ni", fuzzy={"fuzziness": 2}) == texts(ctx, "ni")
    assert texts(ctx, "beiging", "p", fuzzy=True) == ["北京IPv6论坛", "北京大学"]


def test_what_an_option_holds(ctx):
    (entry,) = run([ctx], {"text": "nev", "it": {"completion": {"field": "s"}}})["it"]
    assert entry["options"] == [
        {
            "text": "Nevermind",
            "_index": "names",
            "_id": "0",
            "_score": 34.0,
            "_source": {"s": {"input": ["Nevermind", "Nirvana"], "weight": 34}},
        }
    ]
    body = {"it": {"prefix": "nev", "completion": {"field": "s"}}}
    assert "_source" not in run([ctx], body, SourceFilter.of(False))["it"][0]["options"][0]


def test_deleted_documents_and_several_segments_and_indices(node, ctx):
    index = ctx.index
    index.write([Operation("delete", "3"), Operation("index", "9", {"s": {"input": "Nile", "weight": 50}})])
    index.refresh()
    now = SearchContext(node, index)
    assert texts(now, "ni") == ["Nile", "Nirvana", "Nirvana"]
    other = opened(node, [{"s": {"input": "Nixon", "weight": 40}}], "other")
    (entry,) = run([now, other], {"it": {"prefix": "ni", "completion": {"field": "s", "size": 2}}})["it"]
    assert [(o["text"], o["_index"]) for o in entry["options"]] == [("Nile", "names"), ("Nixon", "other")]


inputs = st.lists(
    st.tuples(st.text("ab北京大ＡＢ ", min_size=1, max_size=6).filter(str.strip), st.integers(0, 3)), max_size=12
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(inputs, st.text("ab北京", min_size=1, max_size=4), st.integers(0, 2), st.integers(1, 6), st.booleans())
def test_equal_to_a_scan_of_all_inputs(tmp_path_factory, documents, prefix, far, size, distinct):
    from indexer import Node
    from settings import Settings

    node = Node(Settings(data=tmp_path_factory.mktemp("scan")))
    ctx = opened(node, [{"s": {"input": text, "weight": weight}} for text, weight in documents])
    analyzer = get_analyzer("multilingual")

    def distance(text):
        (key,), (start,) = completion_keys(analyzer, text), prefix_keys(analyzer, prefix)
        beginnings = [key[:end] for end in range(len(key) + 1)]
        return min(edits(start, one) for one in beginnings) if far else 0 if key.startswith(start) else 9

    found = [(distance(text), -weight, text, at) for at, (text, weight) in enumerate(documents)]
    expected = [text for edit, _, text, _ in sorted(found) if edit <= far]
    if distinct:
        expected = list(dict.fromkeys(expected))
    fuzzy = {"fuzzy": {"fuzziness": far, "prefix_length": 0, "min_length": 0}} if far else {}
    assert texts(ctx, prefix, size=size, skip_duplicates=distinct, **fuzzy) == expected[:size]
    node.close()


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        (3, ParsingError, "object"),
        ({"it": 3}, ParsingError, "object"),
        ({"it": {"prefix": "a"}}, ParsingError, "one suggester"),
        ({"it": {"prefix": "a", "completions": {"field": "s"}}}, ParsingError, "one suggester"),
        ({"it": {"completion": {"field": "s"}}}, ParsingError, "text is missing"),
        ({"it": {"prefix": "a", "completion": {}}}, ParsingError, "field"),
        ({"it": {"prefix": "a", "completion": {"field": "s", "contexts": {"a": 1}}}}, ParsingError, "contexts"),
        ({"it": {"prefix": "a", "completion": {"field": "s", "size": 0}}}, ParsingError, "size"),
        ({"it": {"prefix": "a", "completion": {"field": "s", "fuzzy": {"fuzziness": 5}}}}, ParsingError, "fuzziness"),
        ({"it": {"prefix": "a", "completion": {"field": "s", "fuzzy": {"fuzz": 1}}}}, ParsingError, "fuzz"),
        ({"it": {"prefix": "a", "completion": {"field": "s", "nosuch": 1}}}, ParsingError, "nosuch"),
        ({"it": {"regex": "a.*", "completion": {"field": "s"}}}, ParsingError, "regex"),
        ({"it": {"prefix": 3, "completion": {"field": "s"}}}, ParsingError, "text"),
        ({"it": {"prefix": "a", "term": {"field": "t"}}}, ParsingError, "prefix"),
        ({"it": {"prefix": "a", "completion": {"field": "t"}}}, InvalidRequest, "not a completion"),
        ({"it": {"prefix": "a", "completion": {"field": "none"}}}, InvalidRequest, "not a completion"),
        ({"it": {"prefix": "a", "completion": {"field": "s", "analyzer": "x"}}}, InvalidRequest, "unknown analyzer"),
    ],
)
def test_malformed_bodies(ctx, body, error, message):
    with pytest.raises(error, match=message):
        run([ctx], body)
