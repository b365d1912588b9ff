"""Filters that are kept against filters run anew: writes, deletes, merges, older views, little memory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import Node, Operation
from retrieval import SearchContext
from retrieval.filters import accepted
from retrieval.query.base import Parser, Query
from retrieval.query.term import Term
from settings import Settings

MAPPING = {
    "tag": {"type": "keyword"},
    "low": {"type": "keyword", "normalizer": "lowercase"},
    "n": {"type": "long"},
    "x": {"type": "double"},
    "on": {"type": "date"},
    "ok": {"type": "boolean"},
    "text": {"type": "text"},
}
TAGS = ["a", "b", "中文", "1", "true", "A"]
clauses = st.one_of(
    st.builds(lambda v: {"term": {"tag": v}}, st.sampled_from([*TAGS, 1, True, 1.0, "nowhere"])),
    st.builds(lambda v: {"term": {"low": v}}, st.sampled_from(TAGS)),
    st.builds(lambda v: {"terms": {"tag": v}}, st.lists(st.sampled_from([*TAGS, 1, True]), max_size=3)),
    st.builds(lambda v: {"term": {"ok": v}}, st.booleans()),
    st.builds(lambda v: {"term": {"n": v}}, st.integers(0, 9)),
    st.builds(lambda a, b: {"range": {"n": {"gte": a, "lt": b}}}, st.integers(0, 9), st.integers(0, 9)),
    st.builds(lambda a: {"range": {"x": {"gt": a}}}, st.integers(0, 9)),
    st.builds(lambda a: {"range": {"on": {"lte": f"2020-01-0{a}"}}}, st.integers(1, 9)),
    st.builds(lambda v: {"exists": {"field": v}}, st.sampled_from([*MAPPING, "unmapped"])),
    st.builds(lambda v: {"match": {"text": v}}, st.sampled_from(["red", "红 blue", "red blue"])),
    st.builds(lambda v: {"match_phrase": {"text": v}}, st.sampled_from(["red blue", "红", "blue red"])),
    st.builds(lambda v: {"ids": {"values": v}}, st.lists(st.sampled_from("012345"), max_size=3)),
    st.just({"match_all": {}}),
)
filters = st.recursive(
    clauses,
    lambda inner: st.one_of(
        st.builds(
            lambda kinds, minimum: {"bool": kinds | ({"minimum_should_match": minimum} if minimum else {})},
            st.dictionaries(st.sampled_from(["must", "should", "filter", "must_not"]), st.lists(inner, max_size=2)),
            st.sampled_from([None, 0, 1, 2]),
        ),
        st.builds(lambda query: {"constant_score": {"filter": query}}, inner),
    ),
    max_leaves=4,
)


def document(chance: np.random.Generator) -> dict[str, object]:
    made = {
        "tag": str(chance.choice(TAGS)),
        "low": str(chance.choice(TAGS)),
        "n": int(chance.integers(0, 10)),
        "x": float(chance.integers(0, 10)),
        "on": f"2020-01-0{chance.integers(1, 10)}",
        "ok": bool(chance.integers(2)),
        "text": str(chance.choice(["red", "blue", "red blue", "红 blue"])),
    }
    return {key: value for key, value in made.items() if chance.random() < 0.8}


def anew(ctx: SearchContext, query: Query) -> list[int]:
    return np.flatnonzero(query.mask(ctx) & ctx.live).tolist()


def check(ctx: SearchContext, queries: list[Query]) -> None:
    for query in queries:
        kept = accepted(ctx, [query])
        assert kept is not None
        assert np.flatnonzero(kept.mask).tolist() == anew(SearchContext(ctx.node, ctx.index, view=ctx.view), query)
        assert kept.count == int(kept.mask.sum())
    some, others = queries[::2], queries[1::2]
    both = accepted(ctx, some, others)
    expected = set(range(ctx.documents)) - set(np.flatnonzero(~ctx.live).tolist())
    for query in some:
        expected &= set(anew(ctx, query))
    for query in others:
        expected -= set(anew(ctx, query))
    if both is not None:
        assert set(np.flatnonzero(both.mask).tolist()) == expected


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    bodies=st.lists(filters, min_size=1, max_size=5),
    memory=st.sampled_from([0, 6000, 64 << 20]),
)
def test_kept_equals_anew(tmp_path_factory, seed, bodies, memory):
    chance = np.random.default_rng(seed)
    node = Node(Settings(data=tmp_path_factory.mktemp("filters"), filter_memory=memory))
    index = node.create("i", {"mappings": {"properties": MAPPING}})
    queries = [Parser().query(body) for body in bodies]
    older = []
    for step in range(5):
        ids = chance.integers(0, 40, int(chance.integers(1, 25)))
        index.write(
            [
                Operation("delete", str(i)) if chance.random() < 0.2 else Operation("index", str(i), document(chance))
                for i in ids
            ]
        )
        if chance.random() < 0.7:
            index.refresh()
        if chance.random() < 0.3:
            index.merge(to_one=True)
        if step == 2:
            index.put_mapping({"properties": {"unmapped": {"type": "keyword"}}})
        ctx = SearchContext(node, index)
        check(ctx, queries)
        older.append(ctx)
    for ctx in older:  # a point in time looks at segments whose bits newer views left
        check(ctx, queries)
    node.close()


def test_only_new_segments_are_looked_at(node, monkeypatch):
    index = node.create("i", {"mappings": {"properties": MAPPING}})
    looked: list[int] = []
    plain = Term.mask

    def counting(self: Term, ctx: SearchContext) -> np.ndarray:
        looked.append(ctx.documents)
        return plain(self, ctx)

    monkeypatch.setattr(Term, "mask", counting)
    query = Parser().query({"term": {"tag": "a"}})
    for size in (5, 3):
        index.write([Operation("index", f"{size}-{i}", {"tag": "a"}) for i in range(size)])
        index.refresh()
        for _ in range(2):
            ctx = SearchContext(node, index)
            assert accepted(ctx, [query]).count == ctx.documents
    index.write([Operation("delete", "5-0")])
    index.refresh()
    assert accepted(SearchContext(node, index), [query]).count == 7
    assert looked == [5, 3]


@pytest.mark.parametrize(
    "body",
    [
        {"range": {"on": {"lte": "now"}}},
        {"term": {"on": "now/d"}},
        {"term": {"_id": "1"}},
        {"bool": {"filter": [{"range": {"on": {"gte": "now-1d"}}}]}},
    ],
)
def test_what_may_change_is_not_kept(node, body):
    index = node.create("i", {"mappings": {"properties": MAPPING}})
    assert Parser().query(body).filter_key(SearchContext(node, index)) is None


@pytest.mark.parametrize("make", [lambda v: {"term": {"tag": v}}, lambda v: {"range": {"tag": {"gte": v, "lte": v}}}])
def test_numbers_that_are_equal_and_written_otherwise_are_other_keywords(node, make):
    index = node.create("i", {"mappings": {"properties": MAPPING}})
    values = [0, 0.0, -0.0, 1, 1.0, True]
    index.write([Operation("index", repr(value), {"tag": value}) for value in values])
    index.refresh()
    ctx = SearchContext(node, index)
    check(ctx, [Parser().query(make(value)) for value in values])
