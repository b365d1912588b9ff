"""JSON lines, arrays and streams of values."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.sources import ReadOptions, open_source

GOOD = '{"_id": "a", "title": "北京", "text": "首都 capital"}'


def test_good_lines_are_documents_and_bad_ones_are_named_by_file_and_line(read):
    lines = [GOOD, '{"bad', "", '["a list"]', "3", "{}", '{"_id": true, "t": "x"}', '{"id": 7, "t": "你好"}']
    found = read("news.jsonl", "\n".join(lines))
    assert found.ids == ["a", "7"]
    assert found.sources == [{"title": "北京", "text": "首都 capital"}, {"id": 7, "t": "你好"}]
    assert [wrong.split(": ")[0] for wrong in found.wrong] == [
        "news.jsonl:2", "news.jsonl:4", "news.jsonl:5", "news.jsonl:6", "news.jsonl:7",
    ]  # fmt: skip
    assert "not valid JSON" in found.wrong[0]
    assert "a JSON object is expected, not an array" in found.wrong[1]


def test_a_row_without_an_id_gets_one_from_its_content_whatever_the_order_of_its_keys(read):
    first = read("a.jsonl", '{"a": "中", "b": 1}\n{"a": "中", "b": 2}')
    again = read("b.jsonl", '{"b": 1, "a": "中"}')
    assert first.ids[0] == again.ids[0] != first.ids[1]


def test_the_id_field_can_be_chosen_and_then_must_be_there(read):
    found = read("a.jsonl", '{"url": "x/1", "id": 3}\n{"id": 4}', id_field="url")
    assert found.ids == ["x/1"]
    assert found.sources == [{"url": "x/1", "id": 3}]
    assert found.wrong == ["a.jsonl:2: the id field [url] is missing or null"]


def test_a_search_hit_gives_its_source(read):
    found = read("dump.jsonl", '{"_index": "old", "_id": "1", "_score": 1.0, "_source": {"text": "文"}}')
    assert (found.ids, found.sources) == (["1"], [{"text": "文"}])


def test_an_id_longer_than_the_limit_is_refused(read):
    found = read("a.jsonl", json.dumps({"_id": "中" * 171, "t": 1}) + "\n" + json.dumps({"_id": "中" * 170, "t": 1}))
    assert found.wrong == ["a.jsonl:1: the id is longer than 512 bytes"]
    assert len(found.ids) == 1


def test_invalid_utf8_and_lone_surrogates_fail_their_line_only(read):
    found = read("a.jsonl", b'{"t": "ok"}\n{"t": "\xff\xfe"}\n{"t": "\\ud800"}\n{"t": "\xe5\xa5\xbd"}')
    assert [s["t"] for s in found.sources] == ["ok", "好"]
    assert [wrong.split(": ")[0] for wrong in found.wrong] == ["a.jsonl:2", "a.jsonl:3"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_byte_order_marks_and_utf16_are_understood(read, encoding):
    found = read("a.jsonl", ('{"_id": "1", "t": "词"}\n{"_id": "2", "t": "word"}\n').encode(encoding))
    assert found.sources == [{"t": "词"}, {"t": "word"}]


def test_a_pretty_printed_array_names_lines_and_ends_at_a_syntax_error(read):
    found = read("a.json", '[\n {"_id": "1",\n  "t": "一"},\n 5,\n {"_id": "2", "t": "two"},\n {"t": NaN},\n {"t": 1}]')
    assert found.ids == ["1", "2"]
    assert [d.location.rsplit(":")[-1] for d in found.documents] == ["2", "5"]
    assert found.wrong == [
        "a.json:4: a JSON object is expected, not a number",
        "a.json:6: not valid JSON, the rest of the file is not read: NaN is not JSON",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('[{"t": 1}', "the array has no end"),
        ('[{"t": 1},]', "a comma before the end"),
        ('[{"t": 1} {"t": 2}]', "a comma or the end"),
        ('[{"t": 1}] x', "text after the end"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_broken_array_gives_what_came_before_and_a_reason(read, content, reason):
    found = read("a.json", content)
    assert len(found.errors) == 1
    assert reason in found.wrong[0]


def test_pretty_printed_objects_one_after_another(read):
    found = read("a.json", '{\n "_id": "1",\n "t": "甲"\n}\n{\n "_id": "2",\n "t": "b"\n}')
    assert found.ids == ["1", "2"]


def test_a_damaged_first_line_does_not_hide_that_the_file_has_lines(read):
    found = read("a.jsonl", '{"_id": "1", \n' + GOOD + "\n" + '{"_id": "b", "t": 1}')
    assert found.ids == ["a", "b"]
    assert len(found.errors) == 1


def test_gzip_is_read_and_a_truncated_one_is_reported_after_what_could_be_read(read):
    rows = "\n".join(json.dumps({"_id": str(i), "t": f"文 {i * 7919 % 104729}"}) for i in range(20_000))
    packed = gzip.compress(rows.encode())
    assert len(read("a.jsonl.gz", packed).ids) == 20_000
    cut = read("b.jsonl.gz", packed[: len(packed) * 3 // 4])
    assert 0 < len(cut.ids) < 20_000
    assert cut.wrong == ["b.jsonl.gz: the compressed file is cut off"]
    damaged = read("c.jsonl.gz", b"\x1f\x8b" + b"nonsense" * 9)
    assert len(damaged.errors) == 1


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text('ab中文\n"\\é😀 ', max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("k字", max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.dictionaries(st.text("xy标", min_size=1, max_size=4), VALUES, min_size=1), max_size=6))
def test_lines_arrays_and_indented_streams_give_the_same_documents(rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("forms")
    forms = {
        "lines.jsonl": "\n".join(json.dumps(row) for row in rows),
        "array.json": json.dumps(rows, ensure_ascii=False),
        "indented.json": json.dumps(rows, ensure_ascii=False, indent=3),
        "stream.json": "\n".join(json.dumps(row, indent=1) for row in rows),
    }
    results = []
    for name, content in forms.items():
        (folder / name).write_text(content, "utf-8")
        records = list(open_source(folder / name, ReadOptions()))
        results.append([getattr(r, "source", None) or r.reason for r in records])
    assert results[0] == results[1] == results[2] == results[3]
    assert results[0] == rows
