"""Snapshots: the documents of their moment, stored once, found damaged, restored whole or not at all."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from indexer import Node, Operation, QuarryError
from indexer.admin_errors import (
    InvalidSnapshotName,
    RepositoryRefused,
    RestoreRefused,
    SnapshotDamaged,
    SnapshotMissing,
)
from indexer.snapshots import Repository, Restoring
from indexer.templates import parse_index_template, put_index_template
from indexer.verification import verify
from retrieval import search
from settings import Settings

ROOT = Path(__file__).resolve().parents[2]
QUIET = {"settings": {"semantic": {"families": []}}}


def documents(index):
    rows = index.store.fetch([seq for seq, _ in index.store.live_rows(0, index.store.last_seq)])
    return {row.id: orjson.loads(row.body) for row in rows.values()}


def blobs(folder):
    return {p.name for p in (folder / "blobs").rglob("*") if p.is_file()}


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "snapshots", create=True)


@pytest.fixture
def elsewhere(tmp_path):
    """A node of another data directory."""
    made = Node(Settings(data=tmp_path / "elsewhere"))
    yield made
    made.close()


class SnapshotLife(RuleBasedStateMachine):
    """Random writes, snapshots, deletions of snapshots and restores."""

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp(prefix="quarry-snap-"))
        self.node = Node(Settings(data=self.folder / "data"))
        self.repository = Repository(self.folder / "snaps", create=True)
        self.models: dict[str, dict] = {"a": {}, "乙": {}}
        for name in self.models:
            self.node.create(name, QUIET)
        self.taken: dict[str, dict[str, dict]] = {}
        self.count = 0

    @rule(name=st.sampled_from(["a", "乙"]), ids=st.lists(st.integers(0, 20), max_size=8), size=st.integers(1, 3000))
    def write(self, name, ids, size):
        self.count += 1
        operations = []
        for i in ids:
            source = {"text": "检索 search " + chr(0x4E00 + self.count) * size, "n": self.count}
            operations.append(Operation("index", str(i), source))
            self.models[name][str(i)] = source
        if operations:
            self.node.index(name).write(operations)

    @rule(name=st.sampled_from(["a", "乙"]), i=st.integers(0, 20))
    def delete(self, name, i):
        self.node.index(name).write([Operation("delete", str(i))])
        self.models[name].pop(str(i), None)

    @rule(name=st.sampled_from(["a", "乙"]), merge=st.booleans())
    def refresh(self, name, merge):
        self.node.index(name).refresh()
        if merge:
            self.node.index(name).merge(to_one=True)

    @rule()
    def take(self):
        self.count += 1
        label = f"s{self.count}"
        self.repository.create(self.node, label, ["a", "乙"])
        self.taken[label] = {name: dict(model) for name, model in self.models.items()}

    @precondition(lambda self: getattr(self, "taken", None))
    @rule(data=st.data())
    def forget(self, data):
        label = data.draw(st.sampled_from(sorted(self.taken)))
        self.repository.delete([label])
        del self.taken[label]
        assert self.repository.verify() == []
        needed = {blob for name in self.taken for blob, _ in self.repository.get(name).blobs()}
        assert blobs(self.repository.folder) == needed

    @precondition(lambda self: getattr(self, "taken", None))
    @rule(data=st.data(), aside=st.booleans())
    def restore(self, data, aside):
        label = data.draw(st.sampled_from(sorted(self.taken)))
        if aside:
            came = Restoring(rename=("(.+)", "back-$1")).run(self.node, self.repository, label)
            assert came == ["back-a", "back-乙"]
        else:
            for name in self.models:
                self.node.delete(name)
            Restoring().run(self.node, self.repository, label)
            self.models = {name: dict(model) for name, model in self.taken[label].items()}
        for name, model in self.taken[label].items():
            index = self.node.index(f"back-{name}" if aside else name)
            assert documents(index) == model
            index.refresh()
            assert index.view().live_documents == len(model)
            found = search(self.node, [index.name], {"query": {"match": {"text": "检索"}}, "size": 50}, {})
            assert {h["_id"]: h["_source"] for h in found["hits"]["hits"]} == model
            if aside:
                self.node.delete(index.name)

    def teardown(self):
        if hasattr(self, "node"):
            self.node.close()
            shutil.rmtree(self.folder, ignore_errors=True)


TestSnapshotLife = SnapshotLife.TestCase
TestSnapshotLife.settings = settings(
    max_examples=8, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)


def filled(node, name="docs", count=3000):
    index = node.create(name, QUIET)
    chance = random.Random(5)
    for start in range(0, count, 1000):
        index.write([
            Operation("index", f"{i:06d}", {"text": f"文档 {i} {chance.randbytes(60).hex()}"})
            for i in range(start, min(count, start + 1000))
        ])  # fmt: skip
        index.refresh()
    return index


def test_what_has_not_changed_is_stored_once(node, repository):
    index = filled(node)
    node.create("empty", QUIET)
    first = repository.create(node, "one", ["docs", "empty"])
    second = repository.create(node, "two", ["docs", "empty"])
    assert [i.added for i in second.indices] == [0, 0]
    index.write([Operation("index", "999999", {"text": "新的"})])
    index.refresh()
    third = repository.create(node, "three", ["docs", "empty"])
    whole, new = first.indices[0], third.indices[0]
    assert new.added_bytes < whole.size / 2
    truth = {f.path: f for f in whole.files}["truth.db"].blobs
    later = {f.path: f for f in new.files}["truth.db"].blobs
    assert len(set(later) & set(truth)) >= len(truth) // 2
    (repository.folder / "snapshots" / "one.json").touch()  # as a copy of the folder would
    assert repository.names() == ["one", "two", "three"]
    before = blobs(repository.folder)
    repository.delete(["one", "two"])
    assert blobs(repository.folder) < before
    assert repository.verify() == []
    with pytest.raises(SnapshotMissing):
        repository.get("one")


def test_a_snapshot_while_writes_and_merges_go_on_is_one_moment(node, repository, elsewhere, tmp_path):
    filled(node, count=1000)
    stop = threading.Event()
    other = Node(Settings(data=tmp_path / "data"))

    def write():
        number = 0
        while not stop.is_set():
            number += 1
            # the two are equal at every moment
            pair = [Operation("index", name, {"text": f"对 {number}", "n": number}) for name in ("left", "right")]
            other.index("docs").write(pair)
            if number % 5 == 0:
                other.index("docs").refresh()
            if number % 20 == 0:
                other.index("docs").merge(to_one=True)

    writer = threading.Thread(target=write)
    writer.start()
    for number in range(4):
        repository.create(node, f"s{number}", ["docs"])
    stop.set()
    writer.join()
    other.close()
    for number in range(4):
        (name,) = Restoring(rename=("docs", f"docs-{number}")).run(elsewhere, repository, f"s{number}")
        index = elsewhere.index(name)
        found = documents(index)
        assert found.get("left") == found.get("right")
        index.refresh()
        assert index.view().live_documents == len(found)
        assert index.merge(to_one=True) in (True, False)
        assert index.view().live_documents == len(found)


def test_vectors_come_back_without_a_model_run(node, repository, elsewhere):
    mapping = {"properties": {"v": {"type": "dense_vector", "dims": 3}, "text": {"type": "text"}}}
    index = node.create("v", {"mappings": mapping, "settings": {"semantic": {"families": ["word2vec"]}}})
    index.write([
        Operation("index", str(i), {"text": f"猫 睡 很多 cats sleep a lot {i}", "v": [1.0, i, 2.0]}) for i in range(40)
    ])  # fmt: skip
    index.refresh()
    node.fill_vectors(index)
    assert index.pending() == {"word2vec": 0}
    repository.create(node, "s", ["v"])
    Restoring().run(elsewhere, repository, "s")
    back = elsewhere.index("v")
    assert back.pending() == {"word2vec": 0}
    assert back.read_manifest() == index.read_manifest()
    for space, found in index.view().spaces.items():
        assert np.array_equal(found.parts[0].matrix, back.view().spaces[space].parts[0].matrix)
    elsewhere.fill_vectors(back)
    assert back.read_manifest() == index.read_manifest()  # the model's fingerprint agrees: nothing was made again


@pytest.mark.parametrize("what", ["segments", "manifest.json", "all"])
def test_what_cannot_be_used_is_built_from_the_truth(node, repository, elsewhere, what):
    """Derived files of another version, here: files that are none, are replaced by ones of this version."""
    index = filled(node, count=200)
    repository.create(node, "s", ["docs"])
    Restoring().run(elsewhere, repository, "s")
    folder = elsewhere.path / "docs"
    for path in folder.rglob("*"):
        derived = path.is_file() and path.parent.parent == folder / "segments"
        if (derived and what in ("segments", "all")) or (path.name == "manifest.json" and what != "segments"):
            path.write_bytes(b"of another version " * 20)
    back = elsewhere.index("docs")
    back.refresh()
    assert back.view().live_documents == 200
    assert documents(back) == documents(index)


def test_what_was_not_searchable_when_it_was_taken_is_so_when_it_is_back(node, repository, elsewhere):
    index = node.create("docs", {"settings": {"semantic": {"families": []}, "refresh_interval": "-1"}})
    index.write([Operation("index", "1", {"text": "检索"})])
    index.refresh()
    index.write([Operation("index", "2", {"text": "检索"}), Operation("delete", "1")])
    repository.create(node, "s", ["docs"])
    Restoring().run(elsewhere, repository, "s")
    found = search(elsewhere, ["docs"], {"query": {"match": {"text": "检索"}}}, {})["hits"]["hits"]
    assert [hit["_id"] for hit in found] == ["2"]


def test_a_taken_name_is_refused_before_anything_changes(node, repository):
    filled(node, count=10)
    node.create("b", {**QUIET, "aliases": {"all": {}, "b2": {}}})
    repository.create(node, "s", ["docs", "b"])
    with pytest.raises(RestoreRefused, match=r"\[docs\] because an open index with same name already exists"):
        Restoring().run(node, repository, "s")
    with pytest.raises(RestoreRefused, match="renamed into the same index"):
        Restoring(rename=(".*", "same")).run(node, repository, "s")
    with pytest.raises(RestoreRefused, match="an alias has that name"):
        Restoring(indices=["b"], rename=("b", "all")).run(node, repository, "s")
    with pytest.raises(RestoreRefused, match="must be lowercase"):
        Restoring(rename=("^", "X")).run(node, repository, "s")
    node.delete("b")
    node.create("all", QUIET)
    with pytest.raises(RestoreRefused, match=r"alias \[all\]"):
        Restoring(indices=["b"]).run(node, repository, "s")
    with pytest.raises(QuarryError, match="no such index"):
        Restoring(indices=["nowhere"]).run(node, repository, "s")
    assert node.names() == ["all", "docs"]
    came = Restoring(indices=["b"], aliases=False, settings={"index.refresh_interval": "9s"}).run(node, repository, "s")
    assert came == ["b"]
    assert node.aliases() == {}
    assert node.index("b").settings["refresh_interval"] == "9s"
    for name in ("s", "S", "", "_x", "a b", "a/b", "x" * 300):
        with pytest.raises(InvalidSnapshotName):
            repository.create(node, name, ["docs"])


@pytest.mark.parametrize("gone", [True, False])
def test_damage_of_what_is_derived_costs_no_document(node, repository, elsewhere, gone):
    index = filled(node, count=300)
    repository.create(node, "s", ["docs"])
    for file in repository.get("s").indices[0].files:
        if file.path == "truth.db":
            continue
        ((name, _),) = file.blobs
        (path,) = (repository.folder / "blobs").rglob(name)
        whole = path.read_bytes()
        if gone:
            path.unlink()
        else:
            path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        assert Restoring().run(elsewhere, repository, "s") == ["docs"]
        back = elsewhere.index("docs")
        assert documents(back) == documents(index)
        assert back.view().live_documents == index.view().live_documents
        assert verify(back) == []
        elsewhere.delete("docs")
        path.write_bytes(whole)


def test_damage_is_named_and_refused_before_anything_changes(node, repository, elsewhere):
    filled(node, count=500)
    repository.create(node, "s", ["docs"])
    stored = repository.get("s").indices[0].files
    truth = sorted(name for file in stored if file.path == "truth.db" for name, _ in file.blobs)
    chance = random.Random(2)
    for name in chance.sample(truth, min(4, len(truth))):
        (path,) = (repository.folder / "blobs").rglob(name)
        whole = path.read_bytes()
        bad = bytearray(whole)
        bad[chance.randrange(len(bad))] ^= 1 << chance.randrange(8)
        for damage in (bytes(bad), whole[:-1], None):
            if damage is None:
                path.unlink()
            else:
                path.write_bytes(damage)
            found = repository.verify()
            assert [one.what for one in found] == [f"blobs/{path.parent.name}/{path.name}"]
            assert found[0].users[0].startswith("s/docs/")
            with pytest.raises(SnapshotDamaged, match=path.name):
                Restoring().run(elsewhere, repository, "s")
            assert elsewhere.names() == []
            assert not [p for p in elsewhere.path.iterdir() if p.is_dir()]
        path.write_bytes(whole)
    assert repository.verify() == []
    file = repository.folder / "snapshots" / "s.json"
    body = bytearray(file.read_bytes())
    body[len(body) // 2] ^= 4
    file.write_bytes(bytes(body))
    assert [one.what for one in repository.verify()] == ["snapshots/s.json"]
    with pytest.raises(SnapshotDamaged, match="is not what was written"):
        Restoring().run(elsewhere, repository, "s")
    before = blobs(repository.folder)
    repository.create(node, "t", ["docs"])
    assert blobs(repository.folder) >= before  # nobody knows what the damaged one needs


def test_analyzers_files_and_templates_come_along(node, repository, elsewhere, tmp_path):
    rules = tmp_path / "data" / "analysis" / "同义词.txt"
    rules.parent.mkdir()
    rules.write_text("番茄, 西红柿\n")
    analysis = {
        "filter": {"s": {"type": "synonym_graph", "synonyms_path": "同义词.txt"}},
        "analyzer": {"q": {"tokenizer": "standard", "filter": ["lowercase", "s"]}},
    }
    fields = {"properties": {"t": {"type": "text", "analyzer": "standard", "search_analyzer": "q"}}}
    body = {"mappings": fields, "settings": {**QUIET["settings"], "analysis": analysis}}
    index = node.create("菜", body)
    index.write([Operation("index", "1", {"t": "番茄 炒 蛋"})])
    with node.registry.change() as change:
        put_index_template(change.state, "菜谱", parse_index_template({"index_patterns": ["菜-*"]}))
    repository.create(node, "s", ["菜"])
    Restoring(templates=True).run(elsewhere, repository, "s")
    assert (tmp_path / "elsewhere" / "analysis" / "同义词.txt").read_text() == "番茄, 西红柿\n"
    assert set(elsewhere.state().index_templates) == {"菜谱"}
    rules.write_text("别的, 东西\n")
    node.delete("菜")
    Restoring().run(node, repository, "s")
    assert rules.read_text() == "别的, 东西\n"  # a file that is there is somebody's: it stays


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "猫.jpg").write_bytes(b"x")
    with pytest.raises(RepositoryRefused, match="other files"):
        Repository(tmp_path / "photos", create=True)
    with pytest.raises(RepositoryRefused, match="there are no snapshots"):
        Repository(tmp_path / "nowhere")


_TAKE = """
import sys
from pathlib import Path
from settings import Settings
from indexer import Node
from indexer.snapshots import Repository, Restoring
from indexer.templates import parse_index_template, put_index_template
node, repository = Node(Settings(data=sys.argv[1])), Repository(Path(sys.argv[2]))
print("ready", flush=True)
if sys.argv[3] == "create":
    repository.create(node, sys.argv[4], ["docs", "docs2"])
else:
    Restoring().run(node, repository, sys.argv[4])
print("done", flush=True)
"""


def killed_after(seconds, *arguments):
    """Run the work in a process of its own and kill it after a while; whether it had ended by then."""
    process = subprocess.Popen(
        [sys.executable, "-c", _TAKE, *map(str, arguments)],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read()
    process.wait()
    process.stdout.close()
    return rest == "done\n"


def test_killed_while_a_snapshot_is_taken_there_is_none(node, repository, elsewhere, tmp_path):
    filled(node)
    filled(node, "docs2")
    chance = random.Random(11)
    ended = []
    for number in range(3):
        done = killed_after(chance.random() * 0.12, tmp_path / "data", repository.folder, "create", f"k{number}")
        ended += [f"k{number}"] if done or f"k{number}" in repository.names() else []
        assert repository.names() == ended
        assert repository.verify() == []
        assert repository.running() is None
    repository.create(node, "last", ["docs", "docs2"])
    needed = {blob for name in repository.names() for blob, _ in repository.get(name).blobs()}
    assert blobs(repository.folder) == needed
    assert sorted(p.name for p in repository.folder.iterdir()) == [
        "blobs",
        "lock",
        "quarry-snapshots.json",
        "snapshots",
    ]
    Restoring().run(elsewhere, repository, "last")
    assert documents(elsewhere.index("docs2")) == documents(node.index("docs2"))


def test_killed_while_it_restores_it_leaves_all_or_nothing(node, repository, tmp_path):
    filled(node)
    filled(node, "docs2")
    expected = documents(node.index("docs"))
    repository.create(node, "s", ["docs", "docs2"])
    chance = random.Random(12)
    for number in range(3):
        data = tmp_path / f"target-{number}"
        killed_after(chance.random() * 0.08, data, repository.folder, "restore", "s")
        target = Node(Settings(data=data))
        target.start()  # what a killed restore left is swept, or finished when it was decided
        assert target.names() in ([], ["docs", "docs2"])
        assert not [p for p in target.path.iterdir() if p.is_dir() and p.name.startswith(".")]
        if not target.names():
            Restoring().run(target, repository, "s")
        assert documents(target.index("docs")) == expected
        target.close()
