"""CSV and TSV."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.sources import ReadOptions, open_source


def test_quotes_embedded_newlines_and_empty_cells(read):
    found = read("a.csv", 'id,title,text\n007,"a, ""b""","第一行\n第二行"\n8,,only text\n\n')
    assert found.ids == ["007", "8"]
    assert found.sources == [
        {"id": "007", "title": 'a, "b"', "text": "第一行\n第二行"},
        {"id": "8", "text": "only text"},
    ]
    assert found.documents[1].location.endswith("a.csv:4")


def test_rows_of_the_wrong_width_and_stray_quotes_fail_alone(read):
    found = read("a.csv", 'id,text\n1,ok\n2\n3,"a"b\n4,好\n5,x,y\n6,"never closed\n7,end')
    assert found.ids == ["1", "4", "7"]
    assert found.wrong == [
        "a.csv:3: 1 cells, but the header has 2",
        "a.csv:4: ',' expected after '\"'",
        "a.csv:6: 3 cells, but the header has 2",
        "a.csv:7: a quoted cell has no end",
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(read, delimiter):
    rows = [["编号", "标题"], ["1", "北京"], ["2", "Shanghai, China" if delimiter != "," else "Shanghai"]]
    found = read("a.csv", "\n".join(delimiter.join(row) for row in rows))
    assert found.sources == [{"编号": a, "标题": b} for a, b in rows[1:]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "big5"])
def test_the_encoding_is_found(read, encoding):
    text = "編號,標題,正文\n1,臺灣,這是一個測試文件，我們看看編碼對不對。\n2,文化,中文的書寫有很多歷史。\n"
    if encoding == "gb18030":
        text = "编号,标题,正文\n1,北京,这是一个测试文件，我们看看编码对不对。\n2,文化,中文的书写有很多历史。\n"
    found = read("a.csv", text.encode(encoding))
    header, *rows = (line.split(",") for line in text.split())
    assert found.sources == [dict(zip(header, row, strict=True)) for row in rows]


def test_a_damaged_byte_fails_its_row_and_not_the_file(read):
    rows = "".join(f"{i},这是一行正常的中文文本\n" for i in range(50)).encode()
    found = read("a.csv", b"id,text\n" + rows + b"50,\xe4\xb8\xff\n" + "51,好\n".encode())
    assert len(found.ids) == 51
    assert found.wrong == ["a.csv:52: the text is not valid utf-8; try --encoding"]


def test_tab_separated_text_need_not_quote(read):
    found = read("a.tsv", 'id\ttext\n1\t"half quoted\n2\t12" disk\n3\t"quoted\tcell"\n')
    assert [s["text"] for s in found.sources] == ['"half quoted', '12" disk', "quoted\tcell"]
    assert not found.errors


def test_columns_can_be_named_where_there_is_no_header(read):
    found = read("a.tsv", "1\t北京\n2\tParis\n", columns=("_id", "text"))
    assert found.ids == ["1", "2"]
    assert found.sources == [{"text": "北京"}, {"text": "Paris"}]


def test_a_header_with_the_same_name_twice_is_refused(read):
    assert read("a.csv", "id,text,text\n1,a,b").wrong == ["a.csv:1: the header names [text] more than once"]


def test_an_empty_file_is_an_error(read):
    assert read("a.csv", "").wrong == ["a.csv: the file is empty: a header line is expected"]


CELLS = st.text(st.sampled_from('ab,;"中文\n\r 1'), min_size=1, max_size=10).filter(str.strip)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=8))
def test_what_the_csv_module_writes_is_read_back(rows, tmp_path_factory):
    text = io.StringIO()
    csv.writer(text).writerows([("a", "b", "c"), *rows])
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    path.write_bytes(text.getvalue().encode())
    records = list(open_source(path, ReadOptions(delimiter=",")))
    assert [tuple(record.source.values()) for record in records] == rows
