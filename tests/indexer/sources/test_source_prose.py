"""Markdown, HTML, DOCX and plain text: sections, titles, passages."""

from __future__ import annotations

import pytest

MARKDOWN = """---
title: "The guide"
layout: page
---
Intro with *stress*, `code` and [a link](https://example.org/x "t").

# Install 安装

Run it:

```sh
make run
```

- one
- two **bold**

## Tables

| name | 含义 |
|------|------|
| k1   | 饱和 |

<div><p>inside <b>HTML</b></p><script>no()</script></div>

# Use
![a picture](x.png) 第一句。第二句。
"""


def test_markdown_gives_a_document_a_section(read):
    found = read("guide.md", MARKDOWN)
    titles = ["The guide", "The guide › Install 安装", "The guide › Tables", "The guide › Use"]
    assert [s["title"] for s in found.sources] == titles
    assert [s.get("section") for s in found.sources] == [None, "Install 安装", "Install 安装 › Tables", "Use"]
    texts = [s["text"] for s in found.sources]
    assert texts[0] == "Intro with stress, code and a link."
    assert texts[1] == "Run it:\n\nmake run\n\none\ntwo bold"
    assert texts[2] == "name | 含义\nk1 | 饱和\n\ninside HTML"
    assert texts[3] == "a picture 第一句。第二句。"
    anchors = [i.partition("guide.md")[2] for i in found.ids]
    assert anchors == ["", "#install-安装", "#tables", "#use"]
    lines = [int(d.location.rsplit(":", 1)[1]) for d in found.documents]
    assert [MARKDOWN.split("\n")[line - 1][:6] for line in lines] == ["Intro ", "Run it", "| name", "![a pi"]


def test_markdown_without_front_matter_takes_its_first_heading_as_title(read):
    found = read("a.md", "# 标题\n正文。\n# 标题\nMore.")
    assert [s["title"] for s in found.sources] == ["标题", "标题"]
    assert found.ids[0].endswith("a.md#标题")
    assert found.ids[1].endswith("a.md#标题-1")


HTML = """<!doctype html><html><head><title>Page
 标题</title><style>p{}</style></head><body>
<header>Site</header><nav><a href=/>Home</a></nav>
<article><h1>Head</h1><p>One <b>para</b>graph<br>second line</p><ul><li>x<li>y</ul>
<aside>advert</aside><h2>Sub 小节</h2><table><tr><th>a<th>b</tr><tr><td>1<td>2</tr></table><pre>
  keep
    this</pre><script>alert(1)</script></article><footer>© 2024</footer></body></html>"""


def test_html_gives_main_text_without_furniture(read):
    found = read("page.html", HTML)
    assert [s["title"] for s in found.sources] == ["Page 标题 › Head", "Page 标题 › Sub 小节"]
    assert found.sources[0]["text"] == "One paragraph\nsecond line\n\nx\n\ny"
    assert found.sources[1]["text"] == "a | b\n\n1 | 2\n\nkeep\n    this"
    everything = " ".join(s["text"] for s in found.sources)
    for furniture in ("Site", "Home", "advert", "alert", "©"):
        assert furniture not in everything


@pytest.mark.parametrize(
    "content",
    [
        '<meta charset="gb2312"><title>新闻</title><p>中文网页的正文。'.encode("gb18030"),
        '<meta http-equiv="Content-Type" content="text/html; charset=big5"><title>新闻</title><p>中文网页的正文。'
        .replace("新闻", "新聞").replace("网页", "網頁").encode("big5"),
        "<meta charset=no-such-charset><title>新闻</title><p>中文网页的正文。".encode(),
        "<title>新闻</title><p>中文网页的正文。".encode("utf-16"),
    ],
)  # fmt: skip
def test_html_is_read_in_its_declared_or_detected_encoding(read, content):
    source = read("a.html", content).sources[0]
    assert source["title"] in ("新闻", "新聞")
    assert source["text"] in ("中文网页的正文。", "中文網頁的正文。")


def test_html_nested_deeper_than_the_stack_is_read(read):
    found = read("deep.html", "<div>" * 3000 + "深处 text" + "</div>" * 3000)
    assert found.sources[0]["text"] == "深处 text"


def test_plain_text_takes_a_first_line_that_stands_alone_as_its_title(read):
    found = read("story.txt", "\n\n西游记 Journey\n\n第一回。话说…\nSecond line.")
    assert found.sources[0]["title"] == "西游记 Journey"
    assert found.sources[0]["text"] == "第一回。话说…\nSecond line."
    assert found.documents[0].location.endswith(":5")
    assert read("notes.txt", "Just one line.").sources[0]["title"] == "notes"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "gb18030"])
def test_plain_text_in_any_encoding(read, encoding):
    text = "今天天气很好，我们去公园散步。It was a nice walk."
    assert read("a.txt", text.encode(encoding)).sources[0]["text"] == text


def test_latin_text_outside_utf8_is_not_taken_for_chinese(read):
    text = "Les élèves ont été très étonnés par l'été à l'île."
    assert read("a.txt", text.encode("cp1252")).sources[0]["text"] == text


def test_docx_sections_tables_and_title(read, tmp_path):
    from docx import Document

    document = Document()
    document.core_properties.title = "Properties' title"
    document.add_heading("年度报告", 0)
    document.add_paragraph("Before any heading.")
    document.add_heading("结果 Results", 1)
    document.add_paragraph("第一段。")
    table = document.add_table(2, 2)
    for cell, text in zip((c for row in table.rows for c in row.cells), ["年", "count", "2024", "7"], strict=True):
        cell.text = text
    document.add_heading("Detail", 2)
    document.add_paragraph("Last.")
    document.save(str(tmp_path / "report.docx"))
    found = read("report.docx")
    assert [s["title"] for s in found.sources] == ["年度报告", "年度报告 › 结果 Results", "年度报告 › Detail"]
    assert found.sources[1]["text"] == "第一段。\n\n年 | count\n2024 | 7"
    assert found.sources[2]["section"] == "结果 Results › Detail"


def test_damaged_and_encrypted_documents_are_reported(read):
    assert "not a readable DOCX" in read("a.docx", b"PK\x03\x04 no").wrong[0]
    assert "encrypted or in the old .doc" in read("b.docx", bytes.fromhex("d0cf11e0a1b11ae1") + b"x" * 50).wrong[0]
    assert read("c.md", "").wrong == ["c.md: there is no text in this file"]
    assert read("d.html", "<script>x</script>").wrong == ["d.html: there is no text in this file"]


def test_long_sections_become_passages_with_stable_ids(read):
    sentences = [
        f"第{i}句话讲的是一件小事，其中有一些细节。And sentence {i} says the same in English." for i in range(90)
    ]
    found = read("long.md", "# 长文\n\n" + "\n\n".join("".join(sentences[i : i + 9]) for i in range(0, 90, 9)))
    assert len(found.documents) > 3
    anchors = [i.partition("#")[2] for i in found.ids]
    assert anchors == ["长文", *(f"长文:{n}" for n in range(2, len(anchors) + 1))]
    assert "".join("".join(s["text"].split()) for s in found.sources) == "".join("".join(sentences).split())
    assert read("long.md").ids == found.ids


def test_ids_are_absolute_paths_or_relative_to_a_base(read, tmp_path):
    found = read("sub/a.md", "text 文")
    assert found.sources[0]["path"] == str(tmp_path / "sub/a.md")
    assert found.ids == [str(tmp_path / "sub/a.md").lstrip("/")]
    based = read("sub/a.md", base=tmp_path)
    assert (based.ids, based.sources[0]["path"]) == (["sub/a.md"], "sub/a.md")


def test_an_id_that_would_be_too_long_is_a_hash(read):
    found = read("a.md", f"# {'很长的标题' * 60}\ntext")
    assert len(found.ids[0]) == 40
    assert read("a.md").ids == found.ids


def test_control_characters_do_not_get_into_documents(read):
    found = read("a.txt", "one\x00two\x07 三\x0b四")
    assert found.sources[0]["text"] == "onetwo 三四"
