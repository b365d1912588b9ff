"""Moves of indices that a process decided and did not live to finish: all see their outcome at once."""

from __future__ import annotations

import pytest

from indexer import IndexNotFound, Node, Operation, folders
from indexer.admin_errors import RegistryDamaged
from indexer.aliases import parse_actions
from indexer.reindex import Reindexing
from indexer.snapshots import Repository, Restoring
from settings import Settings

QUIET = {"settings": {"semantic": {"families": []}}}


class Died(BaseException):
    """The process ends here."""


@pytest.fixture
def dying(monkeypatch):
    """Let the process die at the next rename of an index's folder, or remove of it."""

    def die(*_):
        raise Died

    def arm():
        monkeypatch.setattr(folders, "show", die)
        monkeypatch.setattr(folders, "hide", die)
        return monkeypatch

    yield arm
    monkeypatch.undo()


@pytest.fixture
def other(tmp_path):
    """The node of another process on the same data."""
    made = Node(Settings(data=tmp_path / "data"))
    yield made
    made.close()


def test_an_index_that_becomes_an_alias(node, other, dying):
    node.create("docs", QUIET).write([Operation("index", "1", {"text": "文档"})])
    uuid = node.index("docs").uuid

    def die_early(*_):
        raise Died

    with pytest.raises(Died):
        Reindexing(node, "docs", die_early).run()  # the new index is made; it dies while it is filled
    patched = dying()
    with pytest.raises(Died):
        Reindexing(node, "docs").run()  # and here when the alias is moved already
    assert other.aliases() == {"docs": {"docs-000002": {}}}
    assert other.names() == ["docs-000002"]  # the old one has no name yet
    with other.writing("docs") as index:
        assert index.name == "docs-000002"
        index.write([Operation("index", "2", {"text": "后来"})])
    patched.undo()
    other.start()
    assert other.names() == ["docs-000001", "docs-000002"]
    assert other.index("docs-000001").name == "docs-000001"
    Reindexing(other, "docs").rollback()
    assert other.index("docs").name == "docs-000001"
    assert other.index("docs").get("2") is not None
    assert other.index("docs").uuid == uuid


def test_an_index_that_is_removed_for_an_alias(node, other, dying):
    node.create("docs", QUIET)
    node.create("docs-2", QUIET)
    patched = dying()
    with pytest.raises(Died):
        node.update_aliases(
            parse_actions({"actions": [
                {"remove_index": {"index": "docs"}}, {"add": {"index": "docs-2", "alias": "docs"}},
            ]})
        )  # fmt: skip
    assert other.names() == ["docs-2"]
    assert other.index("docs").name == "docs-2"
    patched.undo()
    other.create("docs-3", QUIET)  # whoever changes something finishes it
    assert not (other.path / "docs").exists()


def test_a_restore_that_was_decided(node, other, dying, tmp_path):
    for name in ("a", "乙"):
        node.create(name, {**QUIET, "aliases": {"beide": {}}}).write([Operation("index", "1", {"text": name})])
    repository = Repository(tmp_path / "snapshots", create=True)
    repository.create(node, "s", ["a", "乙"])
    node.delete("a")
    node.delete("乙")
    patched = dying()
    with pytest.raises(Died):
        Restoring().run(node, repository, "s")
    patched.undo()
    assert other.names() == []
    with pytest.raises(IndexNotFound):
        other.resolve("beide")
    other.start()
    assert other.names() == ["a", "乙"]
    assert other.resolve("beide") == ["a", "乙"]
    assert other.index("乙").get("1") is not None


def test_a_registry_that_cannot_be_read_is_named(node, tmp_path):
    node.create("a", {**QUIET, "aliases": {"b": {}}})
    file = tmp_path / "data" / "registry.json"
    whole = file.read_bytes()
    file.write_bytes(whole[:-5])
    with pytest.raises(RegistryDamaged, match=r"registry.json.*put a copy of it back"):
        node.aliases()
    file.write_bytes(whole)
    assert node.aliases() == {"b": {"a": {}}}
