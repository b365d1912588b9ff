"""Aliases against a model of plain dictionaries, and what a request means by a name."""

from __future__ import annotations

import multiprocessing
import threading

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from indexer import IndexExists, IndexNotFound, InvalidIndexName, InvalidRequest, Node, Operation, QuarryError
from indexer.admin_errors import AliasesNotFound, IllegalState, InvalidAliasName, NotAnAlias
from indexer.aliases import Action, parse_actions
from indexer.resolution import Resolver
from settings import Settings

QUIET = {"settings": {"semantic": {"families": []}}}
INDICES = ["logs-1", "logs-2", "新闻-1"]
ALIASES = ["logs", "新闻", "All"]


def actions(*steps):
    return parse_actions({"actions": list(steps)})


class AliasLife(RuleBasedStateMachine):
    """Random changes of aliases and indices, by two nodes in turn, against dictionaries."""

    @initialize()
    def begin(self):
        import tempfile

        self.folder = tempfile.TemporaryDirectory(prefix="quarry-alias-")
        self.nodes = [Node(Settings(data=self.folder.name)) for _ in range(2)]
        self.indices: set[str] = set()
        self.aliases: dict[str, dict[str, dict]] = {}
        self.turn = 0

    @property
    def node(self):
        self.turn += 1
        return self.nodes[self.turn % 2]

    def drop(self, index):
        for members in self.aliases.values():
            members.pop(index, None)
        self.aliases = {alias: members for alias, members in self.aliases.items() if members}

    @rule(index=st.sampled_from(INDICES), alias=st.sampled_from([None, *ALIASES]))
    def create(self, index, alias):
        body = {**QUIET, "aliases": {alias: {}} if alias else {}}
        if index in self.indices:
            with pytest.raises(IndexExists):
                self.node.create(index, body)
            return
        self.node.create(index, body)
        self.indices.add(index)
        if alias:
            self.aliases.setdefault(alias, {})[index] = {}

    @rule(index=st.sampled_from(INDICES))
    def delete(self, index):
        if index not in self.indices:
            with pytest.raises(IndexNotFound):
                self.node.delete(index)
            return
        self.node.delete(index)
        self.indices.discard(index)
        self.drop(index)

    @rule(
        steps=st.lists(
            st.tuples(
                st.sampled_from(["add", "remove", "write", "remove_index"]),
                st.sampled_from(INDICES),
                st.sampled_from(ALIASES),
            ),
            min_size=1,
            max_size=3,
        )
    )
    def update(self, steps):
        before = (set(self.indices), {a: dict(m) for a, m in self.aliases.items()})
        wanted = []
        for kind, index, alias in steps:
            if kind == "remove_index":
                wanted.append({"remove_index": {"index": index}})
            elif kind == "remove":
                wanted.append({"remove": {"index": index, "alias": alias}})
            else:
                body = {"is_write_index": True} if kind == "write" else {}
                wanted.append({"add": {"index": index, "alias": alias, **body}})
        try:
            self._model(steps)
        except LookupError:
            self.indices, self.aliases = before
            with pytest.raises((IndexNotFound, AliasesNotFound, IllegalState)):
                self.node.update_aliases(actions(*wanted))
            return
        self.node.update_aliases(actions(*wanted))

    def _model(self, steps):
        for kind, index, _ in steps:
            if kind == "remove_index" and index not in self.indices:
                raise LookupError(index)
        for kind, index, _ in steps:
            if kind == "remove_index":
                self.indices.discard(index)
                self.drop(index)
        outcomes = []
        for kind, index, alias in steps:
            if kind == "remove_index":
                outcomes.append(True)
                continue
            if index not in self.indices:
                raise LookupError(index)
            if kind == "remove":
                outcomes.append(self.aliases.get(alias, {}).pop(index, None) is not None)
                self.aliases = {a: m for a, m in self.aliases.items() if m}
                continue
            self.aliases.setdefault(alias, {})[index] = {"is_write_index": True} if kind == "write" else {}
            outcomes.append(True)
        if any(sum(bool(b) for b in members.values()) > 1 for members in self.aliases.values()):
            raise LookupError("two write indices")
        if not any(outcomes):
            raise LookupError("nothing to remove")

    @invariant()
    def same(self):
        if not hasattr(self, "nodes"):
            return
        for node in self.nodes:
            assert set(node.names()) == self.indices
            assert node.aliases() == self.aliases
            for alias in ALIASES:
                members = self.aliases.get(alias, {})
                assert {str(t) for t in node.resolve(alias, ignore_unavailable=True)} == set(members)
                writers = [i for i, body in members.items() if body]
                if writers or len(members) == 1:
                    with node.writing(alias) as index:
                        assert index.name == (writers or list(members))[0]

    def teardown(self):
        if hasattr(self, "nodes"):
            for node in self.nodes:
                node.close()
            self.folder.cleanup()


TestAliasLife = AliasLife.TestCase
TestAliasLife.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)


def resolver(aliases, indices):
    return Resolver(aliases, lambda name: name in indices, lambda: list(indices))


def test_what_a_name_means_and_what_may_be_seen():
    zh, en = {"term": {"lang": "zh"}}, {"term": {"lang": "en"}}
    found = resolver(
        {
            "zh": {"a": {"filter": zh}, "b": {"filter": zh}},
            "en": {"a": {"filter": en}},
            "whole": {"b": {}},
            "gone": {"missing": {}},
            "secret": {"a": {"is_hidden": True}},
        },
        ["a", "b", "c"],
    )

    def seen(expression, **options):
        return {str(t): t.filter for t in found.resolve(expression, **options)}

    assert seen("zh") == {"a": zh, "b": zh}
    assert seen("zh,en") == {"a": {"bool": {"should": [zh, en], "minimum_should_match": 1}}, "b": zh}
    assert seen("zh,whole") == {"a": zh, "b": None}
    assert seen("zh,a") == {"a": None, "b": zh}
    assert seen("z*") == {"a": zh, "b": zh}
    assert seen(None) == seen("_all") == seen(["*"]) == {"a": None, "b": None, "c": None}
    assert seen("*,-zh") == {"c": None}
    assert seen("sec*") == {}
    assert seen("secret") == {"a": None}
    assert seen("nothing*") == {}
    assert seen("gone,c", ignore_unavailable=True) == {"c": None}
    for missing in ("gone", "nowhere", "zh,nowhere"):
        with pytest.raises(IndexNotFound):
            found.resolve(missing)
    with pytest.raises(IndexNotFound):
        found.resolve("nothing*", allow_no_indices=False)
    with pytest.raises(InvalidRequest, match=r"more than one index associated with it \[a, b\]"):
        found.single("zh")
    assert found.single("en").filter == en


def test_where_writes_through_an_alias_go(node):
    node.create("old", {**QUIET, "aliases": {"news": {}}})
    node.create("new", QUIET)
    with node.writing("news") as index:
        assert index.name == "old"
    node.update_aliases(actions({"add": {"index": "new", "alias": "news"}}))
    with pytest.raises(InvalidRequest, match="no write index is defined for alias"), node.writing("news"):
        pass
    node.update_aliases(actions({"add": {"index": "new", "alias": "news", "is_write_index": True}}))
    with node.writing("news", create=True) as index:
        assert index.name == "new"
    with pytest.raises(IllegalState, match="more than one write index"):
        node.update_aliases(actions({"add": {"index": "old", "alias": "news", "is_write_index": True}}))
    with pytest.raises(NotAnAlias), node.writing("old", require_alias=True):
        pass
    with pytest.raises(InvalidIndexName, match="already exists as alias"):
        node.create("news", QUIET)
    with pytest.raises(InvalidAliasName, match="an index or data stream exists with the same name"):
        node.update_aliases(actions({"add": {"index": "old", "alias": "new"}}))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"actions": []},
        {"actions": [{"swap": {}}]},
        {"actions": [{"add": {"index": "a"}}]},
        {"actions": [{"add": {"index": "a", "alias": "b", "filter": "x"}}]},
        {"actions": [{"add": {"index": "a", "alias": "b", "color": "red"}}]},
        {"actions": [{"add": {"index": "a", "indices": ["a"], "alias": "b"}}]},
        {"actions": [{"remove": {"index": "a", "alias": "b", "filter": {}}}]},
    ],
)
def test_actions_that_are_none_are_refused(body):
    with pytest.raises(QuarryError) as refused:
        parse_actions(body)
    assert refused.value.status == 400


def test_a_swap_of_an_index_for_an_alias_is_one_step(node, tmp_path):
    """Whoever looks meanwhile, in this process or another, always finds the name."""
    node.create("docs", QUIET).write([Operation("index", "1", {"text": "旧"})])
    node.create("docs-2", QUIET).write([Operation("index", "1", {"text": "新"})])
    other = Node(Settings(data=tmp_path / "data"))
    seen, stop, errors = set(), threading.Event(), []

    def look():
        while not stop.is_set():
            try:
                seen.add(str(other.resolve("docs")[0]))
            except Exception as error:
                errors.append(error)

    thread = threading.Thread(target=look)
    thread.start()
    node.update_aliases(actions({"remove_index": {"index": "docs"}}, {"add": {"index": "docs-2", "alias": "docs"}}))
    stop.set()
    thread.join()
    assert not errors
    assert seen <= {"docs", "docs-2"}
    assert str(other.resolve("docs")[0]) == "docs-2"
    other.close()


def _add_many(folder, number):
    node = Node(Settings(data=folder))
    for i in range(25):
        node.update_aliases([Action("add", ("shared",), (f"别名-{number}-{i}",))])
    node.close()


def test_processes_change_aliases_at_once_and_lose_none(node, tmp_path):
    node.create("shared", QUIET)
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_add_many, args=(tmp_path / "data", n)) for n in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert len(node.aliases()) == 50
    node.delete("shared")
    assert node.aliases() == {}
