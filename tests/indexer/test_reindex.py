"""A new index behind an alias: nothing is lost while writes go on, whoever dies, there and back."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import orjson
import pytest

from indexer import InvalidRequest, Node, Operation
from indexer.admin_errors import IllegalState, WritesNotCopied
from indexer.reindex import Reindexing
from settings import Settings

ROOT = Path(__file__).resolve().parents[2]
QUIET = {"settings": {"semantic": {"families": []}}}
PLAIN = {"properties": {"text": {"type": "text", "analyzer": "standard"}, "n": {"type": "long"}}}


def documents(index):
    """Everything that the index holds, by id."""
    rows = index.store.fetch([seq for seq, _ in index.store.live_rows(0, index.store.last_seq)])
    return {row.id: orjson.loads(row.body) for row in rows.values()}


class Writer(threading.Thread):
    """Writes and deletes through an alias, from a node of its own, and knows what must be there."""

    def __init__(self, data, alias, seed=7):
        super().__init__()
        self.node = Node(Settings(data=data))
        self.alias = alias
        self.model: dict[str, dict] = {}
        self.count = 0
        self.error = None
        self.stop = threading.Event()
        self.chance = random.Random(seed)

    def run(self):
        try:
            while not self.stop.is_set():
                self.count += 1
                put, gone = str(self.chance.randrange(300)), str(self.chance.randrange(300))
                source = {"text": f"第 {self.count} 个 document", "n": self.count}
                with self.node.writing(self.alias) as index:
                    results = index.write([Operation("index", put, source), Operation("delete", gone)])
                assert all(r.error is None for r in results)
                self.model[put] = source
                self.model.pop(gone, None)
        except Exception as error:
            self.error = error
        finally:
            self.node.close()

    def end(self):
        self.stop.set()
        self.join()
        assert self.error is None


def test_nothing_is_lost_while_writes_go_on(node, tmp_path):
    node.create("docs", {**QUIET, "aliases": {"文档": {"filter": {"range": {"n": {"gte": 0}}}}}})
    writer = Writer(tmp_path / "data", "docs")
    writer.start()
    while writer.count < 30:
        time.sleep(0.01)
    first = Reindexing(node, "docs").run(mappings=PLAIN)
    assert (first.index, first.previous) == ("docs-000002", "docs-000001")
    assert node.aliases() == {
        "docs": {"docs-000002": {}},
        "文档": {"docs-000002": {"filter": {"range": {"n": {"gte": 0}}}}},
    }
    back = Reindexing(node, "docs").rollback()
    assert (back.index, back.previous) == ("docs-000001", "docs-000002")
    forward = Reindexing(node, "docs").rollback()
    assert forward.index == "docs-000002"
    again = Reindexing(node, "docs").run(settings={"index": {"refresh_interval": "5s"}})
    assert again.index == "docs-000003"
    writer.end()
    index = node.index("docs")
    assert index.name == "docs-000003"
    assert documents(index) == writer.model
    assert index.settings["refresh_interval"] == "5s"
    assert index.mapping.fields["text"].analyzer == "standard"
    index.refresh()
    assert index.view().live_documents == len(writer.model)
    assert node.names() == ["docs-000001", "docs-000002", "docs-000003"]


def test_writes_after_the_switch_go_back_too(node):
    index = node.create("old", {**QUIET, "aliases": {"news": {"is_write_index": True}}})
    index.write([Operation("index", str(i), {"text": f"新闻 {i}"}) for i in range(5)])
    done = Reindexing(node, "news").run()
    assert (done.index, done.documents) == ("news-000001", 5)
    assert node.aliases() == {"news": {"news-000001": {"is_write_index": True}}}
    with node.writing("news") as index:
        index.write([Operation("delete", "0"), Operation("index", "5", {"text": "later"})])
    Reindexing(node, "news").rollback()
    assert set(documents(node.index("old"))) == {"1", "2", "3", "4", "5"}


def test_documents_that_the_new_mapping_cannot_take_are_named_and_nothing_is_switched(node):
    index = node.create("docs", QUIET)
    index.write([Operation("index", "1", {"n": "1"}), Operation("index", "二", {"n": "many"})])
    with pytest.raises(WritesNotCopied, match=r"\[1\] of \[2\] documents.*\[二\].*Nothing was switched"):
        Reindexing(node, "docs").run(mappings={"properties": {"n": {"type": "long"}}})
    assert node.aliases() == {}
    assert documents(node.index("docs")) == {"1": {"n": "1"}, "二": {"n": "many"}}
    done = Reindexing(node, "docs").run(mappings={"properties": {"n": {"type": "keyword"}}})
    assert done.documents == 2
    assert node.index("docs").mapping.fields["n"].type == "keyword"


def test_what_cannot_be_reindexed_says_why(node):
    node.create("a", {**QUIET, "aliases": {"both": {}}})
    node.create("b", {**QUIET, "aliases": {"both": {}}})
    with pytest.raises(InvalidRequest, match="more than one index"):
        Reindexing(node, "both").run()
    with pytest.raises(IllegalState, match="was not reindexed"):
        Reindexing(node, "a").rollback()
    Reindexing(node, "a").run()
    node.delete("a-000001")
    with pytest.raises(IllegalState, match="the index it had before is gone"):
        Reindexing(node, "a").rollback()


def test_an_empty_index(node):
    node.create("empty", QUIET)
    assert Reindexing(node, "empty").run().documents == 0
    assert Reindexing(node, "empty").rollback().documents == 0


_RUN = """
import sys
from settings import Settings
from indexer import Node
from indexer.reindex import Reindexing
node = Node(Settings(data=sys.argv[1]))
print(Reindexing(node, "docs", lambda *step: print(*step, flush=True)).run().index, flush=True)
"""


def test_killed_at_any_moment_it_goes_on_where_it_stopped(node, tmp_path):
    index = node.create("docs", QUIET)
    texts = {str(i): {"text": f"段落 {i} of many", "n": i} for i in range(4000)}
    index.write([Operation("index", i, source) for i, source in texts.items()])
    chance = random.Random(3)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for number in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", _RUN, str(tmp_path / "data")],
            stdout=subprocess.PIPE, env=environment, cwd=tmp_path,
        )  # fmt: skip
        assert process.stdout is not None
        for _ in range(chance.randint(1, 6)):  # lines of progress: it dies while it copies, or at the switch
            process.stdout.readline()
        time.sleep(chance.random() * 0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        texts["new"] = {"text": f"写 {number}"}
        with node.writing("docs") as index:
            index.write([Operation("index", "new", texts["new"]), Operation("delete", str(number))])
        texts.pop(str(number), None)
        assert documents(node.index("docs")) == texts
    Reindexing(node, "docs").run()
    assert documents(node.index("docs")) == texts
    node.index("docs").refresh()
    assert node.index("docs").view().live_documents == len(texts)
