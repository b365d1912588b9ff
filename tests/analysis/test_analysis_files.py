"""Synonyms and word lists from files: inside their folder only, and noticed when they change."""

from __future__ import annotations

import os

import pytest
from analysis_helpers import terms_of

from analysis import InvalidAnalysis, Sources, get_analyzer

SETTINGS = {
    "analyzer": {"it": {"tokenizer": "multilingual", "filter": ["same"]}},
    "filter": {"same": {"type": "synonym_graph", "synonyms_path": "analysis/names.txt", "updateable": True}},
}


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "analysis"
    made.mkdir()
    return made


def test_synonyms_from_a_file(folder):
    (folder / "names.txt").write_text("# 名称\n\n北大, 北京大學\nnyc, new york city => NY\n", "utf-8-sig")
    analyzer = get_analyzer("it", SETTINGS, Sources(folder))
    assert {"京", "京大"} <= set(terms_of(analyzer.tokens("北大")))
    assert terms_of(analyzer.tokens("in New York City")) == ["ny"]


@pytest.mark.parametrize(
    "name",
    [
        "../secret.txt",
        "/etc/passwd",
        "analysis/../../secret.txt",
        "..",
        "",
        "a\0b",
        "..\\x",
        "link.txt",
        "inner/../../x",
    ],
)
def test_files_outside_the_folder_are_refused(folder, name):
    (folder.parent / "secret.txt").write_text("a, b", "utf-8")
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    own = {**SETTINGS, "filter": {"same": {"type": "synonym", "synonyms_path": name}}}
    with pytest.raises(InvalidAnalysis, match="inside the folder"):
        get_analyzer("it", own, Sources(folder))


def test_missing_and_unreadable_files_are_named(folder):
    with pytest.raises(InvalidAnalysis, match=r"\[analysis/names.txt\] cannot be read"):
        get_analyzer("it", SETTINGS, Sources(folder))
    (folder / "names.txt").write_bytes("北大".encode("gb18030"))
    with pytest.raises(InvalidAnalysis, match="UTF-8"):
        get_analyzer("it", SETTINGS, Sources(folder))
    with pytest.raises(InvalidAnalysis, match="cannot be read here"):
        get_analyzer("it", SETTINGS)
    both = {"type": "synonym", "synonyms_path": "names.txt", "synonyms": ["a, b"]}
    with pytest.raises(InvalidAnalysis, match="not both"):
        get_analyzer("it", {**SETTINGS, "filter": {"same": both}}, Sources(folder))


def test_changes_are_noticed(folder):
    file = folder / "names.txt"
    file.write_text("car, auto", "utf-8")
    sources = Sources(folder)
    get_analyzer("it", SETTINGS, sources)
    assert sources.watches
    assert not sources.changed()
    assert sources.updateable == ["filter [same]"]
    os.utime(file, ns=(1, 1))
    assert sources.changed()
    sources.accept()
    assert not sources.changed()
    file.unlink()
    assert sources.changed()


def test_user_dictionaries_from_a_file(folder):
    (folder / "words.txt").write_text("# 词典\n石墨烯電池 1000\n云计算平台 300 n\n", "utf-8")
    own = {"analyzer": {"it": {"type": "chinese", "user_dictionary_path": "words.txt", "mode": "default"}}}
    sources = Sources(folder)
    analyzer = get_analyzer("it", own, sources)
    assert terms_of(analyzer.tokens("石墨烯电池")) == ["石墨烯电池"]
    assert terms_of(analyzer.tokens("石墨烯電池云计算平台")) == ["石墨烯电池", "云计算平台"]
    assert sources.watches
    assert not sources.updateable
    (folder / "words.txt").write_text("石墨烯 x1 n\n", "utf-8")
    with pytest.raises(InvalidAnalysis, match=r"\[word frequency\]"):
        get_analyzer("it", own, Sources(folder))


def test_stop_words_from_a_file(folder):
    (folder / "stop.txt").write_text("的\nfoo\n# bar\n", "utf-8")
    own = {"analyzer": {"it": {"type": "standard", "stopwords_path": "stop.txt"}}}
    assert terms_of(get_analyzer("it", own, Sources(folder)).tokens("foo bar 的 baz")) == ["bar", "baz"]
