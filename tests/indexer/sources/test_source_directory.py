"""Folders, judged collections, and what happens to everything else."""

from __future__ import annotations

import pytest

from indexer.sources import SourceNotFound


def test_a_folder_is_read_through_in_order_and_unknown_files_are_named(read, tmp_path):
    for name, content in {
        "b.md": "# B\nbeta 乙", "a.txt": "alpha 甲",
        "sub/c.jsonl": '{"_id": "c", "t": "丙"}', "sub/d.csv": "id,t\nd,丁",
        ".hidden.md": "no", ".git/x.md": "no", "picture.png": "x", "Makefile": "all:",
    }.items():  # fmt: skip
        (tmp_path / "docs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "docs" / name).write_text(content, "utf-8")
    (tmp_path / "docs" / "loop").symlink_to(tmp_path / "docs")
    (tmp_path / "docs" / "dangling.md").symlink_to(tmp_path / "nowhere")
    found = read("docs")
    assert [s.get("text") or s.get("t") for s in found.sources] == ["alpha 甲", "beta 乙", "丙", "丁"]
    assert not found.errors
    assert [(s.location.rsplit("/", 1)[1], s.reason) for s in found.skipped] == [
        ("Makefile", "unknown type (no suffix)"),
        ("dangling.md", "not a file, or a link to nothing"),
        ("loop", "a link to a folder is not followed"),
        ("picture.png", "unknown type .png"),
    ]


def test_of_a_judged_collection_only_the_corpus_is_read(read, tmp_path):
    folder = tmp_path / "beir"
    folder.mkdir()
    (folder / "corpus.jsonl").write_text('{"_id": "d1", "title": "", "text": "文", "metadata": {}}\n')
    (folder / "queries.jsonl").write_text('{"_id": "q1", "text": "?"}\n')
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\n")
    found = read("beir")
    assert (found.ids, found.sources) == (["d1"], [{"title": "", "text": "文"}])


def test_a_file_without_a_known_suffix_is_read_by_its_content(read):
    assert read("data.dump", '{"_id": "1", "t": "好"}').ids == ["1"]
    assert read("page.asp", "<!DOCTYPE html><title>T</title><p>text").sources[0]["title"] == "T"
    assert read("README", "plain words").sources[0]["text"] == "plain words"
    assert "the content is no text" in read("image.bin", b"\x00\x01\x02\x03" * 30).wrong[0]


def test_a_path_with_nothing_there_is_refused(read):
    with pytest.raises(SourceNotFound, match="there is no file or folder"):
        read("missing.jsonl")


def test_a_file_that_cannot_be_decoded_as_asked_is_reported(read):
    assert "cannot be decoded" in read("a.txt", "é中".encode(), encoding="ascii").wrong[0]
    assert "cannot be decoded" in read("a.txt", "é中".encode(), encoding="no-such").wrong[0]
