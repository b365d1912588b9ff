"""After any history an index answers as a fresh one of the survivors; and it loses nothing."""

from __future__ import annotations

import random
import shutil

import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from indexer import IndexNotFound, InvalidDocument, Node, Operation, VersionConflict
from indexer.manifest import read_manifest
from retrieval import SearchContext, search
from settings import Settings

WORDS = ["北京", "大学", "圖書館", "search", "engine", "passages", "检索", "the", "GPT-4", "running"]
QUIET = {"settings": {"semantic": {"families": []}}}


def put(index, doc_id, text, **fields):
    return index.write([Operation("index", doc_id, {"text": text, **fields})])[0]


def ranking(node, name, query):
    found = search(node, [name], {"query": query, "size": 100, "track_total_hits": True}, {})
    return [(h["_id"], h["_score"]) for h in found["hits"]["hits"]], found["hits"]["total"]


def contents(node, name):
    """Everything that the inverted index says of the live documents, by id instead of by number."""
    index = node.index(name)
    view, reader = index.view(), SearchContext(node, index).reader
    ids = {number: row.id for number, row in enumerate(view.fetch(range(view.documents)))} if view.documents else {}
    postings: dict[tuple[str, bytes], dict[str, list[int]]] = {}
    start = 0
    for segment, dead in zip(view.segments, view.tombstones, strict=True):
        for path in segment.text_fields:
            field = segment.text(path)
            for ordinal in range(len(field.df)):
                docs, freqs = field.postings(ordinal)
                offsets, positions = field.positions(ordinal) if field.positional else (None, None)
                for at, (doc, freq) in enumerate(zip(docs.tolist(), freqs.tolist(), strict=True)):
                    if dead is None or not dead.mask[doc]:
                        found = [freq] if offsets is None else positions[offsets[at] : offsets[at + 1]].tolist()
                        postings.setdefault((path, field.term(ordinal)), {})[ids[start + doc]] = found
        start += segment.documents
    statistics = {}
    for path, term in postings:
        found = reader.statistics(path)
        statistics[path] = found.documents.tolist(), found.tokens.tolist()
        assert reader.df(path, term) == len(postings[path, term]), (path, term)
    return postings, statistics


AGGREGATIONS = {
    "tags": {"terms": {"field": "tag", "missing": "none"}, "aggs": {"n": {"extended_stats": {"field": "n"}}}},
    "steps": {"histogram": {"field": "n", "interval": 3}, "aggs": {"tags": {"cardinality": {"field": "tag"}}}},
}


def aggregated(node, name):
    body = {"size": 0, "query": {"match": {"text": "北京 search 大学"}}, "aggs": AGGREGATIONS}
    return search(node, [name], body, {})["aggregations"]


QUERIES = [
    {"match": {"text": "北京大学 search"}},
    {"match": {"text": {"query": "检索 engine", "operator": "and"}}},
    {"match_phrase": {"text": "大学图书馆"}},
    {"range": {"n": {"gte": 3, "lt": 8}}},
    {"bool": {"must": [{"match": {"text": "running"}}], "must_not": [{"term": {"tag": "x"}}]}},
    {"match_all": {}},
]
MAPPING = {"properties": {"text": {"type": "text"}, "n": {"type": "long"}, "tag": {"type": "keyword"}}}


class IndexLife(RuleBasedStateMachine):
    """Random writes, refreshes, merges and restarts against a fresh index of what is left."""

    @initialize()
    def begin(self):
        import tempfile

        self.folder = tempfile.mkdtemp(prefix="quarry-life-")
        self.node = Node(Settings(data=self.folder))
        self.index = self.node.create("life", {"mappings": MAPPING, **QUIET})
        self.model: dict[str, dict] = {}
        self.order: list[str] = []

    @rule(
        ids=st.lists(st.integers(0, 9), min_size=1, max_size=4),
        words=st.lists(st.sampled_from(WORDS), max_size=6),
        n=st.integers(0, 9),
        tag=st.sampled_from(["x", "y", None]),
    )
    def write(self, ids, words, n, tag):
        operations = []
        for i in ids:
            source = {"text": "".join(words) if n % 2 else " ".join(words), "n": n, "tag": tag}
            operations.append(Operation("index", str(i), source))
            self.model[str(i)] = source
            self.order = [o for o in self.order if o != str(i)] + [str(i)]
        assert all(r.error is None for r in self.index.write(operations))

    @rule(i=st.integers(0, 9))
    def delete(self, i):
        result = self.index.write([Operation("delete", str(i))])[0]
        assert result.result == ("deleted" if str(i) in self.model else "not_found")
        self.model.pop(str(i), None)
        self.order = [o for o in self.order if o != str(i)]

    @rule(i=st.integers(0, 9), n=st.integers(0, 9))
    def update(self, i, n):
        result = self.index.write([Operation("update", str(i), {"n": n})])[0]
        if str(i) not in self.model:
            assert result.error is not None
            return
        if self.model[str(i)]["n"] == n:
            assert result.result == "noop"
            return
        self.model[str(i)] = {**self.model[str(i)], "n": n}
        self.order = [o for o in self.order if o != str(i)] + [str(i)]

    @rule()
    def refresh(self):
        self.index.refresh()

    @rule(to_one=st.booleans())
    def merge(self, to_one):
        self.index.merge(to_one=to_one)

    @rule()
    def restart(self):
        self.node.close()
        self.node = Node(Settings(data=self.folder))
        self.index = self.node.index("life")

    @rule()
    def compare(self):
        self.index.refresh()
        fresh = self.node.create("fresh", {"mappings": MAPPING, **QUIET})
        try:
            if self.order:
                fresh.write([Operation("index", i, self.model[i]) for i in self.order])
            fresh.refresh()
            for query in QUERIES:
                assert ranking(self.node, "life", query) == ranking(self.node, "fresh", query), query
            assert contents(self.node, "life") == contents(self.node, "fresh")
            assert aggregated(self.node, "life") == aggregated(self.node, "fresh")
        finally:
            self.node.delete("fresh")

    @invariant()
    def truth(self):
        if hasattr(self, "index"):
            for i in range(10):
                row = self.index.get(str(i))
                assert (orjson.loads(row.body) if row else None) == self.model.get(str(i))

    def teardown(self):
        if hasattr(self, "node"):
            self.node.close()
            shutil.rmtree(self.folder, ignore_errors=True)


TestIndexLife = IndexLife.TestCase
TestIndexLife.settings = settings(
    max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_many_segments_merge_and_keep_their_order(node):
    index = node.create("many", {"mappings": MAPPING, **QUIET})
    chance = random.Random(7)
    for batch in range(20):
        index.write([
            Operation("index", f"{batch}-{i}", {"text": " ".join(chance.choices(WORDS, k=5)), "n": i}) for i in range(5)
        ])  # fmt: skip
        index.refresh()
    before = [ranking(node, "many", q) for q in QUERIES]
    assert len(index.view().segments) == 20
    assert index.merge()
    assert len(index.view().segments) < 8
    assert [ranking(node, "many", q) for q in QUERIES] == before
    index.merge(to_one=True)
    assert len(index.view().segments) == 1
    assert [ranking(node, "many", q) for q in QUERIES] == before


@pytest.mark.parametrize("damage", ["manifest", "segment", "all", "garbage"])
def test_derived_files_are_rebuilt_from_the_truth(node, tmp_path, damage):
    index = node.create("i", {"mappings": MAPPING, **QUIET})
    for i in range(6):
        put(index, str(i % 4), WORDS[i] + " search", n=i)
        index.refresh()
    before = [ranking(node, "i", q) for q in QUERIES]
    node.close()
    if damage in ("manifest", "all"):
        (index.path / "manifest.json").unlink()
    if damage == "segment":
        shutil.rmtree(index.path / "segments" / read_manifest(index.path / "manifest.json").segments[0].name)
    if damage == "all":
        shutil.rmtree(index.path / "segments")
    if damage == "garbage":
        for file in (index.path / "segments").rglob("*"):
            if file.is_file():
                file.write_bytes(b"no segment at all" * 50)
    again = Node(Settings(data=tmp_path / "data"))
    again.index("i").refresh()
    assert [ranking(again, "i", q) for q in QUERIES] == before
    again.close()


def test_two_processes_views_follow_each_other(tmp_path):
    one, two = (Node(Settings(data=tmp_path)) for _ in range(2))
    one.create("shared", QUIET)
    put(one.index("shared"), "1", "北京大学")
    put(two.index("shared"), "2", "北京")
    two.index("shared").refresh()
    assert one.index("shared").view().live_documents == 2
    one.index("shared").write([Operation("delete", "2")])
    one.index("shared").refresh()
    assert two.index("shared").view().live_documents == 1
    old = two.index("shared")
    one.delete("shared")
    with pytest.raises(IndexNotFound):
        two.index("shared")
    one.create("shared", QUIET)
    assert two.index("shared").uuid != old.uuid
    one.close()
    two.close()


def test_a_bad_document_fails_alone(node):
    index = node.create("i", {"mappings": MAPPING, **QUIET})
    results = index.write([
        Operation("index", "1", {"text": "好", "n": 1}),
        Operation("index", "2", {"text": "坏", "n": "many"}),
        Operation("create", "1", {"text": "again"}),
        Operation("index", "x" * 600, {"text": "long id"}),
        Operation("index", "3", {"text": "also good"}),
    ])  # fmt: skip
    assert [type(r.error) for r in results[1:3]] == [InvalidDocument, VersionConflict]
    assert [r.error is None for r in results] == [True, False, False, False, True]
    assert index.get("2") is None
    assert index.get("3") is not None


def test_optimistic_concurrency(node):
    index = node.create("i", QUIET)
    first = put(index, "1", "a")
    stale = index.write([Operation("index", "1", {"text": "b"}, if_seq_no=first.seq + 5, if_primary_term=1)])[0]
    assert isinstance(stale.error, VersionConflict)
    good = index.write([Operation("index", "1", {"text": "b"}, if_seq_no=first.seq, if_primary_term=1)])[0]
    assert (good.error, good.version) == (None, 2)


def test_a_search_that_began_before_still_finds_what_it_saw(node):
    index = node.create("i", QUIET)
    put(index, "1", "北京")
    index.refresh()
    view = index.view()
    put(index, "1", "上海")
    index.write([Operation("index", "2", {"text": "广州"})])
    index.refresh()
    index.merge(to_one=True)
    assert orjson.loads(view.fetch([0])[0].body) == {"text": "北京"}
    assert view.numbers_of_ids(["1", "2"]).tolist() == [0]
    assert np.array_equal(index.view().seqs[index.view().live], [2, 3])
