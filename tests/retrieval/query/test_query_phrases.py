"""Phrases and words that are still being typed, against the positions of the stored texts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from query_corpus import PIECES, adds_up

from analysis import get_analyzer
from indexer import Node, Operation
from retrieval import search
from settings import Settings

MULTI = get_analyzer("multilingual")


def at_positions(corpus, text):
    """The terms at each position, joined forms included."""
    out: dict[int, set[str]] = {}
    for token in corpus.tokens(text):
        out.setdefault(token.position, set()).add(token.term)
    return out


def holds_sequence(corpus, text, wanted):
    """Whether (offset, predicate) pairs hold somewhere, one after the other."""
    at = at_positions(corpus, text)
    return any(all(any(map(p, at.get(start + o, ()))) for o, p in wanted) for start in at)


def phrase(text):
    tokens = MULTI.phrase_tokens(text)
    return [(t.position - tokens[0].position, lambda term, t=t: term == t.term) for t in tokens]


@settings(max_examples=60)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=3), st.sampled_from(["", " "]))
def test_phrases(corpus, pieces, joint):
    text = joint.join(pieces)
    found = corpus.run({"match_phrase": {"text": text}})
    wanted = phrase(text)
    assert set(found) == (corpus.where(lambda s: holds_sequence(corpus, s["text"], wanted)) if wanted else set())


@settings(max_examples=40)
@given(st.integers(1, 12), st.integers(0, 60))
def test_any_substring_of_a_chinese_text_is_a_phrase(corpus, size, start):
    for source in list(corpus.docs.values())[:10]:
        part = "".join(c for c in source["text"] if "\u4e00" <= c <= "\u9fff")[start : start + size]
        if part and part in source["text"]:
            assert corpus.where(lambda s: part in s["text"]) <= set(corpus.run({"match_phrase": {"text": part}}))  # noqa: B023


@settings(max_examples=60)
@given(
    st.sampled_from(
        ["quick bro", "brown f", "new y", "q", "北京 qui", "gpt", "大学 b", "search eng", "runn", "running", "北京大"]
    )
)
def test_phrase_prefixes(corpus, text):
    found = corpus.run({"match_phrase_prefix": {"text": text}})
    tokens = MULTI.phrase_tokens(text)
    first, last = tokens[0].position, tokens[-1]
    wanted = [(t.position - first, lambda term, t=t: term == t.term) for t in tokens[:-1]]
    if last.type == "<IDEOGRAPHIC>":
        wanted.append((last.position - first, lambda term: term == last.term))
    else:
        begun = MULTI.normalize(text[last.start :])
        wanted.append((last.position - first, lambda term: term == last.term or term.startswith(begun)))
    assert set(found) == corpus.where(lambda s: holds_sequence(corpus, s["text"], wanted))


@settings(max_examples=60)
@given(
    st.sampled_from(["fox qui", "brown the", "北京 sea", "running qu", "quick", "大学 图书", "york n"]), st.booleans()
)
def test_bool_prefixes(corpus, text, every):
    body = {"query": text, "operator": "and" if every else "or"}
    found = corpus.run({"match_bool_prefix": {"text": body}})
    words = text.split()
    tokens = corpus.tokens(text)

    def holds(source):
        terms = corpus.terms(source["text"])
        hits = []
        for number, word in enumerate(words):
            own = {t.term for t in tokens if text.index(word) <= t.start < text.index(word) + len(word)}
            if every and not own:
                continue  # a stop word: documents that hold it do not say so
            if number == len(words) - 1 and word.isascii():
                hits.append(bool(own & terms) or any(t.startswith(word) for t in terms))
            elif not word.isascii() and every:
                hits.append({t for t in own if len(t) == 2} <= terms)
            else:
                hits.append(bool(own & terms))
        return all(hits) if every else any(hits)

    assert set(found) == corpus.where(holds)


@pytest.fixture(scope="module")
def typing(tmp_path_factory):
    """Texts that a word at their end may be the beginning of, a stop word among them."""
    node = Node(Settings(data=tmp_path_factory.mktemp("typing") / "data"))
    fields = {"t": {"type": "text"}, "s": {"type": "text", "analyzer": "standard"}}
    index = node.create("typing", {"settings": {"semantic": {"families": []}}, "mappings": {"properties": fields}})
    texts = ("jumps over the lazy dog", "over theory", "made in U.S.A. today", "日本語テキスト 한국어")
    index.write([Operation("index", str(i), {"t": text, "s": text}) for i, text in enumerate(texts)])
    index.refresh()
    yield node
    node.close()


@pytest.mark.parametrize(
    ("path", "text", "ids"),
    [
        ("t", "over the", {"0", "1"}),  # a stop word, or the beginning of theory
        ("t", "over the l", {"0"}),
        ("t", "over theo", {"1"}),
        ("t", "made in U.S", {"2"}),
        ("t", "U.S.", {"2"}),
        ("s", "日本語テ", {"3"}),
        ("s", "日本語テキスト 한", {"3"}),
        ("t", "日本語テ", {"3"}),
    ],
)
def test_what_is_typed_finds_what_it_begins(typing, path, text, ids):
    for query in (
        {"match_phrase_prefix": {path: text}},
        {"match_bool_prefix": {path: {"query": text, "operator": "and"}}},
    ):
        hits = search(typing, ["typing"], {"query": query, "explain": True}, {})["hits"]["hits"]
        assert {hit["_id"] for hit in hits} == ids
        for hit in hits:
            assert hit["_explanation"]["value"] == pytest.approx(hit["_score"])
            adds_up(hit["_explanation"])


def test_slop_and_empty_phrases(corpus):
    close = corpus.run({"match_phrase": {"text": {"query": "quick brown", "slop": 0}}})
    loose = corpus.run({"match_phrase": {"text": {"query": "quick brown", "slop": 50}}})
    assert close.keys() <= loose.keys()
    assert set(loose) <= set(corpus.run({"match": {"text": {"query": "quick brown", "operator": "and"}}}))
    assert corpus.run({"match_phrase": {"text": "！"}}) == {}
    everything = {"query": "the", "zero_terms_query": "all"}
    assert corpus.run({"match_phrase": {"text": everything}}).keys() == corpus.docs.keys()


def test_max_expansions_of_a_begun_word(corpus):
    one = corpus.run({"match_phrase_prefix": {"text": {"query": "new q", "max_expansions": 1}}})
    all_ = corpus.run({"match_phrase_prefix": {"text": "new q"}})
    assert one.keys() <= all_.keys()


@settings(max_examples=40)
@given(
    st.sampled_from(["best_fields", "most_fields", "cross_fields", "phrase", "phrase_prefix", "bool_prefix"]),
    st.sampled_from(["quick fox", "北京大学", "new york", "GPT-4 图书馆"]),
    st.sampled_from([None, 0.0, 0.3, 1.0]),
)
def test_multi_match_is_made_of_its_fields(corpus, kind, text, tie):
    body = {"query": text, "fields": ["text", "title^3"], "type": kind, **({} if tie is None else {"tie_breaker": tie})}
    found = corpus.run({"multi_match": body})
    name = {"phrase": "match_phrase", "phrase_prefix": "match_phrase_prefix", "bool_prefix": "match_bool_prefix"}
    parts = [
        corpus.run({name.get(kind, "match"): {path: {"query": text, "boost": boost}}})
        for path, boost in (("text", 1), ("title", 3))
    ]
    assert set(found) == set(parts[0]) | set(parts[1])
    if kind == "cross_fields":
        return
    share = tie if tie is not None else 1.0 if kind in ("most_fields", "bool_prefix") else 0.0
    for doc_id, score in found.items():
        own = [part.get(doc_id, 0.0) for part in parts]
        assert abs(score - (max(own) + share * min(own))) < 1e-3


@pytest.mark.parametrize("fields", [["text^3", "*"], ["*", "text^3"], ["text^1.5", "te*^2"], ["text^3"]])
def test_a_field_named_more_than_once_has_all_its_weights(corpus, fields):
    wanted = corpus.run({"match": {"text": {"query": "quick", "boost": 3}}})
    for kind in ("multi_match", "query_string", "simple_query_string"):
        found = corpus.run({kind: {"query": "quick", "fields": fields}})
        assert found.keys() >= wanted.keys()
        assert all(found[i] >= wanted[i] - 1e-5 for i in wanted)


def test_cross_fields_need_each_unit_in_any_field(corpus):
    body = {"query": "quick brown", "fields": ["text", "title"], "type": "cross_fields", "operator": "and"}
    wanted = corpus.where(lambda s: {"quick", "brown"} <= corpus.terms(s["text"]) | corpus.terms(s["title"]))
    assert set(corpus.run({"multi_match": body})) == wanted
    mixed = {**body, "fields": ["text", "pairs", "key"]}
    assert set(corpus.run({"multi_match": mixed})) >= corpus.where(
        lambda s: {"quick", "brown"} <= corpus.terms(s["text"])
    )
