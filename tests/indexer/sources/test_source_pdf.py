"""PDF, page by page."""

from __future__ import annotations

from pypdf import PdfReader, PdfWriter

from indexer.sources.pdf import flow

PAGES = [["The first page is about exam-", "ples (of all kinds)."], ["Second page."], ["Third."]]


def test_each_page_is_a_document_with_its_number(read, write_pdf, tmp_path):
    write_pdf(tmp_path / "report.pdf", PAGES, title="Annual report")
    found = read("report.pdf")
    assert not found.errors
    assert [s["page"] for s in found.sources] == [1, 2, 3]
    assert found.sources[0]["text"] == "The first page is about examples (of all kinds)."
    assert {s["title"] for s in found.sources} == {"Annual report"}
    assert [i.partition("#")[2] for i in found.ids] == ["page=1", "page=2", "page=3"]
    assert found.documents[1].location.endswith("report.pdf:page 2")


def test_titles_that_a_program_wrote_are_not_taken(read, write_pdf, tmp_path):
    write_pdf(tmp_path / "thesis.pdf", PAGES, title="Microsoft Word - final2.docx")
    assert read("thesis.pdf").sources[0]["title"] == "thesis"


def test_an_encrypted_pdf_is_refused_unless_its_user_password_is_empty(read, write_pdf, tmp_path):
    write_pdf(tmp_path / "plain.pdf", PAGES)
    for name, user in (("locked.pdf", "secret"), ("printable.pdf", "")):
        writer = PdfWriter(clone_from=PdfReader(tmp_path / "plain.pdf"))
        writer.encrypt(user, "owner", algorithm="RC4-128")
        writer.write(tmp_path / name)
    assert read("locked.pdf").wrong == ["locked.pdf: the PDF is encrypted: remove its password first"]
    assert [s["page"] for s in read("printable.pdf").sources] == [1, 2, 3]


def test_a_pdf_without_text_and_one_that_is_none_say_so(read, write_pdf, tmp_path):
    write_pdf(tmp_path / "scan.pdf", [[], []])
    assert "has no text" in read("scan.pdf").wrong[0]
    assert "not a readable PDF" in read("bad.pdf", b"%PDF-1.7 nothing more").wrong[0]


def test_lines_flow_into_paragraphs():
    assert flow("第一行在这里\n接着第二行。\n\nA new para-\ngraph with\ntwo lines.") == (
        "第一行在这里接着第二行。\n\nA new paragraph with two lines."
    )
