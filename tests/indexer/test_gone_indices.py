"""An index may be deleted, and made again, by others while it is in use: nothing crashes, nothing gets mixed up."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from indexer import IndexNotFound, Node, Operation
from indexer.manifest import Manifest
from settings import Settings

QUIET = {"settings": {"semantic": {"families": []}}}


@pytest.fixture
def other(node):
    """Another process's node, as far as files go."""
    made = Node(node.settings)
    yield made
    made.close()


def test_a_reader_ends_what_it_began_when_the_index_is_deleted(node):
    index = node.create("x", QUIET)
    index.write([Operation("index", str(n), {"n": n}) for n in range(50)])
    reading, deleted = threading.Event(), threading.Event()

    def read():
        with index.store.snapshot():
            rows = index.store.live_rows(0, 50)
            first = next(iter(rows))
            reading.set()
            assert deleted.wait(30)
            return [first, *rows]

    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(read)
        assert reading.wait(30)
        node.delete("x")
        deleted.set()
        assert len(found.result()) == 50
    with pytest.raises(IndexNotFound):
        index.get("1")


def test_what_still_works_on_a_deleted_index_does_not_touch_the_next_one_of_its_name(node, other):
    node.create("x", QUIET).write([Operation("index", "old", {"n": 1})])
    stale = other.index("x")
    stale.deriver  # noqa: B018 (made while the index was there)
    node.delete("x")
    new = node.create("x", QUIET)
    new.write([Operation("index", "new", {"n": 1})])
    noted = new.store.watermark.read()
    for work in (stale.refresh, stale.merge, lambda: stale.open_point(60)):
        with pytest.raises(IndexNotFound):
            work()
    with ThreadPoolExecutor(1) as pool, pytest.raises(IndexNotFound):
        pool.submit(stale.get, "new").result()
    stale.store.watermark.write(99)
    assert new.store.watermark.read() == noted
    assert new.read_manifest() == Manifest()
    assert other.index("x").get("new") is not None
    with other.writing("x") as index:
        index.write([Operation("index", "newer", {"n": 2})])
    new.refresh()
    assert new.view().live_documents == 2
    assert new.get("newer") is not None


def test_the_space_of_a_deleted_index_is_given_back_by_those_who_had_it_open(node, other):
    def held():
        found = []
        for descriptor in Path("/proc/self/fd").iterdir():
            with suppress(OSError):
                found.append(os.readlink(descriptor))
        mine = f"{node.settings.data.resolve()}/"  # earlier tests' indices may wait for the garbage collector
        return [name for name in found if name.startswith(mine) and "truth.db" in name]

    node.create("x", QUIET)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: other.index("x").write([Operation("index", "1", {"n": 1})])).result()
        assert held() != []
        node.delete("x")
        other.forget_gone()
        assert held() == []


def test_deleting_and_making_again_while_all_use_it(tmp_path):
    """Threads of two nodes: each ends with an answer or with IndexNotFound."""
    nodes = [Node(Settings(data=tmp_path)) for _ in range(2)]
    stop, wrong = threading.Event(), []

    def use(node):
        while not stop.is_set():
            try:
                with node.writing("x", create=False) as index:
                    index.write([Operation("index", "1", {"n": 1})])
                index.refresh()
                index.view().fetch(range(index.view().documents))
                index.stats()
            except IndexNotFound:
                pass
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=use, args=(node,)) for node in nodes for _ in range(2)]
    for thread in threads:
        thread.start()
    for n in range(25):
        nodes[n % 2].create("x", QUIET)
        nodes[n % 2].index("x").refresh()
        nodes[(n + 1) % 2].delete("x")
    stop.set()
    for thread in threads:
        thread.join()
    for node in nodes:
        node.close()
    assert wrong == []
