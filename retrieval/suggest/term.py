"""term: for each word of a text the terms of the index that are spelled nearly like it.

A run of Han characters is one entry: its options are the run with wrong characters replaced, by the
characters that the index has seen between those neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..context import SearchContext
from .correction import Corrector
from .distances import DISTANCES
from .rendering import corrected
from .request import Suggestion
from .statistics import Statistics
from .units import Unit, runs, units_of
from .words import Rules, WordCorrector


def suggest_terms(ctxs: Sequence[SearchContext], asked: Suggestion) -> list[dict[str, Any]]:
    """Elasticsearch's entries of a term suggestion."""
    options = asked.options
    path, analyzer = options.field(), options.text("analyzer")
    similarity = DISTANCES[options.choice("string_distance", "internal", tuple(DISTANCES))]
    sort = options.choice("sort", "score", ("score", "frequency"))
    rules = Rules.parse(options, similarity, "missing", 0.5)
    options.integer("shard_size", rules.size, 1)
    options.finish()
    statistics = Statistics(ctxs, path, analyzer)
    words = WordCorrector(statistics, rules)
    entries = []
    for run in runs(units_of(statistics, asked.text)):
        first, last = run[0], run[-1]
        found = _han_options(statistics, run, rules) if first.han else _word_options(words, first)
        order = ("freq", "score") if sort == "frequency" else ("score", "freq")
        found.sort(key=lambda one: (-one[order[0]], -one[order[1]], one["text"]))
        entries.append(
            {
                "text": "".join(unit.shown for unit in run),
                "offset": first.start,
                "length": last.end - first.start,
                "options": found[: rules.size],
            }
        )
    return entries


def _word_options(words: WordCorrector, unit: Unit) -> list[dict[str, Any]]:
    shown: dict[str, dict[str, Any]] = {}
    for one in words.candidates(unit):
        if one.shown != unit.shown:
            option = {"text": one.shown, "score": round(one.similarity, 7), "freq": one.df}
            known = shown.setdefault(one.shown, option)
            known["freq"] = max(known["freq"], one.df)
    return list(shown.values())


def _han_options(statistics: Statistics, run: list[Unit], rules: Rules) -> list[dict[str, Any]]:
    text = "".join(unit.shown for unit in run)
    own = statistics.han(text)
    if rules.mode == "missing" and own:
        return []
    least = max(1, int(rules.min_doc_freq), own + 1 if rules.mode == "popular" else 0)
    corrector = Corrector(statistics, [])
    bar = corrector.typed(run).score
    out = []
    placed = [Unit(u.term, u.shown, at, at + 1, u.position, True) for at, u in enumerate(run)]
    for one in corrector.corrections(placed, min(rules.max_edits, len(run))):
        better = corrected(text, placed, one)
        freq = statistics.han(better)
        score = 1.0 - one.errors / len(run)
        if one.score > bar and freq >= least and score >= rules.accuracy:
            out.append({"text": better, "score": round(score, 7), "freq": freq})
    return out
