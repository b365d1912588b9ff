"""The account of a score, in the numbers that the kernels used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from indexer.segment.norms import LENGTHS
from retrieval.lexical.lengths import lengths_of, to_bytes
from retrieval.lexical.plan import PhrasePlan, Plan
from retrieval.lexical.probing import probe
from retrieval.lexical.query import PhraseQuery, WordQuery
from retrieval.lexical.statistics import Explanation, TermExplanation

if TYPE_CHECKING:
    from retrieval.lexical.reader import LexicalReader


def _length(reader: LexicalReader, plan: Plan | PhrasePlan, kind: int, owner: int, local: int) -> float:
    """The length that the norm was made of: exact, or what its byte stands for."""
    scorer = plan.scorer
    lengths = lengths_of(reader.segments[owner], scorer.fields, scorer.weights, kind, np.array([local]))
    if scorer.similarity.exact_lengths:
        return float(lengths[0])
    return float(LENGTHS[to_bytes(lengths)[0]])


def explain_words(reader: LexicalReader, query: WordQuery, plan: Plan | None, doc: int) -> Explanation:
    """Every known term's part in a document's score."""
    owner, local = reader.locate(np.array([doc]))
    fields = ", ".join(query.fields)
    if plan is None:
        return Explanation(0.0, False, f"no live document holds enough of these terms in {fields}")
    scorer = plan.scorer
    scores, counts = np.zeros(1, np.float32), np.zeros(1, np.int64)
    found = np.zeros((plan.kinds.size, 2), np.float32)
    probe(
        scorer.segments, plan.rows[plan.slots], plan.kinds[plan.slots], plan.weights, scorer.by_table, scorer.shape,
        plan.scale, owner, local, scores, counts, found,
    )  # fmt: skip
    matched = bool(counts[0] >= plan.minimum)
    absent = scorer.similarity.absent()
    terms = []
    for i, term in enumerate(plan.terms):
        known = plan.found[i]
        part = float(found[i, 1])
        if part == 0 and absent == 0:
            continue
        weight = float(plan.weights[i])
        terms.append(
            TermExplanation(
                term if isinstance(term, str) else term.decode("utf-8", "replace"),
                known.df,
                int(scorer.statistics.documents[known.kind]),
                known.idf,
                plan.boosts[i],
                _frequency(reader, plan, term, int(owner[0]), int(local[0])),
                _length(reader, plan, known.kind, int(owner[0]), int(local[0])),
                float(scorer.statistics.averages[known.kind]),
                part / weight + absent if weight else 0.0,
                part + weight * absent,
            )
        )
    if not matched:
        return Explanation(0.0, False, f"{int(counts[0])} of {plan.minimum} needed terms in {fields}", terms)
    name = type(scorer.similarity).__name__
    return Explanation(float(scores[0] + plan.base), True, f"{name} of {fields}, sum of its terms", terms)


def _frequency(reader: LexicalReader, plan: Plan, term: str | bytes, owner: int, local: int) -> float:
    """The (weighted) number of occurrences in a document."""
    raw = term.encode("utf-8", "surrogatepass") if isinstance(term, str) else term
    total = 0.0
    for name, weight in zip(plan.scorer.fields, plan.scorer.weights, strict=True):
        text = reader.segments[owner].text(name)
        ordinal = -1 if text is None else text.lookup(raw)
        if text is None or ordinal < 0:
            continue
        docs, freqs = text.postings(ordinal)
        at = int(np.searchsorted(docs, local))
        if at < docs.size and docs[at] == local:
            total += weight * float(freqs[at])
    return total


def explain_phrase(reader: LexicalReader, query: PhraseQuery, plan: PhrasePlan | None, doc: int) -> Explanation:
    """A phrase's score: one term whose idf is the sum of its terms'."""
    owner, local = reader.locate(np.array([doc]))
    text = " ".join(t if isinstance(t, str) else t.decode("utf-8", "replace") for t in query.terms)
    score = float(reader.score(query, np.array([doc]))[0])
    if plan is None or score == 0:
        return Explanation(0.0, False, f'"{text}" is not in {query.field}')
    scorer = plan.scorer
    idf = sum(f.idf for f in plan.found)
    weight = float(plan.weights[0])
    length = _length(reader, plan, plan.found[0].kind, int(owner[0]), int(local[0]))
    average = float(scorer.statistics.averages[plan.found[0].kind])
    tf_part = score / weight if weight else 0.0
    term = TermExplanation(
        text,
        plan.most,
        int(scorer.statistics.documents[plan.found[0].kind]),
        idf,
        query.boost,
        phrase_frequency(scorer.shape, float(scorer.similarity.factors(np.array([length]), average, True)[0]), tf_part),
        length,
        average,
        tf_part,
        score,
    )
    return Explanation(score, True, f"phrase in {query.field}, slop {query.slop}", [term])


def phrase_frequency(shape: np.ndarray, factor: float, tf_part: float) -> float:
    """The frequency that gives a tf part: h solved for tf, by bisection where tf multiplies it."""
    scale, shift, depth, offset, linear, times_tf = (float(v) for v in shape)
    if linear:
        return float(np.exp(tf_part / factor - 1)) if factor else 0.0
    if not times_tf:
        y = (tf_part - offset) / scale
        return (y * depth - shift) / (1 - y) / factor
    low, high = 0.0, max(1.0, tf_part / (scale * shift / depth))
    for _ in range(60):
        tf = (low + high) / 2
        below = tf * (scale * (tf * factor + shift) / (tf * factor + depth) + offset) < tf_part
        low, high = (tf, high) if below else (low, tf)
    return high
