"""Synonyms of several words: ways through a token graph, phrases where a way has more than one word."""

from __future__ import annotations

import pytest

from analysis import Token
from retrieval.query.graph import TokenGraph, Way, paths


def holds_phrase(corpus, source, phrase):
    terms = [t for t in corpus.tokens(source["syn"], "plain") if t.position_length == 1]
    at = {(t.position, t.term) for t in terms}
    wanted = [t.term for t in corpus.tokens(phrase, "plain") if t.position_length == 1]
    return any(all((p + i, w) in at for i, w in enumerate(wanted)) for p, _ in at)


WAYS = ["ny", "new york", "big apple"]


@pytest.mark.parametrize("text", WAYS)
def test_each_way_finds_all_ways(corpus, text):
    wanted = corpus.where(lambda s: any(holds_phrase(corpus, s, way) for way in WAYS))
    assert wanted
    assert set(corpus.run({"match": {"syn": text}})) == wanted
    assert set(corpus.run({"match": {"syn": {"query": text, "operator": "and"}}})) == wanted
    assert set(corpus.run({"match_phrase": {"syn": text}})) == wanted


@pytest.mark.parametrize("text", ["ny fox", "new york fox", "fox big apple"])
def test_synonyms_are_one_unit_among_others(corpus, text):
    fox = "fox"
    found = corpus.run({"match": {"syn": {"query": text, "operator": "and"}}})
    assert set(found) == corpus.where(
        lambda s: any(holds_phrase(corpus, s, w) for w in WAYS) and holds_phrase(corpus, s, fox)
    )
    either = corpus.run({"match": {"syn": text}})
    assert set(either) == corpus.where(lambda s: any(holds_phrase(corpus, s, w) for w in [*WAYS, fox]))


def test_a_phrase_takes_every_way(corpus):
    found = corpus.run({"match_phrase": {"syn": "ny quick"}})
    wanted = corpus.where(lambda s: any(holds_phrase(corpus, s, f"{way} quick") for way in WAYS))
    assert set(found) == wanted


def test_chinese_synonyms(corpus):
    """北大 stands for 北京大学, and what is beside it is matched by its own pairs."""
    wanted = corpus.where(lambda s: any(holds_phrase(corpus, s, w) for w in ("北京大学", "北大")))
    assert wanted
    assert set(corpus.run({"match": {"syn": {"query": "北大", "operator": "and"}}})) == wanted
    both = corpus.run({"match": {"syn": {"query": "北大 检索", "operator": "and"}}})
    assert set(both) == {i for i in wanted if holds_phrase(corpus, corpus.docs[i], "检索")}
    beside = corpus.run({"match": {"syn": {"query": "北大图书", "operator": "and"}}})
    assert set(beside) == {i for i in wanted if holds_phrase(corpus, corpus.docs[i], "图书")}


def test_without_phrases_the_words_may_stand_anywhere(corpus):
    body = {"query": "ny", "auto_generate_synonyms_phrase_query": False}
    found = corpus.run({"match": {"syn": body}})

    def holds(source):
        terms = corpus.terms(source["syn"], "plain")
        return any(corpus.terms(way, "plain") <= terms for way in WAYS)

    assert set(found) == corpus.where(holds)


def token(term, position, length=1, kind="word"):
    return Token(term, 0, 0, position, kind, length)


def test_the_ways_of_a_graph():
    ny = [
        token("ny", 0, 3), token("new", 0, 1, "SYNONYM"), token("york", 1, 2, "SYNONYM"), token("big", 0, 2, "SYNONYM"),
        token("apple", 2, 1, "SYNONYM"), token("city", 3),
    ]  # fmt: skip
    first, second = TokenGraph.of(ny).stretches
    assert {way.terms for way in first.ways} == {("ny",), ("new", "york"), ("big", "apple")}
    assert {way.offsets for way in first.ways if len(way.terms) > 1} == {(0, 1)}
    assert second.ways == (Way(("city",), (0,), 1),)
    assert {w.terms for w in paths(ny, 9)} == {("ny", "city"), ("new", "york", "city"), ("big", "apple", "city")}
    assert {w.offsets for w in paths(ny, 9)} == {(0, 1), (0, 1, 2)}
    assert paths(ny, 2) is None


def test_a_dropped_word_leaves_a_gap_in_its_way():
    of = [
        token("boa", 0, 3), token("bank", 0, 1, "SYNONYM"), token("america", 2, 1, "SYNONYM"), token("north", 3),
    ]  # fmt: skip
    found = {way.terms: way.offsets for way in paths(of, 9)}
    assert found == {("boa", "north"): (0, 1), ("bank", "america", "north"): (0, 2, 3)}
    compound = [token("state", 0), token("stateoftheart", 0, 4, "<COMPOUND>"), token("art", 3)]
    (stretch,) = TokenGraph.of(compound).stretches
    assert {way.terms: way.offsets for way in stretch.ways} == {("stateoftheart",): (0,), ("state", "art"): (0, 3)}


@pytest.mark.parametrize("text", WAYS)
@pytest.mark.parametrize("operator", ["and", "or"])
def test_the_query_syntax_knows_synonyms_of_several_words(corpus, text, operator):
    options = {"default_field": "syn", "default_operator": operator}
    ask = {"query": text, "operator": operator}
    found = corpus.run({"query_string": {"query": text, **options}})
    assert found == corpus.run({"match": {"syn": ask}})
    assert set(found) == corpus.where(lambda s: any(holds_phrase(corpus, s, way) for way in WAYS))
    fox = corpus.run({"query_string": {"query": f"+fox {text} -cat", **options}})
    assert set(fox) <= corpus.where(lambda s: holds_phrase(corpus, s, "fox"))
    split = corpus.run({"query_string": {"query": text.replace(" ", " OR "), **options}})
    words = text.split()
    if len(words) > 1:  # operators part the words: none of them is a synonym alone
        assert set(split) == corpus.where(lambda s: any(holds_phrase(corpus, s, word) for word in words))


def test_adjacent_words_without_synonyms_are_clauses_of_their_own(corpus):
    both = {"fields": ["title", "text"], "default_operator": "and"}
    found = corpus.run({"query_string": {"query": "quick fox", **both}})
    assert found == corpus.run({"query_string": {"query": "quick AND fox", **both}})
    some = {"fields": ["title", "text"], "minimum_should_match": 2}
    assert set(corpus.run({"query_string": {"query": "quick fox dog", **some}})) == set(
        corpus.run({"query_string": {"query": "quick OR fox OR dog", **some}})
    )
