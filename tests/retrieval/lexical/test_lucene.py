"""Scores equal Lucene's BM25 on the same tokens: words, conjunctions, phrases exact and sloppy.

Needs JPype and Lucene's jars: `pip install jpype1 arcadedb-embedded` (the second carries both the jars and a Java
runtime), or QUARRY_LUCENE_JARS naming a directory of jars. Skipped where they are absent.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retrieval.lexical import PhraseQuery, WordQuery
from tests.retrieval.lexical.oracle import build, reader_of

RNG = np.random.default_rng(29)
WORDS = [f"w{i}" for i in range(40)] + ["搜", "索", "搜索", "引擎"]
DOCUMENTS = [
    [WORDS[min(int(w), len(WORDS) - 1)] for w in RNG.zipf(1.25, int(RNG.integers(1, 90))) - 1] for _ in range(600)
]
QUERIES = [[WORDS[int(w)] for w in RNG.choice(len(WORDS), int(RNG.integers(1, 7)), replace=False)] for _ in range(60)]
PHRASES = [
    words[at : at + size]
    for words, at, size in ((DOCUMENTS[i], int(RNG.integers(0, 5)), 2 + i % 3) for i in range(0, 600, 10))
    if len(words) > at + size
]


def _jars() -> tuple[list[str], str | None]:
    """Lucene's jars and the Java runtime to load them into (None: the machine's)."""
    folder = os.environ.get("QUARRY_LUCENE_JARS")
    if folder is not None:
        return [str(p) for p in Path(folder).glob("lucene-*.jar")], os.environ.get("QUARRY_LUCENE_JVM")
    found = importlib.util.find_spec("arcadedb_embedded")
    if found is None or found.origin is None:
        return [], None
    root = Path(found.origin).parent
    runtime = root / "jre" / "lib" / "server" / "libjvm.so"
    return [str(p) for p in (root / "jars").glob("lucene-*.jar")], str(runtime) if runtime.is_file() else None


class Lucene:
    """An index of DOCUMENTS, in the order of their numbers, and its answers."""

    def __init__(self) -> None:
        jpype = pytest.importorskip("jpype", reason="JPype is not installed (pip install jpype1)")
        jars, runtime = _jars()
        if not jars:
            pytest.skip("Lucene's jars are not here (pip install arcadedb-embedded, or set QUARRY_LUCENE_JARS)")
        if not jpype.isJVMStarted():
            arguments = ["-Djava.util.logging.config.file=/dev/null"]
            jpype.startJVM(runtime or jpype.getDefaultJVMPath(), *arguments, classpath=jars)
        self._class = jpype.JClass
        lucene = "org.apache.lucene."
        analyzer = self._class(lucene + "analysis.core.WhitespaceAnalyzer")()
        directory = self._class(lucene + "store.ByteBuffersDirectory")()
        writer = self._class(lucene + "index.IndexWriter")(
            directory, self._class(lucene + "index.IndexWriterConfig")(analyzer)
        )
        store = self._class(lucene + "document.Field$Store").NO
        for words in DOCUMENTS:
            document = self._class(lucene + "document.Document")()
            document.add(self._class(lucene + "document.TextField")("body", " ".join(words), store))
            writer.addDocument(document)
        writer.forceMerge(1)
        writer.close()
        reader = self._class(lucene + "index.DirectoryReader").open(directory)
        self._searcher = self._class(lucene + "search.IndexSearcher")(reader)
        self._searcher.setSimilarity(self._class(lucene + "search.similarities.BM25Similarity")(1.2, 0.75))

    def words(self, terms: list[str], every: bool) -> dict[int, float]:
        occur = self._class("org.apache.lucene.search.BooleanClause$Occur")
        builder = self._class("org.apache.lucene.search.BooleanQuery$Builder")()
        for term in terms:
            query = self._class("org.apache.lucene.search.TermQuery")(self._term(term))
            builder.add(query, occur.MUST if every else occur.SHOULD)
        return self._search(builder.build())

    def phrase(self, terms: list[str], slop: int) -> dict[int, float]:
        builder = self._class("org.apache.lucene.search.PhraseQuery$Builder")()
        for term in terms:
            builder.add(self._term(term))
        builder.setSlop(slop)
        return self._search(builder.build())

    def _term(self, term: str) -> Any:
        return self._class("org.apache.lucene.index.Term")("body", term)

    def _search(self, query: Any) -> dict[int, float]:
        hits = self._searcher.search(query, len(DOCUMENTS)).scoreDocs
        return {int(hit.doc): float(hit.score) for hit in hits}


@pytest.fixture(scope="module")
def lucene() -> Lucene:
    return Lucene()


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("lucene")
    documents = [{"body": words} for words in DOCUMENTS]
    return reader_of(build(folder, documents, cuts=[200, 450], classes=False), set())


def same(found: tuple[np.ndarray, np.ndarray], expected: dict[int, float]) -> None:
    docs, scores = found
    assert docs.tolist() == sorted(expected)
    np.testing.assert_allclose(scores, [expected[d] for d in docs.tolist()], rtol=1e-5)


def test_any_and_all_words(reader: Any, lucene: Lucene) -> None:
    for terms in QUERIES:
        same(reader.matches(WordQuery(("body",), terms)), lucene.words(terms, every=False))
        same(reader.matches(WordQuery(("body",), terms, minimum=len(terms))), lucene.words(terms, every=True))


@pytest.mark.parametrize("slop", [0, 1, 3])
def test_phrases(reader: Any, lucene: Lucene, slop: int) -> None:
    for terms in PHRASES:
        same(reader.matches(PhraseQuery("body", terms, slop=slop)), lucene.phrase(terms, slop))
