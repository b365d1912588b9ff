"""One similarity over one field or several, ready for the kernels: tables, factors, terms found."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from indexer.segment import Segment, TextField
from indexer.segment.norms import LENGTHS
from retrieval.lexical import tables
from retrieval.lexical.lengths import CombinedLengths, lengths_of, to_bytes, vector_norms
from retrieval.lexical.lookup import look_up
from retrieval.lexical.similarity import Similarity
from retrieval.lexical.statistics import FieldStatistics
from retrieval.lexical.union import unite

if TYPE_CHECKING:
    from retrieval.lexical.reader import LexicalReader

_CACHED_TERMS = 1 << 16
_Known = tuple[dict[bytes | str, "FoundTerm | None"], np.ndarray, np.ndarray]


class FoundTerm(NamedTuple):
    """A known term: its number in the scorer's ``rows``, live document frequency, class, idf; ``mixed``: some
    field counts it to another class."""

    slot: int
    df: int
    kind: int
    idf: float
    mixed: int


class Found(NamedTuple):
    """Terms looked up: None for the unknown; ``rows`` int64[slots, segments, fields, 3], ``kinds`` int64[slots]."""

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
        #: whether terms have bounds, so that what cannot be a hit may be skipped
        self.bounded = not similarity.exact_lengths and (self.by_table or not similarity.shape().times_tf)
        self.shape = np.array(similarity.shape(), np.float32)
        self.absent = similarity.absent()
        self.documents = reader.documents
        self.ranges = sum((s.documents + 127) >> 7 for s in reader.segments)
        found = self._texts(reader)
        self.classes = max((t.sums.size for s in reader.segments for f in fields if (t := s.text(f))), default=1)
        self.largest = similarity.shape().largest(self._most_frequent(found))
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

    def _texts(self, reader: LexicalReader) -> list[list[TextField | None]]:
        """The fields in each segment."""
        return [[s.text(f) for f in self.fields] for s in reader.segments]

    def _forget(self) -> None:
        """Start with no terms known. Whoever holds the former tables may go on using them."""
        rows = np.zeros((256, *self.segments.shape[:2], 3), np.int64)
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

    def _most_frequent(self, found: list[list[TextField | None]]) -> float:
        """f of the greatest (weighted) frequency that any document may have."""
        most = 1.0
        for row in found:
            tf = [
                w * float(t.code_freqs.max(initial=1)) for t, w in zip(row, self.weights, strict=True) if t is not None
            ]
            most = max(most, sum(tf))
        return float(self.similarity.tf(np.array([most]))[0])

    def _combined(self, segment: Segment, c: int) -> CombinedLengths:
        key = ("lengths", self.fields, self.weights, c)
        made: CombinedLengths = segment.derived.get(key, lambda: CombinedLengths(segment, self.fields, self.weights, c))
        return made

    def _code_tables(self, row: np.ndarray, text: TextField, weight: float) -> None:
        for c in range(self.classes):
            column = tables.PER_CLASS + c * tables.CLASS_COLUMNS
            tf = (weight * self.similarity.tf(text.code_freqs)).astype(np.float32)
            table = self.table(text, c) if self.by_table else tf
            factors = self.byte_factors(c, text.norms)
            self._point(row, column + tables.TABLE, table)
            self._point(row, column + tables.FACTORS, factors)
            if self.bounded:
                self._point(row, column + tables.LIMITS, self._limits(text, c, table, weight))

    def _point(self, row: np.ndarray, column: int, array: np.ndarray) -> None:
        """Put an array's address into a column, and keep the array."""
        self._keep.append(array)
        row[column] = array.ctypes.data

    def _weighed(self, text: TextField, c: int, tf: np.ndarray, weight: float) -> np.ndarray:
        """float32 over a field's codes: their frequency times the factor of a document without other fields."""
        lengths = LENGTHS[text.code_bytes] if c < text.sums.size else np.zeros(tf.size, np.int64)
        return tf * self.byte_factors(c, True)[to_bytes(np.floor(weight * lengths))]

    def table(self, text: TextField, c: int) -> np.ndarray:
        """float32 over a field's codes: h of their frequencies and length bytes, in class c."""
        tf = self.similarity.tf(text.code_freqs).astype(np.float32)
        return self.similarity.shape().apply(tf * self.byte_factors(c, text.norms)[text.code_bytes], tf)

    def _limits(self, text: TextField, c: int, table: np.ndarray, weight: float) -> np.ndarray:
        """float32[257]: the greatest impact (of several fields: frequency times factor) among codes of at most
        each quantised impact; then the greatest ratio of impacts to these."""
        most = table if self.by_table else self._weighed(text, c, table, weight)
        limits = np.zeros(257, np.float32)
        np.maximum.at(limits, text.code_quantised[min(c, len(text.code_quantised) - 1)], most)
        np.maximum.accumulate(limits[:256], out=limits[:256])
        impacts = limits[1:256]
        if not self.by_table:
            impacts = np.where(impacts > 0, self.similarity.shape().apply(impacts, impacts), np.float32(0))
        limits[256] = (impacts / np.arange(1, 256)).max() * np.float32(1.000001)
        return limits

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

    def find_all(self, terms: Iterable[bytes | str]) -> Found:
        """All of some terms at once, with the tables that their slots refer to."""
        known = self._known[0]
        try:
            entries = [known[t] for t in terms]
        except KeyError:
            entries = None
        # what a slot refers to is in the tables before its term is known
        now, rows, kinds = self._known
        if entries is not None and now is known:
            return Found(entries, rows, kinds)
        with self._lock:
            if len(self._known[0]) >= _CACHED_TERMS:
                self._forget()
            known = self._known[0]
            self._learn([term for term in dict.fromkeys(terms) if term not in known])
            return Found([known[t] for t in terms], *self._known[1:])

    def _learn(self, terms: list[bytes | str]) -> None:
        """Look up terms that are not known yet."""
        known, rows, kinds = self._known
        first, end = self._used, self._used + len(terms)
        if end > len(kinds):
            more = max(len(kinds), len(terms))
            rows = np.concatenate([rows, np.zeros((more, *rows.shape[1:]), np.int64)])
            kinds = np.concatenate([kinds, np.zeros(more, np.int64)])
        raw = [term.encode("utf-8", "surrogatepass") if isinstance(term, str) else term for term in terms]
        bounds = np.array([0, *itertools.accumulate(map(len, raw))], np.int64)
        results = np.empty((len(terms), 4), np.int64)
        look_up(self.segments, np.frombuffer(bytearray(b"".join(raw)), np.uint8), bounds, rows[first:end], results)
        kinds[first:end] = results[:, 1]
        documents = self.statistics.documents.tolist()
        entries: dict[bytes | str, FoundTerm | None] = {}
        for slot, term, (df, kind, mixed, holding) in zip(range(first, end), terms, results.tolist(), strict=True):
            if holding > 1:
                df = self._united(rows[slot], df, kind, mixed)
            entries[term] = FoundTerm(slot, df, kind, self.similarity.idf(df, documents[kind]), mixed) if df else None
        self._known = (known, rows, kinds)
        self._used = end
        known.update(entries)

    def _united(self, row: np.ndarray, most: int, kind: int, mixed: int) -> int:
        """Document frequency of a term in several fields, at most ``most``; range maxima for a frequent one."""
        frequent = self.bounded and not mixed and most * 128 >= self.documents
        maxima = np.zeros(self.ranges if frequent else 0, np.uint8)
        df = unite(self.segments, row, kind, self.shape, np.float32(self.largest), maxima)
        if frequent:
            self._keep.append(maxima)
            counts = (self.segments[:, 0, tables.DOCUMENTS] + 127) >> 7
            row[:, 0, 2] = maxima.ctypes.data + np.cumsum(counts) - counts
        return df
