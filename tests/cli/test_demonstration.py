"""The demonstration index is made from what is installed, and making it again changes nothing."""

from __future__ import annotations

import pytest

from cli.demo import Demonstration, headline, pages_root
from indexer.sources import SourceDocument


def test_its_documents_have_stable_ids_titles_and_texts():
    first, again = list(Demonstration()), list(Demonstration())
    assert first == again
    documents = [record for record in first if isinstance(record, SourceDocument)]
    assert len(documents) == len(first)
    ids = [document.id for document in documents]
    assert len(set(ids)) == len(ids) >= 350
    assert all(document.source["title"] and document.source["text"] for document in documents)


def test_it_has_both_languages_once_the_pages_are_there():
    root = pages_root()
    if root is None or not (root / "README.zh.md").is_file():
        pytest.skip("the project's pages are not here")
    texts = [record.source for record in Demonstration() if isinstance(record, SourceDocument)]
    paths = {source.get("path") for source in texts}
    assert {"README.md", "README.zh.md"} <= paths


def test_a_headline_is_the_first_sentence_or_its_beginning():
    assert headline("Rain fell. It was wet.") == "Rain fell"
    assert headline("词 " * 30).endswith("…")
    assert len(headline("word " * 30).split()) == 14
