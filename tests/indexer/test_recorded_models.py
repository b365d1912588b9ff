"""An index knows what made its vectors and its terms, and does not mix them with what another would make."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from indexer import Node, Operation
from indexer.manifest import write_manifest
from retrieval import search

SETTINGS = {"settings": {"semantic": {"families": ["bert"]}}}


class Letters:
    """An encoder of letter counts; `salt` makes another model of it."""

    dimension = 16

    def __init__(self, name: str, salt: int) -> None:
        self.name, self.salt, self.fingerprint = name, salt, f"letters{salt}"

    def encode_passages(self, texts: Sequence[str]) -> np.ndarray:
        out = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in enumerate(texts):
            for letter in text:
                out[row, zlib.crc32(f"{self.salt}{letter}".encode()) % self.dimension] += 1
        return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)

    encode_queries = encode_passages


def ask(node: Node, mode: str) -> dict:
    return search(node, ["news"], {"q": "图书馆", "mode": mode}, {})


def test_vectors_of_another_model_are_refused_with_what_to_do(node: Node) -> None:
    one, other = Letters("one", 1), Letters("other", 2)
    node.encoders._made[node.settings.encoder] = one
    index = node.create("news", SETTINGS)
    index.write([Operation("index", f"d{n}", {"text": f"圖書館 {n} 图书馆"}) for n in range(5)])
    index.refresh()
    node.fill_vectors(index)
    before = [h["_id"] for h in ask(node, "bert")["hits"]["hits"]]
    node.encoders._made[node.settings.encoder] = other
    from indexer import SpaceUnavailable

    with pytest.raises(
        SpaceUnavailable, match=r"made by one \(16 dimensions, mean pooling, cosine\).*other \(16.*quarry"
    ):
        ask(node, "bert")
    found = ask(node, "hybrid")  # the words still answer, and it says so
    assert len(found["hits"]["hits"]) == 5
    assert "made by one" in found["_warnings"][0]
    index.write([Operation("index", "new", {"text": "图书馆 new"})])
    index.refresh()
    with pytest.raises(RuntimeError, match="QUARRY_ENCODER"):
        node.fill_vectors(index)
    node.encoders._made[node.settings.encoder] = one  # set back: all is as before
    node.fill_vectors(index)
    assert {h["_id"] for h in ask(node, "bert")["hits"]["hits"]} == {*before, "new"}
    node.encoders._made[node.settings.encoder] = other  # or made again
    index.forget_vectors()
    node.fill_vectors(index)
    assert len(ask(node, "bert")["hits"]["hits"]) == 6
    assert index.read_manifest().spaces["bert"].encoder.startswith("other (16 dimensions")


def test_text_that_was_analyzed_otherwise_is_analyzed_again(node: Node, caplog: pytest.LogCaptureFixture) -> None:
    index = node.create("news", {"settings": {"semantic": {"families": []}}})
    index.write([Operation("index", f"d{n}", {"text": f"圖書館 {n}"}) for n in range(5)])
    index.write([Operation("delete", "d3")])
    index.refresh()
    expected = search(node, ["news"], {"query": {"match": {"text": "图书馆"}}}, {})["hits"]
    manifest = index.read_manifest()
    old = replace(manifest, analysis=dict.fromkeys(manifest.analysis, "another version"))
    write_manifest(index.store.folder, "manifest.json", old)
    segments = {entry.name for entry in manifest.segments}
    again = Node(node.settings)
    try:
        assert search(again, ["news"], {"query": {"match": {"text": "图书馆"}}}, {})["hits"] == expected
        now = again.index("news").read_manifest()
        assert now.analysis == manifest.analysis
        assert not segments & {entry.name for entry in now.segments}
        assert "the analyzers of text have changed" in caplog.text
    finally:
        again.close()
