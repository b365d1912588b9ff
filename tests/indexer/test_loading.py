"""Loading: what is added, updated, left alone, refused; the same again changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.loading import Loader, LoadReport, Written
from indexer.node import Node
from indexer.sources import SourceDocument, open_source
from indexer.targets import EmbeddedTarget
from settings import Settings


@pytest.fixture
def node(tmp_path) -> Iterator[Node]:
    opened = Node(Settings(data=tmp_path / "data"))
    yield opened
    opened.close()


def load(node: Node, path: Path, **options: Any) -> LoadReport:
    return Loader(EmbeddedTarget(node, "news"), **options).load(open_source(path))


def counts(report: LoadReport) -> tuple[int, int, int, int]:
    return report.added, report.updated, report.unchanged, report.failed


def stored(node: Node) -> dict[str, dict[str, Any]]:
    index = node.index("news")
    index.refresh()
    view = index.view()
    numbers = [i for i in range(view.documents) if view.live[i]]
    return {row.id: json.loads(row.body) for row in view.fetch(numbers)}


def lines(*rows: Any) -> str:
    return "\n".join(row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)


def test_only_what_is_new_or_changed_is_written(node, tmp_path):
    path = tmp_path / "news.jsonl"
    path.write_text(lines({"_id": "1", "text": "北京"}, {"_id": "2", "text": "Paris"}), "utf-8")
    assert counts(load(node, path)) == (2, 0, 0, 0)
    seq = node.index("news").store.last_seq
    assert counts(load(node, path)) == (0, 0, 2, 0)
    assert node.index("news").store.last_seq == seq
    path.write_text(
        lines({"text": "北京", "_id": "1"}, {"_id": "2", "text": "巴黎"}, {"_id": "3", "text": "x"}), "utf-8"
    )
    assert counts(load(node, path)) == (1, 1, 1, 0)
    assert stored(node) == {"1": {"text": "北京"}, "2": {"text": "巴黎"}, "3": {"text": "x"}}


@pytest.mark.parametrize("batch", [1, 2, 1000])
def test_an_id_that_comes_again_with_other_fields_is_refused_in_every_run(node, tmp_path, batch):
    path = tmp_path / "news.jsonl"
    path.write_text(
        lines(
            {"_id": "1", "text": "一"},
            {"_id": "2", "text": "b"},
            {"_id": "1", "text": "二"},
            {"_id": "1", "text": "一"},
        )
    )
    for expected in ((2, 0, 1, 1), (0, 0, 3, 1)):
        report = load(node, path, batch=batch)
        assert counts(report) == expected
        assert report.failures[0].location.endswith("news.jsonl:3")
        assert stored(node)["1"] == {"text": "一"}


def test_a_document_that_the_mapping_refuses_is_named_by_its_line(node, tmp_path):
    path = tmp_path / "news.jsonl"
    path.write_text(
        lines({"_id": "1", "year": 1999}, {"_id": "2", "year": "去年"}, "{", {"_id": "3", "year": 2001}), "utf-8"
    )
    report = load(node, path)
    assert counts(report) == (2, 0, 0, 2)
    failures = {Path(f.location).name: f.reason for f in report.failures}
    assert set(failures) == {"news.jsonl:2", "news.jsonl:3"}
    assert "year" in failures["news.jsonl:2"]


def test_strict_stops_at_the_first_failure_and_keeps_what_came_before(node, tmp_path):
    path = tmp_path / "news.jsonl"
    path.write_text(lines({"_id": "1", "t": "a"}, {"_id": "2", "t": "b"}, "[", {"_id": "3", "t": "c"}))
    report = load(node, path, strict=True)
    assert report.stopped
    assert counts(report) == (2, 0, 0, 1)
    assert set(stored(node)) == {"1", "2"}


def test_fields_of_prose_are_mapped_for_filtering(node, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("# 标题\n正文 text", "utf-8")
    load(node, tmp_path / "docs")
    fields = node.index("news").mapping.fields
    assert {name: fields[name].type for name in ("title", "text", "path", "section", "page")} == {
        "title": "text", "text": "text", "path": "keyword", "section": "keyword", "page": "integer",
    }  # fmt: skip
    load(node, tmp_path / "docs")


class Interrupting:
    """A target that is interrupted after some writes, as by Ctrl-C."""

    def __init__(self, writes: int) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self.writes = writes

    def prepare(self, properties: dict[str, Any]) -> None: ...

    def stored(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        return {i: self.documents[i] for i in ids if i in self.documents}

    def write(self, documents: Sequence[SourceDocument]) -> list[Written]:
        if self.writes == 0:
            raise KeyboardInterrupt
        self.writes -= 1
        out = [Written(document.id not in self.documents) for document in documents]
        self.documents |= {document.id: document.source for document in documents}
        return out

    def refresh(self) -> None: ...

    def fill(self, progress: Any) -> None: ...


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 12), st.sampled_from(["甲", "b"])), max_size=30),
    writes=st.integers(0, 8),
    batch=st.integers(1, 6),
)
def test_interrupted_and_run_again_equals_run_once(rows, writes, batch, tmp_path_factory):
    path = tmp_path_factory.mktemp("load") / "x.jsonl"
    path.write_text(lines(*({"_id": str(i), "t": text} for i, text in rows)), "utf-8")
    once, twice = Interrupting(10**6), Interrupting(writes)
    Loader(once, batch).load(open_source(path))
    try:
        Loader(twice, batch).load(open_source(path))
    except KeyboardInterrupt:
        twice.writes = 10**6
    second = Loader(twice, batch).load(open_source(path))
    assert twice.documents == once.documents
    assert second.updated == 0
    third = Loader(twice, batch).load(open_source(path))
    assert (third.added, third.updated) == (0, 0)
    assert third.unchanged + third.failed == len(rows)
