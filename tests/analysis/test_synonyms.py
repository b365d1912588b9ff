"""Synonyms in Solr's format: rules, the token graph for queries, the flat stream for indexing."""

from __future__ import annotations

import pytest
from analysis_helpers import QUICK, shown
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import InvalidAnalysis, get_analyzer


def chain(rules, kind="synonym_graph", tokenizer="standard", **options):
    filters = [] if tokenizer == "multilingual" else ["lowercase"]
    filters.append({"type": kind, "synonyms": rules, **options})
    return get_analyzer("it", {"analyzer": {"it": {"tokenizer": tokenizer, "filter": filters}}})


def sayings(tokens):
    """All ways through a token graph, each as its terms."""
    end = max((token.position + token.position_length for token in tokens), default=0)

    def ways(at):
        if at == end:
            yield ()
        for token in tokens:
            if token.position == at:
                for rest in ways(at + token.position_length):
                    yield (token.term, *rest)

    return {" ".join(way) for way in ways(0)}


@pytest.mark.parametrize(
    ("rules", "text", "expected"),
    [
        (["car, automobile"], "red car", {"red car", "red automobile"}),
        (["pc => computer"], "my PC", {"my computer"}),
        (["pc => pc, personal computer"], "my pc rocks", {"my pc rocks", "my personal computer rocks"}),
        (["ny, new york, big apple city"], "love NY pizza",
         {"love ny pizza", "love new york pizza", "love big apple city pizza"}),
        (["ny, new york"], "new york pizza", {"new york pizza", "ny pizza"}),
        (["a b c, d"], "x a b c a b", {"x a b c a b", "x d a b"}),  # the longest match
        (["a b => x", "a b c => y"], "a b c a b", {"y x"}),
        (["a, b", "a, c"], "a", {"a", "b", "c"}),  # rules for one word add up
        (["# a comment", "", "a => b"], "a", {"b"}),
    ],
)  # fmt: skip
def test_every_way_of_saying_it(rules, text, expected):
    assert sayings(chain(rules, lenient=True).tokens(text)) == expected


def test_an_escaped_comma_is_no_separator():
    analyzer = chain(["a\\,b => comma"], tokenizer="whitespace")
    assert shown(analyzer.tokens("x a,b")) == "x@0 comma@1"


def test_without_expansion_all_become_the_first():
    analyzer = chain(["car, automobile, auto"], expand=False)
    assert shown(analyzer.tokens("auto car")) == "car@0 car@1"


def test_positions_and_offsets_of_the_graph():
    text = "love NY now"
    tokens = chain(["ny, new york"]).tokens(text)
    assert shown(tokens) == "love@0 ny@1+2 new@1 york@2 now@3"
    assert [text[t.start : t.end] for t in tokens] == ["love", "NY", "NY", "NY", "now"]
    assert [t.type for t in tokens] == ["<ALPHANUM>", "<ALPHANUM>", "SYNONYM", "SYNONYM", "<ALPHANUM>"]


def test_flat_synonyms_move_nothing():
    assert shown(chain(["ny, new york"], "synonym").tokens("love NY now")) == "love@0 ny@1 new@1 now@2 york@2"


def test_rules_go_through_the_chain_before():
    analyzer = get_analyzer(
        "it",
        {
            "analyzer": {"it": {"tokenizer": "standard", "filter": ["lowercase", "porter_stem", "same"]}},
            "filter": {"same": {"type": "synonym_graph", "synonyms": "Running => JOGGING\nCars, automobiles"}},
        },
    )
    assert sayings(analyzer.tokens("car runs")) == {"car jog", "automobil jog"}


def test_chinese_synonyms_in_the_default_analysis():
    """北大 for 北京大学: no analyzer finds it, a rule does, in characters, pairs and phrases."""
    analyzer = chain(["北大, 北京大学"], tokenizer="multilingual")
    assert {"北京", "京大", "大学"} <= {token.term for token in analyzer.tokens("我在北大读书")}
    assert sayings(analyzer.phrase_tokens("我在北大读书")) == {"我 在 北 大 读 书", "我 在 北 京 大 学 读 书"}
    assert sayings(analyzer.phrase_tokens("北京大學生")) == {"北 京 大 学 生", "北 大 生"}


def test_index_time_chinese_synonyms_in_a_batch():
    batch = chain(["北大, 北京大学"], "synonym", "multilingual").batch(["北大"])
    assert "京".encode() in batch.vocabulary()
    assert set(batch.classes.tolist()) == {1}


@settings(max_examples=QUICK, deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=8))
def test_the_graph_says_exactly_what_replacing_in_the_text_gives(words):
    """Against a plain left-to-right, longest-first replacement."""
    rules = {("a",): ["a", "x y"], ("b", "c"): ["b c", "z"], ("c",): ["q"]}

    def rewrite(at):
        if at == len(words):
            yield ()
            return
        for length in (2, 1):
            key = tuple(words[at : at + length])
            if len(key) == length and key in rules:
                for rest in rewrite(at + length):
                    for way in rules[key]:
                        yield (*way.split(), *rest)
                return
        for rest in rewrite(at + 1):
            yield (words[at], *rest)

    analyzer = chain(["a, x y", "b c, z", "c => q"])
    assert sayings(analyzer.tokens(" ".join(words))) == {" ".join(way) for way in rewrite(0)}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rules": ["a => b => c"]}, "at most one"),
        ({"rules": ["a, !!!"]}, "lenient"),
        ({"rules": None}, "must be a list of rules"),
        ({"rules": ["a, b"], "format": "wordnet"}, r"\[wordnet\] is not supported"),
        ({"rules": [], "synonyms_set": "x"}, "synonyms_path"),
    ],
)
def test_wrong_rules_are_refused(options, message):
    with pytest.raises(InvalidAnalysis, match=message):
        chain(**options)
