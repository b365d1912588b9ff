"""Encoders by name."""

from __future__ import annotations

import sys
import types

import pytest
from bert_reference import write_folder

import embeddings
from embeddings.base import ModelNotInstalled
from embeddings.registry import load_encoder


def test_unknown_names_say_what_there_is(tmp_path):
    with pytest.raises(ModelNotInstalled, match=r"'multilingual-e5-small' or the path of a folder"):
        load_encoder("no-such-encoder", tmp_path, 1)


def test_a_hub_name_needs_leave(tmp_path):
    with pytest.raises(ModelNotInstalled, match=r"the network is not allowed.*allow_network"):
        load_encoder("someone/some-model", tmp_path, 1)


def test_a_hub_name_with_leave_is_downloaded_into_the_cache(tmp_path, monkeypatch):
    asked = []

    def snapshot_download(name, cache_dir, allow_patterns):
        asked.append((name, cache_dir))
        write_folder(cache_dir / "snapshot")
        return str(cache_dir / "snapshot")

    monkeypatch.setitem(sys.modules, "huggingface_hub", types.SimpleNamespace(snapshot_download=snapshot_download))
    encoder = load_encoder("someone/some-model", tmp_path, 1, allow_network=True)
    assert asked == [("someone/some-model", tmp_path / "hub")]
    assert encoder.encode_queries(["search"]).shape == (1, encoder.dimension)


def test_the_room_exports_what_it_names():
    for name in embeddings.__all__:
        assert getattr(embeddings, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = embeddings.Nonsense
