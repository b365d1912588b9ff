"""One similarity over one field or several, ready for the kernels: tables, factors, terms found."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from indexer.segment import Segment, TextField
from indexer.segment.norms import LENGTHS
from retrieval.lexical import tables
from retrieval.lexical.lengths import CombinedLengths, lengths_of, vector_norms
from retrieval.lexical.lookup import look_up
from retrieval.lexical.similarity import Similarity
from retrieval.lexical.statistics import FieldStatistics
from retrieval.lexical.union import union_frequency

if TYPE_CHECKING:
    from retrieval.lexical.reader import LexicalReader

_CACHED_TERMS = 1 << 16
_Known = tuple[dict[bytes | str, "FoundTerm | None"], np.ndarray, np.ndarray]


@dataclass(frozen=True, slots=True)
class FoundTerm:
    """A known term: its number in the scorer's ``rows``, live document frequency, class, idf."""

    slot: int
    df: int
    kind: int
    idf: float


class Found(NamedTuple):
    """Terms looked up: None for the unknown; ``rows`` int64[slots, segments, fields, 2], ``kinds`` int64[slots]."""

    terms: list[FoundTerm | None]
    rows: np.ndarray
    kinds: np.ndarray


class Scorer:
    """Whole-index statistics and per-segment tables of (fields, weights, similarity); made once a reader."""

    def __init__(
        self, reader: LexicalReader, fields: tuple[str, ...], weights: tuple[float, ...], similarity: Similarity
    ) -> None:
        if len(weights) != len(fields) or any(not w > 0 for w in weights):
            raise ValueError("give one positive weight for each field")
        self.fields, self.weights, self.similarity = fields, weights, similarity
        self.by_table = weights == (1.0,) and not similarity.exact_lengths
        self.shape = np.array(similarity.shape(), np.float32)
        self.absent = similarity.absent()
        self.documents = reader.documents
        self.ranges = sum((s.documents + 127) >> 7 for s in reader.segments)
        found = [[s.text(f) for f in fields] for s in reader.segments]
        self.classes = max((t.sums.size for row in found for t in row if t is not None), default=1)
        self.statistics = self._statistics(reader, found)
        self.segments = np.zeros((len(found), len(fields), tables.columns(self.classes)), np.int64)
        self._keep: list[object] = []
        for s, row in enumerate(found):
            for f, text in enumerate(row):
                reader.describe(self.segments[s, f], s, fields[f], text)
                if text is not None:
                    self._code_tables(self.segments[s, f], text, weights[f])
            if not self.by_table:
                self._factors(self.segments[s, 0], reader.segments[s], row)
        self._lock = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        """Start with no terms known. Whoever holds the former tables may go on using them."""
        rows = np.zeros((256, *self.segments.shape[:2], 2), np.int64)
        self._known: _Known = ({}, rows, np.zeros(256, np.int64))
        self._used = 0

    def _statistics(self, reader: LexicalReader, found: list[list[TextField | None]]) -> FieldStatistics:
        documents = np.zeros(self.classes, np.int64)
        tokens = np.zeros(self.classes, np.float64)
        for s, row in enumerate(found):
            segment, stones = reader.segments[s], reader.tombstones[s]
            for name, text, weight in zip(self.fields, row, self.weights, strict=True):
                if text is not None:
                    sums = text.sums if stones is None else stones.sums(name)
                    tokens[: sums.size] += weight * sums
            if self.weights == (1.0,):
                if row[0] is not None:
                    counts = row[0].counts if stones is None else stones.counts(self.fields[0])
                    documents[: counts.size] += counts
                continue
            dead = None if stones is None else np.flatnonzero(stones.mask)
            for c in range(self.classes):
                documents[c] += self._combined(segment, c).documents
                if dead is not None and dead.size:
                    gone = lengths_of(segment, self.fields, self.weights, c, dead)
                    documents[c] -= int(np.count_nonzero(gone))
        return FieldStatistics(documents, tokens)

    def _combined(self, segment: Segment, c: int) -> CombinedLengths:
        key = ("lengths", self.fields, self.weights, c)
        made: CombinedLengths = segment.derived.get(key, lambda: CombinedLengths(segment, self.fields, self.weights, c))
        return made

    def _code_tables(self, row: np.ndarray, text: TextField, weight: float) -> None:
        for c in range(self.classes):
            tf = (weight * self.similarity.tf(text.code_freqs)).astype(np.float32)
            table = tf
            if self.by_table:
                table = self.table(text, c)
                limits = self._limits(text, c, table)
                self._keep.append(limits)
                row[tables.PER_CLASS + c * tables.CLASS_COLUMNS + tables.LIMITS] = limits.ctypes.data
            self._keep.append(table)
            row[tables.PER_CLASS + c * tables.CLASS_COLUMNS + tables.TABLE] = table.ctypes.data
            factors = self.byte_factors(c, text.norms)
            self._keep.append(factors)
            row[tables.PER_CLASS + c * tables.CLASS_COLUMNS + tables.FACTORS] = factors.ctypes.data

    def table(self, text: TextField, c: int) -> np.ndarray:
        """float32 over a field's codes: h of their frequencies and length bytes, in class c."""
        tf = self.similarity.tf(text.code_freqs).astype(np.float32)
        return self.similarity.shape().apply(tf * self.byte_factors(c, text.norms)[text.code_bytes], tf)

    def _limits(self, text: TextField, c: int, table: np.ndarray) -> np.ndarray:
        """float32[256]: the greatest table entry among codes of at most each quantised impact."""
        limits = np.zeros(256, np.float32)
        np.maximum.at(limits, text.code_quantised[min(c, len(text.code_quantised) - 1)], table)
        return np.maximum.accumulate(limits)

    def byte_factors(self, c: int, norms: bool) -> np.ndarray:
        """float32[256]: factor of each length byte."""
        return self.similarity.factors(LENGTHS, float(self.statistics.averages[c]), norms)

    def _factors(self, row: np.ndarray, segment: Segment, texts: Sequence[TextField | None]) -> None:
        norms = any(t.norms for t in texts if t is not None)
        for c in range(self.classes):
            column = tables.PER_CLASS + c * tables.CLASS_COLUMNS
            if self.similarity.normalises_vectors:
                factors = segment.derived.get(
                    ("norms", self.fields, self.similarity), lambda: self._inverse_norms(texts, segment.documents)
                )
            elif self.similarity.exact_lengths:
                lengths = lengths_of(segment, self.fields, self.weights, c, slice(None))
                factors = self.similarity.factors(lengths, float(self.statistics.averages[c]), norms)
            else:
                combined = self._combined(segment, c)
                self._keep.append(combined)
                row[column + tables.BYTES] = combined.bytes.ctypes.data
                factors = self.byte_factors(c, norms)
            self._keep.append(factors)
            row[column + tables.FACTORS] = factors.ctypes.data

    def _inverse_norms(self, texts: Sequence[TextField | None], documents: int) -> np.ndarray:
        if len(texts) > 1:
            raise ValueError("TF-IDF ranks one field; combine fields with BM25, or add up their scores")
        text = texts[0]
        if text is None:
            return np.zeros(documents, np.float32)
        sums = vector_norms(text, self.similarity.tf(text.code_freqs) ** 2)
        return (1.0 / np.sqrt(np.maximum(sums, 1e-30))).astype(np.float32)

    def find(self, term: bytes | str) -> FoundTerm | None:
        """A term's postings and statistics, or None when no live document holds it."""
        raw = term.encode("utf-8", "surrogatepass") if isinstance(term, str) else term
        shape = self.segments.shape[:2]
        rows = np.empty((*shape, 2), np.int64)
        live = np.empty(shape, np.int64)
        total, kind = look_up(self.segments, np.frombuffer(bytearray(raw), np.uint8), rows, live)
        if not total:
            return None
        df = total if np.count_nonzero(live.sum(axis=0)) <= 1 else union_frequency(self.segments, rows)
        idf = self.similarity.idf(df, int(self.statistics.documents[kind]))
        return FoundTerm(self._store(rows, kind), df, kind, idf)

    def find_all(self, terms: Iterable[bytes | str]) -> Found:
        """All of some terms at once, with the tables that their slots refer to."""
        known, rows, kinds = self._known
        try:
            return Found([known[t] for t in terms], rows, kinds)
        except KeyError:
            pass
        with self._lock:
            if len(self._known[0]) >= _CACHED_TERMS:
                self._forget()
            known = self._known[0]
            for term in terms:
                if term not in known:
                    known[term] = self.find(term)
            return Found([known[t] for t in terms], *self._known[1:])

    def _store(self, rows: np.ndarray, kind: int) -> int:
        known, all_rows, kinds = self._known
        slot = self._used
        if slot == len(kinds):
            all_rows = np.concatenate([all_rows, np.zeros_like(all_rows)])
            kinds = np.concatenate([kinds, np.zeros_like(kinds)])
        all_rows[slot], kinds[slot] = rows, kind
        self._known = (known, all_rows, kinds)
        self._used = slot + 1
        return slot
