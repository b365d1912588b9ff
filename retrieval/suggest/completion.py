"""completion: what a prefix typed so far may become, by the weights of a completion field's inputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from analysis.completion import prefix_keys
from indexer import InvalidRequest
from indexer.completion import input_of
from indexer.segment import Segment, TextField, Tombstones

from ..context import SearchContext
from ..query.fuzziness import Fuzziness
from ..source import SourceFilter
from .kernels import read_weights, walk_beginnings
from .request import Options, Suggestion


@dataclass(frozen=True)
class _Fuzzy:
    """How far a beginning may be from the prefix."""

    fuzziness: Fuzziness
    swaps: bool
    least: int
    prefix: int


@dataclass(frozen=True, order=True)
class _Option:
    """One completion; they sort as they are shown."""

    edits: int
    weight: int  # negated
    text: str
    place: int  # of the index among those asked
    doc: int


def complete(ctxs: Sequence[SearchContext], asked: Suggestion, source: SourceFilter) -> list[dict[str, Any]]:
    """Elasticsearch's entries of a completion suggestion.

    A document is shown once, by its best input: fewest edits, then highest weight, then the input's own order.
    """
    options = asked.options
    path = options.field()
    size = options.integer("size", 5, 1, 10_000)
    distinct = options.flag("skip_duplicates", False)
    fuzzy = _fuzzy(options.take("fuzzy"), options.where)
    options.refuse("contexts", "filter with a field of its own")
    name = options.text("analyzer")
    options.integer("shard_size", size, 1)
    options.finish()
    found: list[_Option] = []
    for place, ctx in enumerate(ctxs):
        spec = ctx.mapping.fields.get(path)
        if spec is None and len(ctxs) > 1:
            continue
        if spec is None or spec.type != "completion":
            raise InvalidRequest(f"Field [{path}] is not a completion suggest field")
        try:
            analyzer = ctx.index.analyzers.get(name or spec.search_analyzer)
        except ValueError as error:
            raise InvalidRequest(str(error)) from None
        keys = [key for key in prefix_keys(analyzer, asked.text) if key.strip()]
        found += _first(_options(ctx, place, path, keys, fuzzy, size, distinct), size, distinct)
    chosen = list(_first(sorted(found), size, distinct))
    shown = [_shown(ctxs[option.place], option, source) for option in chosen]
    return [{"text": asked.text, "offset": 0, "length": len(asked.text), "options": shown}]


def _fuzzy(body: Any, where: str) -> _Fuzzy | None:
    if body is None or body is False:
        return None
    options = Options(f"{where} [fuzzy]", {} if body is True else body)
    made = _Fuzzy(
        Fuzziness.of("fuzzy", options.take("fuzziness", "AUTO")),
        options.flag("transpositions", True),
        options.integer("min_length", 3),
        options.integer("prefix_length", 1),
    )
    options.flag("unicode_aware", True)
    options.integer("max_determinized_states", 10_000)
    options.finish()
    return made


def _first(options: Iterator[_Option] | list[_Option], size: int, distinct: bool) -> Iterator[_Option]:
    """The first of sorted options, one of each document, and one of each text if asked."""
    documents: set[tuple[int, int]] = set()
    texts: set[str] = set()
    for option in options:
        if (option.place, option.doc) in documents or (distinct and option.text in texts):
            continue
        documents.add((option.place, option.doc))
        texts.add(option.text)
        yield option
        if len(documents) == size:
            return


def _options(
    ctx: SearchContext, place: int, path: str, keys: list[str], fuzzy: _Fuzzy | None, size: int, distinct: bool
) -> list[_Option]:
    """The best options of each segment, sorted."""
    out: list[_Option] = []
    reader = ctx.reader
    for base, segment, stones in zip(reader.bases.tolist(), reader.segments, reader.tombstones, strict=False):
        ctx.check_time()
        text = segment.text(path)
        if text is not None:
            found = _segment_options(place, base, segment, stones, text, path, keys, fuzzy)
            out += _first(found, size, distinct)
    return sorted(out)


def _segment_options(
    place: int,
    base: int,
    segment: Segment,
    stones: Tombstones | None,
    text: TextField,
    path: str,
    keys: list[str],
    fuzzy: _Fuzzy | None,
) -> Iterator[_Option]:
    """The options of one segment, the best first."""
    weights = segment.derived.get(("completion weights", path), lambda: _weights(text))
    ordinals, edits = _matching(text, keys, fuzzy)
    order = np.lexsort((ordinals, -weights[ordinals], edits))
    tied: list[_Option] = []
    for at in order.tolist():
        ordinal = int(ordinals[at])
        weight, far = -int(weights[ordinal]), int(edits[at])
        if tied and (tied[0].edits, tied[0].weight) != (far, weight):
            yield from sorted(tied)
            tied = []
        docs, _ = text.postings(ordinal)
        if stones is not None:
            docs = docs[(stones.bits[docs >> 3] >> (docs & 7)) & 1 == 0]
        shown = input_of(text.term(ordinal))
        tied += [_Option(far, weight, shown, place, base + int(doc)) for doc in docs]
    yield from sorted(tied)


def _weights(text: TextField) -> np.ndarray:
    out = np.empty(text.terms, np.int64)
    read_weights(text.addresses[0], text.addresses[1], out)
    return out


def _matching(text: TextField, keys: list[str], fuzzy: _Fuzzy | None) -> tuple[np.ndarray, np.ndarray]:
    """(ordinals int64[n], edits uint8[n]) of the entries that any key begins; one may stand there twice."""
    ordinals, edits = [np.zeros(0, np.int64)], [np.zeros(0, np.uint8)]
    for key in keys:
        most = 0
        if fuzzy is not None and len(key) >= fuzzy.least:
            most = fuzzy.fuzziness.edits(len(key))
        if most == 0 or fuzzy is None:
            span = text.prefix(key.encode())
            ordinals.append(np.arange(span.start, span.stop, dtype=np.int64))
            edits.append(np.zeros(len(span), np.uint8))
            continue
        span = text.prefix(key[: fuzzy.prefix].encode()) if fuzzy.prefix else range(text.terms)
        found, far = np.empty(len(span), np.int64), np.empty(len(span), np.uint8)
        wanted = np.array([ord(char) for char in key], np.int32)
        blob, limits, _, _ = text.addresses
        count = walk_beginnings(blob, limits, span.start, span.stop, wanted, most, fuzzy.swaps, found, far)
        ordinals.append(found[:count])
        edits.append(far[:count])
    return np.concatenate(ordinals), np.concatenate(edits)


def _shown(ctx: SearchContext, option: _Option, source: SourceFilter) -> dict[str, Any]:
    row = ctx.view.fetch([option.doc])[0]
    shown: dict[str, Any] = {
        "text": option.text,
        "_index": ctx.index.name,
        "_id": row.id,
        "_score": float(-option.weight),
    }
    if source.any and row.body is not None:
        shown["_source"] = source.chosen(orjson.loads(row.body))
    return shown
