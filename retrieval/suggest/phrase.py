"""phrase: did-you-mean, the whole text written as the indices most probably would."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from indexer import ParsingError

from ..context import SearchContext
from .correction import Corrector, Smoothing
from .distances import internal
from .rendering import corrected
from .request import Options, Suggestion
from .statistics import Statistics
from .units import units_of
from .words import Rules, WordCorrector


def suggest_phrases(ctxs: Sequence[SearchContext], asked: Suggestion) -> list[dict[str, Any]]:
    """Elasticsearch's entry of a phrase suggestion; an option's score is its probability."""
    options, where = asked.options, asked.options.where
    path, analyzer = options.field(), options.text("analyzer")
    size = options.integer("size", 5, 1, 1000)
    options.integer("shard_size", size, 1)
    likelihood = options.number("real_word_error_likelihood", 0.95, 0.0, 1.0)
    confidence = options.number("confidence", 1.0)
    max_errors = options.number("max_errors", 1.0)
    order = options.integer("gram_size", 2, 1, 2)
    options.flag("force_unigrams", True)
    limit = options.integer("token_limit", 10, 1)
    if options.text("separator", " ") != " ":
        raise ParsingError(f"{where} [separator] is always what stands in the text")
    options.refuse("collate", "run the suggested text as a query of its own")
    tags = _tags(options.take("highlight"), where)
    smoothing = _smoothing(options.take("smoothing"), where)
    generators = _generators(options.take("direct_generator"), where, path)
    options.finish()
    statistics = Statistics(ctxs, path, analyzer)
    units = units_of(statistics, asked.text)
    entry: dict[str, Any] = {"text": asked.text, "offset": 0, "length": len(asked.text), "options": []}
    words = sum(not unit.han for unit in units)
    if not units or words > limit:
        return [entry]
    fields = {name: statistics if name == path else Statistics(ctxs, name) for name, _ in generators}
    correctors = [WordCorrector(fields[name], rules) for name, rules in generators]
    corrector = Corrector(statistics, correctors, likelihood, smoothing, order)
    most = int(max_errors * len(units)) if max_errors < 1 else int(max_errors)
    typed = corrector.typed(units)
    bar = typed.score + math.log(confidence) if confidence > 0 else -math.inf
    seen = {asked.text}
    for one in corrector.corrections(units, max(1, most)):
        text = corrected(asked.text, units, one)
        if one.score <= bar or text in seen:
            continue
        seen.add(text)
        option: dict[str, Any] = {"text": text, "score": math.exp(one.score)}
        if tags is not None:
            option["highlighted"] = corrected(asked.text, units, one, *tags)
        entry["options"].append(option)
        if len(entry["options"]) == size:
            break
    return [entry]


def _tags(body: Any, where: str) -> tuple[str, str] | None:
    if body is None:
        return None
    options = Options(f"{where} [highlight]", body)
    pre, post = options.text("pre_tag"), options.text("post_tag")
    options.finish()
    if pre is None or post is None:
        raise ParsingError(f"{where} [highlight] needs [pre_tag] and [post_tag]")
    return pre, post


def _smoothing(body: Any, where: str) -> Smoothing:
    if body is None:
        return Smoothing()
    if not isinstance(body, dict) or len(body) != 1:
        raise ParsingError(f"{where} [smoothing] names one model: stupid_backoff or laplace")
    ((kind, inner),) = body.items()
    options = Options(f"{where} [{kind}]", inner)
    if kind == "stupid_backoff":
        made = Smoothing(kind, options.number("discount", 0.4, 1e-9, 1.0))
    elif kind == "laplace":
        made = Smoothing(kind, options.number("alpha", 0.5, 1e-9, 1e6))
    else:
        raise ParsingError(f"{where} [smoothing] does not support [{kind}]; use stupid_backoff or laplace")
    options.finish()
    return made


def _generators(body: Any, where: str, path: str) -> list[tuple[str, Rules]]:
    """(field, rules) of each candidate generator; without any, the field's own with the usual rules."""
    if body is None:
        return [(path, Rules(accuracy=0.3))]
    listed = body if isinstance(body, list) else [body]
    out = []
    for entry in listed:
        options = Options(f"{where} [direct_generator]", entry)
        field = options.field()
        for key in ("pre_filter", "post_filter"):
            options.refuse(key, "words are analyzed by the field's analyzer")
        out.append((field, Rules.parse(options, internal, "missing", 0.3)))
        options.finish()
    return out
