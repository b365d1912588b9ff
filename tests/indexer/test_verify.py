"""A flipped byte in any derived file is found, named and rebuilt; one in the truth is found and named."""

from __future__ import annotations

import logging
import random
from pathlib import Path

import numpy as np
import pytest

from indexer import Index, Node, Operation
from indexer.manifest import write_manifest
from indexer.verification import verify
from retrieval import search
from settings import Settings

MAPPING = {
    "properties": {
        "text": {"type": "text"},
        "tag": {"type": "keyword"},
        "v": {"type": "dense_vector", "dims": 4, "similarity": "cosine"},
    }
}
SETTINGS = {"semantic": {"families": ["glove"]}}
WORDS = ["图书馆", "大學", "library", "search engine", "检索", "passages"]


@pytest.fixture
def index(node: Node) -> Index:
    """Three segments with deletions, vectors of a field, and a trained space."""
    made = node.create("news", {"mappings": MAPPING, "settings": SETTINGS})
    chance = random.Random(3)
    for part in range(3):
        for number in range(40):
            text = " ".join(chance.choices(WORDS, k=8))
            source = {"text": text, "tag": chance.choice(["甲", "b"]), "v": [chance.random() + 0.1 for _ in range(4)]}
            made.write([Operation("index", f"{part}-{number}", source)])
        made.refresh()
    made.write([Operation("delete", f"{part}-{n}") for part in range(3) for n in range(0, 40, 9)])
    made.refresh()
    node.fill_vectors(made)
    return made


def found(node: Node) -> list[list[tuple[str, float]]]:
    bodies = [
        {"query": {"match": {"text": "图书馆 search"}}},
        {"query": {"term": {"tag": "甲"}}},
        {"knn": {"field": "v", "query_vector": [1, 0.5, 0.2, 0.1], "k": 50, "num_candidates": 100}},
    ]
    return [
        [(h["_id"], h["_score"]) for h in search(node, ["news"], {**body, "size": 50}, {})["hits"]["hits"]]
        for body in bodies
    ]


def derived(index: Index) -> list[Path]:
    files = [p for folder in ("segments", "vectors", "models") for p in (index.path / folder).rglob("*")]
    return sorted(p for p in [index.manifest_path, *files] if p.is_file())


def is_needed(index: Index, path: Path) -> bool:
    needed = {index.manifest_path.name} | index.read_manifest().files
    return path.exists() and path.relative_to(index.path).parts[:2][-1] in needed


def test_all_is_well_with_a_sound_index(index: Index) -> None:
    assert verify(index) == []


def test_a_flipped_byte_in_any_derived_file_is_found_named_and_rebuilt(
    index: Index, node: Node, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    expected, chance = found(node), random.Random(11)
    kinds = {p.relative_to(index.path).parts[0] for p in derived(index)}
    assert kinds == {"segments", "vectors", "models", "manifest.json"}
    for name in [p.name if p.parent == index.path else str(p.relative_to(index.path)) for p in derived(index)]:
        path = index.path / name
        for _ in range(3):
            if not is_needed(index, path):
                break  # built anew with a file that was damaged before
            content = bytearray(path.read_bytes())
            at = chance.randrange(len(content))
            content[at] ^= 1 << chance.randrange(8)
            path.unlink()  # never write into a mapped file: the view would see it
            path.write_bytes(content)
            findings = verify(index)
            assert findings, (name, at)
            assert all(f.repaired for f in findings), (name, at)
            assert any(name.startswith(f.file) for f in findings), (name, findings)
            node.fill_vectors(index)
            assert verify(index) == []
            assert [ids_of(r) for r in found(node)] == [ids_of(r) for r in expected]


def test_a_cut_or_lost_file_is_rebuilt_by_itself(index: Index, node: Node) -> None:
    """Not by `verify`: by the next process that searches."""
    expected = [ids_of(ranking) for ranking in found(node)]
    for name in [str(p.relative_to(index.path)) for p in derived(index)]:
        for share in (0.0, 0.5, 1.0, None):
            path = index.path / name
            if not is_needed(index, path):
                break
            content = path.read_bytes()
            path.unlink()
            if share is not None:
                path.write_bytes(content[: int(share * (len(content) - 1))])
            fresh = Node(node.settings)
            fresh.fill_vectors(fresh.index("news"))
            assert [ids_of(ranking) for ranking in found(fresh)] == expected, (name, share)
            assert verify(fresh.index("news")) == [], (name, share)
            fresh.close()


def ids_of(ranking: list[tuple[str, float]]) -> list[str]:
    assert np.isfinite([score for _, score in ranking]).all()
    return [doc_id for doc_id, _ in ranking]


def test_the_background_finds_damage_by_itself(index: Index, node: Node) -> None:
    index.merge()
    expected = found(node)
    (index.path / "checked.json").unlink()  # a day has passed
    part = max((index.path / "vectors").rglob("*.faiss"), key=lambda p: p.stat().st_size)
    content = bytearray(part.read_bytes())
    content[-2] ^= 8
    part.unlink()
    part.write_bytes(content)
    index.merge()
    node.fill_vectors(index)
    assert verify(index) == []
    assert found(node)[2] == expected[2]


def test_damage_of_the_truth_is_named_and_not_hidden(index: Index) -> None:
    index.store.connection.execute("UPDATE doc SET version = 7 WHERE id = '1-1'")
    findings = verify(index)
    assert [f.file for f in findings if not f.repaired] == ["truth.db"]
    assert "[1-1]" in next(f.reason for f in findings if not f.repaired)


def test_an_index_that_forgot_a_document_is_built_again(index: Index, node: Node) -> None:
    expected = found(node)
    manifest = index.read_manifest()
    write_manifest(index.store.folder, "manifest.json", manifest.next(segments=manifest.segments[1:]))
    findings = verify(index)
    assert findings
    assert all(f.repaired for f in findings)
    assert [ids_of(r) for r in found(node)][:2] == [ids_of(r) for r in expected][:2]


def test_another_node_sees_the_rebuilt_files(index: Index, node: Node) -> None:
    other = Node(Settings(data=node.settings.data))
    try:
        assert found(other) == found(node)
        segment = next(p for p in (index.path / "segments").rglob("*") if p.is_file() and p.suffix != ".dead")
        content = bytearray(segment.read_bytes())
        content[len(content) // 3] ^= 255
        segment.unlink()
        segment.write_bytes(content)
        verify(other.index("news"))
        assert found(other) == found(node)
    finally:
        other.close()
