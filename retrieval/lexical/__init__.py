"""Ranking by words: BM25 and its kin over a frozen list of segments, with whole-index live statistics.

A document's *global number* is its segment's base plus its local number, segments in the order given
(ascending sequence numbers). Ties in score are broken by that number, smaller first.

::

    reader = LexicalReader(segments, tombstones)   # tombstones[i]: Tombstones or None (nothing deleted)
    reader.documents                               # numbers in use, dead ones included
    reader.bases                                   # int64[segments + 1]
    reader.live                                    # bool[documents] (made on first use) and
    reader.live_documents                          # its count
    reader.locate(docs) -> (segment int64[], local int64[])
    reader.statistics(field) -> FieldStatistics    # live documents and tokens per class
    reader.df(field, term) -> int                  # live document frequency of one term
    reader.expand(field, low, high, limit) -> list[bytes]       # live terms in [low, high)
    reader.postings(field, term) -> (docs uint32[], freqs uint32[])      # live documents only

    query = WordQuery(
        fields=("title", "body"),       # one: that field. several: BM25F, as if they were one field
        terms=("a", "b"),               # analyzed terms, str or bytes
        boosts=None,                    # one weight a term (default 1)
        weights=None,                   # one weight a field (default 1: BM25 of the concatenation)
        minimum=1,                      # how many distinct terms must match; len(terms) is AND
        similarity=BM25(),              # BM25 | BM25Plus | BM25L | TFIDF
    )
    query = PhraseQuery(field, terms, positions=None, slop=0, boost=1.0, similarity=BM25())

    reader.top_k(query, k, accept=None, count_to=10_000) -> TopK(docs uint32[], scores float32[], total, relation)
        # accept: bool[documents], or what reader.accepted(mask) makes of one for many queries.
        # relation: "eq", or "gte" when total >= count_to stopped counting
    reader.matches(query, accept=None) -> (docs uint32[], scores float32[])   # all of them, ascending numbers
    reader.score(query, docs) -> float32[]         # true scores of any documents; 0 where nothing matches
    reader.explain(query, doc) -> Explanation      # value, and per term idf, df, N, tf, length, avgdl, boost

Repeated terms in ``terms`` add up (a boost of 2). Terms that no live document holds contribute nothing.
"""

from retrieval.lexical.accepted import Accepted
from retrieval.lexical.query import PhraseQuery, TopK, WordQuery
from retrieval.lexical.reader import LexicalReader
from retrieval.lexical.similarity import BM25, BM25L, TFIDF, BM25Plus, Similarity
from retrieval.lexical.statistics import Explanation, FieldStatistics, TermExplanation

__all__ = [
    "BM25",
    "BM25L",
    "TFIDF",
    "Accepted",
    "BM25Plus",
    "Explanation",
    "FieldStatistics",
    "LexicalReader",
    "PhraseQuery",
    "Similarity",
    "TermExplanation",
    "TopK",
    "WordQuery",
]
