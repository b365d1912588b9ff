"""An index's analyzers: files that change, normalizers, and what a field may name."""

from __future__ import annotations

import os

import pytest

from indexer import InvalidMapping, InvalidRequest, Mapping
from indexer.analyzers import Analyzers, check_field

CUSTOM = {
    "analyzer": {
        "asked": {"tokenizer": "multilingual", "filter": ["same"]},
        "fixed": {"tokenizer": "multilingual", "filter": [{"type": "synonym", "synonyms_path": "same.txt"}]},
        "words": {"type": "chinese", "user_dictionary_path": "words.txt", "mode": "default"},
    },
    "filter": {"same": {"type": "synonym_graph", "synonyms_path": "same.txt", "updateable": True}},
    "normalizer": {
        "plain": {"type": "custom", "char_filter": ["t2s"], "filter": ["lowercase", "asciifolding", "trim"]},
        "wrong": {"type": "custom", "filter": ["stop"]},
    },
}


def write(file, text):
    """Write a file so that it differs from what was there, however coarse its times are."""
    before = file.stat().st_mtime_ns if file.exists() else 0
    file.write_text(text, "utf-8")
    os.utime(file, ns=(before + 10**9, before + 10**9))


@pytest.fixture
def analyzers(tmp_path):
    write(tmp_path / "same.txt", "北大, 北京大学")
    write(tmp_path / "words.txt", "石墨烯电池")
    return Analyzers(CUSTOM, tmp_path), tmp_path


def terms(analyzers, name, text):
    return [token.term for token in analyzers.get(name).tokens(text)]


def test_synonyms_reload_by_themselves(analyzers, caplog):
    own, folder = analyzers
    assert "京大" in terms(own, "asked", "北大")
    first = own.get("asked")
    assert own.get("asked") is first
    write(folder / "same.txt", "北大, 北方大学")
    assert "方大" in terms(own, "asked", "北大")
    assert "京大" not in terms(own, "asked", "北大")
    assert "京大" in terms(own, "fixed", "北大") or "方大" in terms(own, "fixed", "北大")
    write(folder / "same.txt", "北大 => a => b")
    assert "方大" in terms(own, "asked", "北大")
    assert "stays as it was" in caplog.text
    write(folder / "same.txt", "北大, 南大")
    assert "南大" in terms(own, "asked", "北大")


def test_what_is_not_updateable_stays(analyzers):
    own, folder = analyzers
    assert "京大" in terms(own, "fixed", "北大")
    write(folder / "same.txt", "北大, 北方大学")
    assert "京大" in terms(own, "fixed", "北大")


def test_user_dictionaries_reload(analyzers):
    own, folder = analyzers
    assert terms(own, "words", "石墨烯电池组") == ["石墨烯电池", "组"]
    write(folder / "words.txt", "石墨烯电池组")
    assert terms(own, "words", "石墨烯电池组") == ["石墨烯电池组"]


def test_reload_names_what_it_read_and_refuses_what_is_wrong(analyzers):
    own, folder = analyzers
    assert own.reload() == ["asked", "words"]
    write(folder / "same.txt", "a => b => c")
    with pytest.raises(InvalidRequest, match="at most one"):
        own.reload()


def test_normalizers(analyzers):
    own, _ = analyzers
    keyword = Mapping({"properties": {"k": {"type": "keyword", "normalizer": "plain"}, "r": {"type": "keyword"}}})
    assert own.normalized(keyword.fields["k"], " CAFÉ 臺灣 ") == "cafe 台湾"
    assert own.normalized(keyword.fields["k"], "  ") == ""
    assert own.normalized(keyword.fields["r"], " CAFÉ ") == " CAFÉ "
    with pytest.raises(ValueError, match="may not use the filter"):
        own.normalizer("wrong")
    with pytest.raises(ValueError, match=r"normalizer \[asked\] not found"):
        own.normalizer("asked")


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ({"type": "text", "analyzer": "asked"}, InvalidMapping, "search_analyzer"),
        ({"type": "text", "analyzer": "nosuch"}, InvalidRequest, "unknown analyzer"),
        ({"type": "text", "search_analyzer": "nosuch"}, InvalidRequest, "unknown analyzer"),
        ({"type": "keyword", "normalizer": "nosuch"}, InvalidRequest, "not found"),
        ({"type": "keyword", "normalizer": "wrong"}, InvalidRequest, "may not use"),
        ({"type": "text", "similarity": "nosuch"}, InvalidMapping, "Unknown Similarity"),
        ({"type": "completion", "analyzer": "nosuch"}, InvalidRequest, "unknown analyzer"),
    ],
)
def test_fields_that_name_what_is_not_there(analyzers, spec, error, message):
    field = Mapping({"properties": {"f": spec}}).fields["f"]
    with pytest.raises(error, match=message):
        check_field(field, analyzers[0], {"mine": {"type": "BM25"}})


@pytest.mark.parametrize(
    "spec",
    [
        {"type": "text", "search_analyzer": "asked"},
        {"type": "text", "analyzer": "words", "similarity": "mine"},
        {"type": "keyword", "normalizer": "plain"},
        {"type": "keyword", "normalizer": "lowercase"},
        {"type": "long"},
    ],
)
def test_fields_that_name_what_is_there(analyzers, spec):
    check_field(Mapping({"properties": {"f": spec}}).fields["f"], analyzers[0], {"mine": {"type": "BM25"}})
