"""A frozen view of an index's words: segments, deletions, statistics, and what can be asked of them."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence

import numpy as np

from indexer.segment import Segment, TextField, Tombstones
from retrieval.lexical import tables
from retrieval.lexical.accepted import Accepted, pack, ranges_of
from retrieval.lexical.all_words import top_all
from retrieval.lexical.collecting import HEAP_LIMIT, buffer_size, decode
from retrieval.lexical.explaining import explain_phrase, explain_words
from retrieval.lexical.fixed import MOST_TERMS
from retrieval.lexical.maxscore import top_words
from retrieval.lexical.pairs import PairScorer
from retrieval.lexical.plan import PhrasePlan, Plan
from retrieval.lexical.probing import probe
from retrieval.lexical.query import PhraseQuery, Term, TopK, WordQuery
from retrieval.lexical.scanning import scan
from retrieval.lexical.scorer import Scorer
from retrieval.lexical.scratch import scratch_for
from retrieval.lexical.similarity import BM25, Similarity
from retrieval.lexical.statistics import Explanation, FieldStatistics

_CACHED_SCORERS = 64
_NONE = TopK(np.empty(0, np.uint32), np.empty(0, np.float32), 0, "eq")


class LexicalReader:
    """See :mod:`retrieval.lexical` for what it offers. Safe to use from many threads.

    ``tombstones[i]`` belongs to ``segments[i]``; None, or an empty one, when nothing of it is deleted.
    """

    def __init__(self, segments: Sequence[Segment], tombstones: Sequence[Tombstones | None]) -> None:
        self.segments = list(segments)
        self.tombstones = [t if t is not None and t.count else None for t in tombstones]
        if len(self.segments) != len(self.tombstones):
            raise ValueError("give one Tombstones or None for each segment")
        self.bases = np.zeros(len(self.segments) + 1, np.int64)
        np.cumsum([s.documents for s in self.segments], out=self.bases[1:])
        self.documents = int(self.bases[-1])
        self.live_documents = self.documents - sum(t.count for t in self.tombstones if t is not None)
        if self.documents >= 1 << 32:
            raise OverflowError("an index view is limited to 2**32 documents")
        self._scorers: dict[tuple[tuple[str, ...], tuple[float, ...], Similarity], Scorer] = {}
        self._pair_scorers: dict[Scorer, PairScorer] = {}
        self._lock = threading.Lock()
        #: what callers keep of filters, by a key, the oldest first, each beside what it depends on
        self.kept: OrderedDict[Hashable, tuple[object, Accepted]] = OrderedDict()
        self._live: np.ndarray | None = None
        self._live_bits = [None if t is None else pack(~t.mask) for t in self.tombstones]

    @property
    def live(self) -> np.ndarray:
        """bool[documents]: not deleted."""
        if self._live is None:
            parts = [
                np.ones(s.documents, bool) if t is None else ~t.mask
                for s, t in zip(self.segments, self.tombstones, strict=True)
            ]
            self._live = np.concatenate(parts) if parts else np.ones(0, bool)
        return self._live

    def locate(self, docs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(segment number, local number) of global numbers, int64 each. Raises IndexError outside the view."""
        docs = np.asarray(docs, np.int64)
        if docs.size and not (int(docs.min()) >= 0 and int(docs.max()) < self.documents):
            raise IndexError(f"documents are numbered 0..{self.documents - 1}")
        owner = np.searchsorted(self.bases, docs, side="right") - 1
        return owner, docs - self.bases[owner]

    def describe(self, row: np.ndarray, number: int, name: str, text: TextField | None) -> None:
        """Fill the columns of :mod:`retrieval.lexical.tables` that no similarity changes."""
        segment, stones = self.segments[number], self.tombstones[number]
        row[tables.DOCUMENTS] = segment.documents
        row[tables.BASE] = self.bases[number]
        row[tables.ALLOWED_COUNT] = segment.documents
        live = self._live_bits[number]
        if stones is not None and live is not None:
            row[tables.ALLOWED] = live.ctypes.data
            row[tables.ALLOWED_COUNT] = segment.documents - stones.count
            row[tables.ALLOWED_RANGES] = ranges_of(live)
        if text is None:
            return
        row[tables.POSITIONAL] = text.positional
        row[tables.POSTINGS] = text.postings_address
        row[tables.STARTS] = text.section_address("starts")
        row[tables.DF] = text.section_address("df")
        row[tables.CLASSES] = text.section_address("classes")
        row[tables.BLOB : tables.HASH_SIZE + 1] = text.addresses
        loss = None if stones is None else stones.fields.get(name)
        if loss is not None:
            row[tables.LOST_TERMS] = loss.ordinals.ctypes.data
            row[tables.LOST] = loss.losses.ctypes.data
            row[tables.LOST_SIZE] = loss.ordinals.size
        row[tables.CODES] = text.code_freqs.size
        row[tables.FREQS] = text.section_address("code_freqs")
        row[tables.CODE_BYTES] = text.section_address("code_bytes")

    def scorer(self, fields: tuple[str, ...], weights: tuple[float, ...] | None, similarity: Similarity) -> Scorer:
        """The prepared tables of a similarity over fields; kept for the reader's life (up to a number)."""
        key = (fields, weights or (1.0,) * len(fields), similarity)
        found = self._scorers.get(key)
        if found is None:
            with self._lock:
                found = self._scorers.get(key)
                if found is None:
                    for segment in self.segments:
                        segment.warm()
                    found = Scorer(self, *key)
                    if len(self._scorers) >= _CACHED_SCORERS:
                        self._scorers.clear()
                        self._pair_scorers.clear()
                    self._scorers[key] = found
        return found

    def statistics(self, field: str) -> FieldStatistics:
        """Live documents and tokens of a field, by class."""
        return self.scorer((field,), None, _DEFAULT).statistics

    def df(self, field: str, term: Term) -> int:
        """How many live documents hold a term."""
        found = self.scorer((field,), None, _DEFAULT).find_all((term,)).terms[0]
        return 0 if found is None else found.df

    def expand(self, field: str, low: bytes | None, high: bytes | None, limit: int) -> list[bytes]:
        """Terms of live documents with ``low <= term < high`` in order (None: open), at most ``limit``."""
        found: set[bytes] = set()
        for segment, stones in zip(self.segments, self.tombstones, strict=True):
            text = segment.text(field)
            if text is None:
                continue
            span = text.ordinals(low, high)
            kept = 0
            for start in range(span.start, span.stop, 4096):
                stop = min(span.stop, start + 4096)
                for ordinal, term in enumerate(text.vocabulary(start, stop), start):
                    if stones is None or stones.live_df(field, ordinal):
                        found.add(term)
                        kept += 1
                if kept >= limit:
                    break
        return sorted(found)[:limit]

    def postings(self, field: str, term: Term) -> tuple[np.ndarray, np.ndarray]:
        """(global numbers uint32[], frequencies uint32[]) of the live documents that hold a term."""
        raw = term.encode("utf-8", "surrogatepass") if isinstance(term, str) else term
        docs, freqs = [np.empty(0, np.uint32)], [np.empty(0, np.uint32)]
        for base, segment, stones in zip(self.bases, self.segments, self.tombstones, strict=False):
            text = segment.text(field)
            ordinal = -1 if text is None else text.lookup(raw)
            if text is None or ordinal < 0:
                continue
            found, counts = text.postings(ordinal)
            if stones is not None:
                alive = (stones.bits[found >> 3] >> (found & 7)) & 1 == 0
                found, counts = found[alive], counts[alive]
            docs.append(found + np.uint32(base))
            freqs.append(counts)
        return np.concatenate(docs), np.concatenate(freqs)

    def accepted(self, mask: np.ndarray | Sequence[np.ndarray]) -> Accepted:
        """The live documents among those of a bool[documents], or of what :func:`.accepted.pack` made of each
        segment's."""
        if isinstance(mask, np.ndarray):
            if mask.shape != (self.documents,):
                raise ValueError(f"accept must be bool[{self.documents}], one entry a document")
            mask = [pack(mask[a:b]) for a, b in itertools.pairwise(self.bases.tolist())]
        bits = [p if live is None else p & live for p, live in zip(mask, self._live_bits, strict=True)]
        return Accepted(bits, self.bases)

    def top_k(
        self,
        query: WordQuery | PhraseQuery,
        k: int,
        accept: Accepted | np.ndarray | None = None,
        count_to: int = 10_000,
    ) -> TopK:
        """The k best live documents, equal in ids and scores to scoring all and sorting.

        ``accept``: which documents may be hits; a bool[documents] is packed first. ``count_to``: up to how many
        matches the total is exact; more are reported as that many with relation "gte" (0: do not count).
        """
        if k < 1:
            raise ValueError("k must be at least 1")
        plan = self._plan(query)
        if plan is None:
            return _NONE
        docs, scores, total = self._run(plan, k, accept, count_to)
        if total > count_to:
            return TopK(docs, scores, count_to or docs.size, "gte")
        return TopK(docs, scores, total, "eq")

    def matches(
        self, query: WordQuery | PhraseQuery, accept: Accepted | np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Every live matching document: (global numbers uint32[] ascending, scores float32[])."""
        plan = self._plan(query)
        if plan is None:
            return _NONE.docs, _NONE.scores
        docs, scores, _ = self._run(plan, max(plan.most, 1), accept, _ALL)
        order = np.argsort(docs)
        return docs[order], scores[order]

    def score(self, query: WordQuery | PhraseQuery, docs: np.ndarray) -> np.ndarray:
        """float32 scores of given documents, 0 where the query does not match; the same bits as in
        :meth:`top_k`. Raises IndexError for numbers outside the view."""
        owner, local = self.locate(docs)
        plan = self._plan(query)
        scores = np.zeros(owner.size, np.float32)
        if plan is None or owner.size == 0:
            return scores
        if isinstance(plan, PhrasePlan):
            accept = np.zeros(self.documents, bool)
            accept[docs] = True
            found, values = self.matches(query, accept)
            at = np.searchsorted(found, docs)
            hit = at < found.size
            hit[hit] = found[at[hit]] == np.asarray(docs)[hit]
            scores[hit] = values[at[hit]]
            return scores
        counts = np.zeros(owner.size, np.int64)
        probe(
            plan.scorer.segments, plan.rows[plan.slots], plan.kinds[plan.slots], plan.weights,
            plan.scorer.by_table, plan.scorer.shape, plan.scale,
            owner, local, scores, counts, np.empty((plan.kinds.size, 2), np.float32),
        )  # fmt: skip
        scores += np.float32(plan.base)
        scores[counts < plan.minimum] = 0
        return scores

    def explain(self, query: WordQuery | PhraseQuery, doc: int) -> Explanation:
        """The numbers behind a document's score. Raises IndexError for a number outside the view."""
        plan = self._plan(query)
        if isinstance(query, PhraseQuery):
            assert plan is None or isinstance(plan, PhrasePlan)
            return explain_phrase(self, query, plan, doc)
        assert plan is None or isinstance(plan, Plan)
        return explain_words(self, query, plan, doc)

    def _plan(self, query: WordQuery | PhraseQuery) -> Plan | PhrasePlan | None:
        if isinstance(query, PhraseQuery):
            scorer = self.scorer((query.field,), None, query.similarity)
            return PhrasePlan.of(scorer, query, self._pair_scorer(scorer))
        return Plan.of(self.scorer(query.fields, query.weights, query.similarity), query)

    def _pair_scorer(self, scorer: Scorer) -> PairScorer | None:
        """The pairs of a scorer's field; None where they are of no use."""
        if not scorer.by_table or scorer.similarity.normalises_vectors:
            return None
        found = self._pair_scorers.get(scorer)
        if found is None:
            with self._lock:
                found = self._pair_scorers.setdefault(scorer, PairScorer(self, scorer))
        return found if found.useful else None

    def _run(
        self, plan: Plan | PhrasePlan, k: int, accept: Accepted | np.ndarray | None, count_to: int
    ) -> tuple[np.ndarray, np.ndarray, int]:
        """(docs, scores, total): the total is right, or above ``count_to``."""
        scorer = plan.scorer
        k = min(k, plan.most)
        segments = scorer.segments
        if accept is not None:
            accept = accept if isinstance(accept, Accepted) else self.accepted(accept)
            segments = accept.restrict(segments)
        keys = np.empty(buffer_size(k), np.int64)
        state = np.array((0, k, 0), np.int64)
        docs, scores = np.empty(k, np.uint32), np.empty(k, np.float32)
        scratch = scratch_for(scorer.ranges)
        if isinstance(plan, PhrasePlan):
            from retrieval.lexical.phrases import Best, top_phrase  # kernels that other queries do without

            known = accept is None and self.live_documents == self.documents
            count, total = top_phrase(plan, segments, count_to, known, scratch, Best(keys, state, docs, scores))
        elif not scorer.bounded or plan.mixed or plan.slots.size > MOST_TERMS:
            count, total = scan(
                segments, plan.rows[plan.slots], plan.kinds[plan.slots], plan.weights, scorer.by_table,
                scorer.shape, plan.scale, plan.minimum, keys, state, docs, scores,
            )  # fmt: skip
        elif scorer.by_table and 1 < plan.minimum == plan.slots.size:
            count, total = top_all(
                segments, plan.rows, plan.slots, plan.kinds, plan.weights, plan.scale, count_to, 32 + k // 4,
                scratch.work, scratch.bounds, keys, state, docs, scores,
            )  # fmt: skip
        else:
            known = accept is None and plan.minimum == 1 and plan.largest > count_to  # one term has more matches
            short = 0 if known or count_to == 0 or accept is not None else plan.largest
            count, total = top_words(
                segments, plan.rows, plan.slots, plan.kinds, plan.weights, scorer.by_table, scorer.shape, plan.scale,
                plan.minimum, 0 if known else count_to, short, scorer.largest, scratch.work,
                scratch.bounds, scratch.sums, keys, state, docs, scores,
            )  # fmt: skip
            if known:
                total = count_to + 1
        docs, scores = decode(keys[:count]) if k > HEAP_LIMIT else (docs[:count], scores[:count])
        if plan.base:
            scores += np.float32(plan.base)
        return docs, scores, total


_DEFAULT = BM25()
_ALL = 1 << 62
